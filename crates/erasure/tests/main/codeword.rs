//! Owners that commit to chunks which are no code word.

use crate::support::{sources, Block};
use proptest::prelude::*;
use salus_erasure::{
    audit, first_contradiction, verify_wrong_codeword, Audit, Blake2b256, ChunkFile, Error, Extent,
    InvalidManifest, InvalidProof, Leaves, NotWrong, TreeBuilder, WrongCodeword, LEAF,
};
use std::io::Cursor;

/// An owner that changed one byte of a chunk before it computed the root.
fn forged(k: u8, m: u8, size: usize, chunk: u8, at: usize) -> Block {
    let mut block = Block::sized(k, m, &[size]);
    let bytes = &mut block.encoded.outputs[usize::from(chunk)];
    let at = at % bytes.len();
    bytes[at] ^= 0x20;
    let mut tree = TreeBuilder::new();
    tree.push(bytes);
    block.encoded.trees[usize::from(chunk)] = tree.finish();
    block.encoded.manifest.roots[usize::from(chunk)] =
        block.encoded.trees[usize::from(chunk)].root();
    block
}

/// What the custodians of `chunks` show of `leaf`.
fn shown(block: &Block, chunks: &[u8], leaf: u32) -> WrongCodeword {
    let folder = tempfile::tempdir().unwrap();
    let prove = |chunk: &u8| {
        let path = folder.path().join(chunk.to_string());
        let number = usize::from(*chunk);
        std::fs::write(&path, &block.encoded.outputs[number]).unwrap();
        let kept = ChunkFile::seal(&path, &block.encoded.trees[number], &[]).unwrap();
        (*chunk, kept.prove(&[leaf]).unwrap().leaves.remove(0))
    };
    WrongCodeword {
        leaves: chunks.iter().map(prove).collect(),
    }
}

fn verdict(block: &Block, shown: &WrongCodeword) -> Result<(), NotWrong> {
    let manifest = &block.encoded.manifest;
    verify_wrong_codeword::<Blake2b256>(manifest.shape, &manifest.roots, block.leaves(), shown)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn one_wrong_byte_convicts_and_no_other_stripe_does(
        (k, m) in (1u8..12).prop_flat_map(|k| (Just(k), k + 1..20)),
        size in 1usize..60_000,
        chunk in any::<u8>(),
        at in any::<usize>(),
    ) {
        let chunk = chunk % m;
        let block = forged(k, m, size, chunk, at);
        let leaves = block.leaves();
        // The forged chunk and k others.
        let mut which: Vec<u8> = (0..m).filter(|i| *i != chunk).take(k.into()).chain([chunk]).collect();
        which.sort_unstable();
        let all = Extent { first: 0, count: leaves };
        let mut some = block.chunks(&which);
        let leaf = first_contradiction(&block.codec, leaves, all, &mut sources(&mut some)).unwrap();
        let position = at % (leaves as usize * LEAF) / LEAF;
        prop_assert_eq!(leaf, Some(position as u32));
        for leaf in 0..leaves {
            let expected = if leaf == position as u32 { Ok(()) } else { Err(NotWrong::Fits) };
            prop_assert_eq!(verdict(&block, &shown(&block, &which, leaf)), expected);
        }
        // An audit says so from k chunks, whatever they are.
        let mut first = block.chunks(&which[..usize::from(k)]);
        let found = audit(&block.codec, &block.encoded.manifest, &mut sources(&mut first)).unwrap();
        prop_assert!(found != Audit::default());
    }
}

#[test]
fn honest_owners_cannot_be_convicted() {
    let block = Block::sized(4, 7, &[30_000]);
    let manifest = &block.encoded.manifest;
    let good = shown(&block, &[0, 2, 3, 5, 6], 3);
    assert_eq!(verdict(&block, &good), Err(NotWrong::Fits));
    let changed = |change: fn(&mut WrongCodeword)| {
        let mut changed = good.clone();
        change(&mut changed);
        verdict(&block, &changed)
    };
    assert_eq!(
        changed(|w| drop(w.leaves.pop())),
        Err(NotWrong::Count { got: 4, need: 5 })
    );
    assert_eq!(
        changed(|w| w.leaves.swap(1, 2)),
        Err(NotWrong::Chunk { chunk: 2 })
    );
    assert_eq!(
        changed(|w| w.leaves[4] = w.leaves[3].clone()),
        Err(NotWrong::Chunk { chunk: 5 })
    );
    assert_eq!(
        changed(|w| w.leaves[4].0 = 7),
        Err(NotWrong::Chunk { chunk: 7 })
    );
    let proof = InvalidProof::Root { leaf: 3 };
    // A changed byte, and a leaf of another chunk.
    assert_eq!(
        changed(|w| w.leaves[0].1.data[9] ^= 1),
        Err(NotWrong::Proof { chunk: 0, proof })
    );
    assert_eq!(
        changed(|w| w.leaves[0].0 = 1),
        Err(NotWrong::Proof { chunk: 1, proof })
    );
    let mut mixed = good.clone();
    mixed.leaves[2] = shown(&block, &[3], 4).leaves.remove(0);
    assert_eq!(
        verdict(&block, &mixed),
        Err(NotWrong::Leaf {
            chunk: 3,
            leaf: 3,
            got: 4
        })
    );
    let roots = &manifest.roots[..6];
    let verdict = verify_wrong_codeword::<Blake2b256>(manifest.shape, roots, block.leaves(), &good);
    assert_eq!(verdict, Err(NotWrong::Chunk { chunk: 6 }));
    let shape = codec::Decode::decode(&mut &[7u8, 7][..]).unwrap();
    let verdict = verify_wrong_codeword::<Blake2b256>(shape, &manifest.roots, 8, &good);
    assert_eq!(
        verdict,
        Err(NotWrong::Manifest(InvalidManifest::Shape {
            data: 7,
            total: 7
        }))
    );
}

#[test]
fn contradictions_are_sought_where_they_can_be() {
    let block = Block::sized(4, 7, &[30_000]);
    let (leaves, all) = (
        block.leaves(),
        Extent {
            first: 0,
            count: block.leaves(),
        },
    );
    let seek = |extent, which: &[u8]| {
        let mut some = block.chunks(which);
        first_contradiction(&block.codec, leaves, extent, &mut sources(&mut some))
    };
    assert_eq!(seek(all, &[0, 1, 2, 3, 4, 5, 6]).unwrap(), None);
    assert!(matches!(
        seek(all, &[0, 1, 2, 3]),
        Err(Error::TooFew { have: 4, need: 5 })
    ));
    let beyond = Extent {
        first: 1,
        count: leaves,
    };
    assert!(matches!(
        seek(beyond, &[0, 1, 2, 3, 4]),
        Err(Error::NoSuchLeaf { .. })
    ));
    // Two chunks under each other's numbers contradict the others at once.
    let bytes = |chunk: usize| Cursor::new(block.encoded.outputs[chunk].clone());
    let mut swapped: Vec<_> = [(0, 0), (1, 1), (2, 3), (3, 2), (4, 4)]
        .map(|(number, held)| (number, Leaves::new(bytes(held), leaves).unwrap()))
        .into();
    let found = first_contradiction(&block.codec, leaves, all, &mut sources(&mut swapped)).unwrap();
    assert_eq!(found, Some(0));
}
