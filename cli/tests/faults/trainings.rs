//! Trainings with a member that is silent or lies: who is waited for, who is named, who pays.

use salus_cli::chain::{
    api::{
        self,
        runtime_types::{
            pallet_training::pallet::HoldReason, salus_primitives::training::party::StagePost,
            salus_runtime::RuntimeHoldReason,
        },
    },
    Chain,
};
use salus_primitives::{
    training::{Said, TrainingId},
    Digest, MED,
};
use serde_json::{json, Value};
use subxt::utils::Static;

use super::{
    net::{play, until, Net},
    work::person,
};
use crate::{
    program::salus,
    training::{patients, rows, Scene, PARTICIPANTS},
};

const ALL: [&str; 4] = ["alice", "bob", "charlie", "dave"];

async fn scene() -> Scene {
    let mut net = Net::create(4, true);
    net.start().await;
    Scene { net }
}

/// Rewards and deposits of parties are held of nobody any more.
async fn all_is_back(chain: &Chain) {
    let at = chain.finalized().await.unwrap();
    for name in ALL {
        let key = (person(name).account(),);
        let holds = chain.get(&at, api::storage().balances().holds(), key).await;
        for hold in holds.unwrap().into_iter().flat_map(|holds| holds.0) {
            let of_training = matches!(
                hold.id,
                RuntimeHoldReason::Training(HoldReason::Reward | HoldReason::Party)
            );
            assert!(!of_training, "{name}: {}", hold.amount);
        }
    }
}

/// The training's steps, as `salus train watch` tells them once it has ended, and whether that succeeds.
fn story(scene: &Scene, number: &str) -> (bool, Vec<Value>) {
    let url = scene.net.node("alice").url();
    let watched = salus(["train", "watch", number, "--node", &url, "--json"]);
    let lines = watched.out.lines();
    let steps = lines.map(|line| serde_json::from_str(line).unwrap());
    (watched.code == 0, steps.collect())
}

/// The only step of this kind.
fn only<'a>(steps: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<_> = steps.iter().filter(|step| step["step"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind}: {steps:#?}");
    found[0]
}

/// What the chain says of the party at this position.
fn party(shown: &Value, position: usize) -> &str {
    shown["parties"][position]["state"].as_str().unwrap()
}

/// Nothing goes on without the columns of one whose node died. It has time to come back.
#[test]
fn a_silent_node_pauses_a_training_of_columns() {
    play(async {
        let mut scene = scene().await;
        let with = scene.heterogeneous(&patients(90), PARTICIPANTS);
        let faithful = [
            "--backend",
            "faithful",
            "--rounds",
            "40",
            "--stage-window",
            "60",
            "--reward",
            "30",
        ];

        // It comes back: the training goes on where it was.
        let number = scene.open("alice", &with, &faithful);
        scene.begins(&number).await;
        scene.trains("charlie", &number, 3).await;
        scene.net.kill("charlie").await;
        scene.is(&number, "paused").await;
        scene.net.restart("charlie").await;
        scene.ends(&number).await;
        let shown = scene.show(&number);
        for position in 0..3 {
            assert_eq!(party(&shown, position), "stayed", "{shown}");
        }

        // It does not.
        let chain = scene.net.chain("alice").await;
        let number = scene.open("alice", &with, &faithful);
        scene.begins(&number).await;
        scene.trains("charlie", &number, 3).await;
        scene.net.kill("charlie").await;
        scene.is(&number, "paused").await;
        let url = scene.net.node("alice").url();
        let watched = salus(["train", "watch", &number, "--node", &url]);
        assert_ne!(watched.code, 0, "{}", watched.out);
        let why = format!("training {number} ended without a model: party 1 said nothing on chain");
        assert!(watched.err.contains(&why), "{}", watched.err);

        let shown = scene.show(&number);
        assert_eq!(shown["state"], "ended", "{shown}");
        assert_eq!(party(&shown, 0), "stayed");
        assert_eq!(party(&shown, 1), "said nothing on chain in time");
        let (succeeds, steps) = story(&scene, &number);
        assert!(!succeeds);
        assert_eq!(only(&steps, "paused")["silent"], json!([1]));
        let departed = only(&steps, "departed");
        assert_eq!(departed["position"], 1);
        assert_eq!(departed["lost"], (50 * MED).to_string());
        assert_eq!(only(&steps, "ended")["share"], "0");
        all_is_back(&chain).await;
        scene.net.restart("charlie").await;
    });
}

