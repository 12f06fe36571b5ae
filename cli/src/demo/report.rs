//! The demo's story: steps with times, told as they happen and kept for the report.

use std::{
    fs,
    future::Future,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use serde::Serialize;
use serde_json::{json, Map, Value};

use crate::{network, output::Output};

/// A step of the story.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What it is.
    pub name: String,
    /// Whether what should happen happened.
    pub ok: bool,
    /// How long it took.
    pub seconds: f64,
    /// What went wrong.
    pub error: Option<String>,
}

/// What was done so far.
#[derive(Debug)]
pub struct Story {
    output: Output,
    began: Instant,
    steps: Vec<Step>,
    facts: Map<String, Value>,
}

impl Story {
    /// Nothing yet.
    pub fn new(output: Output) -> Self {
        Story {
            output,
            began: Instant::now(),
            steps: Vec::new(),
            facts: Map::new(),
        }
    }

    /// Does a step. Its work gives a value, and what happened in words.
    pub async fn step<T>(
        &mut self,
        name: &str,
        work: impl Future<Output = anyhow::Result<(T, String)>>,
    ) -> anyhow::Result<T> {
        let number = self.steps.len() + 1;
        let spinner = network::begin(&self.output, &format!("{number:>2}. {name}"));
        let began = Instant::now();
        let done = work.await;
        let seconds = rounded(began.elapsed());
        spinner.finish_and_clear();
        self.steps.push(Step {
            name: name.to_owned(),
            ok: done.is_ok(),
            seconds,
            error: done.as_ref().err().map(|error| format!("{error:#}")),
        });
        let mark = if done.is_ok() { "" } else { "  FAILED" };
        self.output
            .say(format!("{number:>2}. {name}  [{seconds:.1} s]{mark}"));
        let (value, words) = done.with_context(|| format!("step {number}, {name}"))?;
        for line in words.lines() {
            self.output.say(format!("      {line}"));
        }
        Ok(value)
    }

    /// Keeps something for the report.
    pub fn fact(&mut self, name: &str, value: impl Serialize) -> anyhow::Result<()> {
        self.facts
            .insert(name.to_owned(), serde_json::to_value(value)?);
        Ok(())
    }

    /// Whether there were steps and none failed.
    pub fn ok(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.ok)
    }

    /// How long it has taken.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Writes the report; `error` is why the story ended early.
    pub fn write(&self, path: &Path, error: Option<&anyhow::Error>) -> anyhow::Result<()> {
        let mut report = json!({
            "ok": self.ok() && error.is_none(),
            "seconds": rounded(self.elapsed()),
            "steps": self.steps,
        });
        if let (Value::Object(report), facts) = (&mut report, &self.facts) {
            report.extend(facts.clone());
            if let Some(error) = error {
                report.insert("error".into(), json!(format!("{error:#}")));
            }
        }
        fs::write(path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failed_step_makes_the_report_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let mut story = Story::new(Output::new(true, true));
        assert!(!story.ok());
        let value = story
            .step("one", async { Ok((7, String::new())) })
            .await
            .unwrap();
        assert_eq!(value, 7);
        assert!(story.ok());
        story.fact("digest", "0x00").unwrap();
        let failed = story
            .step::<()>("two", async { anyhow::bail!("no") })
            .await
            .unwrap_err();
        assert!(!story.ok());
        story.write(&path, Some(&failed)).unwrap();

        let report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(report["ok"], false);
        assert_eq!(report["digest"], "0x00");
        assert_eq!(report["steps"][0]["ok"], true);
        assert_eq!(report["steps"][1]["name"], "two");
        assert_eq!(report["steps"][1]["error"], "no");
        assert_eq!(report["error"], "step 2, two: no");
    }
}
