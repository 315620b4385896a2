//! Mistakes that can be built into the embedded reference.

use std::fmt;

use thiserror::Error;

use crate::worlds::{IRI, MIRROR};

/// A mistake in the reference node of one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mutant {
    /// In that of an IRI node.
    Iri(tanglegram_tangle::Mutant),
    /// In a mirror node's.
    Mirror(tanglegram_mirror::Mutant),
}

/// This program was built without the mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this program was built without mutants, which no release has: build it with `--features mutants`")]
pub struct NotBuilt;

impl Mutant {
    /// Every mistake there is, API by API and command by command.
    pub fn all() -> Vec<Mutant> {
        let iri = tanglegram_tangle::Mutant::ALL.iter().copied().map(Mutant::Iri);
        iri.chain(tanglegram_mirror::Mutant::ALL.iter().copied().map(Mutant::Mirror)).collect()
    }

    /// Whether this program can build them in.
    ///
    /// # Errors
    /// It cannot.
    pub fn available() -> Result<(), NotBuilt> {
        if cfg!(feature = "mutants") { Ok(()) } else { Err(NotBuilt) }
    }

    /// The API that is wrong.
    pub fn api(self) -> &'static str {
        match self {
            Mutant::Iri(_) => IRI,
            Mutant::Mirror(_) => MIRROR,
        }
    }

    /// What is wrong of it: the name of the vector file that is to find it.
    pub fn home(self) -> &'static str {
        match self {
            Mutant::Iri(mutant) => mutant.home(),
            Mutant::Mirror(mutant) => mutant.home(),
        }
    }

    /// What the node does, in one sentence.
    pub fn about(self) -> &'static str {
        match self {
            Mutant::Iri(mutant) => mutant.about(),
            Mutant::Mirror(mutant) => mutant.about(),
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mutant::Iri(mutant) => write!(f, "{IRI}/{}/{mutant}", mutant.home()),
            Mutant::Mirror(mutant) => write!(f, "{MIRROR}/{}/{mutant}", mutant.home()),
        }
    }
}
