//! Trainings on real nodes: four validators, whose institutions train over the chain. What happens where
//! one of them is silent or lies is in `faults::trainings`.

use std::{fmt::Write as _, fs, path::Path, time::Instant};

use serde_json::{json, Value};

use crate::{
    faults::net::{play, until, Net},
    program::salus,
};

pub const COLUMNS: usize = 6;
/// Who brings data; Alice opens.
pub const PARTICIPANTS: [&str; 3] = ["bob", "charlie", "dave"];

/// Patients of two overlapping classes, 2 and 4.
pub fn patients(count: usize) -> Vec<([i64; COLUMNS], u8)> {
    let mut state = 5u64;
    let mut draw = move |of: u64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 33) % of) as i64
    };
    (0..count)
        .map(|number| {
            let class = if number % 3 == 0 { 4 } else { 2 };
            let from = if class == 4 { 4 } else { 1 };
            ([0; COLUMNS].map(|_| from + draw(5)), class)
        })
        .collect()
}

/// All columns of some patients.
pub fn rows(file: &Path, all: &[([i64; COLUMNS], u8)], from: usize, step: usize) {
    let mut text = String::from("a,b,c,d,e,f,class\n");
    for (values, class) in all.iter().skip(from).step_by(step) {
        for value in values {
            write!(text, "{value},").unwrap();
        }
        writeln!(text, "{class}").unwrap();
    }
    fs::write(file, text).unwrap();
}

/// Two columns of all patients; the first has the classes too.
pub fn columns(file: &Path, all: &[([i64; COLUMNS], u8)], party: usize) {
    let names = ["a", "b", "c", "d", "e", "f"];
    let own = 2 * party..2 * party + 2;
    let mut text = format!("who,{}", names[own.clone()].join(","));
    text.push_str(if party == 0 { ",class\n" } else { "\n" });
    for place in 0..all.len() {
        // Each has its own order.
        let number = (place * 7 + party) % all.len();
        let (values, class) = all[number];
        write!(text, "patient-{number}").unwrap();
        for value in &values[own.clone()] {
            write!(text, ",{value}").unwrap();
        }
        if party == 0 {
            write!(text, ",{class}").unwrap();
        }
        text.push('\n');
    }
    fs::write(file, text).unwrap();
}

/// The consortium, and what its members do.
pub struct Scene {
    pub net: Net,
}

impl Scene {
    pub fn run(&self, name: &str, words: &[&str]) -> Value {
        let key = format!("//{}{}", name[..1].to_uppercase(), &name[1..]);
        let url = self.net.node(name).url();
        let all = words.iter().copied();
        let more = ["--node", &url, "--key", &key, "--json"];
        salus(all.chain(more)).ok().json()
    }

    /// A member puts a file to its node and declares it.
    pub fn add(&self, name: &str, file: &Path, class: bool, more: &[&str]) -> String {
        let base = self.net.base(name);
        let (file, base) = (file.to_str().unwrap(), base.to_str().unwrap());
        let mut words = vec!["data", "add", file, "--base-path", base];
        words.extend(more);
        if class {
            words.extend(["--class", "class"]);
        }
        let added = self.run(name, &words);
        added["data_set"].as_str().unwrap().to_owned()
    }

    /// All columns of a third of the patients each, at three members; what they declared.
    pub fn homogeneous<'a>(
        &self,
        all: &[([i64; COLUMNS], u8)],
        who: [&'a str; 3],
    ) -> Vec<(&'a str, String)> {
        let add = |(party, name): (usize, &'a str)| {
            let file = self.net.file(&format!("rows-{name}.csv"));
            rows(&file, all, party, 3);
            let more = ["--training", "homogeneous"];
            (name, self.add(name, &file, true, &more))
        };
        who.into_iter().enumerate().map(add).collect()
    }

    /// Two columns of all patients each, at three members; what they declared.
    pub fn heterogeneous<'a>(
        &self,
        all: &[([i64; COLUMNS], u8)],
        who: [&'a str; 3],
    ) -> Vec<(&'a str, String)> {
        let add = |(party, name): (usize, &'a str)| {
            let file = self.net.file(&format!("columns-{name}.csv"));
            columns(&file, all, party);
            let more = ["--training", "heterogeneous", "--patients", "who"];
            (name, self.add(name, &file, party == 0, &more))
        };
        who.into_iter().enumerate().map(add).collect()
    }

    /// One member opens, the others join; the number of the training.
    pub fn open(&self, who: &str, with: &[(&str, String)], more: &[&str]) -> String {
        let number = self.ask(who, with, more);
        for (name, data_set) in with {
            self.join(name, &number, data_set);
        }
        number
    }