/// The others go on without rows of one whose node died, or who says what no one else does.
#[test]
fn a_training_of_rows_goes_on_without_the_silent_and_the_liar() {
    play(async {
        let mut scene = scene().await;
        let all = patients(90);
        let with = scene.homogeneous(&all, PARTICIPANTS);
        let test = scene.net.file("test.csv");
        rows(&test, &all, 0, 2);
        let masked = [
            "--backend",
            "masked",
            "--min-changed",
            "3",
            "--stage-window",
            "40",
            "--reward",
            "30",
        ];
        let chain = scene.net.chain("alice").await;

        // Dave's node dies when it is ready.
        let number = scene.ask("alice", &with, &masked);
        let (bob, others) = with.split_first().unwrap();
        for (name, data_set) in others {
            scene.join(name, &number, data_set);
        }
        ready(&scene, &number, &[0, 2, 3]).await;
        scene.net.kill("dave").await;
        scene.join(bob.0, &number, &bob.1);
        scene.ends(&number).await;
        let shown = scene.show(&number);
        assert_eq!(party(&shown, 3), "said nothing on chain in time", "{shown}");
        assert_eq!(party(&shown, 2), "stayed");
        let (model, f1) = scene.model("alice", &number, &test);
        assert!(f1 > 0.7, "{f1}");
        assert_eq!(scene.model("bob", &number, &test).0, model);
        let (succeeds, steps) = story(&scene, &number);
        assert!(succeeds);
        let departed = only(&steps, "departed");
        assert_eq!(departed["position"], 3);
        assert_eq!(departed["lost"], (50 * MED).to_string());
        assert_eq!(only(&steps, "ended")["share"], (15 * MED).to_string());
        all_is_back(&chain).await;
        scene.net.restart("dave").await;

        // Dave's node is there and honest, but Dave himself says what it came to, without it.
        let number = scene.ask("alice", &with, &masked);
        for (name, data_set) in others {
            scene.join(name, &number, data_set);
        }
        ready(&scene, &number, &[0, 2, 3]).await;
        // So that no stage ends before Dave is on his own.
        scene.net.freeze("charlie");
        scene.join(bob.0, &number, &bob.1);
        scene.begins(&number).await;
        until("Dave's node takes part", || async {
            let status = scene.status("dave", &number).await?;
            (status["state"] == "running").then_some(())
        })
        .await;
        scene.run("dave", &["registry", "set-operator", "--none"]);
        scene.net.thaw("charlie");
        lie(&chain, &number).await;
        scene.is(&number, "disputed").await;
        lie(&chain, &number).await;
        scene.ends(&number).await;
        let shown = scene.show(&number);
        assert_eq!(
            party(&shown, 3),
            "has another transcript than most",
            "{shown}"
        );
        for position in 0..3 {
            assert_eq!(party(&shown, position), "stayed", "{shown}");
        }
        let (model, _) = scene.model("alice", &number, &test);
        assert_eq!(scene.model("charlie", &number, &test).0, model);
        // Who is right the chain cannot know: nothing is lost.
        let (_, steps) = story(&scene, &number);
        assert_eq!(only(&steps, "roots-differ")["stage"], 1);
        assert_eq!(only(&steps, "departed")["lost"], "0");
        all_is_back(&chain).await;
    });
}

/// Waits until the parties at these positions have committed to their keys.
async fn ready(scene: &Scene, number: &str, positions: &[usize]) {
    until("they are ready", || async {
        let shown = scene.show(number);
        let all = positions.iter().all(|at| party(&shown, *at) == "ready");
        all.then_some(())
    })
    .await;
}

/// Dave posts a root of the stage under way that nobody else has.
async fn lie(chain: &Chain, number: &str) {
    let id: TrainingId = number.parse().unwrap();
    let at = chain.finalized().await.unwrap();
    let entry = chain.get(&at, api::storage().training().trainings(), (id,));
    let training = entry.await.unwrap().expect("it is live").0;
    let said = Said::Root {
        root: Digest::repeat_byte(0x66),
        model: Some(Digest::repeat_byte(0x67)),
    };
    let post = StagePost {
        epoch: training.epoch,
        said: Static(said),
    };
    let call = api::tx().training().post(id, post);
    chain.submit(&person("dave").key, &call).await.unwrap();
}
