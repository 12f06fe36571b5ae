//! Tables that are read in full whatever entry is wanted.

use std::arch::x86_64::*;

use zeroize::Zeroize;

use super::{Field, Lane, Lanes};

/// Groups of lanes that one pass through a table can serve.
pub(in crate::modular) const MAX_GROUPS: usize = 16;
/// Entries that [`Field::choose`] can choose from.
const MAX_ENTRIES: usize = 32;

impl Field {
    /// Numbers as a table: limb by limb, the entries of a limb side by side. Their number is a power
    /// of two from 16 to 128.
    pub(in crate::modular) fn table(&self, entries: &[Vec<u64>]) -> Vec<Lane> {
        let (groups, limbs) = (entries.len() / 8, entries.first().map_or(0, Vec::len));
        let mut table = vec![Lane::default(); limbs * groups];
        for (index, entry) in entries.iter().enumerate() {
            for (limb, value) in entry.iter().enumerate() {
                table[limb * groups + index / 8].0[index % 8] = *value;
            }
        }
        table
    }

    /// Entry `index` of a table.
    pub(in crate::modular) fn select(&self, table: &[Lane], index: usize) -> Vec<u64> {
        let mut out = vec![Lane::default(); self.limbs()];
        self.select_lanes(&mut out, table, &[Lane([index as u64; 8])], false);
        let entry = out.iter().map(|lane| lane.0[0]).collect();
        out.zeroize();
        entry
    }

    /// For each lane the entry that its index names: written to `out`, or added to what is there.
    /// Indices of several groups of lanes may be given, whose outputs follow one another; all are
    /// served with one pass through the table.
    pub(in crate::modular) fn select_lanes(
        &self,
        out: &mut [Lane],
        table: &[Lane],
        indices: &[Lane],
        add: bool,
    ) {
        let limbs = out.len() / indices.len();
        // Safety: `available` said yes, or there would be no `Field`.
        unsafe {
            match table.len() / limbs {
                2 => select::<1>(out, table, indices, add),
                4 => select::<2>(out, table, indices, add),
                8 => select::<4>(out, table, indices, add),
                16 => select::<8>(out, table, indices, add),
                _ => unreachable!("tables have 16, 32, 64 or 128 entries"),
            }
        }
    }

    /// Eight tables of the layout above, of entries in lanes: one table for each lane.
    pub(in crate::modular) fn tables(&self, entries: &[Lanes]) -> [Vec<Lane>; 8] {
        let groups = entries.len() / 8;
        let limbs = entries.first().map_or(0, Vec::len);
        let mut tables = [(); 8].map(|()| vec![Lane::default(); limbs * groups]);
        for (index, entry) in entries.iter().enumerate() {
            for (limb, lane) in entry.iter().enumerate() {
                for (table, value) in tables.iter_mut().zip(lane.0) {
                    table[limb * groups + index / 8].0[index % 8] = value;
                }
            }
        }
        tables
    }

    /// Has a part of a table brought closer to the processor.
    pub(in crate::modular) fn fetch(&self, table: &[Lane]) {
        for lane in table {
            // Safety: the address is of a vector that exists; nothing is read.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(lane).cast()) };
        }
    }

    /// For each lane the one of several numbers in lanes that its index names.
    pub(in crate::modular) fn choose(&self, out: &mut [Lane], entries: &[Lanes], indices: &Lane) {
        // Safety: as above.
        unsafe { choose(out, entries, indices) }
    }
}

#[target_feature(enable = "avx512f")]
fn select<const PAIRS: usize>(out: &mut [Lane], table: &[Lane], indices: &[Lane], add: bool) {
    let groups = indices.len();
    let limbs = out.len() / groups;
    assert!(groups <= MAX_GROUPS && out.len() == groups * limbs);
    assert!(table.len() == 2 * PAIRS * limbs);
    // Safety: a `Lane` is a vector.
    let load = |lane: &Lane| unsafe { _mm512_load_si512(std::ptr::from_ref(lane).cast()) };
    // Bits 4, 5 and 6 of the indices.
    let bits = |indices: &Lane| {
        let indices = load(indices);
        [16, 32, 64].map(|bit| _mm512_test_epi64_mask(indices, _mm512_set1_epi64(bit)))
    };
    let mut masks = [[0; 3]; MAX_GROUPS];
    for (masks, indices) in masks.iter_mut().zip(indices) {
        *masks = bits(indices);
    }
    for (limb, row) in table.chunks_exact(2 * PAIRS).enumerate() {
        for (group, (indices, masks)) in indices.iter().zip(&masks).enumerate() {
            let indices = load(indices);
            let mut found = [_mm512_setzero_si512(); PAIRS];
            for pair in 0..PAIRS {
                let (low, high) = (load(&row[2 * pair]), load(&row[2 * pair + 1]));
                found[pair] = _mm512_permutex2var_epi64(low, indices, high);
            }
            let mut left = PAIRS;
            for mask in masks {
                if left > 1 {
                    left /= 2;
                    for pair in 0..left {
                        found[pair] =
                            _mm512_mask_mov_epi64(found[2 * pair], *mask, found[2 * pair + 1]);
                    }
                }
            }
            let out = &mut out[group * limbs + limb];
            let value = match add {
                true => _mm512_add_epi64(found[0], load(out)),
                false => found[0],
            };
            // Safety: as above.
            unsafe { _mm512_store_si512(std::ptr::from_mut(out).cast(), value) };
        }
    }
}

#[target_feature(enable = "avx512f")]
fn choose(out: &mut [Lane], entries: &[Lanes], indices: &Lane) {
    // Safety: a `Lane` is a vector.
    let load = |lane: &Lane| unsafe { _mm512_load_si512(std::ptr::from_ref(lane).cast()) };
    let indices = load(indices);
    let mask = |number: usize| _mm512_cmpeq_epi64_mask(indices, _mm512_set1_epi64(number as i64));
    let mut masks = [0; MAX_ENTRIES];
    assert!(entries.len() <= MAX_ENTRIES);
    for (number, masks) in masks.iter_mut().enumerate() {
        *masks = mask(number);
    }
    for (limb, out) in out.iter_mut().enumerate() {
        let mut found = _mm512_setzero_si512();
        for (entry, mask) in entries.iter().zip(&masks) {
            found = _mm512_mask_mov_epi64(found, *mask, load(&entry[limb]));
        }
        // Safety: as above.
        unsafe { _mm512_store_si512(std::ptr::from_mut(out).cast(), found) };
    }
}
