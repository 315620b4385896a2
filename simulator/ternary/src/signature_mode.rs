//! The hash function that a signature is made of.

use std::{fmt, str::FromStr};

use tanglegram_kernels::curl::{self, Curl, Rounds};

use crate::{
    Hash, Trit,
    kerl::{self, Block, Kerl},
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

    /// The first `count` blocks of output after absorbing one block.
    pub(crate) fn expand(self, block: &Hash, count: usize) -> Vec<Hash> {
        match self.rounds() {
            None => {
                let mut kerl = Kerl::new();
                kerl.absorb_hash(block);
                (0..count).map(|_| kerl.squeeze()).collect()
            }
            Some(rounds) => {
                let mut curl = Curl::new(rounds);
                curl.absorb(&block.trits());
                (0..count).map(|_| squeeze(&mut curl)).collect()
            }
        }
    }

    /// Every block hashed again and again: block `i` as often as `steps[i]` says.
    pub(crate) fn advance(self, blocks: &[Hash], steps: &[u8]) -> Vec<Hash> {
        match self.rounds() {
            None => kerl_chains(blocks, steps).into_iter().map(Block::to_hash).collect(),
            Some(rounds) => curl_chains(blocks, steps, rounds),
        }
    }

    /// The digests of fragments: their segments advanced, then hashed together, [`SEGMENTS`] at a time.
    pub(crate) fn digests(self, segments: &[Hash], steps: &[u8]) -> Vec<Hash> {
        match self.rounds() {
            None => kerl_chains(segments, steps).chunks(SEGMENTS).map(kerl::hash_blocks).collect(),
            Some(rounds) => curl_chains(segments, steps, rounds)
                .chunks(SEGMENTS)
                .map(|fragment| self.hash(fragment))
                .collect(),
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

fn kerl_chains(blocks: &[Hash], steps: &[u8]) -> Vec<Block> {
    let mut blocks: Vec<Block> = blocks.iter().map(Block::from_hash).collect();
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

fn squeeze(curl: &mut Curl) -> Hash {
    let mut trits = [0; 243];
    curl.squeeze(&mut trits);
    Hash::from_trits(&trits)
}

fn concat(blocks: &[Hash]) -> Vec<Trit> {
    blocks.iter().flat_map(Hash::trits).collect()
}
