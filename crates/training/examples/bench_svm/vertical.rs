//! Same patients, different attributes.

use std::{
    sync::{mpsc, Barrier, Mutex, PoisonError},
    thread,
    time::Instant,
};

use ndarray::{s, Axis};
use salus_analytics::{
    metrics::Confusion,
    scale::{Scale, Scaling},
    svm::{Data, Loss, Model, Sums, SvmParameters, Trainer},
};
use salus_paillier::{
    threshold::{Dealer, KeyShare, Setup},
    Exponent,
};
use salus_training::{
    heterogeneous::{combine, draw, order, Block, Parameters, Participant},
    homogeneous::Rows,
    Outcome as End, Part, Party, PartyId, Refused, Seed, Step, To,
};

use crate::{
    cohorts::{self, Line, Outcome, ACAD, BCWD, HDD},
    homogeneous::Figure,
};

const PARTICIPANTS: u16 = 3;
const SPLITS: u32 = 10;

/// Safe primes of 1024 bits, drawn once: to draw them takes longer than to measure.
const SAFE: [&str; 2] = [
    "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094fe00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7",
    "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea7964acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b",
];

/// The learning rate of BCWD and ACAD.
const ETA: f64 = 0.002;
/// Of HDD, which has half the rows.
const ETA_HDD: f64 = 0.0005;

/// 1500 judgements: one row a round, or 100. C and eta reach the F1 of LinearSVC on these splits;
/// lambda = 1/C is for the sum over the rows of a round.
fn svm(batch: u32, eta: f64) -> SvmParameters {
    SvmParameters {
        batch,
        iterations: 1500 / batch,
        eta,
        c: 10.0,
        scaling: Scaling::ZScore,
        ..SvmParameters::default()
    }
}

fn parameters(batch: u32, eta: f64, participants: u16, proofs: bool) -> Parameters {
    let mut parameters = Parameters::new([1; 32], participants, svm(batch, eta));
    if !proofs {
        parameters.prove_every = 0;
    }
    parameters
}

fn seed(number: u64) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Seed::new(bytes)
}

fn keys(participants: u16) -> Outcome<Vec<KeyShare>> {
    let little_endian = |text: &str| {
        let digits = (0..text.len() / 2).rev();
        let bytes = digits.map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16));
        bytes.collect::<Result<Vec<u8>, _>>()
    };
    let dealer = Dealer::from_primes(&little_endian(SAFE[0])?, &little_endian(SAFE[1])?)?;
    let mut random = seed(u64::from(participants)).random();
    Ok(dealer.run(participants, participants, &mut random)?.1)
}

fn names(rows: &[usize]) -> Vec<Vec<u8>> {
    let names = rows.iter().map(|row| format!("patient {row}").into_bytes());
    names.collect()
}

/// As equal numbers of columns as can be, the rows of each in an order of its own.
fn blocks(rows: &Rows, participants: u16) -> Outcome<Vec<Block>> {
    let (n, columns) = (usize::from(participants), rows.values.ncols());
    let block = |party: usize| {
        let mut own: Vec<usize> = (0..rows.positive.len()).collect();
        let turn = party * 7 % own.len();
        own.rotate_left(turn);
        let (from, to) = (party * columns / n, (party + 1) * columns / n);
        let values = rows.values.slice(s![.., from..to]).select(Axis(0), &own);
        let classes = own.iter().map(|row| rows.positive[*row]).collect();
        let classes = (party == 0).then_some(classes);
        Ok(Block::new(names(&own), values, classes)?)
    };
    (0..n).map(block).collect()
}

/// What a training took.
struct Taken {
    parts: Vec<Part>,
    /// From the first round to the last.
    seconds: f64,
    alignment: f64,
    bytes: usize,
}

type Message = (u16, u32, Vec<u8>);

