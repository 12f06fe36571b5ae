//! Training on columns: its speed and its accuracy on real cohorts.
//!
//! `bench_vertical speed FOLDER` trains three participants of `breast-cancer-wisconsin.data` at
//! 2048 bits, each on a thread of its own, and prints
//!
//! - `figure vertical_1500_2048_s`: 1500 rounds of one row;
//! - `figure vertical_batch_2048_s`: 15 rounds of 100 rows;
//! - `figure vertical_1500_2048_proofs_s`, `figure vertical_batch_2048_proofs_s`: what proofs add.
//!
//! The seconds are those from the first round to the last, without alignment and without keys.
//! `bench_vertical participants FOLDER` prints the batch's seconds for 2 to 5 participants.
//! `bench_vertical accuracy FOLDER` prints precision, recall and F1 over ten splits of 80/20, after
//! the protocol ended at the model of the pooled rows in the first of them.

use std::{
    error::Error,
    fs,
    path::Path,
    process::ExitCode,
    sync::{mpsc, Barrier, Mutex},
    thread,
    time::Instant,
};

use ndarray::{s, Array2, Axis};
use salus_analytics::{
    metrics::Confusion,
    scale::{Scale, Scaling},
    split,
    svm::{labels, Data, Loss, Model, Sums, SvmParameters, Trainer},
    table::{self, parse_columns, Missing},
};
use salus_paillier::{
    threshold::{Dealer, KeyShare, Setup},
    Exponent,
};
use salus_training::{
    heterogeneous::{combine, draw, Block, Parameters, Participant},
    Outcome, Part, Party, PartyId, Refused, Seed, Step, To,
};

type Outcomes<T> = Result<T, Box<dyn Error>>;

/// Safe primes of 1024 bits, drawn once: to draw them takes longer than to measure.
const SAFE: [&str; 2] = [
    "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094fe00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7",
    "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea7964acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["speed", folder] => speed(Path::new(folder)),
        ["participants", folder] => participants(Path::new(folder)),
        ["accuracy", folder] => accuracy(Path::new(folder)),
        _ => Err("see the comment at the head of the source".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_vertical: {error}");
            ExitCode::FAILURE
        }
    }
}

fn little_endian(text: &str) -> Outcomes<Vec<u8>> {
    let digits = (0..text.len() / 2).rev();
    let bytes = digits.map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16));
    Ok(bytes.collect::<Result<_, _>>()?)
}

fn seed(party: u64) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&party.to_le_bytes());
    Seed::new(bytes)
}

/// A cohort, all columns together.
struct Cohort {
    name: &'static str,
    values: Array2<f64>,
    positive: Vec<bool>,
    /// Of this many participants, where each one's columns begin.
    faithful: SvmParameters,
    batch: SvmParameters,
    /// The book's table 5.5: precision and recall of its scheme.
    book: (f64, f64),
}

fn svm(batch: u32, iterations: u32, eta: f64, c: f64) -> SvmParameters {
    SvmParameters {
        batch,
        iterations,
        eta,
        c,
        scaling: Scaling::ZScore,
        ..SvmParameters::default()
    }
}

fn cohorts(folder: &Path) -> Outcomes<Vec<Cohort>> {
    let wisconsin = read(folder, "breast-cancer-wisconsin.data", "1", 9, &[4.0])?;
    let australian = read(folder, "australian.dat", "", 14, &[1.0])?;
    Ok(vec![
        Cohort {
            name: "BCWD",
            values: wisconsin.0,
            positive: wisconsin.1,
            faithful: svm(1, 1500, 0.01, 100.0),
            batch: svm(100, 15, 0.005, 1.0),
            book: (91.60, 99.58),
        },
        Cohort {
            name: "ACAD",
            values: australian.0,
            positive: australian.1,
            faithful: svm(1, 1500, 0.01, 100.0),
            batch: svm(100, 15, 0.005, 1.0),
            book: (88.70, 81.98),
        },
    ])
}

fn read(
    folder: &Path,
    file: &str,
    left_out: &str,
    classes: usize,
    positive: &[f64],
) -> Outcomes<(Array2<f64>, Vec<bool>)> {
    let options = table::Options {
        drop: parse_columns(left_out).into_iter().collect(),
        missing: Missing::Mean,
        ..table::Options::default()
    };
    let values = table::parse(&fs::read(folder.join(file))?, &options)?.values;
    let positive = labels(values.column(classes).iter().copied(), positive)?;
    let columns: Vec<usize> = (0..values.ncols())
        .filter(|column| *column != classes)
        .collect();
    Ok((values.select(Axis(1), &columns), positive))
}

