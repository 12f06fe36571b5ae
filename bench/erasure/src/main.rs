//! The parts of `make bench-erasure` that are this repository's. `bench/erasure/run.py` runs them
//! against the peers.

use anyhow::{ensure, Context, Result};
use clap::Parser;
use codec::Encode;
use rand::{rngs::StdRng, Rng, RngCore, SeedableRng};
use rustix::fs::{fadvise, Advice};
use salus_erasure::{
    restore_record, verify, Blake2b256, ChunkFile, Codec, Encoder, Leaves, ReedSolomon, Shape,
    Source, TreeBuilder, LEAF,
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Cursor, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

#[derive(Parser)]
enum Bench {
    /// Codes k chunks of standard input into m - k on standard output.
    Parity { k: u8, m: u8 },
    /// GB/s of data: the code alone with chunks of `LENGTH` bytes.
    Code {
        k: u8,
        m: u8,
        length: usize,
        seconds: f64,
    },
    /// GB/s of data: records to chunks with digests and trees, and back from the last k.
    Block { k: u8, m: u8, seconds: f64 },
    /// Ten-leaf proofs of a chunk of `LEAVES` in a folder; writes the last question to `OUTPUT`.
    Proof {
        leaves: u32,
        folder: PathBuf,
        output: PathBuf,
    },
    /// Stores 200 records as owner and custodians would, and prints what the file system gave.
    Ratio { k: u8, m: u8, folder: PathBuf },
}

fn main() -> Result<()> {
    match Bench::parse() {
        Bench::Parity { k, m } => parity(&code(k, m)?),
        Bench::Code {
            k,
            m,
            length,
            seconds,
        } => coding(&code(k, m)?, length, seconds),
        Bench::Block { k, m, seconds } => block(&code(k, m)?, seconds),
        Bench::Proof {
            leaves,
            folder,
            output,
        } => proof(leaves, &folder, &output),
        Bench::Ratio { k, m, folder } => ratio(&code(k, m)?, &folder),
    }
}

fn code(k: u8, m: u8) -> Result<ReedSolomon> {
    Ok(ReedSolomon::new(Shape::new(k, m)?)?)
}

fn parity(code: &ReedSolomon) -> Result<()> {
    let (k, m) = (
        usize::from(code.shape().data()),
        usize::from(code.shape().total()),
    );
    let mut data = Vec::new();
    io::stdin().read_to_end(&mut data)?;
    ensure!(
        !data.is_empty() && data.len() % k == 0,
        "{} bytes are not {k} chunks",
        data.len()
    );
    let length = data.len() / k;
    let data: Vec<&[u8]> = data.chunks_exact(length).collect();
    let mut parity = vec![vec![0; length]; m - k];
    code.encode(&data, &mut slices(&mut parity))?;
    for chunk in parity {
        io::stdout().write_all(&chunk)?;
    }
    Ok(())
}

fn slices(buffers: &mut [Vec<u8>]) -> Vec<&mut [u8]> {
    buffers.iter_mut().map(Vec::as_mut_slice).collect()
}

fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// Median time of `task`, repeated for `seconds`.
fn median(seconds: f64, mut task: impl FnMut() -> Result<()>) -> Result<f64> {
    task()?;
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < Duration::from_secs_f64(seconds) {
        let start = Instant::now();
        task()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn coding(code: &ReedSolomon, length: usize, seconds: f64) -> Result<()> {
    let (k, m) = (code.shape().data(), code.shape().total());
    let data: Vec<Vec<u8>> = (0..k).map(|chunk| random(chunk.into(), length)).collect();
    let data: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
    let mut parity = vec![vec![0; length]; usize::from(m - k)];
    let time = median(
        seconds,
        || Ok(code.encode(&data, &mut slices(&mut parity))?),
    )?;
    println!("{}", f64::from(k) * length as f64 / time / 1e9);
    Ok(())
}

fn block(code: &ReedSolomon, seconds: f64) -> Result<()> {
    let record = random(1, 64 << 20);
    let (k, m) = (code.shape().data(), code.shape().total());
    let outputs = || (0..m).map(|_| Vec::with_capacity(record.len() / usize::from(k) + LEAF));
    let encode = || -> Result<_> {
        let mut encoder = Encoder::new(code, outputs().collect())?;
        encoder.record(&mut &record[..])?;
        Ok(encoder.finish()?)
    };
    let time = median(seconds, || encode().map(drop))?;
    println!("encode {}", record.len() as f64 / time / 1e9);

    let encoded = encode()?;
    let leaves = encoded.manifest.leaves()?;
    let time = median(seconds, || {
        let mut last = (m - k..m)
            .map(|chunk| {
                let bytes = encoded.outputs[usize::from(chunk)].as_slice();
                Ok((chunk, Leaves::new(Cursor::new(bytes), leaves)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut sources: Vec<Source> = last
            .iter_mut()
            .map(|(chunk, leaves)| Source {
                chunk: *chunk,
                leaves,
            })
            .collect();
        let mut back = Vec::with_capacity(record.len());
        restore_record(code, &encoded.manifest, 0, &mut sources, &mut back)?;
        ensure!(back == record, "another record came back");
        Ok(())
    })?;
    println!("restore {}", record.len() as f64 / time / 1e9);
    Ok(())
}

fn proof(leaves: u32, folder: &Path, output: &Path) -> Result<()> {
    const ROUNDS: u32 = 100;
    let folder = tempfile::tempdir_in(folder)?;
    let path = folder.path().join("chunk");
    let mut file = BufWriter::new(File::create(&path)?);
    let mut random = StdRng::seed_from_u64(1);
    let mut tree = TreeBuilder::new();
    let mut piece = vec![0; 64 * LEAF];
    let mut left = leaves as usize;
    while left > 0 {
        let next = left.min(64) * LEAF;
        random.fill_bytes(&mut piece[..next]);
        tree.push(&piece[..next]);
        file.write_all(&piece[..next])?;
        left -= next / LEAF;
    }
    file.flush()?;
    let tree = tree.finish();
    let chunk = ChunkFile::seal(&path, &tree, &[])?;

    // Each is asked once from the disk and once from memory.
    let (mut cold, mut warm, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut question = Vec::new();
    for _ in 0..ROUNDS {
        for name in ["chunk", "chunk.tree"] {
            fadvise(
                File::open(folder.path().join(name))?,
                0,
                None,
                Advice::DontNeed,
            )?;
        }
        let asked: Vec<u32> = (0..10).map(|_| random.gen_range(0..leaves)).collect();
        for times in [&mut cold, &mut warm] {
            let start = Instant::now();
            let proof = chunk.prove(&asked)?;
            times.push(start.elapsed().as_secs_f64());
            verify::<Blake2b256>(&tree.root(), leaves, &asked, &proof)?;
            bytes = bytes.max(proof.encoded_size());
            question = (tree.root(), leaves, &asked, &proof).encode();
        }
    }
    fs::write(output, question).with_context(|| output.display().to_string())?;
    cold.sort_by(f64::total_cmp);
    warm.sort_by(f64::total_cmp);
    println!("made_cold_ms {}", cold[cold.len() / 2] * 1e3);
    println!("made_cold_worst_ms {}", cold[cold.len() - 1] * 1e3);
    println!("made_warm_ms {}", warm[warm.len() / 2] * 1e3);
    println!("bytes {bytes}");
    Ok(())
}

/// 200 records of 10 kB to 5 MB, log-uniform, in blocks of 20: the owner keeps records and manifest,
/// each custodian its chunk, the tree and the manifest.
fn ratio(code: &ReedSolomon, folder: &Path) -> Result<()> {
    let folder = tempfile::tempdir_in(folder)?;
    let mut random = StdRng::seed_from_u64(2);
    let mut primary = 0u64;
    for number in 0..10 {
        let block = folder.path().join(format!("owner/{number}"));
        fs::create_dir_all(&block)?;
        let chunks: Vec<PathBuf> = (0..code.shape().total())
            .map(|chunk| folder.path().join(format!("custodian-{chunk}/{number}")))
            .collect();
        let outputs = chunks
            .iter()
            .map(|path| {
                fs::create_dir_all(path.parent().context("a chunk lies in a folder")?)?;
                Ok(BufWriter::new(File::create(path)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut encoder = Encoder::new(code, outputs)?;
        for record in 0..20 {
            let size = 10_000.0 * 500f64.powf(random.gen::<f64>());
            let mut bytes = vec![0; size as usize];
            random.fill_bytes(&mut bytes);
            fs::write(block.join(record.to_string()), &bytes)?;
            primary += bytes.len() as u64;
            encoder.record(&mut &bytes[..])?;
        }
        let encoded = encoder.finish()?;
        let manifest = encoded.manifest.encode();
        fs::write(block.join("manifest"), &manifest)?;
        for (path, tree) in chunks.iter().zip(&encoded.trees) {
            ChunkFile::seal(path, tree, &[])?;
            fs::write(path.with_extension("manifest"), &manifest)?;
        }
    }
    let owner = used(&folder.path().join("owner"))?;
    let all = used(folder.path())?;
    println!("primary {primary}");
    println!("with_owner {}", all as f64 / primary as f64);
    println!("custodians {}", (all - owner) as f64 / primary as f64);
    Ok(())
}

/// Bytes that the file system holds for all files of a folder, in its own blocks.
fn used(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() {
            used(&entry.path())?
        } else {
            (meta.blocks() * 512).max(meta.len())
        };
    }
    Ok(sum)
}
