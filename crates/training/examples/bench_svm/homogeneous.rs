//! Same attributes, different patients.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use salus_analytics::{
    scale::Scaling,
    svm::{Loss, Model, SvmParameters},
};
use salus_training::{
    homogeneous::{estimate, pooled, Analyst, Provider, Rows, Terms},
    Backend, Outcome as End, Party, PartyId, Seed, Step, To,
};

use crate::cohorts::{self, Book, Cohort, Line, Outcome};

const PROVIDERS: u16 = 5;
const SPLITS: u32 = 10;

/// Figures and what they are of.
pub struct Figure {
    pub name: &'static str,
    pub seconds: f64,
}

/// Terms of the figures. C = 1 as LinearSVC has; rounds and learning rate reach its F1 on both
/// cohorts.
fn terms(backend: Backend, columns: usize, key_bits: u32, providers: u16) -> Terms {
    let svm = SvmParameters {
        c: 1.0,
        eta: 0.001,
        iterations: 50,
        fraction: if backend == Backend::SecureSvm {
            12
        } else {
            16
        },
        loss: match backend {
            Backend::SecureSvm => Loss::Hinge,
            _ => Loss::SquaredHinge,
        },
        scaling: Scaling::ZScore,
        ..SvmParameters::default()
    };
    let ids = (1..=providers).map(PartyId).collect();
    let mut terms = Terms::new([0; 32], backend, svm, columns, ids);
    terms.key_bits = key_bits;
    terms.max_rows = 1 << 13;
    terms
}

/// What a training took, all parties one after the other.
struct Taken {
    /// The making of the key.
    key: Duration,
    /// Everything else.
    analyst: Duration,
    providers: Duration,
    bytes: usize,
    model: Model,
    rounds: u32,
}

impl Taken {
    fn seconds(&self) -> f64 {
        (self.analyst + self.providers).as_secs_f64()
    }
}

/// Runs all parties, each with both processors for itself while it computes.
fn run(terms: &Terms, parts: &[Rows]) -> Outcome<Taken> {
    let analyst = PartyId(0);
    let start = Instant::now();
    let mut parties: BTreeMap<PartyId, Box<dyn Party>> = BTreeMap::new();
    parties.insert(
        analyst,
        Box::new(Analyst::new(terms.clone(), Seed::new([1; 32]))?),
    );
    let key = start.elapsed();
    let mut taken = BTreeMap::<PartyId, Duration>::new();
    for (id, rows) in terms.providers.iter().zip(parts) {
        let start = Instant::now();
        let seed = Seed::new([id.0 as u8 + 1; 32]);
        parties.insert(
            *id,
            Box::new(Provider::new(terms.clone(), *id, rows.clone(), seed)?),
        );
        *taken.entry(*id).or_default() += start.elapsed();
    }
    let ids: Vec<PartyId> = parties.keys().copied().collect();
    let mut queue = VecDeque::new();
    let (mut bytes, mut result) = (0, None);
    let mut post = |queue: &mut VecDeque<_>, from: PartyId, step: Step| {
        for message in step.send {
            let all = ids.iter().copied().filter(|id| *id != from);
            let receivers: Vec<PartyId> = match message.to {
                To::One(party) => vec![party],
                To::All => all.collect(),
            };
            for to in receivers {
                bytes += message.body.len();
                queue.push_back((from, to, message.round, message.body.clone()));
            }
        }
        if let (true, Some(End::Model { model, rounds, .. })) = (from == analyst, step.outcome) {
            result = Some((model, rounds));
        }
    };
    for (id, party) in &mut parties {
        let step = party.start()?;
        post(&mut queue, *id, step);
    }
    while let Some((from, to, round, body)) = queue.pop_front() {
        let Some(party) = parties.get_mut(&to) else {
            continue;
        };
        let start = Instant::now();
        let step = match party.receive(from, round, &body) {
            // A share more than was needed may come after the end.
            Err(_) if to == analyst => Step::default(),
            step => step?,
        };
        *taken.entry(to).or_default() += start.elapsed();
        post(&mut queue, to, step);
    }
    let (model, rounds) = result.ok_or("the training did not end")?;
    let providers = taken.iter().filter(|(id, _)| **id != analyst);
    Ok(Taken {
        key,
        providers: providers.map(|(_, taken)| *taken).sum(),
        analyst: taken.get(&analyst).copied().unwrap_or_default(),
        bytes,
        model,
        rounds,
    })
}

