//! `salus demo-svm`: five institutions train one model both ways, over a network of real nodes.

mod book;
mod cohorts;
mod institutions;
mod reference;
mod series;
mod training;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use self::{
    cohorts::{Cohort, ACAD, BCWD, HDD},
    institutions::Institutions,
    training::{Plan, Result as Trained},
};
use super::{clear, report::Story, Stage};
use crate::{
    error::usage,
    files::check_writable,
    interrupt::{compute, unless_interrupted},
    network::find_node,
    output::{table, Output},
    train::BackendArg,
};

/// Participants that hold columns, as in the book's chapter 5.
const COLUMN_HOLDERS: usize = 3;
/// Rows and rounds of the training that judges one row a round.
const FAITHFUL_ROWS: usize = 20;

/// Options of the demo.
#[derive(Debug, Args)]
pub struct DemoSvm {
    /// Folder with breast-cancer-wisconsin.data, processed.hungarian.data and australian.dat; cohorts
    /// that are not there are made up.
    #[arg(long, value_name = "DIR", env = "SALUS_DATA")]
    pub data: Option<PathBuf>,

    /// Write a report of all steps (JSON).
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Folder for the pictures: salus-svm-bcwd.png, salus-svm-hdd.png, salus-svm-columns.png.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub pictures: PathBuf,

    /// Leave the network running at the end.
    #[arg(long)]
    pub keep: bool,

    /// No progress on standard error.
    #[arg(long, short)]
    pub quiet: bool,
}

/// The cohorts of both chapters.
struct Cohorts {
    bcwd: Cohort,
    hdd: Cohort,
    acad: Cohort,
}

impl DemoSvm {
    /// How to print.
    pub fn output(&self) -> Output {
        Output::new(false, self.quiet)
    }

    /// Plays it.
    pub async fn run(self, output: &Output) -> anyhow::Result<()> {
        // Before anything takes time.
        if !self.pictures.is_dir() {
            return Err(usage(format!(
                "there is no folder {} for the pictures",
                self.pictures.display()
            )));
        }
        if let Some(path) = &self.json {
            check_writable(path)?;
        }
        find_node()?;
        let mut stage = Stage::new()?;
        let mut story = Story::new(output.clone());
        let played = unless_interrupted(self.play(&mut story, &mut stage, output)).await;
        if let Some(path) = &self.json {
            story.write(path, played.as_ref().err())?;
        }
        clear(stage, self.keep, played.as_ref().err(), output)?;
        played?;
        let seconds = story.elapsed().as_secs_f64();
        output.say(format!(
            "\nDone in {seconds:.0} s: every step did what it should."
        ));
        Ok(())
    }

    async fn play(
        &self,
        story: &mut Story,
        stage: &mut Stage,
        output: &Output,
    ) -> anyhow::Result<()> {
        let cohorts = story
            .step("Read the cohorts", async { self.cohorts() })
            .await?;
        let made_up: Vec<_> = [&cohorts.bcwd, &cohorts.hdd, &cohorts.acad]
            .iter()
            .filter(|cohort| cohort.made_up)
            .map(|cohort| cohort.facts.name)
            .collect();
        story.fact("made_up", made_up)?;
        let mut five = Institutions::start(story, stage).await?;

        let mut done = Vec::new();
        let rows = five.len() - 1;
        for (cohort, backend, disturbed) in [
            (&cohorts.bcwd, BackendArg::SecureSvm, true),
            (&cohorts.bcwd, BackendArg::Masked, false),
            (&cohorts.hdd, BackendArg::PackedNewton, false),
        ] {
            let plan = Plan::rows(cohort, backend, rows, disturbed);
            done.push(training::play(story, &mut five, plan).await?);
        }
        for cohort in [&cohorts.bcwd, &cohorts.acad] {
            let plan = Plan::columns(cohort, COLUMN_HOLDERS);
            done.push(training::play(story, &mut five, plan).await?);
        }
        let plan = Plan::faithful(&cohorts.bcwd, COLUMN_HOLDERS, FAITHFUL_ROWS);
        done.push(training::play(story, &mut five, plan).await?);

        let vertical = done
            .iter()
            .find(|trained| trained.backend == "batch")
            .map(|trained| trained.seconds);
        if let Some(seconds) = vertical {
            output.say(format!("figure vertical_chain_s {seconds:.1} s"));
            output.say(
                "       three parties, 2048 bits, four validators: from the start to the last delivered \
                 part, by the\n       chain's clock; the key is made before the start",
            );
            story.fact("vertical_chain_s", seconds)?;
        }
        story
            .step("The predictions beside the book's tables", async {
                Ok(((), compared(&done)))
            })
            .await?;
        story.fact("trainings", &done)?;
        self.draw(story, cohorts).await
    }

