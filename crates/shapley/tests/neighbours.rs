//! The closed form against the game of rows.

use proptest::prelude::*;
use salus_shapley::{Error, Neighbour, Neighbours};

use crate::reference::{by_subsets, ratio, whole};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn closed_form(rows in prop::collection::vec((0u32..3, any::<bool>()), 1..8), k in 1u32..6) {
        // Row 0 is the nearest.
        let worth = |set: usize| {
            let present = (0..rows.len()).filter(|row| set & 1 << row != 0);
            let right = present.take(k as usize).filter(|row| rows[*row].1).count();
            ratio(right, k)
        };
        let mut expected = vec![whole(0); 3];
        for (value, (owner, _)) in by_subsets(rows.len(), &worth).into_iter().zip(&rows) {
            expected[*owner as usize] += value;
        }
        let noted: Vec<_> = rows.iter().map(|&(owner, right)| Neighbour { owner, right }).collect();
        let mut found = Neighbours::new(3, k).unwrap();
        found.note(&noted).unwrap();
        for (value, expected) in found.values().iter().zip(expected) {
            // Each term of each of up to 8 rows is rounded down by less than 2^-64.
            let off = (ratio(*value, 1u128 << 64) - expected) * whole(1u128 << 64);
            prop_assert!(off < whole(64) && off > whole(-64), "{}", off);
        }
    }
}

#[test]
fn harm_has_no_weight() {
    let mut found = Neighbours::new(2, 1).unwrap();
    let row = |owner, right| Neighbour { owner, right };
    found.note(&[row(0, false), row(1, true)]).unwrap();
    assert!(found.values()[0] < 0);
    assert_eq!(found.weights()[0], 0.into());
    assert!(found.weights()[1] > 0.into());
    assert_eq!(found.note(&[row(2, true)]), Err(Error::NotFound));
    assert_eq!(Neighbours::new(0, 1).err(), Some(Error::Players));
    assert!(matches!(
        Neighbours::new(1, 0).err(),
        Some(Error::Parameter(_))
    ));
}
