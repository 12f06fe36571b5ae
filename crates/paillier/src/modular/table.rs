//! Tables of powers, read in full whatever entry is wanted.

use crypto_bigint::BoxedUint;
use zeroize::{Zeroize, Zeroizing};

use super::{
    digit,
    ifma::{Field, Lane, Lanes},
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
        let mut entries = vec![modulus.one(), base.clone()];
        while entries.len() < 1 << window {
            let next = match entries.len() % 2 {
                0 => modulus.square(&entries[entries.len() / 2]),
                _ => modulus.multiply(&entries[entries.len() - 1], base),
            };
            entries.push(next);
        }
        match &modulus.ifma {
            Some(field) => {
                let mut words: Vec<Vec<u64>> = entries.iter().map(|e| e.0.clone()).collect();
                let table = field.table(&words);
                words.zeroize();
                Table::Lanes(table)
            }
            None => Table::Words(entries),
        }
    }

    pub(super) fn select(&self, modulus: &Modulus, index: usize) -> Residue {
        match (self, &modulus.ifma) {
            (Table::Lanes(table), Some(field)) => {
                let mut entry = vec![0; field.limbs()];
                field.select(&mut entry, table, index);
                Residue(entry)
            }
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

/// The powers of one base, for exponents of a known length: one product a digit, no squares.
pub(crate) struct FixedBase {
    tables: Vec<Table>,
    window: u32,
}

impl FixedBase {
    /// Bits of a digit. More would make fewer products, and tables that no cache holds.
    const WINDOW: u32 = 7;
    /// Items that pass through one digit's table before the next table is read.
    const BATCH: usize = 64;

    /// For exponents below 2^bits.
    pub(crate) fn new(modulus: &Modulus, base: &Residue, bits: u32) -> Self {
        let window = Self::WINDOW;
        let mut base = base.clone();
        let mut tables = Vec::new();
        for _ in 0..bits.div_ceil(window) {
            tables.push(Table::powers(modulus, &base, window));
            base = modulus.square_times(&base, window);
        }
        FixedBase { tables, window }
    }

    pub(crate) fn power(&self, modulus: &Modulus, exponent: &BoxedUint) -> Residue {
        let digits = (0..).zip(&self.tables);
        let mut factors = digits
            .map(|(number, table)| table.select(modulus, digit(exponent, number, self.window)));
        let first = factors.next().unwrap_or_else(|| modulus.one());
        factors.fold(first, |power, factor| modulus.multiply(&power, &factor))
    }

    pub(crate) fn power_many(
        &self,
        modulus: &Modulus,
        exponents: &[Zeroizing<BoxedUint>],
    ) -> Vec<Residue> {
        let mut powers = Vec::with_capacity(exponents.len());
        for exponents in exponents.chunks(Self::BATCH) {
            match &modulus.ifma {
                Some(field) if exponents.len() > 3 => {
                    powers.extend(self.power_lanes(field, exponents));
                }
                _ => powers.extend(exponents.iter().map(|e| self.power(modulus, e))),
            }
        }
        powers
    }

    fn power_lanes(&self, field: &Field, exponents: &[Zeroizing<BoxedUint>]) -> Vec<Residue> {
        let mut work = Work::new(field);
        let mut powers: Vec<Lanes> = vec![lanes(field); exponents.len().div_ceil(8)];
        for (number, table) in (0..).zip(&self.tables) {
            let Table::Lanes(table) = table else {
                unreachable!("the table was made by another modulus")
            };
            for (power, exponents) in powers.iter_mut().zip(exponents.chunks(8)) {
                let mut digits = [0; 8];
                for (index, exponent) in digits.iter_mut().zip(exponents) {
                    *index = digit(exponent, number, self.window);
                }
                match number {
                    0 => field.select_lanes(power, table, &digits),
                    _ => work.multiply_entry(field, power, table, &digits),
                }
            }
        }
        let count = exponents.len();
        powers.iter().flat_map(apart).take(count).collect()
    }
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
    pub(crate) fn product(&self, modulus: &Modulus, exponents: &[BoxedUint], bits: u32) -> Residue {
        let mut product = modulus.one();
        for number in (0..bits.div_ceil(Self::WINDOW)).rev() {
            product = modulus.square_times(&product, Self::WINDOW);
            for (table, exponent) in self.tables.iter().zip(exponents) {
                let entry = table.select(modulus, digit(exponent, number, Self::WINDOW));
                product = modulus.multiply(&product, &entry);
            }
        }
        product
    }

    /// As [`Powers::product`], for many rows of exponents.
    pub(crate) fn product_many(
        &self,
        modulus: &Modulus,
        rows: &[Vec<BoxedUint>],
        bits: u32,
    ) -> Vec<Residue> {
        let mut products = Vec::with_capacity(rows.len());
        for rows in rows.chunks(8) {
            match &modulus.ifma {
                Some(field) if rows.len() > 3 => {
                    products.extend(self.product_lanes(field, modulus, rows, bits));
                }
                _ => products.extend(rows.iter().map(|row| self.product(modulus, row, bits))),
            }
        }
        products
    }

    fn product_lanes(
        &self,
        field: &Field,
        modulus: &Modulus,
        rows: &[Vec<BoxedUint>],
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
                let mut digits = [0; 8];
                for (index, row) in digits.iter_mut().zip(rows) {
                    *index = digit(&row[column], number, Self::WINDOW);
                }
                work.multiply_entry(field, &mut product, table, &digits);
            }
        }
        apart(&product).take(rows.len()).collect()
    }
}

