//! What colluding participants make of what they see. Every attack is also made on the book's
//! protocol, or on masks as its formula has them, where it succeeds.

use std::collections::BTreeSet;

use num_bigint::{BigInt, BigUint, Sign};
use salus_paillier::{Ciphertext, Plaintext};

use super::{
    super::{Judge, Layout, MASK_OCTAVES},
    book::Book,
    *,
};

const ROWS: usize = 10;
const ROUNDS: u32 = 200;

/// One judgement as colluders see it: the row, whether it was active, and what they think that the
/// margin y(w.x + b) is.
struct Seen {
    row: usize,
    active: bool,
    margin: f64,
}

fn open(secrets: &[KeyShare], ciphertexts: &[Ciphertext]) -> Vec<BigInt> {
    let shares: Vec<_> = secrets
        .iter()
        .map(|s| s.decrypt(ciphertexts).unwrap())
        .collect();
    let opened = secrets[0]
        .key()
        .open_unproved(ciphertexts, &shares)
        .unwrap();
    opened
        .iter()
        .map(|plaintext| signed(secrets, plaintext))
        .collect()
}

fn signed(secrets: &[KeyShare], plaintext: &Plaintext) -> BigInt {
    let n = BigUint::from_bytes_le(&secrets[0].key().key().modulus_bytes());
    let value = BigUint::from_bytes_le(&plaintext.to_le_bytes());
    match plaintext.is_negative(secrets[0].key().key()) {
        true => BigInt::from(value) - BigInt::from(n),
        false => BigInt::from(value),
    }
}

/// log2 of a magnitude.
fn log2(value: &BigInt) -> f64 {
    let magnitude = value.magnitude();
    let shift = magnitude.bits().saturating_sub(60);
    let top = (magnitude >> shift)
        .to_u64_digits()
        .first()
        .copied()
        .unwrap_or(0);
    (top as f64).log2() + shift as f64
}

/// Gaussian elimination with pivots; columns without one are 0.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|a, b| {
                matrix[*a][column]
                    .abs()
                    .total_cmp(&matrix[*b][column].abs())
            })
            .unwrap();
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        if matrix[column][column].abs() < 1e-12 {
            continue;
        }
        for row in column + 1..size {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column].clone();
            for (entry, above) in matrix[row].iter_mut().zip(&above).skip(column) {
                *entry -= factor * above;
            }
            right[row] -= factor * right[column];
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let rest: f64 = (row + 1..size).map(|k| matrix[row][k] * solution[k]).sum();
        if matrix[row][row].abs() >= 1e-12 {
            solution[row] = (right[row] - rest) / matrix[row][row];
        }
    }
    solution
}

