//! Whole trainings: agents on a network that loses, repeats, delays and spoils messages.

use codec::Encode;
use ndarray::{concatenate, Array2, Axis};
use polkadot_sdk::sp_core::{sr25519, Pair};
use salus_agent::Refusal;
use salus_analytics::{
    scale::Scale,
    svm::{Data, Loss, Model, Sums, SvmParameters, Trainer},
    table::ColumnRef,
};
use salus_primitives::training::{Backend, Departure, ModelAccess, Said, Standing};
use salus_training::{
    agreed::{self, Options},
    data_set::{DataSet, Description, Kind, Table},
    heterogeneous, homogeneous, Outcome, Outgoing, PartyId, Post, Signer, To,
};

use crate::consortium::{Consortium, Faults, Plan, ID};

const COLUMNS: usize = 4;
/// No deadline is reached.
const PATIENT: u32 = 1_000_000;

const ROUGH: Faults = Faults {
    lose: 10,
    repeat: 10,
    delay: 20,
    spoil: 5,
    deny: 10,
};

/// Rows of two overlapping classes, 2 and 4.
fn rows(from: usize, count: usize) -> Vec<([f64; COLUMNS], u8)> {
    let mut state = 77 + from as u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
    };
    let row = |number: usize| {
        let class = if number.is_multiple_of(3) { 4 } else { 2 };
        let shift = if class == 4 { 0.6 } else { -0.6 };
        let value = |_| ((uniform() * 3.0 + shift) * 1000.0).round() / 1000.0;
        ([0; COLUMNS].map(value), class)
    };
    (from..from + count).map(row).collect()
}

fn horizontal() -> Description {
    Description {
        partition: Kind::Homogeneous,
        class: Some(ColumnRef::Name("class".into())),
        patients: None,
        table: Table::default(),
    }
}

fn csv(rows: &[([f64; COLUMNS], u8)]) -> String {
    let mut text = String::from("a,b,c,d,class\n");
    for (number, (values, class)) in rows.iter().enumerate() {
        let mut fields: Vec<String> = values.iter().map(f64::to_string).collect();
        if number % 17 == 5 {
            fields[1] = "?".into();
        }
        text.push_str(&format!("{},{class}\n", fields.join(",")));
    }
    text
}

fn svm(backend: Backend) -> SvmParameters {
    SvmParameters {
        positive: vec![4.0],
        iterations: 8,
        eta: 0.01,
        fraction: if backend == Backend::SecureSvm {
            12
        } else {
            16
        },
        loss: match backend {
            Backend::PackedNewton => Loss::SquaredHinge,
            _ => Loss::Hinge,
        },
        ..SvmParameters::default()
    }
}

/// Three providers of 40 rows each.
pub fn homogeneous_plan(backend: Backend, access: ModelAccess, stages: u32) -> (Plan, Vec<String>) {
    let files: Vec<String> = (0..3).map(|party| csv(&rows(40 * party, 40))).collect();
    let mut data = vec![None];
    data.extend(files.iter().map(|file| Some((file.clone(), horizontal()))));
    let options = Options {
        classes: 0,
        svm: svm(backend),
    };
    let plan = Plan {
        backend,
        options,
        access,
        stages,
        stage_window: PATIENT,
        data,
    };
    (plan, files)
}

/// The model of the rows of all in one place.
fn pooled(consortium: &Consortium, files: &[String]) -> (Model, u32) {
    let training = consortium.chain.training();
    let terms = agreed::homogeneous(&training.terms, training.session.0, 3, COLUMNS).unwrap();
    let sets = files.iter().map(|file| {
        let set = DataSet::read(file.as_bytes(), &horizontal()).unwrap();
        set.rows(&[4.0]).unwrap()
    });
    let sets: Vec<_> = sets.collect();
    let views: Vec<_> = sets.iter().map(|set| set.values.view()).collect();
    let all = homogeneous::Rows {
        values: concatenate(Axis(0), &views).unwrap(),
        positive: sets.iter().flat_map(|set| set.positive.clone()).collect(),
    };
    match homogeneous::pooled(&terms, &all).unwrap() {
        Outcome::Model { model, rounds, .. } => (model, rounds),
        other => panic!("{other:?}"),
    }
}

