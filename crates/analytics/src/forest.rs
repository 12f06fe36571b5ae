//! Random forests over encoded rows, by Gini impurity, in integers.

use blake2::{digest::consts::U32, Blake2b, Digest};
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha8Rng,
};
use serde::{Deserialize, Serialize};

use crate::svm::Data;

/// Most trees.
pub const MAX_TREES: u32 = 1024;
/// Most splits between the root and a leaf.
pub const MAX_DEPTH: u32 = 32;

/// Everything that decides a forest but the rows. Fields are in alphabetical order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForestParameters {
    /// Most splits between the root and a leaf.
    pub depth: u32,
    /// Columns that a split chooses among; 0 for the square root of all, rounded down.
    pub features: u32,
    /// Decides the rows of each tree and the columns of each split.
    pub seed: u64,
    /// Trees.
    pub trees: u32,
}

impl Default for ForestParameters {
    fn default() -> Self {
        ForestParameters {
            depth: 16,
            features: 0,
            seed: 0,
            trees: 25,
        }
    }
}

/// Why there is no forest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// A parameter out of range.
    #[error("{0}")]
    Parameter(&'static str),
    /// No row.
    #[error("there are no rows to train on")]
    NoRows,
    /// Rows of other columns.
    #[error("the forest and the rows differ in columns or in fraction")]
    Shape,
}

impl ForestParameters {
    /// Checks ranges.
    pub fn validate(&self) -> Result<(), Error> {
        if !(1..=MAX_TREES).contains(&self.trees) {
            return Err(Error::Parameter("there must be 1 to 1024 trees"));
        }
        match (1..=MAX_DEPTH).contains(&self.depth) {
            true => Ok(()),
            false => Err(Error::Parameter("the depth must be from 1 to 32")),
        }
    }
}

/// Trained trees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forest {
    trees: Vec<Node>,
    columns: usize,
    fraction: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Node {
    Leaf(bool),
    Split {
        column: usize,
        /// Values up to this one go to the first branch.
        most: i64,
        branches: Box<[Node; 2]>,
    },
}

/// Rows of a node by class.
#[derive(Clone, Copy, Default)]
struct Counts {
    positive: u64,
    all: u64,
}

impl Counts {
    fn add(&mut self, positive: bool, times: u32) {
        self.positive += u64::from(positive) * u64::from(times);
        self.all += u64::from(times);
    }

    fn less(self, other: Counts) -> Counts {
        Counts {
            positive: self.positive - other.positive,
            all: self.all - other.all,
        }
    }

    fn is_pure(self) -> bool {
        self.positive == 0 || self.positive == self.all
    }

    /// The sum of the squares of both classes.
    fn squares(self) -> u128 {
        let negative = self.all - self.positive;
        u128::from(self.positive).pow(2) + u128::from(negative).pow(2)
    }
}

/// A row and how often the tree drew it.
type Drawn = (u32, u32);

impl Forest {
    /// Trains on all rows, without which there is no forest.
    ///
    /// Tree t draws as many rows as there are, with replacement, by ChaCha8 under BLAKE2b-256 of
    /// `salus/forest/1`, seed (u64) and t (u32), little-endian; a number below n is the high word of
    /// n times 64 bits. A node whose rows are of both classes draws its columns, without
    /// replacement, and takes the split with the least Gini impurity: of columns as drawn and values
    /// ascending the first. The root comes first, then its branch of small values, whole, then the
    /// other.
    pub fn train(parameters: &ForestParameters, data: &Data) -> Result<Self, Error> {
        parameters.validate()?;
        if data.is_empty() {
            return Err(Error::NoRows);
        }
        let columns = data.columns();
        let features = match parameters.features as usize {
            0 => columns.isqrt(),
            some => some.min(columns),
        };
        let mut grower = Grower {
            data,
            values: data
                .rows()
                .flat_map(|(row, _)| row.iter().copied())
                .collect(),
            features: features.max(1),
            order: (0..columns).collect(),
            random: ChaCha8Rng::from_seed([0; 32]),
            scratch: Vec::new(),
        };
        let trees = (0..parameters.trees).map(|tree| {
            let mut hash = Blake2b::<U32>::new();
            hash.update(b"salus/forest/1");
            hash.update(parameters.seed.to_le_bytes());
            hash.update(tree.to_le_bytes());
            grower.random = ChaCha8Rng::from_seed(hash.finalize().into());
            grower.order = (0..columns).collect();
            let rows = data.len();
            let mut times = vec![0u32; rows];
            for _ in 0..rows {
                times[below(&mut grower.random, rows)] += 1;
            }
            let drawn = (0u32..).zip(times).filter(|(_, times)| *times > 0);
            let mut drawn: Vec<Drawn> = drawn.collect();
            grower.grow(&mut drawn, parameters.depth)
        });
        Ok(Forest {
            trees: trees.collect(),
            columns,
            fraction: data.fraction(),
        })
    }

