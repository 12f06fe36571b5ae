//! Integers modulo 2^128 under masks.

use rand_core::Rng;
use zeroize::Zeroizing;

use super::masks::Mask;

/// The numbers plus all masks, 16 bytes each, little-endian.
pub(super) fn blind(numbers: &[i128], masks: &[Mask]) -> Vec<u8> {
    let mut sum: Zeroizing<Vec<u128>> =
        Zeroizing::new(numbers.iter().map(|number| *number as u128).collect());
    for mask in masks {
        apply(&mut sum, mask, false);
    }
    sum.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The sum of blinded vectors of this length, less these masks.
pub(super) fn total(vectors: &[&[u8]], masks: &[Mask], length: usize) -> Vec<i128> {
    let mut sum = vec![0u128; length];
    for vector in vectors {
        for (sum, number) in sum.iter_mut().zip(vector.as_chunks::<16>().0) {
            *sum = sum.wrapping_add(u128::from_le_bytes(*number));
        }
    }
    for mask in masks {
        apply(&mut sum, mask, true);
    }
    sum.into_iter().map(|number| number as i128).collect()
}

fn apply(sum: &mut [u128], mask: &Mask, remove: bool) {
    let mut stream = Zeroizing::new(vec![0; 16 * sum.len()]);
    mask.seed.random().fill_bytes(&mut stream);
    for (sum, number) in sum.iter_mut().zip(stream.as_chunks::<16>().0) {
        let number = u128::from_le_bytes(*number);
        *sum = match mask.negative != remove {
            true => sum.wrapping_sub(number),
            false => sum.wrapping_add(number),
        };
    }
}
