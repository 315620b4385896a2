//! The hash function that a signature is made of.

use std::{fmt, str::FromStr};

use tanglegram_kernels::curl::{self, Curl, Rounds};

use crate::{
    Hash, Trit,
    kerl::{self, Block},
    wots::SEGMENTS,
};

/// Which sponge keys, signatures and Merkle trees are hashed with. Transfers always use [`SignatureMode::Kerl`]; a
/// coordinator may use any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureMode {
    /// Keccak-384 over trits.
    #[default]
    Kerl,
    /// Curl with 27 rounds.
    CurlP27,
    /// Curl with 81 rounds.
    CurlP81,
}

/// The text names no signature mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no signature mode (KERL, CURLP27 and CURLP81 are)")]
pub struct UnknownMode(String);

impl FromStr for SignatureMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "KERL" => Ok(Self::Kerl),
            "CURLP27" => Ok(Self::CurlP27),
            "CURLP81" => Ok(Self::CurlP81),
            other => Err(UnknownMode(other.to_owned())),
        }
    }
}

impl fmt::Display for SignatureMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Kerl => "KERL",
            Self::CurlP27 => "CURLP27",
            Self::CurlP81 => "CURLP81",
        })
    }
}

impl SignatureMode {
    /// The hash of several blocks of 243 trits.
    pub fn hash(self, blocks: &[Hash]) -> Hash {
        match self.rounds() {
            None => kerl::hash_all(blocks),
            Some(rounds) => Hash::from_trits(&curl::hash(&concat(blocks), rounds)),
        }
    }

    /// The hashes of messages of `len` blocks each, given one behind the other.
    pub(crate) fn hash_each(self, blocks: &[Hash], len: usize) -> Vec<Hash> {
        match self.rounds() {
            None => to_hashes(kerl::hash_each(&to_blocks(blocks), len)),
            Some(rounds) => {
                let messages: Vec<Vec<Trit>> = blocks.chunks(len).map(concat).collect();
                let inputs: Vec<&[Trit]> = messages.iter().map(Vec::as_slice).collect();
                curl::hash_many(&inputs, rounds).iter().map(Hash::from_trits).collect()
            }
        }
    }

    /// The first `count` blocks of output after absorbing one block, for each block; returned one behind the other.
    pub(crate) fn expand_each(self, blocks: &[Hash], count: usize) -> Vec<Hash> {
        match self.rounds() {
            None => to_hashes(kerl::expand_each(&to_blocks(blocks), count)),
            Some(rounds) => blocks.iter().flat_map(|block| curl_expand(block, count, rounds)).collect(),
        }
    }

    /// Every block hashed again and again: block `i` as often as `steps[i]` says.
    pub(crate) fn advance(self, blocks: &[Hash], steps: &[u8]) -> Vec<Hash> {
        match self.rounds() {
            None => to_hashes(kerl_chains(blocks, steps)),
            Some(rounds) => curl_chains(blocks, steps, rounds),
        }
    }

    /// The digests of fragments: their segments advanced, then hashed together, [`SEGMENTS`] at a time.
    pub(crate) fn digests(self, segments: &[Hash], steps: &[u8]) -> Vec<Hash> {
        match self.rounds() {
            None => to_hashes(kerl::hash_each(&kerl_chains(segments, steps), SEGMENTS)),
            Some(rounds) => self.hash_each(&curl_chains(segments, steps, rounds), SEGMENTS),
        }
    }

    fn rounds(self) -> Option<Rounds> {
        match self {
            Self::Kerl => None,
            Self::CurlP27 => Some(Rounds::P27),
            Self::CurlP81 => Some(Rounds::P81),
        }
    }
}

fn to_blocks(hashes: &[Hash]) -> Vec<Block> {
    hashes.iter().map(Block::from_hash).collect()
}

fn to_hashes(blocks: Vec<Block>) -> Vec<Hash> {
    blocks.into_iter().map(Block::to_hash).collect()
}

fn kerl_chains(blocks: &[Hash], steps: &[u8]) -> Vec<Block> {
    let mut blocks = to_blocks(blocks);
    kerl::advance(&mut blocks, steps);
    blocks
}

fn curl_chains(blocks: &[Hash], steps: &[u8], rounds: Rounds) -> Vec<Hash> {
    let mut chains: Vec<[Trit; 243]> = blocks.iter().map(Hash::trits).collect();
    for step in 0..steps.iter().copied().max().unwrap_or(0) {
        let running: Vec<usize> = (0..chains.len()).filter(|&chain| steps[chain] > step).collect();
        let inputs: Vec<&[Trit]> = running.iter().map(|&chain| &chains[chain][..]).collect();
        let hashes = curl::hash_many(&inputs, rounds);
        for (chain, hash) in running.into_iter().zip(hashes) {
            chains[chain] = hash;
        }
    }
    chains.iter().map(Hash::from_trits).collect()
}

fn curl_expand(block: &Hash, count: usize, rounds: Rounds) -> Vec<Hash> {
    let mut curl = Curl::new(rounds);
    curl.absorb(&block.trits());
    let mut trits = vec![0; 243 * count];
    curl.squeeze(&mut trits);
    trits.as_chunks().0.iter().map(Hash::from_trits).collect()
}

fn concat(blocks: &[Hash]) -> Vec<Trit> {
    blocks.iter().flat_map(Hash::trits).collect()
}
