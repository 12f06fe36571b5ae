//! Tables of powers, read in full whatever entry is wanted.

use std::borrow::Borrow;

use crypto_bigint::BoxedUint;
use zeroize::{Zeroize, Zeroizing};

use super::{
    digit,
    ifma::{Field, Lane, Lanes, MAX_GROUPS},
    Modulus, Residue, WINDOW,
};

/// Entries 0, 1, 2, … of one digit.
pub(super) enum Table {
    Words(Vec<Residue>),
    Lanes(Vec<Lane>),
}

impl Drop for Table {
    fn drop(&mut self) {
        if let Table::Lanes(lanes) = self {
            lanes.zeroize();
        }
    }
}

impl Table {
    /// base^0, base^1, … base^(2^window - 1).
    pub(super) fn powers(modulus: &Modulus, base: &Residue, window: u32) -> Self {
        let mut entries = powers(modulus, base, window);
        match &modulus.ifma {
            Some(field) => {
                let table = field.table(&entries);
                entries.zeroize();
                Table::Lanes(table)
            }
            None => Table::Words(entries.into_iter().map(Residue).collect()),
        }
    }

    pub(super) fn select(&self, modulus: &Modulus, index: usize) -> Residue {
        match (self, &modulus.ifma) {
            (Table::Lanes(table), Some(field)) => Residue(field.select(table, index)),
            (Table::Words(entries), _) => {
                let mut found = vec![0; entries[0].0.len()];
                for (number, entry) in entries.iter().enumerate() {
                    let difference = (number ^ index) as u64;
                    // All ones where the number is the index.
                    let mask = (difference | difference.wrapping_neg()) >> 63;
                    let mask = std::hint::black_box(mask).wrapping_sub(1);
                    for (word, entry) in found.iter_mut().zip(&entry.0) {
                        *word |= entry & mask;
                    }
                }
                Residue(found)
            }
            (Table::Lanes(_), None) => unreachable!("the table was made by another modulus"),
        }
    }
}

fn powers(modulus: &Modulus, base: &Residue, window: u32) -> Vec<Vec<u64>> {
    let mut entries = vec![modulus.one(), base.clone()];
    while entries.len() < 1 << window {
        let next = match entries.len() % 2 {
            0 => modulus.square(&entries[entries.len() / 2]),
            _ => modulus.multiply(&entries[entries.len() - 1], base),
        };
        entries.push(next);
    }
    entries
        .iter_mut()
        .map(|entry| std::mem::take(&mut entry.0))
        .collect()
}

/// The powers of one base, for exponents of a known length: one product a digit, no squares.
///
/// With vectors the factors are c (1 + u n): the product of the c needs four fifths of the work of
/// others, as the c have no second half, and the u are only added.
pub(crate) struct FixedBase {
    tables: Vec<Table>,
    window: u32,
}

impl FixedBase {
    /// Bits of a digit. More would make fewer products, and tables that no cache holds.
    const WINDOW: u32 = 7;
    /// Items that pass through one digit's table before the next table is read.
    const BATCH: usize = 8 * MAX_GROUPS;

    /// For exponents below 2^bits.
    pub(crate) fn new(modulus: &Modulus, base: &Residue, inverse: &Residue, bits: u32) -> Self {
        let window = Self::WINDOW;
        let digits = bits.div_ceil(window) as usize;
        let bases = |base: &Residue| -> Vec<Residue> {
            let next = |base: &Residue| Some(modulus.square_times(base, window));
            std::iter::successors(Some(base.clone()), next)
                .take(digits)
                .collect()
        };
        let bases_of_digits = bases(base);
        let tables = match &modulus.ifma {
            Some(field) => {
                let inverses = bases(inverse);
                let pairs = bases_of_digits.chunks(8).zip(inverses.chunks(8));
                let tables = pairs.flat_map(|(bases, inverses)| {
                    let tables = lifted_tables(field, modulus, bases, inverses, window);
                    tables.into_iter().take(bases.len()).map(Table::Lanes)
                });
                tables.collect()
            }
            None => {
                let bases = bases_of_digits.iter();
                bases
                    .map(|base| Table::powers(modulus, base, window))
                    .collect()
            }
        };
        FixedBase { tables, window }
    }