/// One participant, until it ends: its part, and the bytes that it sent.
fn participate(
    mut party: Participant,
    inbox: &mpsc::Receiver<Message>,
    senders: &[mpsc::Sender<Message>],
    mut aligned: impl FnMut(),
) -> Result<(Part, usize), Refused> {
    let me = party.id().0;
    let mut bytes = 0;
    let mut post = |step: Step| {
        for outgoing in step.send {
            for (to, sender) in (0u16..).zip(senders).filter(|(to, _)| *to != me) {
                if outgoing.to == To::All || outgoing.to == To::One(PartyId(to)) {
                    bytes += outgoing.body.len();
                    // One that ended takes no more.
                    let _ = sender.send((me, outgoing.round, outgoing.body.clone()));
                }
            }
        }
        step.outcome
    };
    post(party.start()?);
    let mut before = true;
    loop {
        let (from, round, body) = inbox.recv().map_err(|_| salus_training::Error::Ended)?;
        let outcome = post(party.receive(PartyId(from), round, &body)?);
        if before && !party.rows().is_empty() {
            before = false;
            aligned();
        }
        if let Some(End::Part(part)) = outcome {
            return Ok((part, bytes));
        }
    }
}

/// All participants, each on a thread of its own.
fn train(parameters: &Parameters, rows: &Rows) -> Outcome<Taken> {
    let n = parameters.participants;
    let mut parties = Vec::new();
    let keys = keys(n)?.into_iter().zip(blocks(rows, n)?);
    for (number, (secret, block)) in (1000..).zip(keys) {
        let (parameters, seed) = (parameters.clone(), seed(number));
        parties.push(Participant::new(
            parameters,
            secret,
            block,
            Exponent::Half,
            seed,
        )?);
    }
    let (senders, inboxes): (Vec<_>, Vec<_>) = (0..n).map(|_| mpsc::channel()).unzip();
    let (together, alignment) = (Barrier::new(usize::from(n)), Mutex::new(0f64));
    let begin = Instant::now();
    let ended = thread::scope(|scope| {
        let threads: Vec<_> = parties
            .into_iter()
            .zip(inboxes)
            .map(|(party, inbox)| {
                let (senders, together, alignment) = (senders.clone(), &together, &alignment);
                scope.spawn(move || {
                    together.wait();
                    participate(party, &inbox, &senders, || {
                        let mut last = alignment.lock().unwrap_or_else(PoisonError::into_inner);
                        *last = last.max(begin.elapsed().as_secs_f64());
                    })
                })
            })
            .collect();
        drop(senders);
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.collect::<Result<Vec<_>, _>>()
    });
    let seconds = begin.elapsed().as_secs_f64();
    let ended = ended.map_err(|_| "a participant panicked")?;
    let ended = ended.into_iter().collect::<Result<Vec<_>, Refused>>()?;
    let alignment = *alignment.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Taken {
        seconds: seconds - alignment,
        alignment,
        bytes: ended.iter().map(|(_, bytes)| bytes).sum(),
        parts: ended.into_iter().map(|(part, _)| part).collect(),
    })
}

/// The machine of `salus-analytics` on the pooled rows, the same ones in every round, and its
/// predictions of the test rows.
fn pooled(parameters: &Parameters, training: &Rows, test: &Rows) -> Outcome<(Model, Data)> {
    let svm = &parameters.svm;
    let all: Vec<usize> = (0..training.positive.len()).collect();
    let order = order(&parameters.session, &names(&all));
    let order: Vec<usize> = order.into_iter().map(|row| row as usize).collect();
    let mut rows = cohorts::pick(training, &order);
    let scale = Scale::apply(svm.scaling, rows.values.view_mut());
    let data = Data::encode(&rows.values, &rows.positive, svm.fraction)?;
    let seeds = 1000..1000 + u64::from(parameters.participants);
    let seeds: Vec<Seed> = seeds.map(seed).collect();
    let mut trainer = Trainer::new(svm, data.columns())?;
    for drawn in draw(parameters, &seeds, data.len()) {
        let sums = Sums::of(trainer.model(), &data, Some(&drawn), Loss::Hinge, None)?;
        trainer.absorb(&sums)?;
    }
    let mut values = test.values.clone();
    scale.scale(values.view_mut());
    let test = Data::encode(&values, &test.positive, svm.fraction)?;
    Ok((trainer.model().clone(), test))
}