/// Up to eight bases to the same exponent.
pub(super) fn power_lanes(
    field: &Field,
    modulus: &Modulus,
    bases: &[Residue],
    exponent: &BoxedUint,
    bits: u32,
) -> Vec<Residue> {
    let mut work = Work::new(field);
    let base = together(field, bases);
    let mut table = vec![together(field, &vec![modulus.one(); bases.len()]), base];
    while table.len() < 1 << WINDOW {
        let mut next = lanes(field);
        field.multiply_lanes(&mut next, &table[table.len() - 1], &table[1], &mut work.sum);
        table.push(next);
    }
    let mut power = table[0].clone();
    for number in (0..bits.div_ceil(WINDOW)).rev() {
        work.square_times(field, &mut power, WINDOW);
        let wanted = digit(exponent, number, WINDOW);
        for lane in work.entry.iter_mut() {
            *lane = Lane::default();
        }
        for (number, entry) in table.iter().enumerate() {
            let difference = (number ^ wanted) as u64;
            let mask = (difference | difference.wrapping_neg()) >> 63;
            let mask = std::hint::black_box(mask).wrapping_sub(1);
            for (found, entry) in work.entry.iter_mut().zip(entry) {
                for (found, entry) in found.0.iter_mut().zip(entry.0) {
                    *found |= entry & mask;
                }
            }
        }
        field.multiply_lanes(&mut work.next, &power, &work.entry, &mut work.sum);
        std::mem::swap(&mut power, &mut work.next);
    }
    let powers = apart(&power).take(bases.len()).collect();
    table.zeroize();
    power.zeroize();
    powers
}

/// Room for products of lanes. Wiped when dropped.
struct Work {
    sum: Lanes,
    next: Lanes,
    entry: Lanes,
}

impl Work {
    fn new(field: &Field) -> Self {
        Work {
            sum: lanes(field),
            next: lanes(field),
            entry: lanes(field),
        }
    }

    fn square_times(&mut self, field: &Field, power: &mut Lanes, times: u32) {
        for _ in 0..times {
            field.multiply_lanes(&mut self.next, power, power, &mut self.sum);
            std::mem::swap(power, &mut self.next);
        }
    }

    fn multiply_entry(
        &mut self,
        field: &Field,
        power: &mut Lanes,
        table: &[Lane],
        digits: &[usize; 8],
    ) {
        field.select_lanes(&mut self.entry, table, digits);
        field.multiply_lanes(&mut self.next, power, &self.entry, &mut self.sum);
        std::mem::swap(power, &mut self.next);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.sum.zeroize();
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