    pub(crate) fn power(&self, modulus: &Modulus, exponent: &BoxedUint) -> Residue {
        let digits = (0..).zip(&self.tables);
        let mut factors = digits
            .map(|(number, table)| table.select(modulus, digit(exponent, number, self.window)));
        let first = factors.next().unwrap_or_else(|| modulus.one());
        let Some(field) = &modulus.ifma else {
            return factors.fold(first, |power, factor| modulus.multiply(&power, &factor));
        };
        let half = field.half();
        let apart = |mut factor: Residue| {
            let ratio = Zeroizing::new(factor.0[half..].to_vec());
            factor.0[half..].fill(0);
            (factor, ratio)
        };
        let (mut power, mut sum) = apart(first);
        for factor in factors {
            let (factor, ratio) = apart(factor);
            power = modulus.multiply(&power, &factor);
            for (sum, ratio) in sum.iter_mut().zip(ratio.iter()) {
                *sum += ratio;
            }
        }
        Residue(field.lift(&power.0, &mut sum))
    }

    pub(crate) fn power_many(
        &self,
        modulus: &Modulus,
        exponents: &[Zeroizing<BoxedUint>],
    ) -> Vec<Residue> {
        let mut powers = Vec::with_capacity(exponents.len());
        for exponents in exponents.chunks(Self::BATCH) {
            match &modulus.ifma {
                Some(field) if exponents.len() > 2 => {
                    powers.extend(self.power_lanes(field, exponents));
                }
                _ => powers.extend(exponents.iter().map(|e| self.power(modulus, e))),
            }
        }
        powers
    }

    fn power_lanes(&self, field: &Field, exponents: &[Zeroizing<BoxedUint>]) -> Vec<Residue> {
        let (half, count) = (field.half(), exponents.len());
        let groups = count.div_ceil(8);
        let mut work = Work::new(field);
        let mut powers: Vec<Lanes> = vec![lanes(field); groups];
        let mut entries = Zeroizing::new(vec![Lane::default(); groups * half]);
        let mut sums = Zeroizing::new(vec![Lane::default(); groups * half]);
        let mut digits = Zeroizing::new(vec![Lane::default(); groups]);
        for (number, table) in (0..).zip(&self.tables) {
            let Table::Lanes(table) = table else {
                unreachable!("the table was made by another modulus")
            };
            // While one table's products are computed the next one comes from memory.
            let mut next: &[Lane] = match self.tables.get(number as usize + 1) {
                Some(Table::Lanes(next)) => next,
                _ => &[],
            };
            let part = next.len().div_ceil(groups);
            for (digits, exponents) in digits.iter_mut().zip(exponents.chunks(8)) {
                for (index, exponent) in digits.0.iter_mut().zip(exponents) {
                    *index = digit(exponent, number, self.window) as u64;
                }
            }
            let (first, ratios) = table.split_at(table.len() / 2);
            field.select_lanes(&mut entries, first, &digits, false);
            field.select_lanes(&mut sums, ratios, &digits, true);
            for (power, entry) in powers.iter_mut().zip(entries.chunks_exact(half)) {
                let (soon, later) = next.split_at(part.min(next.len()));
                field.fetch(soon);
                next = later;
                match number {
                    0 => power[..half].copy_from_slice(entry),
                    _ => work.multiply_half(field, power, entry),
                }
            }
        }
        for (power, sum) in powers.iter_mut().zip(sums.chunks_exact_mut(half)) {
            field.lift_lanes(power, sum, &mut work.scratch);
        }
        powers.iter().flat_map(apart).take(count).collect()
    }
}