/// All figures of this chapter, and a line for each way of training. `quick` runs the protocol on
/// one split only; the others are scored with the model of pooled rows, which it ends at.
pub fn figures(quick: bool) -> Outcome<(Vec<Figure>, Vec<Line>)> {
    let (mut figures, mut lines) = (Vec::new(), Vec::new());
    // The book's table 5.5.
    for (facts, eta, book) in [
        (BCWD, ETA, Some([91.60, 99.58, 91.22, 99.58])),
        (HDD, ETA_HDD, None),
        (ACAD, ETA, Some([88.70, 81.98, 91.76, 81.46])),
    ] {
        let cohort = cohorts::read(facts)?;
        for batch in [1, 100] {
            let parameters = parameters(batch, eta, PARTICIPANTS, false);
            let svm = &parameters.svm;
            println!(
                "{}, columns of {PARTICIPANTS} participants, 2048 bits: C = {}, eta = {}, {} rounds \
                 of {batch} rows; means for missing values, z-scores of the training rows",
                cohort.name, svm.c, svm.eta, svm.iterations
            );
            let mut scores = Vec::new();
            for number in 0..SPLITS {
                let (training, test) = cohorts::split(&cohort.rows, number);
                let (model, data) = pooled(&parameters, &training, &test)?;
                let predicted = model.predict(&data)?;
                // The protocol itself: on every split, but faithfully on the first one only.
                if number == 0 || batch > 1 && !quick {
                    let taken = train(&parameters, &training)?;
                    let together = combine(&taken.parts)?;
                    if together != model || together.predict(&data)? != predicted {
                        return Err("the protocol ended at another model than pooled rows".into());
                    }
                    if number == 0 && facts.0 == BCWD.0 {
                        figures.extend(timed(batch, &taken, &training)?);
                    }
                }
                let pairs = data.classes().iter().copied().zip(predicted);
                scores.push(Confusion::of(pairs));
            }
            let line = Line {
                cohort: cohort.name,
                backend: parameters.backend().to_string(),
                ours: cohorts::means(&scores),
                peer: cohorts::means(&cohorts::linear_svc(&cohort)?),
                book,
            };
            line.check()?;
            lines.push(line);
        }
    }
    Ok((figures, lines))
}

/// The seconds of a training, and of the same with proofs.
fn timed(batch: u32, bare: &Taken, training: &Rows) -> Outcome<[Figure; 2]> {
    let proved = train(&parameters(batch, ETA, PARTICIPANTS, true), training)?;
    let (name, with_proofs) = match batch {
        1 => ("vertical_1500_2048_s", "vertical_1500_2048_proved_s"),
        _ => ("vertical_batch_2048_s", "vertical_batch_2048_proved_s"),
    };
    println!(
        "1500 judgements, {batch} a round: alignment {:.3} s, {:.1} MB sent",
        bare.alignment,
        bare.bytes as f64 / 1e6
    );
    Ok([
        Figure {
            name,
            seconds: bare.seconds,
        },
        Figure {
            name: with_proofs,
            seconds: proved.seconds,
        },
    ])
}

/// Seconds of the batch against the number of participants.
pub fn against_participants() -> Outcome<()> {
    let (training, _) = cohorts::split(&cohorts::read(BCWD)?.rows, 0);
    for participants in 2..=5 {
        let taken = train(&parameters(100, ETA, participants, false), &training)?;
        println!("batch {participants} participants {:.3} s", taken.seconds);
    }
    Ok(())
}
