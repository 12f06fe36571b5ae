//! The book's figures 7.4 to 7.9: computed, checked for their shape, drawn.

use std::{fs, num::NonZeroUsize, path::Path};

use anyhow::{ensure, Context};
use salus_analytics::{
    coalitions::{worths, Family},
    forest::ForestParameters,
    split, workers,
};
use salus_shapley::{monotone_hull, Profile, Rule, Shares, Table, Worth, ONE};

use crate::{
    cohorts::Cohort,
    pictures::{Line, Picture},
};

/// |M| of figures 7.4 to 7.8.
const VALIDATORS: Rule = Rule::Groups { validators: 5 };
/// Rows of the first owner in figure 7.9, and of the second.
const ROWS: [usize; 6] = [500, 1000, 1500, 2000, 2500, 3000];
const OTHERS: usize = 1000;

pub fn all(data: &Path, folder: &Path, repetitions: u32) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    equal_owners(folder)?;
    two_owners(folder)?;
    more_owners(folder)?;
    more_rows(data, folder, repetitions)?;
    println!("pictures in {}", folder.display());
    Ok(())
}

/// Parts of owners, validators and third party.
fn parts(mut game: Vec<Worth>, rule: Rule) -> anyhow::Result<([f64; 3], Vec<f64>)> {
    /// Shares in parts of this.
    const WHOLE: u128 = 1_000_000_000_000;
    monotone_hull(&mut game)?;
    let paid = Shares::of(&Profile::of(Table::new(&game)?), rule)?.divide(WHOLE)?;
    let part = |amount: u128| amount as f64 / WHOLE as f64;
    let owners: Vec<f64> = paid.owners.iter().map(|amount| part(*amount)).collect();
    let groups = [
        owners.iter().sum(),
        part(paid.validators),
        part(paid.third_party),
    ];
    Ok((groups, owners))
}

fn groups(game: Vec<Worth>) -> anyhow::Result<[f64; 3]> {
    Ok(parts(game, VALIDATORS)?.0)
}

fn lines(names: &[&str], points: &[(f64, [f64; 3])]) -> Vec<Line> {
    let lines = names.iter().enumerate();
    let line = |(group, name): (usize, &&str)| Line {
        name: (*name).to_owned(),
        points: points
            .iter()
            .map(|(x, parts)| (*x, parts[group], 0.0))
            .collect(),
    };
    lines.map(line).collect()
}

const GROUPS: [&str; 3] = ["owners", "validators", "third party"];

/// 7.4: F1 of either owner is F0.
fn equal_owners(folder: &Path) -> anyhow::Result<()> {
    let mut points = Vec::new();
    for step in 0..=20 {
        let worth = ONE / 20 * step;
        points.push((step as f64 / 20.0, groups(vec![0, worth, worth, ONE])?));
    }
    for pair in points.windows(2) {
        let [(_, before), (_, after)] = pair else {
            continue;
        };
        ensure!(after[0] < before[0], "7.4: the owners' total does not fall");
        ensure!(
            after[1] > before[1] && after[2] > before[2],
            "7.4: the others' do not rise"
        );
    }
    let (first, last) = (points[0].1, points[points.len() - 1].1);
    println!(
        "7.4: F0/F1(H) from 0 to 1: owners {:.3} to {:.3}, validators {:.3} to {:.3}, third party {:.3} to {:.3}",
        first[0], last[0], first[1], last[1], first[2], last[2]
    );
    Picture {
        title: "Two equal owners, five validators, one third party".to_owned(),
        x: "F0 / F1(H)",
        y: "part of the revenue",
        lines: lines(&GROUPS, &points),
    }
    .draw(&folder.join("figure-7.4.png"))
}

/// 7.5 to 7.7: each group's part by the F1 of both owners.
fn two_owners(folder: &Path) -> anyhow::Result<()> {
    let others = [0, 1, 2, 3, 4];
    for (group, name) in GROUPS.iter().enumerate() {
        let mut drawn = Vec::new();
        for other in others {
            let second = ONE / 4 * other;
            let mut points = Vec::new();
            for step in 0..=20 {
                let first = ONE / 20 * step;
                let found = groups(vec![0, first, second, ONE])?;
                points.push((step as f64 / 20.0, found[group], 0.0));
                // The same sum in equal parts.
                let half = (first + second) / 2;
                let equal = groups(vec![0, half, first + second - half, ONE])?;
                ensure!(
                    (found[group] - equal[group]).abs() < 1e-9,
                    "7.{}: the part depends on more than the sum",
                    5 + group
                );
            }
            drawn.push(Line {
                name: format!("F1(H2) = {:.2}", other as f64 / 4.0),
                points,
            });
        }
        println!(
            "7.{}: the part of the {name} depends on F1(H1) + F1(H2) only",
            5 + group
        );
        Picture {
            title: format!("Part of the {name}: two owners, five validators, one third party"),
            x: "F1(H1) / F1(H)",
            y: "part of the revenue",
            lines: drawn,
        }
        .draw(&folder.join(format!("figure-7.{}.png", 5 + group)))?;
    }
    Ok(())
}