/// The attack. Colluders know their own columns, the order of the rows, the classes, which rows
/// were active, so all factors with which rows enter the weights, and the other columns of as many
/// rows as these columns are (the book's "known background model"). The others' part of a margin is then a sum of known
/// factors times products of two rows; enough margins give the products, and those with the known
/// rows give every row. Says how many of the other rows it has.
fn rows_recovered(parameters: &Parameters, data: &Data, own: usize, seen: &[Seen]) -> usize {
    let scale = f64::from(1u32 << parameters.svm.fraction);
    let row = |index: usize| -> Vec<f64> {
        let values = data.row(index).unwrap().0;
        values.iter().map(|value| *value as f64 / scale).collect()
    };
    let class = |index: usize| if data.classes()[index] { 1.0 } else { -1.0 };
    let (eta, lambda) = (parameters.svm.eta, 1.0 / parameters.svm.c);
    let place = |a: usize, b: usize| {
        let (low, high) = (a.min(b), a.max(b));
        high * (high + 1) / 2 + low
    };
    let unknowns = place(ROWS - 1, ROWS - 1) + 1;
    let mut normal = vec![vec![0.0; unknowns]; unknowns];
    let mut right = vec![0.0; unknowns];
    // Of each row, its factor in the weights; what the colluders' own weights are; the bias.
    let (mut factors, mut weights, mut bias) = (vec![0.0; ROWS], vec![0.0; own], 0.0);
    for seen in seen {
        let values = row(seen.row);
        let own_part: f64 = weights.iter().zip(&values).map(|(w, x)| w * x).sum();
        let others = class(seen.row) * seen.margin - own_part - bias;
        let mut equation = vec![0.0; unknowns];
        for (other, factor) in factors.iter().enumerate() {
            equation[place(other, seen.row)] += factor;
        }
        for i in 0..unknowns {
            if equation[i] != 0.0 {
                (0..unknowns).for_each(|j| normal[i][j] += equation[i] * equation[j]);
                right[i] += equation[i] * others;
            }
        }
        factors
            .iter_mut()
            .for_each(|factor| *factor *= 1.0 - eta * lambda);
        weights
            .iter_mut()
            .for_each(|weight| *weight *= 1.0 - eta * lambda);
        if seen.active {
            let step = eta * class(seen.row);
            factors[seen.row] += step;
            weights
                .iter_mut()
                .zip(&values)
                .for_each(|(weight, x)| *weight += step * x);
            bias += step;
        }
    }
    let products = solve(normal, right);
    let known = 0..data.columns() - own;
    let background: Vec<Vec<f64>> = known
        .clone()
        .map(|known| row(known)[own..].to_vec())
        .collect();
    let found = |index: &usize| {
        let right = known.clone().map(|known| products[place(known, *index)]);
        let guess = solve(background.clone(), right.collect());
        let truth = row(*index)[own..].to_vec();
        guess
            .iter()
            .zip(&truth)
            .all(|(guess, truth)| (guess - truth).abs() < 0.05)
    };
    (2..ROWS).filter(found).count()
}

/// Three participants, the last two of one column each.
fn setting() -> (Cohort, Parameters) {
    let mut parameters = Parameters::new(SESSION, 3, svm(1, ROUNDS));
    parameters.prove_every = 0;
    (cohort(3, ROWS, 0, 1, 60), parameters)
}

#[test]
fn the_books_protocol_shows_the_rows() {
    let (cohort, parameters) = setting();
    let names: Vec<Vec<u8>> = (0..ROWS)
        .map(|p| format!("patient {p}").into_bytes())
        .collect();
    let order = super::super::order(&SESSION, &names);
    let rows: Vec<Vec<u32>> = cohort
        .names
        .iter()
        .map(|own| {
            let position = |row: &u32| own.iter().position(|name| *name == names[*row as usize]);
            order
                .iter()
                .map(|row| position(row).unwrap() as u32)
                .collect()
        })
        .collect();
    let data = cohort.pooled(&parameters, &rows);
    let seeds: Vec<Seed> = (0..3).map(|party| seed_of(1000 + party)).collect();
    let mut trainer = Trainer::new(&parameters.svm, data.columns()).unwrap();
    let (mut book, mut seen) = (Book::new(3), Vec::new());
    for drawn in super::super::draw(&parameters, &seeds, ROWS) {
        let (values, positive) = data.row(drawn[0]).unwrap();
        let model = trainer.model();
        let one = 1i128 << 32;
        // Participant p's part; the first has the bias, and 1 more, so that z >= 0 is a > 0.
        let sign = if positive { 1 } else { -1 };
        let part = |p: usize| sign * i128::from(model.weights[p]) * i128::from(values[p]);
        let bias = sign * (i128::from(model.bias) << 16) - one + 1;
        let parts = [part(0) + bias, part(1), part(2)];
        let (above, published) = book.judge(&parts);
        let sum: i128 = parts.iter().sum();
        assert!(sum == 1 || above == (sum > 1));
        // (a r1 + r2 - r3) / r1 is a but for less than 1.
        let a = (published.value - published.r3) / published.r1;
        assert!((a - sum).abs() <= 1);
        let active = sum <= 0;
        let margin = (a - 1 + one) as f64 / one as f64;
        seen.push(Seen {
            row: drawn[0],
            active,
            margin,
        });
        trainer
            .absorb(&Sums::of(model, &data, Some(&drawn), Loss::Hinge, None).unwrap())
            .unwrap();
    }
    assert_eq!(rows_recovered(&parameters, &data, 1, &seen), ROWS - 2);
}

