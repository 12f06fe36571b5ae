//! A slow model from the definition, and the crate `reed-solomon-erasure`.

use crate::support::{bytes, sources, Block};
use hash_db::Hasher;
use primitive_types::H256;
use proptest::prelude::*;
use reed_solomon_erasure::galois_8::ReedSolomon as Other;
use salus_erasure::{audit, rebuild_chunk, restore_record, Audit, Blake2b256, LEAF};
use std::sync::OnceLock;

/// Products of polynomials over two elements, modulo x^8 + x^4 + x^3 + x^2 + 1.
fn product(a: u8, b: u8) -> u8 {
    let mut wide = (0..8)
        .filter(|bit| b >> bit & 1 == 1)
        .fold(0u16, |sum, bit| sum ^ (u16::from(a) << bit));
    for bit in (8..16).rev() {
        if wide >> bit & 1 == 1 {
            wide ^= 0x11d << (bit - 8);
        }
    }
    wide as u8
}

fn quotient(a: u8, b: u8) -> u8 {
    static INVERSES: OnceLock<Vec<u8>> = OnceLock::new();
    let inverse = |b| (0..=255).find(|c| product(*c, b) == 1).unwrap_or(0);
    product(
        a,
        INVERSES.get_or_init(|| (0..=255).map(inverse).collect())[usize::from(b)],
    )
}

/// The factors of the data at 0 … k - 1 in the value at `x`.
fn lagrange(k: u8, x: u8) -> Vec<u8> {
    (0..k)
        .map(|i| {
            (0..k)
                .filter(|j| *j != i)
                .fold(1, |f, j| product(f, quotient(x ^ j, i ^ j)))
        })
        .collect()
}

/// All chunks of a block.
fn chunks(k: u8, m: u8, records: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut data = vec![Vec::new(); usize::from(k)];
    for record in records {
        for (position, leaf) in record.chunks(LEAF).enumerate() {
            let chunk = &mut data[position % usize::from(k)];
            chunk.extend_from_slice(leaf);
            chunk.resize(chunk.len().next_multiple_of(LEAF), 0);
        }
        let longest = data.iter().map(Vec::len).max().unwrap();
        data.iter_mut().for_each(|chunk| chunk.resize(longest, 0));
    }
    let length = data[0].len();
    for x in k..m {
        let factors = lagrange(k, x);
        let table: Vec<Vec<u8>> = factors
            .iter()
            .map(|factor| (0..=255).map(|byte| product(*factor, byte)).collect())
            .collect();
        data.push(
            (0..length)
                .map(|at| {
                    table
                        .iter()
                        .zip(&data)
                        .fold(0, |sum, (t, chunk)| sum ^ t[usize::from(chunk[at])])
                })
                .collect(),
        );
    }
    data
}

fn root(chunk: &[u8]) -> H256 {
    binary_merkle_tree::merkle_root::<Blake2b256, _>(chunk.chunks(LEAF))
}

fn agrees(block: &Block, k: u8, m: u8) {
    let expected = chunks(k, m, &block.records);
    assert!(
        block.encoded.outputs == expected,
        "chunks differ from the model's"
    );
    let manifest = &block.encoded.manifest;
    let roots: Vec<H256> = expected.iter().map(|chunk| root(chunk)).collect();
    assert_eq!(manifest.roots, roots);
    for (record, stated) in block.records.iter().zip(&manifest.records) {
        assert_eq!(
            (stated.size, stated.digest),
            (record.len() as u64, Blake2b256::hash(record))
        );
    }
}

#[test]
fn sizes_around_every_boundary() {
    for (k, m) in [(1, 2), (2, 3), (4, 7), (10, 14)] {
        let stripe = usize::from(k) * LEAF;
        let batch = 64 * stripe;
        for size in [
            1,
            LEAF - 1,
            LEAF,
            LEAF + 1,
            stripe - 1,
            stripe,
            stripe + 1,
            batch - 1,
            batch,
            batch + 1,
        ] {
            let block = Block::sized(k, m, &[size, 1, size]);
            agrees(&block, k, m);
            let mut all = block.chunks(&(m - k..m).collect::<Vec<_>>());
            for (number, record) in block.records.iter().enumerate() {
                let mut back = Vec::new();
                restore_record(
                    &block.codec,
                    &block.encoded.manifest,
                    number,
                    &mut sources(&mut all),
                    &mut back,
                )
                .unwrap();
                assert!(back == *record, "{k} of {m}, {size} bytes, record {number}");
            }
        }
    }
}