/// 7.8: every coalition has the same F1.
fn more_owners(folder: &Path) -> anyhow::Result<()> {
    let mut points = Vec::new();
    for owners in 1..=10 {
        let mut game = vec![ONE; 1 << owners];
        game[0] = 0;
        points.push((f64::from(owners), groups(game)?));
    }
    let rises = points.windows(2).all(|pair| pair[1].1[2] > pair[0].1[2]);
    ensure!(rises, "7.8: the third party's part does not rise");
    println!(
        "7.8: one to ten owners: third party {:.3} to {:.3}",
        points[0].1[2],
        points[points.len() - 1].1[2]
    );
    Picture {
        title: "Owners of equal data, five validators, one third party".to_owned(),
        x: "owners",
        y: "part of the revenue",
        lines: lines(&GROUPS, &points),
    }
    .draw(&folder.join("figure-7.8.png"))
}

/// 7.9: the first owner has more and more rows.
fn more_rows(data: &Path, folder: &Path, repetitions: u32) -> anyhow::Result<()> {
    ensure!(
        repetitions >= 2,
        "REPETITIONS must be 2 or more: error bars need some"
    );
    let cohort = Cohort::thyroid(data)?;
    let families = [
        ("KNN", Family::Neighbours { k: 3 }),
        // With C of 1 or more, F1 of a linear machine falls with more rows of this cohort.
        ("SVM", Family::Svm { c: 0.01 }),
        ("RF", Family::Forest(ForestParameters::default())),
    ];
    for ((name, family), letter) in families.iter().zip(["a", "b", "c"]) {
        let repeat = |_: &mut (), number: u32| repetition(&cohort, family, number);
        let numbers = (0..repetitions).collect();
        let runs = workers::map(workers::count(None), numbers, || (), repeat);
        let runs = runs.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let mut drawn = vec![Line::named("H1"), Line::named("H2")];
        for (place, rows) in ROWS.iter().enumerate() {
            for (owner, line) in drawn.iter_mut().enumerate() {
                let parts: Vec<f64> = runs.iter().map(|run| run[place][owner]).collect();
                let (mean, error) = mean(&parts);
                line.points.push((*rows as f64, mean, error));
            }
            let (first, second) = (drawn[0].points[place], drawn[1].points[place]);
            println!(
                "7.9 {name}: {rows} rows of H1: H1 {:.4} +- {:.4}, H2 {:.4} +- {:.4}",
                first.1, first.2, second.1, second.2
            );
        }
        let (first, last) = (drawn[0].points[0], drawn[0].points[ROWS.len() - 1]);
        ensure!(
            last.1 - first.1 > 2.0 * (last.2 + first.2),
            "7.9 {name}: six times the rows do not raise the part of H1 beyond the error"
        );
        Picture {
            title: format!(
                "{name}: {OTHERS} rows of H2, thyroid disease, {repetitions} repetitions"
            ),
            x: "rows of H1",
            y: "part of the owners' revenue (mean and standard error)",
            lines: drawn,
        }
        .draw(&folder.join(format!("figure-7.9{letter}.png")))?;
    }
    Ok(())
}

/// Both owners' parts for each number of rows. All 7,200 rows are shuffled: the last 3,200 are the
/// test set, the first 1,000 are H2's and those after them H1's.
fn repetition(cohort: &Cohort, family: &Family, number: u32) -> anyhow::Result<Vec<Vec<f64>>> {
    let order = shuffled(cohort.len(), number);
    let position = |range: std::ops::Range<usize>| -> Vec<usize> { order[range].to_vec() };
    let most = OTHERS + ROWS[ROWS.len() - 1];
    let test = position(most..order.len());
    let parts_of = |rows: &usize| {
        let owners = [position(OTHERS..OTHERS + rows), position(0..OTHERS)];
        let (test, owners) = cohort.encode(&test, &owners)?;
        let game = worths(family, &test, &owners, NonZeroUsize::new(1), None)?;
        Ok(parts(game, Rule::Owners)?.1)
    };
    ROWS.iter().map(parts_of).collect()
}

/// Rows by the hash that splits cohorts elsewhere: whoever knows the repetition knows the order.
fn shuffled(rows: usize, number: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_cached_key(|row| split::draw(number, &(*row as u64).to_le_bytes()));
    order
}

fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>();
    (mean, (squares / (n - 1.0) / n).sqrt())
}
