//! Proofs, and the SDK's tree.

use crate::support::{bytes, Block};
use binary_merkle_tree::{merkle_proof, merkle_root, verify_proof};
use primitive_types::H256;
use proptest::prelude::*;
use salus_erasure::{
    path_length, verify, Blake2b256, ChunkFile, Error, InvalidProof, Proof, Tree, TreeBuilder, LEAF,
};

fn check(root: &H256, leaves: u32, asked: &[u32], proof: &Proof) -> Result<(), InvalidProof> {
    verify::<Blake2b256>(root, leaves, asked, proof)
}

/// A chunk of `leaves` in a folder of its own.
pub fn stored(leaves: usize) -> (tempfile::TempDir, ChunkFile, Tree, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let data = bytes(leaves, leaves * LEAF);
    let mut tree = TreeBuilder::new();
    // Pieces of any number of leaves.
    let mut rest = &data[..];
    let mut piece = 1;
    while !rest.is_empty() {
        let (next, later) = rest.split_at(rest.len().min(piece * LEAF));
        tree.push(next);
        rest = later;
        piece = piece % 37 + 5;
    }
    let tree = tree.finish();
    let path = folder.path().join("chunk");
    std::fs::write(&path, &data).unwrap();
    let chunk = ChunkFile::seal(&path, &tree, &[]).unwrap();
    (folder, chunk, tree, data)
}

#[test]
fn trees_and_paths_are_the_sdks() {
    for leaves in (1..70).chain([127, 128, 129, 255, 256, 257, 1000]) {
        let (_folder, chunk, tree, data) = stored(leaves);
        assert_eq!(tree.root(), merkle_root::<Blake2b256, _>(data.chunks(LEAF)));
        let step = if leaves < 70 { 1 } else { 7 };
        for leaf in (0..leaves as u32).step_by(step).chain([leaves as u32 - 1]) {
            let ours = chunk.prove(&[leaf]).unwrap();
            let theirs = merkle_proof::<Blake2b256, _, _>(data.chunks(LEAF), leaf);
            assert_eq!(ours.leaves[0].path, theirs.proof, "leaf {leaf} of {leaves}");
            assert_eq!(ours.leaves[0].data, theirs.leaf);
            assert_eq!(theirs.proof.len() as u32, path_length(leaf, leaves as u32));
            check(&tree.root(), leaves as u32, &[leaf], &ours).unwrap();
        }
    }
}

#[test]
fn the_sdks_verifier_alone_would_take_a_neighbours_leaf() {
    let leaves = [[1; LEAF], [2; LEAF], [3; LEAF]];
    let root = merkle_root::<Blake2b256, _>(leaves);
    let proof = merkle_proof::<Blake2b256, _, _>(leaves, 2).proof;
    // Leaf 2 passes for leaf 1: the path is one hash short.
    assert!(verify_proof::<Blake2b256, _, _>(
        &root,
        proof.clone(),
        3,
        1,
        &leaves[2]
    ));
    let leaf = salus_erasure::LeafProof {
        leaf: 1,
        data: leaves[2].to_vec(),
        path: proof,
    };
    let refused = check(&root, 3, &[1], &Proof { leaves: vec![leaf] });
    assert_eq!(
        refused,
        Err(InvalidProof::Path {
            leaf: 1,
            wanted: 2,
            got: 1
        })
    );
    // And a node passes for a leaf of 64 bytes.
    let pair: Vec<u8> = [leaves[0], leaves[1]]
        .iter()
        .flat_map(|leaf| <Blake2b256 as hash_db::Hasher>::hash(leaf).0)
        .collect();
    let above = <Blake2b256 as hash_db::Hasher>::hash(&leaves[2]);
    assert!(verify_proof::<Blake2b256, _, _>(
        &root,
        [above],
        2,
        0,
        &pair
    ));
    let leaf = salus_erasure::LeafProof {
        leaf: 0,
        data: pair,
        path: vec![above],
    };
    let refused = check(&root, 2, &[0], &Proof { leaves: vec![leaf] });
    assert_eq!(refused, Err(InvalidProof::Size { leaf: 0, bytes: 64 }));
}

