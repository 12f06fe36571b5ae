//! Who lies, with and without roots.

use crate::support::{sources, Block};
use proptest::prelude::*;
use salus_erasure::{audit, liars, restore_record, root_of, Audit, Error, Extent, Leaves, LEAF};
use std::io::Cursor;

type Chunks = Vec<(u8, Leaves<Cursor<Vec<u8>>>)>;

/// The chunks `which`, some of them changed.
fn changed(block: &Block, which: &[u8], change: impl Fn(u8, &mut Vec<u8>)) -> Chunks {
    which
        .iter()
        .map(|chunk| {
            let mut bytes = block.encoded.outputs[usize::from(*chunk)].clone();
            change(*chunk, &mut bytes);
            (
                *chunk,
                Leaves::new(Cursor::new(bytes), block.leaves()).unwrap(),
            )
        })
        .collect()
}

fn all(block: &Block) -> [Extent; 1] {
    [Extent {
        first: 0,
        count: block.leaves(),
    }]
}

fn find(block: &Block, chunks: &mut Chunks) -> Result<Vec<u8>, Error> {
    liars(
        &block.codec,
        block.leaves(),
        &all(block),
        &mut sources(chunks),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn half_of_what_is_spare_is_found(
        (k, m) in (1u8..12).prop_flat_map(|k| (Just(k), k + 2..20)),
        size in 1usize..200_000,
        seed in any::<u64>(),
    ) {
        let block = Block::sized(k, m, &[size]);
        let most = u64::from(m - k) / 2;
        let mut expected: Vec<u8> =
            (0..seed % (most + 1)).map(|turn| ((seed >> 8) % u64::from(m) + turn * 3) as u8 % m).collect();
        expected.sort_unstable();
        expected.dedup();
        // Each liar changes a byte of its own, or the same one as all others.
        let mut chunks = changed(&block, &(0..m).collect::<Vec<_>>(), |chunk, bytes| {
            if expected.contains(&chunk) {
                let spread = if seed % 2 == 0 { u64::from(chunk) } else { 0 };
                let at = (seed / 7).wrapping_mul(spread * 2 + 1) % bytes.len() as u64;
                bytes[at as usize] ^= 1 + (seed % 255) as u8;
            }
        });
        prop_assert_eq!(find(&block, &mut chunks).unwrap(), expected.clone());
        // Roots say the same.
        let roots = &block.encoded.manifest.roots;
        let by_root: Vec<u8> = chunks
            .iter_mut()
            .filter(|(chunk, _)| expected.contains(chunk))
            .filter_map(|(i, chunk)| (root_of(chunk, &[]).unwrap() != roots[usize::from(*i)]).then_some(*i))
            .collect();
        prop_assert_eq!(by_root, expected);
    }
}

#[test]
fn liars_that_agree_are_outvoted_up_to_the_bound() {
    // Two custodians show chunks of another block, which are a code word among themselves.
    let block = Block::sized(3, 8, &[50_000]);
    let other = Block::sized(3, 8, &[49_999]);
    let lie = |liars: &'static [u8]| {
        changed(&block, &[0, 1, 2, 3, 4, 5, 6, 7], move |chunk, bytes| {
            if liars.contains(&chunk) {
                bytes.clone_from(&other.encoded.outputs[usize::from(chunk)]);
                bytes[0] ^= 1;
            }
        })
    };
    assert_eq!(find(&block, &mut lie(&[1, 6])).unwrap(), [1, 6]);
}

#[test]
fn too_many_liars_are_no_verdict() {
    let block = Block::sized(4, 7, &[90_000]);
    let flip = |liars: &'static [u8]| {
        changed(&block, &[0, 1, 2, 3, 4, 5, 6], move |chunk, bytes| {
            if liars.contains(&chunk) {
                bytes[usize::from(chunk) * 3 * LEAF] ^= 0x55;
            }
        })
    };
    assert_eq!(find(&block, &mut flip(&[5])).unwrap(), [5]);
    let error = find(&block, &mut flip(&[2, 5])).unwrap_err();
    assert!(
        matches!(error, Error::Undecided { found: 1, .. }),
        "{error}"
    );
    // One chunk more than needed shows that one lies, not which; k chunks show nothing.
    let mut five = flip(&[2]);
    five.truncate(5);
    let error = find(&block, &mut five).unwrap_err();
    assert!(
        matches!(error, Error::Undecided { leaf: 6, found: 0 }),
        "{error}"
    );
    five.truncate(4);
    let error = find(&block, &mut five).unwrap_err();
    assert!(
        matches!(error, Error::TooFew { have: 4, need: 5 }),
        "{error}"
    );
}

#[test]
fn swapped_chunks_are_named() {
    let block = Block::sized(4, 9, &[60_000, 60_000]);
    let mut chunks = block.chunks(&[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    let (one, rest) = chunks.split_at_mut(6);
    std::mem::swap(&mut one[2].1, &mut rest[0].1);
    assert_eq!(find(&block, &mut chunks).unwrap(), [2, 6]);
    let mut four: Chunks = chunks.drain(1..5).collect();
    let manifest = &block.encoded.manifest;
    let restored = restore_record(
        &block.codec,
        manifest,
        1,
        &mut sources(&mut four),
        &mut Vec::new(),
    );
    assert!(matches!(restored, Err(Error::Digest { record: 1 })));
}

#[test]
fn an_audit_tells_roots_of_garbage_and_false_digests() {
    let block = Block::sized(4, 7, &[60_000, 20_000]);
    let mut manifest = block.encoded.manifest.clone();
    manifest.roots[5] = manifest.roots[6];
    manifest.records[1].digest.0[0] ^= 1;
    let found = audit(
        &block.codec,
        &manifest,
        &mut sources(&mut block.chunks(&[1, 2, 3, 4])),
    )
    .unwrap();
    assert_eq!(
        found,
        Audit {
            chunks: vec![5],
            records: vec![1]
        }
    );
    // A shorter size with the right digest of the shorter record leaves bytes in the padding.
    let mut manifest = block.encoded.manifest.clone();
    manifest.records[1].size -= 1;
    let short = &block.records[1][..19_999];
    manifest.records[1].digest = <salus_erasure::Blake2b256 as hash_db::Hasher>::hash(short);
    let found = audit(
        &block.codec,
        &manifest,
        &mut sources(&mut block.chunks(&[0, 2, 3, 6])),
    )
    .unwrap();
    assert_eq!(
        found,
        Audit {
            chunks: vec![],
            records: vec![1]
        }
    );
}
