//! Roots and proofs of all trees up to 256 leaves, against hashes made from the definition.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_beckn::log::hex;
use eca_beckn::log::tree::{Hash, Tree, leaf_hash, verify_consistency, verify_inclusion};
use sha2::{Digest as _, Sha256};

const SIZES: u64 = 256;

/// MTH of RFC 6962, 2.1, word for word.
fn mth(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => Sha256::digest([&[0], one.as_slice()].concat()).into(),
        _ => {
            let mut k = 1;
            while 2 * k < leaves.len() {
                k *= 2;
            }
            let (left, right) = (mth(&leaves[..k]), mth(&leaves[k..]));
            Sha256::digest([&[1], left.as_slice(), right.as_slice()].concat()).into()
        }
    }
}

fn records() -> Vec<Vec<u8>> {
    (0..SIZES).map(|i| format!("record {i}").into_bytes()).collect()
}

fn tree() -> (Tree, Vec<Hash>) {
    let (mut tree, mut leaves) = (Tree::default(), Vec::new());
    for record in records() {
        tree.push(leaf_hash(&record));
        leaves.push(leaf_hash(&record));
    }
    (tree, leaves)
}

#[test]
fn roots_of_the_reference_log() {
    // The eight leaves of the tests of Certificate Transparency, and its roots of 1, 2 and 8.
    let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let mut tree = Tree::default();
    for leaf in leaves {
        let bytes: Vec<u8> =
            (0..leaf.len() / 2).map(|i| u8::from_str_radix(&leaf[2 * i..2 * i + 2], 16).unwrap()).collect();
        tree.push(leaf_hash(&bytes));
    }
    let root = |size| hex(&tree.root(size).unwrap());
    assert_eq!(root(0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(root(1), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    assert_eq!(root(2), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    assert_eq!(root(8), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    assert_eq!(tree.root(9), None);
}

#[test]
fn every_root_is_that_of_the_definition() {
    let (tree, records) = (tree().0, records());
    for size in 0..=SIZES {
        assert_eq!(tree.root(size).unwrap(), mth(&records[..size as usize]), "{size}");
    }
}

#[test]
fn every_inclusion_proof_holds_and_breaks_with_each_hash() {
    let (tree, leaves) = tree();
    let mut proofs = 0;
    for size in 1..=SIZES {
        let root = tree.root(size).unwrap();
        for index in 0..size {
            let leaf = &leaves[index as usize];
            let mut proof = tree.inclusion(index, size).unwrap();
            assert!(verify_inclusion(leaf, index, size, &proof, &root), "{index} of {size}");
            for i in 0..proof.len() {
                proof[i][i] ^= 1;
                assert!(!verify_inclusion(leaf, index, size, &proof, &root), "hash {i} of {index} of {size}");
                proof[i][i] ^= 1;
            }
            assert!(!verify_inclusion(&root, index, size, &proof, &root) || size == 1);
            assert!(!verify_inclusion(leaf, index + 1, size, &proof, &root));
            proof.push(root);
            assert!(!verify_inclusion(leaf, index, size, &proof, &root));
            proofs += 1;
        }
        assert_eq!(tree.inclusion(size, size), None);
    }
    assert_eq!(proofs, 32_896);
}

#[test]
fn every_consistency_proof_holds_and_breaks_with_each_hash() {
    let (tree, _) = tree();
    let mut proofs = 0;
    for new in 1..=SIZES {
        let new_root = tree.root(new).unwrap();
        for old in 1..=new {
            let old_root = tree.root(old).unwrap();
            let mut proof = tree.consistency(old, new).unwrap();
            assert!(verify_consistency(old, &old_root, new, &new_root, &proof), "{old} in {new}");
            for i in 0..proof.len() {
                proof[i][i] ^= 1;
                assert!(!verify_consistency(old, &old_root, new, &new_root, &proof), "hash {i} of {old} in {new}");
                proof[i][i] ^= 1;
            }
            let mut other = old_root;
            other[31] ^= 0x80;
            assert!(!verify_consistency(old, &other, new, &new_root, &proof));
            assert!(old == new || !verify_consistency(old, &old_root, new, &other, &proof));
            proof.push(new_root);
            assert!(!verify_consistency(old, &old_root, new, &new_root, &proof));
            proofs += 1;
        }
    }
    assert_eq!(proofs, 32_896);
}