/// Blocks of as equal a number of columns as can be, the rows of each in an order of its own.
fn blocks(
    values: &Array2<f64>,
    positive: &[bool],
    rows: &[usize],
    n: usize,
) -> Outcomes<Vec<Block>> {
    let columns = values.ncols();
    (0..n)
        .map(|party| {
            let mut rows = rows.to_vec();
            let turned = party * 7 % rows.len();
            rows.rotate_left(turned);
            let (from, to) = (party * columns / n, (party + 1) * columns / n);
            let block = values.slice(s![.., from..to]).select(Axis(0), &rows);
            let names = rows.iter().map(|row| format!("patient {row}").into_bytes());
            let classes = rows.iter().map(|row| positive[*row]).collect();
            let classes = (party == 0).then_some(classes);
            Ok(Block::new(names.collect(), block, classes)?)
        })
        .collect()
}

fn keys(n: u16) -> Outcomes<Vec<KeyShare>> {
    let dealer = Dealer::from_primes(&little_endian(SAFE[0])?, &little_endian(SAFE[1])?)?;
    Ok(dealer.run(n, n, &mut seed(u64::from(n)).random())?.1)
}

struct Run {
    parts: Vec<Part>,
    /// Rows of the first participant, in the order of the training.
    rows: Vec<u32>,
    /// From the first round on.
    seconds: f64,
    alignment: f64,
    bytes: usize,
}

/// A training, each participant on a thread of its own.
fn train(parameters: &Parameters, blocks: Vec<Block>) -> Outcomes<Run> {
    let n = parameters.participants;
    let mut parties = Vec::new();
    for (number, (secret, block)) in (0u64..).zip(keys(n)?.into_iter().zip(blocks)) {
        let seed = seed(1000 + number);
        let party = Participant::new(parameters.clone(), secret, block, Exponent::Half, seed)?;
        parties.push(party);
    }
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..n)
        .map(|_| mpsc::channel::<(u16, u32, Vec<u8>)>())
        .unzip();
    let begin = Instant::now();
    let barrier = Barrier::new(usize::from(n));
    let aligned = Mutex::new(0f64);
    let run = |mut party: Participant,
               inbox: mpsc::Receiver<(u16, u32, Vec<u8>)>,
               senders: Vec<mpsc::Sender<(u16, u32, Vec<u8>)>>|
     -> Result<(Part, Vec<u32>, usize), Refused> {
        let me = party.id().0;
        let mut bytes = 0;
        let mut post = |step: Step| {
            for outgoing in step.send {
                for to in (0..n).filter(|to| *to != me) {
                    if outgoing.to == To::All || outgoing.to == To::One(PartyId(to)) {
                        bytes += outgoing.body.len();
                        // A participant that ended takes no more.
                        let _ = senders[usize::from(to)].send((
                            me,
                            outgoing.round,
                            outgoing.body.clone(),
                        ));
                    }
                }
            }
            step.outcome
        };
        barrier.wait();
        post(party.start()?);
        loop {
            let (from, round, body) = inbox.recv().expect("the others go on");
            let before = party.rows().is_empty();
            let outcome = post(party.receive(PartyId(from), round, &body)?);
            if before && !party.rows().is_empty() {
                let mut last = aligned.lock().unwrap();
                *last = last.max(begin.elapsed().as_secs_f64());
            }
            if let Some(Outcome::Part(part)) = outcome {
                return Ok((part, party.rows().to_vec(), bytes));
            }
        }
    };
    let results = thread::scope(|scope| {
        let tasks = parties.into_iter().zip(receivers);
        let threads: Vec<_> = tasks
            .map(|(party, inbox)| {
                let senders = senders.clone();
                let run = &run;
                scope.spawn(move || run(party, inbox, senders))
            })
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().expect("a participant"));
        joined.collect::<Result<Vec<_>, Refused>>()
    })?;
    let alignment = *aligned.lock().unwrap();
    Ok(Run {
        seconds: begin.elapsed().as_secs_f64() - alignment,
        alignment,
        rows: results[0].1.clone(),
        bytes: results.iter().map(|result| result.2).sum(),
        parts: results.into_iter().map(|result| result.0).collect(),
    })
}