    /// The classes of rows: positive where more than half of the trees say so.
    pub fn predict(&self, data: &Data) -> Result<Vec<bool>, Error> {
        if data.columns() != self.columns || data.fraction() != self.fraction {
            return Err(Error::Shape);
        }
        let votes = |row: &[i64]| self.trees.iter().filter(|tree| tree.class(row)).count();
        let rows = data.rows();
        Ok(rows
            .map(|(row, _)| 2 * votes(row) > self.trees.len())
            .collect())
    }
}

impl Node {
    fn class(&self, row: &[i64]) -> bool {
        match self {
            Node::Leaf(class) => *class,
            Node::Split {
                column,
                most,
                branches,
            } => {
                let large = row.get(*column).is_some_and(|value| value > most);
                let [small, rest] = branches.as_ref();
                if large { rest } else { small }.class(row)
            }
        }
    }
}

struct Grower<'d> {
    data: &'d Data,
    values: Vec<i64>,
    features: usize,
    /// All columns; a node shuffles the first `features` of them.
    order: Vec<usize>,
    random: ChaCha8Rng,
    scratch: Vec<(i64, bool, u32)>,
}

/// A split: the sum over both branches of squares over rows is `above / below`; the larger it is, the
/// smaller the impurity.
struct Best {
    column: usize,
    most: i64,
    above: u128,
    below: u128,
}

impl Grower<'_> {
    fn grow(&mut self, rows: &mut [Drawn], depth: u32) -> Node {
        let classes = self.data.classes();
        let mut counts = Counts::default();
        for (row, times) in rows.iter() {
            counts.add(classes[*row as usize], *times);
        }
        let leaf = Node::Leaf(2 * counts.positive > counts.all);
        if depth == 0 || counts.is_pure() {
            return leaf;
        }
        let Some(best) = self.best(rows, counts) else {
            return leaf;
        };
        let columns = self.data.columns();
        let small = |row: u32| self.values[row as usize * columns + best.column] <= best.most;
        // Keeps the order of the rows, though nothing depends on it.
        rows.sort_by_key(|(row, _)| !small(*row));
        let middle = rows.partition_point(|(row, _)| small(*row));
        let (first, second) = rows.split_at_mut(middle);
        Node::Split {
            column: best.column,
            most: best.most,
            branches: Box::new([self.grow(first, depth - 1), self.grow(second, depth - 1)]),
        }
    }

    fn best(&mut self, rows: &[Drawn], counts: Counts) -> Option<Best> {
        let columns = self.data.columns();
        for place in 0..self.features {
            let other = place + below(&mut self.random, columns - place);
            self.order.swap(place, other);
        }
        let classes = self.data.classes();
        let mut best: Option<Best> = None;
        for &column in &self.order[..self.features] {
            self.scratch.clear();
            self.scratch.extend(rows.iter().map(|(row, times)| {
                let row = *row as usize;
                (self.values[row * columns + column], classes[row], *times)
            }));
            self.scratch.sort_unstable();
            let mut small = Counts::default();
            for pair in self.scratch.windows(2) {
                let [(value, positive, times), (next, ..)] = pair else {
                    continue;
                };
                small.add(*positive, *times);
                if value == next {
                    continue;
                }
                let large = counts.less(small);
                // Below 2^74 and 2^48 for 2^24 rows: the products below fit.
                let above = small.squares() * u128::from(large.all)
                    + large.squares() * u128::from(small.all);
                let below = u128::from(small.all) * u128::from(large.all);
                let better = best
                    .as_ref()
                    .is_none_or(|best| above * best.below > best.above * below);
                if better {
                    best = Some(Best {
                        column,
                        most: *value,
                        above,
                        below,
                    });
                }
            }
        }
        best
    }
}

fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}
