//! Merkle trees of one-time addresses: many keys, one root that is known as the coordinator's address.

use crate::{
    Address, Hash, SignatureMode,
    wots::{self, Fragment, PrivateKey, Security},
};

/// The largest depth of a tree that is built here: a million keys.
pub const MAX_DEPTH: usize = 20;

/// The tree is too deep to be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key tree of depth {0} is not built: at most {MAX_DEPTH}")]
pub struct TooDeep(usize);

/// No tree has this many leaves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} leaves make no key tree: a power of 2 does, at most 2^{MAX_DEPTH}")]
pub struct BadLeaves(usize);

/// All keys of a coordinator. Leaf `i` is the address of key number `i` of its seed.
#[derive(Clone)]
pub struct KeyTree {
    mode: SignatureMode,
    seed: Hash,
    security: Security,
    /// From the leaves to the root; each layer has half as many nodes as the one before.
    layers: Vec<Vec<Hash>>,
}

impl KeyTree {
    /// Generates the `2^depth` keys of a seed. This takes long for large depths: one key is about a thousand hashes.
    pub fn generate(
        mode: SignatureMode,
        seed: &Hash,
        security: Security,
        depth: usize,
    ) -> Result<Self, TooDeep> {
        if depth > MAX_DEPTH {
            return Err(TooDeep(depth));
        }
        Ok(Self::over(mode, seed, security, wots::addresses(mode, seed, 0..1 << depth, security)))
    }

    /// The tree over leaves that were generated before, with the same mode, seed and security: only the nodes above them
    /// are computed. Wrong leaves make signatures that do not verify.
    pub fn from_leaves(
        mode: SignatureMode,
        seed: &Hash,
        security: Security,
        leaves: Vec<Hash>,
    ) -> Result<Self, BadLeaves> {
        if leaves.len().is_power_of_two() && leaves.len() <= 1 << MAX_DEPTH {
            Ok(Self::over(mode, seed, security, leaves))
        } else {
            Err(BadLeaves(leaves.len()))
        }
    }

    fn over(mode: SignatureMode, seed: &Hash, security: Security, leaves: Vec<Hash>) -> Self {
        let mut layers = vec![leaves];
        while layers[layers.len() - 1].len() > 1 {
            layers.push(mode.hash_each(&layers[layers.len() - 1], 2));
        }
        Self { mode, seed: *seed, security, layers }
    }

    /// The hash function of its keys and nodes.
    pub fn mode(&self) -> SignatureMode {
        self.mode
    }

    /// What its keys are made from.
    pub fn seed(&self) -> &Hash {
        &self.seed
    }

    /// The security level of its keys.
    pub fn security(&self) -> Security {
        self.security
    }

    /// The number of layers above the leaves.
    pub fn depth(&self) -> usize {
        self.layers.len() - 1
    }

    /// What it is known by.
    pub fn root(&self) -> Address {
        self.layers[self.depth()][0]
    }

    /// The address of a key; `None` if there is no such key.
    pub fn leaf(&self, index: u32) -> Option<Address> {
        self.layers[0].get(index as usize).copied()
    }

    /// The sibling of every node on the way from a leaf up to the root; `None` if there is no such leaf.
    pub fn path(&self, index: u32) -> Option<Vec<Hash>> {
        self.leaf(index)?;
        let below_root = &self.layers[..self.depth()];
        Some(
            below_root
                .iter()
                .enumerate()
                .map(|(height, nodes)| nodes[(index as usize >> height) ^ 1])
                .collect(),
        )
    }

    /// Signs a hash with a key, which must sign nothing else; `None` if there is no such key.
    pub fn sign(&self, index: u32, hash: &Hash) -> Option<Vec<Fragment>> {
        self.leaf(index)?;
        Some(PrivateKey::generate(self.mode, &self.seed, index, self.security).sign(hash))
    }
}

/// The root that a leaf and its path lead to; `None` if a path of this length has no leaf of that index.
///
/// Bit `i` of the index tells on which side of sibling `i` the path goes: 0 left, 1 right.
pub fn recover_root(mode: SignatureMode, leaf: &Address, index: u32, path: &[Hash]) -> Option<Address> {
    let (mut node, mut bits) = (*leaf, index);
    for sibling in path {
        node = if bits & 1 == 0 { mode.hash(&[node, *sibling]) } else { mode.hash(&[*sibling, node]) };
        bits >>= 1;
    }
    (bits == 0).then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_to_the_root() {
        let seed = Hash::from_trytes_padded("COORDINATOR").unwrap();
        for mode in [SignatureMode::Kerl, SignatureMode::CurlP27, SignatureMode::CurlP81] {
            let tree = KeyTree::generate(mode, &seed, Security::Low, 2).unwrap();
            for index in 0..4 {
                let (leaf, path) = (tree.leaf(index).unwrap(), tree.path(index).unwrap());
                assert_eq!(recover_root(mode, &leaf, index, &path), Some(tree.root()));
                assert_ne!(recover_root(mode, &leaf, index ^ 1, &path), Some(tree.root()));
                assert_eq!(recover_root(mode, &leaf, index + 4, &path), None);
            }
        }
    }

    #[test]
    fn a_single_key_is_its_own_root() {
        let tree = KeyTree::generate(SignatureMode::Kerl, &Hash::NULL, Security::Medium, 0).unwrap();
        assert_eq!(tree.leaf(0), Some(tree.root()));
        assert_eq!(tree.path(0), Some(vec![]));
        assert_eq!((tree.leaf(1), tree.path(1), tree.sign(1, &Hash::NULL)), (None, None, None));
    }

    #[test]
    fn a_tree_is_the_same_over_its_leaves() {
        let (mode, seed) = (SignatureMode::Kerl, Hash::from_trytes_padded("COORDINATOR").unwrap());
        let tree = KeyTree::generate(mode, &seed, Security::Low, 2).unwrap();
        let leaves: Vec<_> = (0..4).map(|index| tree.leaf(index).unwrap()).collect();
        let again = KeyTree::from_leaves(mode, &seed, Security::Low, leaves.clone()).unwrap();
        assert_eq!((again.root(), again.depth(), again.path(3)), (tree.root(), 2, tree.path(3)));
        let error = KeyTree::from_leaves(mode, &seed, Security::Low, leaves[..3].to_vec()).err().unwrap();
        assert_eq!(error, BadLeaves(3));
    }

    #[test]
    fn deep_trees_are_refused() {
        let error = KeyTree::generate(SignatureMode::Kerl, &Hash::NULL, Security::Low, 40).err().unwrap();
        assert_eq!(error.to_string(), "a key tree of depth 40 is not built: at most 20");
    }
}