#[test]
fn the_widest_code() {
    let block = Block::sized(200, 255, &[250_000, 5]);
    agrees(&block, 200, 255);
    let mut last = block.chunks(&(55..255).collect::<Vec<_>>());
    let mut back = Vec::new();
    restore_record(
        &block.codec,
        &block.encoded.manifest,
        0,
        &mut sources(&mut last),
        &mut back,
    )
    .unwrap();
    assert!(back == block.records[0]);
}

#[test]
fn any_four_of_seven_give_everything() {
    let block = Block::sized(4, 7, &[70_000, 4_096, 9]);
    let manifest = &block.encoded.manifest;
    for set in (0u8..128).filter(|set| set.count_ones() == 4) {
        let have: Vec<u8> = (0..7).filter(|chunk| set >> chunk & 1 == 1).collect();
        let mut some = block.chunks(&have);
        for (number, record) in block.records.iter().enumerate() {
            let mut back = Vec::new();
            restore_record(
                &block.codec,
                manifest,
                number,
                &mut sources(&mut some),
                &mut back,
            )
            .unwrap();
            assert!(back == *record);
        }
        for chunk in 0..7 {
            let mut back = Vec::new();
            let tree = rebuild_chunk(
                &block.codec,
                manifest,
                chunk,
                &[],
                &mut sources(&mut some),
                &mut back,
            )
            .unwrap();
            assert!(back == block.encoded.outputs[usize::from(chunk)]);
            assert_eq!(tree, block.encoded.trees[usize::from(chunk)]);
        }
        let found = audit(&block.codec, manifest, &mut sources(&mut some)).unwrap();
        assert_eq!(found, Audit::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn another_implementation_gives_the_same_bytes(
        (k, m) in (1u8..40).prop_flat_map(|k| (Just(k), k + 1..60)),
        sizes in prop::collection::vec(1usize..90_000, 1..5),
        lost in any::<u64>(),
    ) {
        let block = Block::sized(k, m, &sizes);
        let other = Other::new(usize::from(k), usize::from(m - k)).unwrap();
        prop_assert!(other.verify(&block.encoded.outputs).unwrap());
        // It rebuilds what this crate coded, from the chunks that the draw leaves.
        let mut shards: Vec<Option<Vec<u8>>> = block.encoded.outputs.iter().cloned().map(Some).collect();
        for turn in 0..u64::from(m - k) {
            shards[((lost ^ turn.wrapping_mul(0x9e37_79b9)) % u64::from(m)) as usize] = None;
        }
        let have: Vec<u8> = (0..m).filter(|i| shards[usize::from(*i)].is_some()).collect();
        other.reconstruct(&mut shards).unwrap();
        prop_assert!(shards.iter().flatten().eq(block.encoded.outputs.iter()));
        let mut some = block.chunks(&have);
        for (number, record) in block.records.iter().enumerate() {
            let mut back = Vec::new();
            restore_record(&block.codec, &block.encoded.manifest, number, &mut sources(&mut some), &mut back)
                .unwrap();
            prop_assert!(back == *record);
        }
    }

    #[test]
    fn the_model_gives_the_same_bytes(
        (k, m) in (1u8..6).prop_flat_map(|k| (Just(k), k + 1..10)),
        sizes in prop::collection::vec(1usize..40_000, 1..4),
    ) {
        agrees(&Block::sized(k, m, &sizes), k, m);
    }
}

#[test]
fn records_own_ranges_of_stripes() {
    let block = Block::sized(4, 7, &[1, 4096, 4097, 8192]);
    let extents: Vec<_> = block
        .encoded
        .manifest
        .extents()
        .map(|e| e.unwrap())
        .collect();
    let ranges: Vec<_> = extents
        .iter()
        .map(|extent| (extent.first, extent.count))
        .collect();
    assert_eq!(ranges, [(0, 1), (1, 1), (2, 2), (4, 2)]);
    // A neighbour changes nothing in the leaves of a record.
    let other = Block::new(4, 7, vec![bytes(99, 3), block.records[1].clone()]);
    for chunk in 0..7 {
        assert_eq!(
            other.encoded.outputs[chunk][LEAF..],
            block.encoded.outputs[chunk][LEAF..2 * LEAF]
        );
    }
}