    /// A member takes part.
    pub fn join(&self, name: &str, number: &str, data_set: &str) {
        let join = ["train", "join", number, "--yes", "--data-set", data_set];
        self.run(name, &join);
    }

    /// One member opens a training and asks the others; its number.
    pub fn ask(&self, who: &str, with: &[(&str, String)], more: &[&str]) -> String {
        let accounts: Vec<String> = with
            .iter()
            .map(|(name, _)| format!("//{}{}", name[..1].to_uppercase(), &name[1..]))
            .collect();
        let mut words = vec![
            "train",
            "start",
            "--yes",
            "--no-estimate",
            "--positive",
            "4",
        ];
        for account in &accounts {
            words.extend(["--with", account]);
        }
        words.extend(more);
        let opened = self.run(who, &words);
        opened["opened"]["training"].to_string()
    }

    /// What a node says of a training.
    pub async fn status(&self, name: &str, number: &str) -> Option<Value> {
        let id: u64 = number.parse().unwrap();
        let status = self.net.call(name, "salus_training", json!([id])).await;
        status.ok().filter(|status| !status.is_null())
    }

    /// Waits until the training has begun.
    pub async fn begins(&self, number: &str) {
        self.is(number, "running").await;
    }

    /// Waits until a training is in this state.
    pub async fn is(&self, number: &str, state: &str) {
        until(&format!("training {number} is {state}"), || async {
            let now = self.show(number);
            (now["state"] == state).then_some(())
        })
        .await;
    }

    /// Waits until a node is past these rounds.
    pub async fn trains(&self, name: &str, number: &str, rounds: u64) {
        until(&format!("{rounds} rounds at {name}"), || async {
            let status = self.status(name, number).await?;
            (status["round"].as_u64()? >= rounds).then_some(())
        })
        .await;
    }

    pub fn show(&self, number: &str) -> Value {
        let url = self.net.node("alice").url();
        salus(["train", "show", number, "--node", &url, "--json"])
            .ok()
            .json()
    }

    /// Waits for the end, which has to be a model.
    pub async fn ends(&self, number: &str) {
        until("the training ends", || async {
            let shown = self.show(number);
            let end = shown["end"].as_str()?;
            assert_eq!(shown["state"], "completed", "{end}");
            Some(())
        })
        .await;
    }

    /// The model of an entitled member, and how right it is on a file.
    pub fn model(&self, name: &str, number: &str, test: &Path) -> (Value, f64) {
        let file = self.net.file(&format!("{name}-{number}.json"));
        let out = file.to_str().unwrap();
        let fetched = self.run(name, &["train", "model", number, "--out", out]);
        let model = fetched["model"].clone();
        let test = test.to_str().unwrap();
        let words = ["train", "predict", out, test, "--class", "class", "--json"];
        let predicted = salus(words).ok().json();
        let f1 = predicted["f1"].as_f64();
        (model, f1.unwrap_or_else(|| panic!("{predicted}")))
    }
}

#[test]
fn institutions_train_over_the_chain_and_one_dies_meanwhile() {
    play(async {
        let mut net = Net::create(4, true);
        net.start().await;
        let mut scene = Scene { net };
        let all = patients(90);
        let test = scene.net.file("test.csv");
        rows(&test, &all, 0, 2);

        // Same attributes: Alice is the analyst.
        let with = scene.homogeneous(&all, PARTICIPANTS);
        let masked = ["--backend", "masked", "--min-changed", "3"];
        let number = scene.open("alice", &with, &masked);
        let since = Instant::now();
        scene.ends(&number).await;
        println!("masked_chain_s {:.1}", since.elapsed().as_secs_f64());
        let (model, f1) = scene.model("alice", &number, &test);
        assert!(f1 > 0.8, "{f1}");
        assert_eq!(scene.model("dave", &number, &test).0, model);

        // Same patients: Bob deals the key, Charlie's node dies in the middle.
        let with = scene.heterogeneous(&all, PARTICIPANTS);
        let faithful = ["--backend", "faithful", "--rounds", "20"];
        let number = scene.open("alice", &with, &faithful);
        scene.begins(&number).await;
        let since = Instant::now();
        scene.trains("charlie", &number, 5).await;
        scene.net.kill("charlie").await;
        scene.net.restart("charlie").await;
        scene.ends(&number).await;
        println!("faithful_20_chain_s {:.1}", since.elapsed().as_secs_f64());
        let (model, _) = scene.model("alice", &number, &test);
        assert_eq!(scene.model("charlie", &number, &test).0, model);
        assert_eq!(model["rounds"], 20);
    });
}