async fn trains_homogeneous(backend: Backend, access: ModelAccess, stages: u32) {
    let (plan, files) = homogeneous_plan(backend, access, stages);
    let mut consortium = Consortium::new(plan).with(ROUGH);
    consortium.start_all();
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    let (model, rounds) = pooled(&consortium, &files);
    let trained = consortium.model_of(0);
    assert_eq!(trained.model(), model, "{backend:?}");
    assert_eq!(trained.rounds, rounds);
    let names: Vec<&str> = trained.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    if access == ModelAccess::Everyone {
        assert_eq!(consortium.model_of(2), trained);
    }
    let training = consortium.chain.training();
    assert!(training.roots.len() as u32 <= stages);
    assert!(training.joined().all(|(_, party)| party.is_in()));
    // What was spoilt on its way was refused, and named nobody.
    let posts = consortium.chain.posts();
    assert!(posts
        .iter()
        .all(|(_, post)| matches!(post.said, Said::Root { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn masked_sums_train_the_pooled_model() {
    trains_homogeneous(Backend::Masked, ModelAccess::Everyone, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn packed_newton_trains_the_pooled_model() {
    trains_homogeneous(Backend::PackedNewton, ModelAccess::Initiator, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_encrypted_model_is_trained_like_the_pooled_one() {
    trains_homogeneous(Backend::SecureSvm, ModelAccess::Everyone, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_learns_no_model_agrees_on_its_digest_all_the_same() {
    trains_homogeneous(Backend::SecureSvm, ModelAccess::Initiator, 1).await;
}

const PATIENTS: usize = 30;

/// Three participants, columns a, (b, c) and d, in orders of their own; the second knows the classes.
fn heterogeneous_plan(backend: Backend, access: ModelAccess) -> (Plan, Vec<String>) {
    let table = rows(0, PATIENTS);
    let columns: [&[usize]; 3] = [&[0], &[1, 2], &[3]];
    let names = ["a", "b", "c", "d"];
    let mut files = Vec::new();
    for (party, own) in columns.iter().enumerate() {
        let mut text = String::from("who");
        own.iter()
            .for_each(|column| text.push_str(&format!(",{}", names[*column])));
        text.push_str(if party == 1 { ",class\n" } else { "\n" });
        for place in 0..PATIENTS + party {
            let number = (place * 7 + party) % (PATIENTS + party);
            let (values, class) = match table.get(number) {
                Some((values, class)) => (*values, *class),
                // Patients that only this one has.
                None => ([9.0; COLUMNS], 2),
            };
            text.push_str(&match number < PATIENTS {
                true => format!("patient {number}"),
                false => format!("patient {party}-{number}"),
            });
            own.iter()
                .for_each(|column| text.push_str(&format!(",{}", values[*column])));
            text.push_str(&if party == 1 {
                format!(",{class}\n")
            } else {
                "\n".into()
            });
        }
        files.push(text);
    }
    let description = |party: usize| Description {
        partition: Kind::Heterogeneous,
        class: (party == 1).then(|| ColumnRef::Name("class".into())),
        patients: Some(ColumnRef::Name("who".into())),
        table: Table::default(),
    };
    let described = files.iter().enumerate();
    let data = described.map(|(party, file)| Some((file.clone(), description(party))));
    let plan = Plan {
        backend,
        options: Options {
            classes: 1,
            svm: SvmParameters {
                batch: if backend == Backend::Faithful { 1 } else { 0 },
                iterations: if backend == Backend::Faithful { 20 } else { 3 },
                ..svm(backend)
            },
        },
        access,
        stages: 2,
        stage_window: PATIENT,
        data: data.collect(),
    };
    (plan, files)
}

/// The model of the columns of all in one place, on the rows that all drew.
fn joined_columns(consortium: &Consortium) -> Model {
    let training = consortium.chain.training();
    let session = training.session.0;
    let parameters = agreed::heterogeneous(&training.terms, session, 3).unwrap();
    let table = rows(0, PATIENTS);
    let names: Vec<Vec<u8>> = (0..PATIENTS)
        .map(|number| format!("patient {number}").into_bytes())
        .collect();
    let order = heterogeneous::order(&session, &names);
    let mut values = Array2::from_shape_fn((PATIENTS, COLUMNS), |(row, column)| {
        table[order[row] as usize].0[column]
    });
    Scale::apply(parameters.svm.scaling, values.view_mut());
    let classes: Vec<bool> = order
        .iter()
        .map(|row| table[*row as usize].1 == 4)
        .collect();
    let data = Data::encode(&values, &classes, parameters.svm.fraction).unwrap();
    let seeds: Vec<_> = (0..3).map(|party| consortium.seed(party)).collect();
    let mut trainer = Trainer::new(&parameters.svm, COLUMNS).unwrap();
    for drawn in heterogeneous::draw(&parameters, &seeds, PATIENTS) {
        let sums = Sums::of(trainer.model(), &data, Some(&drawn), Loss::Hinge, None).unwrap();
        trainer.absorb(&sums).unwrap();
    }
    trainer.model().clone()
}

async fn trains_heterogeneous(backend: Backend, access: ModelAccess) {
    let (plan, _) = heterogeneous_plan(backend, access);
    let mut consortium = Consortium::new(plan).with(ROUGH);
    consortium.start_all();
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    let trained = consortium.model_of(0);
    assert_eq!(trained.model(), joined_columns(&consortium), "{backend:?}");
    if access == ModelAccess::Everyone {
        assert_eq!(consortium.model_of(2), trained);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn columns_are_trained_in_batches() {
    trains_heterogeneous(Backend::Batch, ModelAccess::Everyone).await;
}

/// The initiator is entitled alone, and keeps its own part.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn columns_are_trained_row_by_row() {
    trains_heterogeneous(Backend::Faithful, ModelAccess::Initiator).await;
}

/// A party that is killed in the middle goes on from its checkpoint, at whatever point that is.
async fn survives(plan: Plan, victims: &[usize]) -> Consortium {
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    for (number, victim) in victims.iter().enumerate() {
        let round = number as u32 + 1;
        consortium
            .until("a round", |all| {
                let status = all.status(*victim)?;
                (status.round >= round).then_some(())
            })
            .await;
        consortium.crash(*victim).await;
        consortium.start(*victim);
    }
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    consortium
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_and_the_analyst_that_are_killed_go_on() {
    let (plan, files) = homogeneous_plan(Backend::Masked, ModelAccess::Everyone, 2);
    let consortium = survives(plan, &[2, 0, 1]).await;
    assert_eq!(
        consortium.model_of(0).model(),
        pooled(&consortium, &files).0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_participant_that_is_killed_goes_on() {
    let (plan, _) = heterogeneous_plan(Backend::Faithful, ModelAccess::Everyone);
    let consortium = survives(plan, &[1, 0, 2]).await;
    assert_eq!(consortium.model_of(1).model(), joined_columns(&consortium));
}

/// The deadline comes near, so many others say that messages are missing, and it passes.
async fn is_missed(consortium: &Consortium, others: usize) {
    consortium.chain.hurry(8);
    let said = |all: &Consortium| {
        let posts = all.chain.posts();
        let blocked = posts.iter();
        let blocked = blocked.filter(|(_, post)| matches!(post.said, Said::Blocked { .. }));
        if blocked.count() < others {
            all.chain.hurry(8);
            return None;
        }
        all.chain.hurry(0);
        Some(())
    };
    consortium.until("the others say so", said).await;
}

/// A provider that is gone for good is silent; the others go on without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_silent_provider_is_left_out() {
    let (plan, files) = homogeneous_plan(Backend::Masked, ModelAccess::Everyone, 1);
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    consortium
        .until("the beginning", |all| all.chain.training().phase.stage())
        .await;
    consortium.chain.cut_off(2);
    consortium.crash(2).await;
    is_missed(&consortium, 3).await;
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    let training = consortium.chain.training();
    assert_eq!(
        training.parties[2].standing,
        Standing::Out(Departure::Silent)
    );
    let trained = consortium.model_of(0);
    let left: Vec<String> = [0, 2].iter().map(|at: &usize| files[*at].clone()).collect();
    assert_eq!(trained.model(), pooled(&consortium, &left).0);
}

/// Nobody is heard that is no party of a training under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn strangers_are_refused() {
    let (plan, _) = homogeneous_plan(Backend::Masked, ModelAccess::Everyone, 1);
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    consortium
        .until("the beginning", |all| {
            let status = all.status(1)?;
            (status.state == "running").then_some(())
        })
        .await;
    let trainings = consortium.nodes[1].trainings.clone().unwrap();
    let other = trainings.take(ID + 1, vec![]).await;
    assert_eq!(other, Err(Refusal::Unknown(ID + 1)));
    let garbage = trainings.take(ID, vec![7; 300]).await;
    assert!(matches!(garbage, Err(Refusal::Wrong(_))), "{garbage:?}");
    let limit = trainings.limit(ID).unwrap();
    let long = trainings.take(ID, vec![0; limit + 1]).await;
    assert_eq!(long, Err(Refusal::TooLong(limit)));
    // A packet for another party is none for this one.
    let carried = consortium.net.carried.lock().clone();
    let elsewhere = carried.iter().find(|(to, _)| !to.ends_with("-2")).unwrap();
    let wrong = trainings.take(ID, elsewhere.1.clone()).await;
    assert!(matches!(wrong, Err(Refusal::Wrong(_))), "{wrong:?}");
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
}

/// What one party knows does not lie open in what the network carries.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_network_sees_no_names_and_no_models() {
    let (plan, _) = homogeneous_plan(Backend::Masked, ModelAccess::Everyone, 1);
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    let session = consortium.chain.training().session;
    let carried = consortium.net.carried.lock().clone();
    assert!(carried.len() > 20);
    for (_, packet) in carried {
        assert!(!packet
            .windows(32)
            .any(|window| window == session.as_bytes()));
        assert!(!packet.windows(5).any(|window| window == b"class"));
    }
}

/// Signs for the party at a position what it never would.
pub struct Liar(sr25519::Pair);

impl Signer for Liar {
    fn sign(&self, digest: &[u8; 32]) -> Vec<u8> {
        self.0.sign(digest).0.to_vec()
    }
}

impl Liar {
    pub fn new(consortium: &Consortium, party: u16) -> Self {
        let seed = consortium.seed(usize::from(party));
        Liar(sr25519::Pair::from_seed(
            seed.derive("signing", &[]).expose(),
        ))
    }
}

/// Brings items, encoded, to a party's node, as from another party, until it has room for them.
pub async fn bring(consortium: &Consortium, party: u16, to: u16, items: Vec<u8>) {
    let training = consortium.chain.training();
    let keys = training.parties[usize::from(to)].keys.clone().unwrap();
    let sealed = salus_envelope::encrypt(&items, &[keys.exchange]).unwrap();
    let node = consortium.nodes[usize::from(to)].trainings.clone().unwrap();
    let packet = (party, sealed).encode();
    while let Err(refusal) = node.take(ID, packet.clone()).await {
        assert!(matches!(refusal, Refusal::Busy(_)), "{refusal}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// What a party that lies sends to some of the others under its first number.
pub async fn lies(consortium: &Consortium, party: u16, to: &[u16], body: u8) {
    let training = consortium.chain.training();
    let liar = Liar::new(consortium, party);
    let parties: Vec<PartyId> = (0..4).map(PartyId).collect();
    let mut post = Post::new(training.session.0, PartyId(party), &parties, 1000);
    let out = Outgoing {
        to: To::All,
        round: 0,
        body: vec![body; 50],
    };
    for envelope in post.seal(&out, &liar).unwrap() {
        let receiver = envelope.header.to.0;
        if to.contains(&receiver) {
            let items = vec![(0u8, envelope)].encode();
            bring(consortium, party, receiver, items).await;
        }
    }
}

/// Waits until all but one party have begun, and ends the node of that one.
pub async fn begin_without(consortium: &mut Consortium, party: usize) {
    consortium
        .until("the beginning", |all| {
            let mut others = (0..4).filter(|at| *at != party);
            let begun = |at: usize| all.status(at).is_some_and(|s| s.state == "running");
            others.all(begun).then_some(())
        })
        .await;
    consortium.crash(party).await;
}

/// A party that signs what is no message of the protocol is named at once by all others, or reported where
/// it had used the number.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_sends_what_does_not_verify_is_named() {
    let (plan, _) = homogeneous_plan(Backend::SecureSvm, ModelAccess::Everyone, 1);
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    begin_without(&mut consortium, 2).await;
    lies(&consortium, 2, &[0, 1, 3], 250).await;
    consortium
        .until("all name it, or prove it", |all| {
            let posts = all.chain.posts();
            let naming = posts
                .iter()
                .filter(|(_, post)| matches!(post.said, Said::Blocked { invalid: 0b100, .. }));
            (naming.count() == 3 || !all.chain.reports().is_empty()).then_some(())
        })
        .await;
}

/// A party that signs another message under a number it has used is reported with the proof, once, and
/// the others go on without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_signs_two_messages_under_one_number_is_reported() {
    let (plan, files) = homogeneous_plan(Backend::Masked, ModelAccess::Everyone, 1);
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    begin_without(&mut consortium, 2).await;
    lies(&consortium, 2, &[0, 1, 3], 250).await;
    lies(&consortium, 2, &[0, 1, 3], 251).await;
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    let reports = consortium.chain.reports();
    assert!(matches!(reports[..], [(_, 2)]), "{reports:?}");
    let training = consortium.chain.training();
    assert_eq!(
        training.parties[2].standing,
        Standing::Out(Departure::Equivocated)
    );
    let left: Vec<String> = [0, 2].iter().map(|at: &usize| files[*at].clone()).collect();
    assert_eq!(consortium.model_of(0).model(), pooled(&consortium, &left).0);
}

/// Nobody is to blame where the participants have too few patients in common. Who finds out says so, the
/// others wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_cannot_go_on_says_so() {
    let (mut plan, _) = heterogeneous_plan(Backend::Batch, ModelAccess::Everyone);
    for (party, data) in plan.data.iter_mut().enumerate() {
        let (file, _) = data.as_mut().unwrap();
        *file = file.replace("patient ", &format!("patient of {party} "));
    }
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    assert_eq!(consortium.chain.ended(), Some(Departure::Failed));
    let posts = consortium.chain.posts();
    for (party, post) in &posts {
        let fair = match post.said {
            Said::Failed => true,
            Said::Blocked { invalid, .. } => invalid == 0,
            Said::Root { .. } => false,
        };
        assert!(fair, "{party} says {post:?}");
    }
    assert!(posts.iter().any(|(_, post)| post.said == Said::Failed));
}

/// Columns cannot be trained without one of the participants: it ends, and nothing stays behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_silent_participant_ends_the_training() {
    let (plan, _) = heterogeneous_plan(Backend::Batch, ModelAccess::Everyone);
    let mut consortium = Consortium::new(plan);
    consortium.start_all();
    consortium
        .until("the beginning", |all| {
            let status = all.status(0)?;
            (status.state == "running").then_some(())
        })
        .await;
    consortium.chain.cut_off(2);
    consortium.crash(2).await;
    is_missed(&consortium, 2).await;
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    assert_eq!(consortium.chain.ended(), Some(Departure::Silent));
    consortium
        .until("nothing is left", |all| {
            let left = [0, 1].map(|at| all.status(at).is_some());
            (left == [false; 2]).then_some(())
        })
        .await;
    for at in [0, 1] {
        let folder = consortium.nodes[at].folder().join("trainings");
        let names = std::fs::read_dir(folder).unwrap();
        let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
        // Primes for the next one may be there.
        let left: Vec<String> = names.filter(|name| !name.starts_with("primes")).collect();
        assert_eq!(left, [""; 0]);
    }
}
