//! Kerl: Keccak-384 over blocks of 243 trits, each as a 48-byte big-endian two's complement number whose last trit is 0.

mod block;
mod chains;
mod sponges;

use tanglegram_kernels::keccak::State;

pub(crate) use block::Block;
pub(crate) use chains::advance;
use sponges::Sponges;

use crate::{Hash, Trit};

/// A Kerl sponge.
#[derive(Debug, Clone)]
pub struct Kerl(Sponges<[State; 1]>);

impl Default for Kerl {
    fn default() -> Self {
        Self::new()
    }
}

impl Kerl {
    /// An empty sponge.
    pub fn new() -> Self {
        Self(Sponges::new([sponges::EMPTY]))
    }

    /// Absorbs trits in blocks of 243; a shorter last block is completed with 0.
    ///
    /// The last trit of every block counts as 0, as it has no room in the number.
    pub fn absorb(&mut self, trits: &[Trit]) {
        for chunk in trits.chunks(243) {
            let mut block = [0; 243];
            block[..chunk.len()].copy_from_slice(chunk);
            self.absorb_hash(&Hash::from_trits(&block));
        }
    }

    /// Absorbs one block of 243 trits.
    pub fn absorb_hash(&mut self, hash: &Hash) {
        let block = Block::from_hash(hash);
        self.0.absorb(|_| block);
    }

    /// The next 243 trits of output, the last one 0.
    ///
    /// Afterwards the sponge has absorbed nothing but the complement of this output, as Kerl defines it.
    pub fn squeeze(&mut self) -> Hash {
        let mut output = Block::default();
        self.0.squeeze(|_, block| output = block);
        output.to_hash()
    }
}

/// The Kerl hash of trits; see [`Kerl::absorb`].
pub fn hash(trits: &[Trit]) -> Hash {
    let mut kerl = Kerl::new();
    kerl.absorb(trits);
    kerl.squeeze()
}

/// The Kerl hash of several blocks of 243 trits.
pub fn hash_all(blocks: &[Hash]) -> Hash {
    let mut kerl = Kerl::new();
    blocks.iter().for_each(|block| kerl.absorb_hash(block));
    kerl.squeeze()
}

/// The hashes of messages of `len` blocks each, given one behind the other; computed side by side.
pub(crate) fn hash_each(blocks: &[Block], len: usize) -> Vec<Block> {
    let messages = blocks.len() / len;
    let mut sponges = Sponges::new(vec![sponges::EMPTY; messages]);
    for index in 0..len {
        sponges.absorb(|message| blocks[message * len + index]);
    }
    let mut hashes = Vec::with_capacity(messages);
    sponges.squeeze(|_, block| hashes.push(block.cleared()));
    hashes
}

/// The first `count` blocks of output after absorbing one block, for each block; returned one behind the other.
pub(crate) fn expand_each(blocks: &[Block], count: usize) -> Vec<Block> {
    let mut sponges = Sponges::new(vec![sponges::EMPTY; blocks.len()]);
    sponges.absorb(|message| blocks[message]);
    let mut outputs = vec![Block::default(); blocks.len() * count];
    for index in 0..count {
        sponges.squeeze(|message, block| outputs[message * count + index] = block.cleared());
    }
    outputs
}