/// The same attack by one, and by two, of three participants on ours. They divide what was
/// decrypted by their own masks, take the others' masks to be of middle size, and keep to margins
/// that can be.
#[test]
fn our_protocol_does_not() {
    let (cohort, parameters) = setting();
    let mut network = Network::of(&cohort, &parameters, 3);
    network.train();
    let data = cohort.pooled(&parameters, &network.rows());
    let secrets = shares(3);
    let key = secrets[0].key().key().clone();
    let seeds: Vec<Seed> = (0..3).map(|party| seed_of(1000 + party)).collect();
    let draws = super::super::draw(&parameters, &seeds, ROWS);
    // Of each round, the numbers before the first mask and after each.
    let mut stages: Vec<Vec<Ciphertext>> = Vec::new();
    let mut maskers: Vec<Vec<u16>> = Vec::new();
    for round in 1..=ROUNDS {
        let of_round = || network.sent.iter().filter(|sent| sent.round == round);
        let mut contributions = std::collections::BTreeMap::new();
        let (mut masked, mut from) = (Vec::new(), Vec::new());
        for sent in of_round() {
            match &sent.message {
                Message::Contribution(bytes) => {
                    contributions.insert(sent.from, key.ciphertexts_from_bytes(bytes).unwrap());
                }
                Message::Masked(bytes) if !from.contains(&sent.from) => {
                    from.push(sent.from);
                    masked.push(key.ciphertexts_from_bytes(bytes).unwrap().remove(0));
                }
                _ => {}
            }
        }
        let parts: Vec<_> = contributions.into_values().flatten().collect();
        let mut stage = vec![key.sum(&parts).unwrap()];
        stage.extend(masked);
        stages.push(stage);
        maskers.push(from);
    }
    let flat: Vec<Ciphertext> = stages.iter().flatten().cloned().collect();
    let mut opened = open(&secrets, &flat);
    // What is decrypted has half a slot added.
    let half = BigInt::from(1u8) << (Layout::new(2048, 3, 48).unwrap().slot_bits() - 1);
    opened
        .iter_mut()
        .skip(3)
        .step_by(4)
        .for_each(|number| *number -= &half);
    let unit = f64::from(Layout::new(2048, 3, 48).unwrap().unit_bits());
    for colluders in [1u16, 2] {
        let mut seen = Vec::new();
        for (round, drawn) in draws.iter().enumerate() {
            let numbers = &opened[4 * round..4 * round + 4];
            let mut size = log2(&numbers[3]);
            for (place, party) in maskers[round].iter().enumerate() {
                size -= match *party < colluders {
                    true => log2(&numbers[place + 1]) - log2(&numbers[place]),
                    false => 16.0 + f64::from(MASK_OCTAVES) / 2.0,
                };
            }
            let active = numbers[3].sign() == Sign::Minus;
            let z = (size - unit - 32.0).min(4.0).exp2() * if active { -1.0 } else { 1.0 };
            seen.push(Seen {
                row: drawn[0],
                active,
                margin: z + 1.0,
            });
        }
        // The judgements themselves are right.
        assert!(seen.iter().any(|seen| seen.active) && seen.iter().any(|seen| !seen.active));
        let found = rows_recovered(&parameters, &data, usize::from(colluders), &seen);
        assert_eq!(found, 0, "{colluders} colluders");
    }
    // What is known of the margins themselves: with them, the attack has every row.
    let mut trainer = Trainer::new(&parameters.svm, data.columns()).unwrap();
    let mut exact = Vec::new();
    for (round, drawn) in draws.iter().enumerate() {
        let (values, positive) = data.row(drawn[0]).unwrap();
        let decision = trainer.model().decision(values);
        let margin = if positive { decision } else { -decision };
        let active = margin < 1 << 32;
        assert_eq!(active, opened[4 * round + 3].sign() == Sign::Minus);
        exact.push(Seen {
            row: drawn[0],
            active,
            margin: margin as f64 / 2f64.powi(32),
        });
        let sums = Sums::of(trainer.model(), &data, Some(drawn), Loss::Hinge, None).unwrap();
        trainer.absorb(&sums).unwrap();
    }
    assert_eq!(rows_recovered(&parameters, &data, 1, &exact), ROWS - 2);
}

