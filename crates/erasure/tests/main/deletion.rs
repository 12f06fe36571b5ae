//! A record goes, its neighbours and all roots stay.

use crate::{
    proofs::stored,
    support::{sources, Block},
};
use codec::Encode;
use proptest::prelude::*;
use salus_erasure::{
    liars, rebuild_chunk, restore_record, root_of, verify, Blake2b256, ChunkFile, Error, Extent,
    ReadLeaves, Tombstone, LEAF,
};
use std::{os::unix::fs::MetadataExt, path::Path};

fn keep(block: &Block, folder: &Path) -> Vec<(u8, ChunkFile)> {
    (0u8..)
        .zip(block.encoded.outputs.iter().zip(&block.encoded.trees))
        .map(|(number, (bytes, tree))| {
            let path = folder.join(number.to_string());
            std::fs::write(&path, bytes).unwrap();
            (number, ChunkFile::seal(&path, tree, &[]).unwrap())
        })
        .collect()
}

#[test]
fn neighbours_survive_the_loss_of_all_that_may_be_lost() {
    let block = Block::sized(4, 7, &[30_000, 500_000, 3, 200_000, 70_000]);
    let manifest = &block.encoded.manifest;
    let folder = tempfile::tempdir().unwrap();
    let mut kept = keep(&block, folder.path());
    let deleted = [manifest.extent(1).unwrap(), manifest.extent(2).unwrap()];
    let gone: Vec<Vec<Tombstone>> = kept
        .iter_mut()
        .map(|(_, chunk)| deleted.map(|extent| chunk.delete(extent).unwrap()).to_vec())
        .collect();
    for (number, chunk) in &mut kept {
        assert_eq!(chunk.root().unwrap(), manifest.roots[usize::from(*number)]);
    }
    assert_eq!(
        liars(
            &block.codec,
            block.leaves(),
            &[manifest.extent(0).unwrap()],
            &mut sources(&mut kept)
        )
        .unwrap(),
        []
    );

    // Three custodians are lost; one chunk is rebuilt with the hashes that its custodian gave away.
    kept.drain(..3);
    let path = folder.path().join("new");
    let mut file = std::fs::File::create(&path).unwrap();
    let tree = rebuild_chunk(
        &block.codec,
        manifest,
        1,
        &gone[1],
        &mut sources(&mut kept),
        &mut file,
    )
    .unwrap();
    assert_eq!(tree, block.encoded.trees[1]);
    let mut new = ChunkFile::seal(&path, &tree, &gone[1]).unwrap();
    assert_eq!(new.root().unwrap(), manifest.roots[1]);
    kept[0] = (1, new);

    for record in [0, 3, 4] {
        let mut back = Vec::new();
        restore_record(
            &block.codec,
            manifest,
            record,
            &mut sources(&mut kept),
            &mut back,
        )
        .unwrap();
        assert!(back == block.records[record]);
    }
    for record in [1, 2] {
        let error = restore_record(
            &block.codec,
            manifest,
            record,
            &mut sources(&mut kept),
            &mut Vec::new(),
        );
        let Err(Error::Source { chunk: 1, error }) = error else {
            panic!("{error:?}")
        };
        assert!(matches!(*error, Error::Gone { .. }), "{error}");
    }
    // Without the tombstones, or with those of another chunk, there is no chunk.
    let rebuild = |gone: &[Tombstone], kept: &mut Vec<(u8, ChunkFile)>| {
        rebuild_chunk(
            &block.codec,
            manifest,
            2,
            gone,
            &mut sources(kept),
            &mut Vec::new(),
        )
    };
    let Err(Error::Source { chunk: 1, error }) = rebuild(&[], &mut kept) else {
        panic!("rebuilt")
    };
    assert!(matches!(*error, Error::Gone { .. }), "{error}");
    assert!(matches!(
        rebuild(&gone[3], &mut kept),
        Err(Error::Root { chunk: 2 })
    ));
    let twice = [gone[2][0].clone(), gone[2][0].clone(), gone[2][1].clone()];
    assert!(matches!(
        rebuild(&twice, &mut kept),
        Err(Error::Tombstone { .. })
    ));
}

