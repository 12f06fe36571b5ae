//! Times fuzzy c-means on data that `bench/fcm/run.py` wrote, and prints seconds and prototypes.
//!
//! `bench_fcm points FILE ROWS COLUMNS CLUSTERS ITERATIONS THREADS REPEATS`: little-endian doubles.
//! `bench_fcm image FILE WIDTH HEIGHT CLUSTERS ITERATIONS THREADS REPEATS`: bytes.
//!
//! The clock runs over the whole call: checks, collapse of equal rows (or the histogram), all
//! iterations, memberships and labels of every row or pixel. Reading the file is not timed. The
//! time is the median of the repeats.

use std::{error::Error, num::NonZeroUsize, process::ExitCode, time::Instant};

use ndarray::Array2;
use salus_analytics::{
    fcm::{self, Options},
    image,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_fcm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [what, file, numbers @ ..] = arguments else {
        return Err("see the comment at the head of the source".into());
    };
    let numbers: Vec<usize> = numbers
        .iter()
        .map(|number| number.parse())
        .collect::<Result<_, _>>()?;
    let [first, second, clusters, iterations, threads, repeats] = numbers[..] else {
        return Err("six numbers follow the file".into());
    };
    let options = Options {
        clusters,
        // No early stop: the peer runs the same number of iterations.
        epsilon: 0.0,
        max_iterations: u32::try_from(iterations)?,
        threads: NonZeroUsize::new(threads),
        ..Options::default()
    };
    let bytes = std::fs::read(file)?;
    match what.as_str() {
        "points" => {
            let values = bytes
                .chunks_exact(8)
                .map(|value| Ok(f64::from_le_bytes(value.try_into()?)))
                .collect::<Result<Vec<f64>, Box<dyn Error>>>()?;
            drop(bytes);
            let data = Array2::from_shape_vec((first, second), values)?;
            let (seconds, result) = time(repeats, || fcm::cluster(&data, &options))?;
            report(seconds, result.iterations, result.prototypes.iter());
        }
        "image" => {
            let (seconds, result) =
                time(repeats, || image::segment(&bytes, first, second, &options))?;
            report(seconds, result.iterations, result.prototypes.iter());
        }
        other => return Err(format!("{other:?} is neither points nor image").into()),
    }
    Ok(())
}

/// Median seconds, and the last outcome.
fn time<T, E: Error + 'static>(
    repeats: usize,
    task: impl Fn() -> Result<T, E>,
) -> Result<(f64, T), Box<dyn Error>> {
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..repeats.max(1) {
        // Freed before the next run, so that every run takes its memory afresh.
        drop(last.take());
        let start = Instant::now();
        let outcome = task()?;
        seconds.push(start.elapsed().as_secs_f64());
        last = Some(outcome);
    }
    seconds.sort_by(f64::total_cmp);
    let outcome = last.ok_or("no run")?;
    Ok((seconds[seconds.len() / 2], outcome))
}

fn report<'a>(seconds: f64, iterations: u32, prototypes: impl Iterator<Item = &'a f64>) {
    println!("seconds {seconds:?}");
    println!("iterations {iterations}");
    for value in prototypes {
        println!("prototype {value:?}");
    }
}