fn judge(n: u16) -> (Judge, Vec<KeyShare>) {
    let secrets = shares(n);
    let layout = Layout::new(2048, n, 48).unwrap();
    let judge = Judge::new(secrets[0].key().clone(), Exponent::Half, layout);
    (judge, secrets)
}

/// Ratios: of two margins, one a thousand times the other, which was the larger? From the book's
/// published numbers always; from ours, by all but one participant, little better than a coin.
#[test]
fn ratios_of_masked_numbers_say_little() {
    const TRIES: usize = 200;
    let (judge, secrets) = judge(3);
    let zs: Vec<i128> = (0..TRIES).flat_map(|_| [1 << 30, 1 << 40]).collect();
    let zeros = vec![0; zs.len()];
    let parts = [
        judge.contribute(&zs, &seed_of(1)).unwrap(),
        judge.contribute(&zeros, &seed_of(2)).unwrap(),
        judge.contribute(&zeros, &seed_of(3)).unwrap(),
    ];
    let parts: Vec<&[Ciphertext]> = parts.iter().map(Vec::as_slice).collect();
    let sums = judge.sum(&parts).unwrap();
    // All others' masks are known, so as good as none.
    let masked = judge.mask(&sums, &seed_of(4)).unwrap();
    let opened = open(&secrets, &masked);
    let right = opened.chunks(2).filter(|pair| pair[0] < pair[1]).count();
    // Two masks of 64 octaves, apart by 10: right in 1/2 + 10/64 - (10/64)^2/2 = 64 % of all.
    assert!(
        (TRIES * 52 / 100..=TRIES * 76 / 100).contains(&right),
        "{right} of {TRIES}"
    );

    let mut book = Book::new(3);
    for _ in 0..20 {
        let guess = |z: i128, book: &mut Book| {
            let published = book.judge(&[z, 0, 0]).1;
            (published.value - published.r3) / published.r1
        };
        assert!(guess(1 << 30, &mut book) < guess(1 << 40, &mut book));
    }
}