/// The book's table 4.3.
fn book(cohort: &Cohort) -> Option<Book> {
    match cohort.name {
        "bcwd" => Some([90.35, 96.19, 90.47, 97.24]),
        "hdd" => Some([93.89, 89.78, 93.35, 90.87]),
        _ => None,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Trains over ten splits with one back-end, checks every model against the pooled one, and gives
/// the median time.
fn measure(cohort: &Cohort, backend: Backend, key_bits: u32, splits: u32) -> Outcome<(f64, Line)> {
    let terms = terms(backend, cohort.rows.values.ncols(), key_bits, PROVIDERS);
    let (mut scores, mut seconds, mut shown) = (Vec::new(), Vec::new(), None);
    for number in 0..splits {
        let (training, test) = cohorts::split(&cohort.rows, number);
        let taken = run(&terms, &cohorts::distribute(&training, PROVIDERS.into()))?;
        let End::Model { model, .. } = pooled(&terms, &training)? else {
            return Err("the pooled training has no model".into());
        };
        if model != taken.model {
            return Err(
                format!("{backend}, split {number}: not the model of the pooled rows").into(),
            );
        }
        scores.push(cohorts::score(&terms, &taken.model, &training, &test)?);
        seconds.push(taken.seconds());
        shown.get_or_insert(taken);
    }
    let key = match backend {
        Backend::Masked => String::new(),
        _ => format!(", {key_bits} bits"),
    };
    let svm = &terms.svm;
    println!(
        "{}, {backend}{key}: {:?} loss, C = {}, eta = {}, at most {} rounds, S = 2^{}, K = {}, {PROVIDERS} providers",
        cohort.name, svm.loss, svm.c, svm.eta, svm.iterations, svm.fraction, terms.min_changed
    );
    let svc = cohorts::linear_svc(cohort)?;
    let line = Line {
        cohort: cohort.name,
        backend: format!("{backend}{key}"),
        ours: cohorts::means(&scores),
        peer: cohorts::means(svc.get(..splits as usize).unwrap_or(&svc)),
        book: book(cohort),
    };
    if splits == SPLITS {
        line.check()?;
    }
    let told = estimate(
        &terms,
        cohort.rows.positive.len() as u64 * 8 / 10 / u64::from(PROVIDERS),
    )?;
    if let Some(taken) = shown {
        println!(
            "  split 0: {} rounds, analyst {:.4} s, all providers {:.4} s, {:.1} MB sent, key {:.2} s (not counted)",
            taken.rounds,
            taken.analyst.as_secs_f64(),
            taken.providers.as_secs_f64(),
            taken.bytes as f64 / 1e6,
            taken.key.as_secs_f64()
        );
    }
    println!(
        "  estimate for all {} rounds: analyst {:.4} s, each provider {:.4} s, {:.1} MB",
        told.rounds,
        told.analyst.as_secs_f64(),
        told.provider.as_secs_f64(),
        told.bytes as f64 / 1e6
    );
    Ok((median(seconds), line))
}

/// All figures of this chapter, and a line for each back-end. `quick` trains one split each.
pub fn figures(quick: bool) -> Outcome<(Vec<Figure>, Vec<Line>)> {
    let (bcwd, hdd) = (cohorts::read(cohorts::BCWD)?, cohorts::read(cohorts::HDD)?);
    let acad = cohorts::read(cohorts::ACAD)?;
    let splits = if quick { 1 } else { SPLITS };
    let (mut figures, mut lines) = (Vec::new(), Vec::new());
    let mut figure = |name, cohort, backend, bits, count| -> Outcome<()> {
        let (seconds, line) = measure(cohort, backend, bits, count)?;
        figures.push(Figure { name, seconds });
        if count == splits {
            lines.push(line);
        }
        Ok(())
    };
    figure("masked_bcwd_s", &bcwd, Backend::Masked, 2048, splits)?;
    figure("masked_hdd_s", &hdd, Backend::Masked, 2048, splits)?;
    figure("masked_acad_s", &acad, Backend::Masked, 2048, splits)?;
    figure(
        "packed_newton_bcwd_2048_s",
        &bcwd,
        Backend::PackedNewton,
        2048,
        splits,
    )?;
    figure(
        "packed_newton_hdd_2048_s",
        &hdd,
        Backend::PackedNewton,
        2048,
        splits,
    )?;
    figure(
        "secure_svm_bcwd_1024_s",
        &bcwd,
        Backend::SecureSvm,
        1024,
        splits,
    )?;
    figure(
        "secure_svm_hdd_1024_s",
        &hdd,
        Backend::SecureSvm,
        1024,
        splits,
    )?;
    figure("secure_svm_bcwd_2048_s", &bcwd, Backend::SecureSvm, 2048, 1)?;
    figure("secure_svm_hdd_2048_s", &hdd, Backend::SecureSvm, 2048, 1)?;
    Ok((figures, lines))
}

/// Seconds against 1 to 5 providers, as in the book's figure.
pub fn against_providers() -> Outcome<()> {
    for facts in [cohorts::BCWD, cohorts::HDD] {
        let cohort = cohorts::read(facts)?;
        let (training, _) = cohorts::split(&cohort.rows, 0);
        for (backend, bits) in [
            (Backend::SecureSvm, 1024),
            (Backend::PackedNewton, 2048),
            (Backend::Masked, 2048),
        ] {
            for providers in 1..=PROVIDERS {
                let terms = terms(backend, training.values.ncols(), bits, providers);
                let taken = run(&terms, &cohorts::distribute(&training, providers.into()))?;
                println!(
                    "series {} {backend} {providers} analyst {:.4} providers {:.4}",
                    cohort.name,
                    taken.analyst.as_secs_f64(),
                    taken.providers.as_secs_f64()
                );
            }
        }
    }
    Ok(())
}