#[test]
fn the_space_is_given_back_and_the_bytes_are_gone() {
    let (folder, mut chunk, tree, data) = stored(4000);
    let path = folder.path().join("chunk");
    let before = std::fs::metadata(&path).unwrap().blocks();
    let extent = Extent {
        first: 1001,
        count: 2500,
    };
    let gone = chunk.delete(extent).unwrap();
    assert!(
        gone.encoded_size() < 2500 * 32 / 8,
        "{}",
        gone.encoded_size()
    );
    let after = std::fs::metadata(&path).unwrap().blocks();
    assert!(
        before - after > 2400 * 2,
        "{before} blocks of 512 bytes, then {after}"
    );
    let left = std::fs::read(&path).unwrap();
    assert_eq!(left[..1001 * LEAF], data[..1001 * LEAF]);
    assert!(left[1001 * LEAF..3501 * LEAF].iter().all(|byte| *byte == 0));
    assert_eq!(left[3501 * LEAF..], data[3501 * LEAF..]);

    // Again, and after a start, it is the same; a part of it, or more, is another record's business.
    assert_eq!(chunk.delete(extent).unwrap(), gone);
    drop(chunk);
    let mut chunk = ChunkFile::open(&path, 4000).unwrap();
    assert_eq!(chunk.gone(), std::slice::from_ref(&gone));
    assert_eq!(chunk.root().unwrap(), tree.root());
    let more = Extent {
        first: 3500,
        count: 2,
    };
    assert!(matches!(
        chunk.delete(more),
        Err(Error::Gone { leaf: 3500 })
    ));
    let beyond = Extent {
        first: 3999,
        count: 2,
    };
    assert!(matches!(
        chunk.delete(beyond),
        Err(Error::NoSuchLeaf { .. })
    ));
    assert!(matches!(
        chunk.prove(&[1001]),
        Err(Error::Gone { leaf: 1001 })
    ));
    assert!(matches!(
        chunk.read_leaves(1000, &mut [0; 2 * LEAF]),
        Err(Error::Gone { leaf: 1001 })
    ));
}

#[test]
fn a_deletion_that_was_cut_short_ends_when_the_chunk_is_opened() {
    let (folder, mut chunk, tree, data) = stored(100);
    let path = folder.path().join("chunk");
    chunk
        .delete(Extent {
            first: 20,
            count: 30,
        })
        .unwrap();
    drop(chunk);
    // The hashes were written, the leaves not yet dropped.
    std::fs::write(&path, &data).unwrap();
    let mut chunk = ChunkFile::open(&path, 100).unwrap();
    assert!(std::fs::read(&path).unwrap()[20 * LEAF..50 * LEAF]
        .iter()
        .all(|byte| *byte == 0));
    assert_eq!(chunk.root().unwrap(), tree.root());
    // Hashes of another chunk do not open.
    std::fs::write(folder.path().join("chunk.gone"), [7, 7]).unwrap();
    let error = ChunkFile::open(&path, 100).err().unwrap().to_string();
    assert!(error.contains("chunk.gone"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn proofs_of_what_is_left_stay_valid(
        leaves in 1usize..300,
        cuts in prop::collection::vec((any::<u32>(), 1u32..90), 1..6),
    ) {
        let (_folder, mut chunk, tree, data) = stored(leaves);
        let mut dropped = vec![false; leaves];
        for (first, count) in cuts {
            let first = first % leaves as u32;
            let count = count.min(leaves as u32 - first);
            let range = first as usize..(first + count) as usize;
            let fresh = !dropped[range.clone()].contains(&true);
            let extent = Extent { first, count };
            let again = chunk.gone().iter().any(|gone| gone.extent == extent);
            prop_assert_eq!(chunk.delete(extent).is_ok(), fresh || again);
            if fresh {
                dropped[range].fill(true);
            }
        }
        let gone = chunk.gone().to_vec();
        prop_assert_eq!(root_of(&mut chunk, &gone).unwrap(), tree.root());
        for leaf in 0..leaves as u32 {
            let proof = chunk.prove(&[leaf]);
            if dropped[leaf as usize] {
                let gone = matches!(proof, Err(Error::Gone { leaf: gone }) if gone == leaf);
                prop_assert!(gone, "leaf {}", leaf);
                continue;
            }
            let proof = proof.unwrap();
            let start = leaf as usize * LEAF;
            prop_assert_eq!(&proof.leaves[0].data[..], &data[start..start + LEAF]);
            prop_assert_eq!(verify::<Blake2b256>(&tree.root(), leaves as u32, &[leaf], &proof), Ok(()));
        }
    }
}