/// Tables of eight bases, the entries c + d n kept as c and u: the entry is c (1 + u n).
fn lifted_tables(
    field: &Field,
    modulus: &Modulus,
    bases: &[Residue],
    inverses: &[Residue],
    window: u32,
) -> [Vec<Lane>; 8] {
    let half = field.half();
    let mut work = Work::new(field);
    let mut entries = powers_lanes(field, modulus, bases, window, &mut work);
    let inverses = powers_lanes(field, modulus, inverses, window, &mut work);
    let mut one = vec![Lane::default(); half];
    one[0] = Lane([1; 8]);
    for (entry, inverse) in entries.iter_mut().zip(&inverses) {
        // The inverse is R^2/c: one R goes with each reduction.
        let (product, ratio) = work.next.split_at_mut(half);
        field.multiply_lanes_first(product, &entry[half..], &inverse[..half], &mut work.scratch);
        field.multiply_lanes_first(ratio, product, &one, &mut work.scratch);
        entry[half..].copy_from_slice(ratio);
    }
    field.tables(&entries)
}

/// Small powers of several bases, for products of their powers.
pub(crate) struct Powers {
    tables: Vec<Table>,
}

impl Powers {
    const WINDOW: u32 = 4;

    pub(crate) fn new<'a>(modulus: &Modulus, bases: impl IntoIterator<Item = &'a Residue>) -> Self {
        let bases = bases.into_iter();
        Powers {
            tables: bases
                .map(|base| Table::powers(modulus, base, Self::WINDOW))
                .collect(),
        }
    }

    /// The product of base_j^exponent_j, for exponents below 2^bits.
    pub(crate) fn product<E: Borrow<BoxedUint>>(
        &self,
        modulus: &Modulus,
        exponents: &[E],
        bits: u32,
    ) -> Residue {
        let mut product = modulus.one();
        for number in (0..bits.div_ceil(Self::WINDOW)).rev() {
            product = modulus.square_times(&product, Self::WINDOW);
            for (table, exponent) in self.tables.iter().zip(exponents) {
                let entry = table.select(modulus, digit(exponent.borrow(), number, Self::WINDOW));
                product = modulus.multiply(&product, &entry);
            }
        }
        product
    }

    /// As [`Powers::product`], for many rows of exponents.
    pub(crate) fn product_many<E: Borrow<BoxedUint>>(
        &self,
        modulus: &Modulus,
        rows: &[Vec<E>],
        bits: u32,
    ) -> Vec<Residue> {
        let mut products = Vec::with_capacity(rows.len());
        for rows in rows.chunks(8) {
            match &modulus.ifma {
                Some(field) if rows.len() > 2 => {
                    products.extend(self.product_lanes(field, modulus, rows, bits));
                }
                _ => products.extend(rows.iter().map(|row| self.product(modulus, row, bits))),
            }
        }
        products
    }

    fn product_lanes<E: Borrow<BoxedUint>>(
        &self,
        field: &Field,
        modulus: &Modulus,
        rows: &[Vec<E>],
        bits: u32,
    ) -> Vec<Residue> {
        let mut work = Work::new(field);
        let mut product = together(field, &vec![modulus.one(); rows.len()]);
        for number in (0..bits.div_ceil(Self::WINDOW)).rev() {
            work.square_times(field, &mut product, Self::WINDOW);
            for (column, table) in self.tables.iter().enumerate() {
                let Table::Lanes(table) = table else {
                    unreachable!("the table was made by another modulus")
                };
                let mut digits = Lane::default();
                for (index, row) in digits.0.iter_mut().zip(rows) {
                    *index = digit(row[column].borrow(), number, Self::WINDOW) as u64;
                }
                field.select_lanes(&mut work.entry, table, &[digits], false);
                work.multiply_entry(field, &mut product);
            }
        }
        apart(&product).take(rows.len()).collect()
    }
}

