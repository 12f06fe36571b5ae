//! What a training tells to whom, and how long it takes: said before anybody opens or joins one.

use std::time::Duration;

use anyhow::Context;
use salus_primitives::{
    training::{Partition, Terms},
    Balance, BlockNumber,
};
use salus_training::{agreed, heterogeneous, homogeneous, Estimate, Leak, Seed};
use serde::Serialize;

use super::open::Shape;
use crate::{
    error::usage,
    interrupt,
    output::{self, count},
};

/// Terms of a training on the chain.
pub type ChainTerms = Terms<Balance, BlockNumber>;

/// What a training tells, and takes.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// Way to train.
    pub backend: String,
    /// Parties that bring data.
    pub participants: u16,
    /// Bits of the key; 0 where there is none.
    pub key_bits: u16,
    /// What is trained: parameters of `svm/1`.
    pub parameters: serde_json::Value,
    /// K, or the fewest patients in common.
    pub min_changed: u32,
    /// What is told to whom.
    pub leaks: Vec<Told>,
    /// How long it takes.
    pub estimate: Option<Time>,
    /// What each party puts up.
    #[serde(serialize_with = "crate::output::amount")]
    pub deposit: Balance,
    /// What the participants share.
    #[serde(serialize_with = "crate::output::amount")]
    pub reward: Balance,
}

/// One thing that is told.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Who learns it.
    pub to: &'static str,
    /// What.
    pub what: &'static str,
    /// When.
    pub when: &'static str,
}

impl From<Leak> for Told {
    fn from(Leak { to, what, when }: Leak) -> Self {
        Told { to, what, when }
    }
}

/// How long a training takes, measured on this machine.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Time {
    /// Computation of the analyst, s.
    pub analyst: f64,
    /// Computation of the busiest other participant, s. Both take turns.
    pub participant: f64,
    /// Bytes that all send.
    pub bytes: u64,
    /// Most rounds, which is what this is the time of.
    pub rounds: u32,
    /// Messages that must arrive one after the other.
    pub exchanges: u32,
}

impl From<Estimate> for Time {
    fn from(estimate: Estimate) -> Self {
        Time {
            analyst: estimate.analyst.as_secs_f64(),
            participant: estimate.provider.as_secs_f64(),
            bytes: estimate.bytes,
            rounds: estimate.rounds,
            exchanges: estimate.exchanges,
        }
    }
}

impl Preview {
    /// Of these terms, for so many participants with data of this shape. Measures some steps, which
    /// takes seconds; not where `estimate` is false.
    pub async fn of(
        terms: &ChainTerms,
        participants: u16,
        shape: Shape,
        estimate: bool,
    ) -> anyhow::Result<Self> {
        let options = agreed::options(terms).map_err(wrong)?;
        let together = terms.backend.partition() == Partition::Heterogeneous;
        // No session has this name yet, and nothing here depends on it.
        let session = [0; 32];
        let (leaks, estimated) = if together {
            let parameters = agreed::heterogeneous(terms, session, participants).map_err(wrong)?;
            let (bits, rows) = (u32::from(terms.key_bits), shape.rows as usize);
            let measured = measured(estimate, move || {
                let keys = heterogeneous::sample_keys(bits, participants)?;
                let seed = Seed::new([0; 32]);
                match keys.first() {
                    Some(key) => {
                        heterogeneous::estimate(&parameters, key, agreed::EXPONENT, rows, &seed)
                    }
                    None => Err(salus_training::Error::Ended),
                }
            });
            (heterogeneous::leaks(), measured.await?)
        } else {
            let columns = shape.columns as usize;
            let agreed =
                agreed::homogeneous(terms, session, participants, columns).map_err(wrong)?;
            let leaks = agreed.leaks().map_err(wrong)?;
            let rows = u64::from(shape.rows);
            let measured = measured(estimate, move || homogeneous::estimate(&agreed, rows));
            (leaks, measured.await?)
        };
        Ok(Preview {
            backend: salus_training::Backend::from(terms.backend).to_string(),
            participants,
            key_bits: terms.key_bits,
            parameters: serde_json::to_value(&options.svm)?,
            min_changed: terms.min_changed,
            leaks: leaks.into_iter().map(Told::from).collect(),
            estimate: estimated.map(Time::from),
            deposit: terms.deposit,
            reward: terms.reward,
        })
    }

    /// In words.
    pub fn words(&self) -> String {
        let svm = &self.parameters;
        let mut text = format!(
            "{}, {}{}: {} loss, C = {}, eta = {}, at most {} rounds, scaling {}, S = 2^{}, positive \
             class {}\n",
            self.backend,
            count(self.participants, "participant"),
            match self.key_bits {
                0 => String::new(),
                bits => format!(", {bits} bits"),
            },
            svm["loss"].as_str().unwrap_or_default(),
            svm["c"],
            svm["eta"],
            svm["iterations"],
            svm["scaling"].as_str().unwrap_or_default(),
            svm["fraction"],
            svm["positive"],
        );
        text.push_str("\nWhat it tells to whom, beside the model:\n");
        for told in &self.leaks {
            text.push_str(&format!("- {}, {}: {}\n", told.to, told.when, told.what));
        }
        if let Some(time) = &self.estimate {
            text.push_str(&format!(
                "\nAt most about {} of computation on machines like this one (analyst {}, busiest \
                 participant {}), {:.1} MB sent by all, and {} one after the other, each of which \
                 takes what the network takes\n",
                seconds(time.analyst + time.participant),
                self::seconds(time.analyst),
                self::seconds(time.participant),
                time.bytes as f64 / 1e6,
                count(time.exchanges, "message"),
            ));
        }
        text.push_str(&format!(
            "Each party puts up {}; the participants share {}\n",
            output::med(self.deposit),
            output::med(self.reward)
        ));
        text
    }
}

fn wrong(error: salus_training::Error) -> anyhow::Error {
    usage(error.to_string())
}

async fn measured(
    wanted: bool,
    measure: impl FnOnce() -> Result<Estimate, salus_training::Error> + Send + 'static,
) -> anyhow::Result<Option<Estimate>> {
    match wanted {
        true => Ok(Some(
            interrupt::compute(|_| measure())
                .await?
                .context("the time cannot be estimated")?,
        )),
        false => Ok(None),
    }
}

/// A time as people say it.
pub fn seconds(seconds: f64) -> String {
    let time = Duration::from_secs_f64(seconds.max(0.0));
    match time.as_secs() {
        0 if seconds < 0.1 => format!("{} ms", time.as_millis()),
        0 => format!("{seconds:.1} s"),
        whole @ 1..120 => format!("{whole} s"),
        whole @ 120..7200 => format!("{} min", whole.div_ceil(60)),
        whole => format!("{:.1} h", whole as f64 / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_fitting_units() {
        for (number, words) in [
            (0.0042, "4 ms"),
            (0.34, "0.3 s"),
            (12.9, "12 s"),
            (121.0, "3 min"),
            (9000.0, "2.5 h"),
        ] {
            assert_eq!(seconds(number), words);
        }
    }
}
