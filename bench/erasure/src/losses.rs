//! How many institutions may be lost before a branch is: the experiment of the dissertation, with
//! the code of this repository. 50 institutions, m = 10, k = 1 … 9, 20 branches each. A block's
//! custodians are drawn anew for every run of 16 blocks.
//!
//! Usage: simulate-losses PICTURE.png

use anyhow::{ensure, Context, Result};
use plotters::{
    prelude::*,
    style::{register_font, FontStyle},
};
use rand::{rngs::StdRng, seq::SliceRandom, RngCore, SeedableRng};
use salus_erasure::{restore_record, Encoded, Encoder, Error, Leaves, ReedSolomon, Shape, Source};
use std::{collections::HashSet, env, io::Cursor, path::Path};

const INSTITUTIONS: usize = 50;
const M: u8 = 10;
const BRANCHES: usize = 20;
const RUN: usize = 16;
const LENGTHS: [usize; 3] = [4, 16, 64];
/// Orders in which institutions are lost, for each branch.
const ORDERS: usize = 200;

/// A branch: its blocks as they were coded, and who holds the chunks of each, by chunk.
struct Branch {
    code: ReedSolomon,
    k: usize,
    blocks: Vec<(Encoded<Vec<u8>>, Vec<u8>)>,
    custodians: Vec<Vec<usize>>,
}

impl Branch {
    /// The owner is institution 0; all others may hold its chunks.
    fn new(k: u8, length: usize, random: &mut StdRng) -> Result<Self> {
        let code = ReedSolomon::new(Shape::new(k, M)?)?;
        let others: Vec<usize> = (1..INSTITUTIONS).collect();
        let mut custodians: Vec<Vec<usize>> = Vec::new();
        let mut blocks = Vec::new();
        for block in 0..length {
            let group = match custodians.last().filter(|_| block % RUN > 0) {
                Some(group) => group.clone(),
                None => others
                    .choose_multiple(random, usize::from(M))
                    .copied()
                    .collect(),
            };
            custodians.push(group);
            let mut record = vec![0; 3_000];
            random.fill_bytes(&mut record);
            let mut encoder = Encoder::new(&code, vec![Vec::new(); usize::from(M)])?;
            encoder.record(&mut &record[..])?;
            blocks.push((encoder.finish()?, record));
        }
        Ok(Self {
            code,
            k: usize::from(k),
            blocks,
            custodians,
        })
    }

    /// How many of `order` can be lost, one after the other.
    fn survives(&self, order: &[usize]) -> usize {
        let fatal = self.custodians.iter().filter_map(|group| {
            let mut lost: Vec<usize> = group
                .iter()
                .filter_map(|custodian| order.iter().position(|lost| lost == custodian))
                .collect();
            lost.sort_unstable();
            lost.get(usize::from(M) - self.k).copied()
        });
        fatal.min().unwrap_or(order.len())
    }

    /// Whether all of the branch comes back, bit for bit, when `lost` are lost.
    fn restores(&self, lost: &[usize]) -> Result<bool> {
        let lost: HashSet<&usize> = lost.iter().collect();
        for ((encoded, record), group) in self.blocks.iter().zip(&self.custodians) {
            let leaves = encoded.manifest.leaves()?;
            let mut kept = (0..M)
                .zip(group.iter().zip(&encoded.outputs))
                .filter(|(_, (custodian, _))| !lost.contains(custodian))
                .map(|(chunk, (_, bytes))| {
                    Ok((chunk, Leaves::new(Cursor::new(bytes.as_slice()), leaves)?))
                })
                .collect::<Result<Vec<_>>>()?;
            let mut sources: Vec<Source> = kept
                .iter_mut()
                .map(|(chunk, leaves)| Source {
                    chunk: *chunk,
                    leaves,
                })
                .collect();
            let mut back = Vec::new();
            match restore_record(&self.code, &encoded.manifest, 0, &mut sources, &mut back) {
                Err(Error::TooFew { .. }) => return Ok(false),
                restored => restored?,
            }
            ensure!(back == *record, "a block came back with other bytes");
        }
        Ok(true)
    }

    /// `survives`, and the code says so too.
    fn survives_coded(&self, order: &[usize]) -> Result<usize> {
        let survives = self.survives(order);
        ensure!(
            self.restores(&order[..survives])?,
            "{survives} losses destroy the branch"
        );
        let destroyed = survives == order.len() || !self.restores(&order[..=survives])?;
        ensure!(destroyed, "the branch survives more than {survives} losses");
        Ok(survives)
    }
}

/// Losses survived with one k, by length of the branch.
struct Row {
    k: u8,
    inside: [f64; 3],
    random: [f64; 3],
}

/// The mean of a branch whose blocks share their custodians.
fn expected(k: u8) -> f64 {
    f64::from(M - k + 1) * INSTITUTIONS as f64 / f64::from(M + 1) - 1.0
}