    fn cohorts(&self) -> anyhow::Result<(Cohorts, String)> {
        let folder = self.data.as_deref();
        let cohorts = Cohorts {
            bcwd: Cohort::read(BCWD, folder)?,
            hdd: Cohort::read(HDD, folder)?,
            acad: Cohort::read(ACAD, folder)?,
        };
        let mut words = String::new();
        for cohort in [&cohorts.bcwd, &cohorts.hdd, &cohorts.acad] {
            let facts = &cohort.facts;
            words.push_str(&format!(
                "{}: {} rows, {} attributes, {} values missing (each counts as the mean of its \
                 column), positive is {} ({:?}){}\n",
                facts.name,
                cohort.rows(),
                cohort.attributes(),
                cohort.gaps(),
                facts.meaning,
                facts.positive,
                match cohort.made_up {
                    true => format!("; MADE UP, since there is no file {} (--data)", facts.file),
                    false => String::new(),
                }
            ));
        }
        words.push_str(
            "80 % of the rows are for training, drawn by hash (split 0); columns are scaled to mean 0 \
             and deviation 1 over the rows for training",
        );
        Ok((cohorts, words))
    }

    async fn draw(&self, story: &mut Story, cohorts: Cohorts) -> anyhow::Result<()> {
        let folder = std::path::absolute(&self.pictures)?;
        let path = |name: &str| folder.join(name);
        let paths = [
            path("salus-svm-bcwd.png"),
            path("salus-svm-hdd.png"),
            path("salus-svm-columns.png"),
        ];
        let drawn = story
            .step(
                "Time against 1 to 5 providers and 3 to 5 participants, in this process",
                async {
                    let [bcwd, hdd, columns] = paths.clone();
                    let lines = compute(move |_| -> anyhow::Result<_> {
                        let lines = [
                            series::draw_providers(&cohorts.bcwd, &bcwd)?,
                            series::draw_providers(&cohorts.hdd, &hdd)?,
                            series::draw_participants(&[&cohorts.bcwd, &cohorts.acad], &columns)?,
                        ];
                        Ok(lines)
                    })
                    .await??;
                    let words = format!(
                        "all parties of a training compute one after the other, their messages stay \
                         in memory\n{}",
                        said(&lines, &paths)
                    );
                    Ok((lines, words))
                },
            )
            .await?;
        let named: Vec<_> = drawn
            .iter()
            .zip(&paths)
            .map(|(lines, path)| {
                let lines: Vec<_> = lines
                    .iter()
                    .map(|line| json!({ "name": line.name, "points": line.points }))
                    .collect();
                json!({ "picture": path, "rounds": series::ROUNDS, "lines": lines })
            })
            .collect();
        story.fact("series", named)
    }
}

/// What was measured, line by line.
fn said(pictures: &[Vec<salus_analytics::plot::Line>], paths: &[PathBuf]) -> String {
    let mut words = String::new();
    for (lines, path) in pictures.iter().zip(paths) {
        words.push_str(&format!("{}\n", Path::new(path).display()));
        for line in lines {
            let points = line
                .points
                .iter()
                .map(|(count, seconds)| format!("{count}: {seconds:.3} s"));
            let points: Vec<_> = points.collect();
            words.push_str(&format!("  {:<14} {}\n", line.name, points.join(", ")));
        }
    }
    words
}

/// All trainings beside the book's.
fn compared(done: &[Trained]) -> String {
    let percent = |part: f64| format!("{:.2} %", 100.0 * part);
    let rows: Vec<Vec<String>> = done
        .iter()
        .map(|trained| {
            let book = book::of(trained.cohort, trained.columns);
            vec![
                trained.cohort.to_owned(),
                if trained.columns { "columns" } else { "rows" }.to_owned(),
                trained.backend.clone(),
                percent(trained.right.precision),
                percent(trained.right.recall),
                percent(trained.right.f1),
                percent(trained.pooled.precision),
                percent(trained.pooled.recall),
                book.map_or_else(String::new, |book| book.precision.to_owned()),
                book.map_or_else(String::new, |book| book.recall.to_owned()),
                format!("{:.0} s", trained.seconds),
            ]
        })
        .collect();
    format!(
        "{}{}",
        table(
            &[
                "Cohort",
                "Shared out",
                "Back-end",
                "Precision",
                "Recall",
                "F1",
                "Pooled",
                "recall",
                "Book",
                "recall",
                "Chain",
            ],
            &rows,
        ),
        book::NOTE
    )
}