/// The pooled machine over the same rows in the same order.
fn pooled(parameters: &Parameters, data: &Data) -> Outcomes<Model> {
    let seeds: Vec<Seed> = (0..u64::from(parameters.participants))
        .map(|p| seed(1000 + p))
        .collect();
    let draws = draw(parameters, &seeds, data.len());
    let mut trainer = Trainer::new(&parameters.svm, data.columns())?;
    for rows in draws {
        let sums = Sums::of(trainer.model(), data, Some(&rows), Loss::Hinge, None)?;
        trainer.absorb(&sums)?;
    }
    Ok(trainer.model().clone())
}

fn session(svm: &SvmParameters, n: u16, proofs: bool) -> Parameters {
    let mut parameters = Parameters::new([1; 32], n, svm.clone());
    if !proofs {
        parameters.prove_every = 0;
    }
    parameters
}

fn speed(folder: &Path) -> Outcomes<()> {
    let cohort = cohorts(folder)?.remove(0);
    let (training, _) = split::by_position(0, cohort.values.nrows(), 200);
    for (name, svm) in [
        ("vertical_1500_2048", &cohort.faithful),
        ("vertical_batch_2048", &cohort.batch),
    ] {
        let time = |proofs| -> Outcomes<Run> {
            let parameters = session(svm, 3, proofs);
            train(
                &parameters,
                blocks(&cohort.values, &cohort.positive, &training, 3)?,
            )
        };
        let (bare, proved) = (time(false)?, time(true)?);
        println!("figure {name}_s {:.2}", bare.seconds);
        println!(
            "figure {name}_proofs_s {:.2}",
            proved.seconds - bare.seconds
        );
        println!(
            "alignment of {} patients: {:.3} s; {} bytes sent",
            training.len(),
            bare.alignment,
            bare.bytes
        );
    }
    Ok(())
}

fn participants(folder: &Path) -> Outcomes<()> {
    let cohort = cohorts(folder)?.remove(0);
    let (training, _) = split::by_position(0, cohort.values.nrows(), 200);
    for n in 2..=5 {
        let parameters = session(&cohort.batch, n, false);
        let run = train(
            &parameters,
            blocks(&cohort.values, &cohort.positive, &training, n.into())?,
        )?;
        println!("{n} participants: {:.2} s", run.seconds);
    }
    Ok(())
}

fn accuracy(folder: &Path) -> Outcomes<()> {
    println!("missing values: means; columns: z-scores of the training rows; lambda = 1/C");
    for cohort in cohorts(folder)? {
        for svm in [&cohort.faithful, &cohort.batch] {
            let parameters = session(svm, 3, true);
            let mut all = [0.0; 3];
            for number in 0..10 {
                let (training, test) = split::by_position(number, cohort.values.nrows(), 200);
                let parts = blocks(&cohort.values, &cohort.positive, &training, 3)?;
                // The order in which the patients are trained on is the alignment's.
                let names =
                    salus_training::heterogeneous::order(&parameters.session, parts[0].names());
                let order: Vec<usize> = names.iter().map(|row| training[*row as usize]).collect();
                let pick = |rows: &[usize]| -> Vec<bool> {
                    rows.iter().map(|row| cohort.positive[*row]).collect()
                };
                let mut rows = cohort.values.select(Axis(0), &order);
                let scale = Scale::apply(Scaling::ZScore, rows.view_mut());
                let data = Data::encode(&rows, &pick(&order), svm.fraction)?;
                let model = pooled(&parameters, &data)?;
                let mut rows = cohort.values.select(Axis(0), &test);
                scale.scale(rows.view_mut());
                let tested = Data::encode(&rows, &pick(&test), svm.fraction)?;
                if number == 0 && std::env::var_os("SALUS_PLAIN").is_none() {
                    let run = train(&parameters, parts)?;
                    let together = combine(&run.parts)?;
                    if together != model || together.predict(&tested)? != model.predict(&tested)? {
                        return Err(
                            "the protocol ended at another model than the pooled rows".into()
                        );
                    }
                }
                let predicted = model.predict(&tested)?;
                let counts = Confusion::of(tested.classes().iter().copied().zip(predicted));
                for (sum, value) in
                    all.iter_mut()
                        .zip([counts.precision(), counts.recall(), counts.f1()])
                {
                    *sum += 10.0 * value;
                }
            }
            println!(
                "{} {}: C = {}, eta = {}, T = {} of {} rows: precision {:.2} %, recall {:.2} %, F1 {:.2} % (book: {:.2} %, {:.2} %)",
                cohort.name, parameters.backend(), svm.c, svm.eta, svm.iterations, svm.batch, all[0], all[1], all[2], cohort.book.0, cohort.book.1
            );
        }
    }
    Ok(())
}