fn measure(k: u8, random: &mut StdRng) -> Result<Row> {
    let mut row = Row {
        k,
        inside: [0.0; 3],
        random: [0.0; 3],
    };
    for (at, length) in LENGTHS.into_iter().enumerate() {
        let mut survived = Vec::new();
        for _ in 0..BRANCHES {
            let branch = Branch::new(k, length, random)?;
            // The group of the first run, in any order: all its losses count.
            let mut group = branch
                .custodians
                .first()
                .context("a branch has blocks")?
                .clone();
            group.shuffle(random);
            let inside = branch.survives_coded(&group)?;
            // Other runs share some of these custodians, never so many that they break first.
            ensure!(
                inside == usize::from(M - k),
                "{inside} losses inside the group, k = {k}"
            );
            row.inside[at] += inside as f64 / BRANCHES as f64;
            let mut order: Vec<usize> = (1..INSTITUTIONS).collect();
            for turn in 0..ORDERS {
                order.shuffle(random);
                let survives = match turn {
                    0 => branch.survives_coded(&order)?,
                    _ => branch.survives(&order),
                };
                survived.push(survives as f64);
            }
        }
        let count = survived.len() as f64;
        let mean = survived.iter().sum::<f64>() / count;
        let variance = survived.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (count - 1.0);
        row.random[at] = mean;
        let error = (variance / count).sqrt();
        let fits = length > RUN || (mean - expected(k)).abs() <= 5.0 * error;
        ensure!(
            fits,
            "k = {k}, {length} blocks: {mean:.2} losses, not {:.2}",
            expected(k)
        );
    }
    Ok(row)
}

fn main() -> Result<()> {
    let path = env::args_os()
        .nth(1)
        .context("usage: simulate-losses PICTURE.png")?;
    let mut random = StdRng::seed_from_u64(50);
    println!("{INSTITUTIONS} institutions, m = {M}, {BRANCHES} branches of each length and k, {ORDERS} orders of losses each");
    println!("k  inside  expected  random: 4 blocks  16 blocks  64 blocks (4 runs)");
    let mut rows = Vec::new();
    for k in 1..M {
        let row = measure(k, &mut random)?;
        let [a, b, c] = row.random;
        println!(
            "{k}  {:6.0}  {:8.2}  {a:16.2}  {b:9.2}  {c:9.2}",
            row.inside[2],
            expected(k)
        );
        rows.push(row);
    }
    draw(Path::new(&path), &rows).map_err(|error| anyhow::anyhow!("{error}"))?;
    println!("picture {}", Path::new(&path).display());
    Ok(())
}

fn draw(path: &Path, rows: &[Row]) -> Result<(), Box<dyn std::error::Error>> {
    const FONT: &str = "salus-sans";
    register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| "the font cannot be read")?;
    let root = BitMapBackend::new(path, (1200, 900)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(
            "Losses that a branch survives, 50 institutions, m = 10",
            (FONT, 34),
        )
        .margin(24)
        .x_label_area_size(64)
        .y_label_area_size(84)
        .build_cartesian_2d(0.5..9.5, 0.0..50.0)?;
    chart
        .configure_mesh()
        .x_desc("k, chunks that are needed")
        .y_desc("institutions lost")
        .axis_desc_style((FONT, 24))
        .label_style((FONT, 18))
        .x_labels(9)
        .x_label_formatter(&|k| format!("{k:.0}"))
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .draw()?;
    let formula: Vec<(f64, f64)> = rows
        .iter()
        .map(|row| (row.k.into(), expected(row.k)))
        .collect();
    let grey = RGBColor(110, 110, 110);
    chart
        .draw_series([PathElement::new(formula, grey.stroke_width(2))])?
        .label("(m - k + 1) 50 / (m + 1) - 1")
        .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 24, y)], grey.stroke_width(2)));
    type Series = (&'static str, RGBColor, i32, fn(&Row) -> f64);
    let series: [Series; 4] = [
        (
            "any institutions, 4 blocks",
            RGBColor(0, 114, 178),
            11,
            |row| row.random[0],
        ),
        (
            "any institutions, 16 blocks, one run",
            RGBColor(230, 159, 0),
            8,
            |row| row.random[1],
        ),
        (
            "any institutions, 64 blocks, four runs",
            RGBColor(0, 158, 115),
            8,
            |row| row.random[2],
        ),
        (
            "custodians of one group, any length",
            RGBColor(213, 94, 0),
            8,
            |row| row.inside[2],
        ),
    ];
    for (label, colour, size, value) in series {
        let points = rows.iter().map(|row| (f64::from(row.k), value(row)));
        chart
            .draw_series(points.map(|point| Circle::new(point, size, colour.filled())))?
            .label(label)
            .legend(move |(x, y)| Circle::new((x + 12, y), size, colour.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font((FONT, 20))
        .margin(12)
        .legend_area_size(36)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(170, 170, 170))
        .draw()?;
    root.present()?;
    Ok(())
}