#[test]
fn whatever_is_changed_is_named() {
    let (_folder, chunk, tree, _) = stored(100);
    let root = tree.root();
    let asked = [3, 99, 64];
    let proof = chunk.prove(&asked).unwrap();
    check(&root, 100, &asked, &proof).unwrap();

    assert_eq!(
        check(&root, 100, &[3, 99], &proof),
        Err(InvalidProof::Count { asked: 2, got: 3 })
    );
    assert_eq!(
        check(&root, 100, &[3, 64, 99], &proof),
        Err(InvalidProof::Leaf { asked: 64, got: 99 })
    );
    assert_eq!(
        check(&root, 99, &asked, &proof),
        Err(InvalidProof::NoSuchLeaf {
            leaf: 99,
            leaves: 99
        })
    );
    assert_eq!(
        check(&H256::zero(), 100, &asked, &proof),
        Err(InvalidProof::Root { leaf: 3 })
    );
    let changed = |change: fn(&mut Proof)| {
        let mut changed = proof.clone();
        change(&mut changed);
        check(&root, 100, &asked, &changed)
    };
    assert_eq!(
        changed(|p| p.leaves[1].data[0] ^= 1),
        Err(InvalidProof::Root { leaf: 99 })
    );
    assert_eq!(
        changed(|p| p.leaves[2].path[3].0[0] ^= 1),
        Err(InvalidProof::Root { leaf: 64 })
    );
    assert_eq!(
        changed(|p| p.leaves[0].path.swap(0, 1)),
        Err(InvalidProof::Root { leaf: 3 })
    );
    assert_eq!(
        changed(|p| p.leaves[0].data.push(0)),
        Err(InvalidProof::Size {
            leaf: 3,
            bytes: 1025
        })
    );
    assert_eq!(
        changed(|p| p.leaves[0].path.truncate(6)),
        Err(InvalidProof::Path {
            leaf: 3,
            wanted: 7,
            got: 6
        })
    );
    assert_eq!(
        changed(|p| p.leaves[1].path.push(H256::zero())),
        Err(InvalidProof::Path {
            leaf: 99,
            wanted: 4,
            got: 5
        })
    );
    let error = chunk.prove(&[100]).unwrap_err();
    assert!(
        matches!(error, Error::NoSuchLeaf { leaves: 100, .. }),
        "{error}"
    );
}

proptest! {
    #[test]
    fn a_leaf_proves_itself_only(leaves in 2u32..600, a in any::<u32>(), b in any::<u32>()) {
        let (a, b) = (a % leaves, b % leaves);
        let block = Block::sized(1, 2, &[leaves as usize * LEAF]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chunk");
        std::fs::write(&path, &block.encoded.outputs[1]).unwrap();
        let chunk = ChunkFile::seal(&path, &block.encoded.trees[1], &[]).unwrap();
        let mut proof = chunk.prove(&[a]).unwrap();
        let root = block.encoded.manifest.roots[1];
        prop_assert_eq!(check(&root, leaves, &[a], &proof), Ok(()));
        proof.leaves[0].leaf = b;
        prop_assert_eq!(check(&root, leaves, &[b], &proof).is_ok(), a == b);
    }
}

#[test]
fn a_tree_that_was_cut_is_refused() {
    let (folder, _chunk, tree, _) = stored(1000);
    let mut bytes = Vec::new();
    tree.write(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, Tree::size(1000));
    assert_eq!(Tree::read(1000, &mut &bytes[..]).unwrap(), tree);
    bytes.pop();
    assert!(matches!(
        Tree::read(1000, &mut &bytes[..]),
        Err(Error::WrongTree { .. })
    ));
    let path = folder.path().join("chunk");
    std::fs::write(folder.path().join("chunk.tree"), &bytes).unwrap();
    assert!(matches!(
        ChunkFile::open(&path, 1000),
        Err(Error::WrongTree { leaves: 1000, .. })
    ));
    assert!(matches!(
        ChunkFile::open(&path, 999),
        Err(Error::WrongSize { leaves: 999, .. })
    ));
}