/// base^0, base^1, … base^(2^window - 1) of up to eight bases.
fn powers_lanes(
    field: &Field,
    modulus: &Modulus,
    bases: &[Residue],
    window: u32,
    work: &mut Work,
) -> Vec<Lanes> {
    let one = vec![modulus.one(); bases.len()];
    let mut entries = vec![together(field, &one), together(field, bases)];
    while entries.len() < 1 << window {
        let mut next = lanes(field);
        let (last, scratch) = (entries.len(), &mut work.scratch);
        match last % 2 {
            0 => field.square_lanes(&mut next, &entries[last / 2], scratch),
            _ => field.multiply_lanes(&mut next, &entries[last - 1], &entries[1], scratch),
        }
        entries.push(next);
    }
    entries
}

/// Up to eight bases, each to its exponent.
pub(super) fn power_lanes(
    field: &Field,
    modulus: &Modulus,
    bases: &[Residue],
    exponents: &[&BoxedUint],
    bits: u32,
) -> Vec<Residue> {
    let mut work = Work::new(field);
    let mut table = powers_lanes(field, modulus, bases, WINDOW, &mut work);
    let mut power = table[0].clone();
    for number in (0..bits.div_ceil(WINDOW)).rev() {
        work.square_times(field, &mut power, WINDOW);
        let mut digits = Lane::default();
        for (index, exponent) in digits.0.iter_mut().zip(exponents) {
            *index = digit(exponent, number, WINDOW) as u64;
        }
        field.choose(&mut work.entry, &table, &digits);
        work.multiply_entry(field, &mut power);
    }
    let powers = apart(&power).take(bases.len()).collect();
    table.zeroize();
    power.zeroize();
    powers
}

/// Up to eight numbers to the power 2^times.
pub(super) fn square_lanes(field: &Field, values: &[Residue], times: u32) -> Vec<Residue> {
    let mut squares = together(field, values);
    Work::new(field).square_times(field, &mut squares, times);
    apart(&squares).take(values.len()).collect()
}

/// Room for products of lanes. Wiped when dropped.
struct Work {
    scratch: Lanes,
    next: Lanes,
    entry: Lanes,
}

impl Work {
    fn new(field: &Field) -> Self {
        Work {
            scratch: field.scratch(),
            next: lanes(field),
            entry: lanes(field),
        }
    }

    fn square_times(&mut self, field: &Field, power: &mut Lanes, times: u32) {
        for _ in 0..times {
            field.square_lanes(&mut self.next, power, &mut self.scratch);
            std::mem::swap(power, &mut self.next);
        }
    }

    fn multiply_entry(&mut self, field: &Field, power: &mut Lanes) {
        field.multiply_lanes(&mut self.next, power, &self.entry, &mut self.scratch);
        std::mem::swap(power, &mut self.next);
    }

    fn multiply_half(&mut self, field: &Field, power: &mut Lanes, first: &[Lane]) {
        field.multiply_lanes_half(&mut self.next, power, first, &mut self.scratch);
        std::mem::swap(power, &mut self.next);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.scratch.zeroize();
        self.next.zeroize();
        self.entry.zeroize();
    }
}

fn lanes(field: &Field) -> Lanes {
    vec![Lane::default(); field.limbs()]
}

/// Up to eight residues side by side.
fn together(field: &Field, residues: &[Residue]) -> Lanes {
    let mut lanes = lanes(field);
    for (position, residue) in residues.iter().enumerate().take(8) {
        for (lane, limb) in lanes.iter_mut().zip(&residue.0) {
            lane.0[position] = *limb;
        }
    }
    lanes
}

/// Eight residues, one by one.
fn apart(lanes: &Lanes) -> impl Iterator<Item = Residue> + '_ {
    (0..8).map(move |position| Residue(lanes.iter().map(|lane| lane.0[position]).collect()))
}
