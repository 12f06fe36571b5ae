//! k nearest neighbours of every coalition from one ranking.

use std::num::NonZeroUsize;

use salus_shapley::{f1, Worth};

use super::{pool, Error};
use crate::{
    neighbours::{check, ranking},
    svm::Data,
    workers,
};

/// For each test row the nearest rows of every owner: a coalition's k nearest are among them.
pub(super) struct Ranked {
    k: u32,
    /// Class, and rows, the nearest first: owner's bit and class.
    tests: Vec<(bool, Vec<(u32, bool)>)>,
}

impl Ranked {
    pub fn new(
        test: &Data,
        owners: &[Data],
        k: u32,
        threads: Option<NonZeroUsize>,
    ) -> Result<Self, Error> {
        let all = pool(owners, usize::MAX, test)?;
        check(&all, test, k)?;
        let bits = owners.iter().zip(0u32..);
        let owner: Vec<u32> = bits
            .flat_map(|(data, bit)| std::iter::repeat_n(1 << bit, data.len()))
            .collect();
        let rank = |_: &mut (), (row, class): (&[i64], bool)| {
            let mut left = vec![k; owners.len()];
            let mut near = Vec::new();
            for index in ranking(&all, row) {
                let bit = owner[index as usize];
                let left = &mut left[bit.trailing_zeros() as usize];
                if *left > 0 {
                    *left -= 1;
                    near.push((bit, all.classes()[index as usize]));
                }
            }
            (class, near)
        };
        Ok(Ranked {
            k,
            tests: workers::map(workers::count(threads), test.rows().collect(), || (), rank),
        })
    }

    pub fn worth(&self, coalition: usize) -> Result<Worth, Error> {
        let (mut true_positives, mut false_positives, mut false_negatives) = (0, 0, 0);
        for (class, near) in &self.tests {
            let (mut positives, mut found) = (0, 0);
            for (bit, positive) in near {
                let member = coalition as u32 & bit != 0;
                found += u32::from(member);
                positives += u32::from(member && *positive);
                if found == self.k {
                    break;
                }
            }
            match (class, 2 * positives > found) {
                (true, true) => true_positives += 1,
                (false, true) => false_positives += 1,
                (true, false) => false_negatives += 1,
                (false, false) => {}
            }
        }
        Ok(f1(true_positives, false_positives, false_negatives))
    }
}