/// Whoever masks first knows its own r and rho. If noise is only 0 <= rho < r in whole units, the
/// remainder of the result tells which z it was. The noise below the unit ends that.
#[test]
fn the_first_masks_owner_does_not_find_z_by_division() {
    const TRIES: usize = 12;
    let (judge, secrets) = judge(3);
    let key = secrets[0].key().key().clone();
    let one = BigInt::from(1u8);
    let r0: BigInt = (BigInt::from(1u8) << 79u32) + 12345;
    let candidates = 1..1024i64;
    let plain = |value: &BigInt| {
        let mut bytes = value.magnitude().to_bytes_le();
        bytes.resize(256, 0);
        Plaintext::from_le_bytes(&key, &bytes).unwrap()
    };
    let mut int = [0; 8];
    r0.magnitude()
        .to_u64_digits()
        .iter()
        .zip(&mut int)
        .for_each(|(from, to)| *to = *from);
    let factor = salus_paillier::Int::from_words(int);
    let mut random = random(5);
    let zs: Vec<i128> = (0..TRIES)
        .map(|_| i128::from(1 + random.next_u32() % 1000))
        .collect();

    // The formula as it stands, on numbers: two honest masks after the known one.
    let mut exposed = 0;
    for z in &zs {
        let mut value = BigInt::from(*z) * &r0 + 777;
        for _ in 0..2 {
            let octave = 16 + random.next_u32() % 16;
            let r = (&one << octave) + random.next_u32() % (1 << 16);
            value = value * &r + random.next_u32() % (1 << 16);
        }
        // A product of honest masks and a remainder below it, as they must be.
        let fits = |z: &i64| {
            let u = BigInt::from(*z) * &r0 + 777;
            &value % &u < &value / &u
        };
        let left: BTreeSet<i64> = candidates.clone().filter(fits).collect();
        assert!(left.contains(&(*z as i64)));
        exposed += usize::from(left.len() == 1);
    }
    assert_eq!(exposed, TRIES);

    // Ours: one honest participant's noise and mask after the known ones.
    let own = judge.contribute(&[0; TRIES], &seed_of(6)).unwrap();
    let honest = judge.contribute(&zs, &seed_of(7)).unwrap();
    let known = open(&secrets, &own);
    let sums = judge.sum(&[&own, &honest]).unwrap();
    let first: Vec<Ciphertext> = sums
        .iter()
        .map(|sum| {
            let scaled = key.scale_natural(sum, &factor, 80).unwrap();
            key.add_plain(&scaled, &plain(&BigInt::from(777))).unwrap()
        })
        .collect();
    let masked = judge.mask(&first, &seed_of(8)).unwrap();
    let layout = judge.layout();
    let (unit, fine) = (&one << layout.unit_bits(), &one << layout.fine_bits());
    for ((value, known), z) in open(&secrets, &masked).iter().zip(&known).zip(&zs) {
        let bounds = |z: &i64| -> (BigInt, BigInt) {
            // The least and the largest that the masked number can be over r.
            let low = (BigInt::from(*z) * &unit + known) * &r0 + 777;
            let high = (BigInt::from(*z) * &unit + known + &fine) * &r0 + 777 + &fine;
            (low, high)
        };
        // Margins for which the mask would be one that is drawn: its size is known so far.
        let sized = candidates.clone().filter(|z| {
            let (low, high) = bounds(z);
            value / &low >= (&one << 16u32) && value / &high < (&one << 80u32)
        });
        let sized: BTreeSet<i64> = sized.collect();
        // Of those, the ones for which there is an r with r low <= value < r high.
        let fits = |z: &&i64| {
            let (low, high) = bounds(z);
            (value / &high + 1) * &low <= *value
        };
        let left: BTreeSet<&i64> = sized.iter().filter(fits).collect();
        assert!(left.contains(&(*z as i64)));
        assert!(
            sized.len() > 100 && left.len() * 100 >= sized.len() * 99,
            "{} of {}",
            left.len(),
            sized.len()
        );
    }
}

/// A margin judged more often is known better; the parameters say how much, and end it in time.
#[test]
fn octaves_left_are_those_between_the_masks() {
    let (judge, secrets) = judge(3);
    for times in [1usize, 7, 31] {
        let mut sum = 0.0;
        const TRIES: u64 = 12;
        for attempt in 0..TRIES {
            let zs = vec![1i128 << 40; times];
            let parts = judge.contribute(&zs, &seed_of(100 + attempt)).unwrap();
            let masked = judge.mask(&parts, &seed_of(200 + attempt)).unwrap();
            let sizes: Vec<f64> = open(&secrets, &masked).iter().map(log2).collect();
            let low = sizes.iter().copied().fold(f64::INFINITY, f64::min);
            let high = sizes.iter().copied().fold(0.0, f64::max);
            // z is at least the largest over the largest mask, at most the least over the least.
            sum += f64::from(MASK_OCTAVES) - (high - low);
        }
        let expected = Parameters::octaves_left(times as u32);
        let found = sum / TRIES as f64;
        assert!(
            (found - expected).abs() < 0.35 * expected.max(8.0),
            "{times}: {found} {expected}"
        );
    }
}

#[test]
fn nobody_decrypts_alone_or_without_one() {
    let (judge, secrets) = judge(3);
    let parts = judge.contribute(&[5], &seed_of(1)).unwrap();
    let shares: Vec<_> = secrets
        .iter()
        .take(2)
        .map(|s| s.decrypt(&parts).unwrap())
        .collect();
    assert!(secrets[0].key().open_unproved(&parts, &shares).is_err());
}
