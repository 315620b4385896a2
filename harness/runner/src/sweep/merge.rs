//! Putting the parts of a sweep together.

use std::collections::btree_map::Entry;

use super::results::{Header, Results, SeedResult};

/// Why results cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// They are of different sweeps.
    #[error("the results are of different sweeps: {0} and {1}")]
    Different(String, String),
    /// A seed came to two different ends.
    #[error("seed {seed} did not reproduce: {one} and {other}")]
    NotReproduced {
        /// The seed.
        seed: u64,
        /// The digest of a run.
        one: String,
        /// That of another.
        other: String,
    },
    /// There is nothing to merge.
    #[error("there are no results to merge")]
    Nothing,
}

/// All results of all parts. The order of the parts makes no difference, nor does a part that comes twice, nor one that was
/// merged from others before.
pub fn merge(parts: impl IntoIterator<Item = (Header, Results)>) -> Result<(Header, Results), MergeError> {
    let mut merged: Option<(Header, Results)> = None;
    for (header, results) in parts {
        match &mut merged {
            None => merged = Some((header, results)),
            Some((first, all)) => {
                agree(first, &header)?;
                // The worlds are the same, however they are called: the first name in the alphabet.
                first.world = std::mem::take(&mut first.world).min(header.world);
                results.into_values().try_for_each(|result| add(all, result))?;
            }
        }
    }
    merged.ok_or(MergeError::Nothing)
}

fn agree(one: &Header, other: &Header) -> Result<(), MergeError> {
    if one.belongs_to(other) {
        return Ok(());
    }
    let text = |header: &Header| {
        format!("scenario {:.12}, seeds {}, version {}", header.scenario, header.seeds, header.version)
    };
    let (one, other) = (text(one), text(other));
    Err(MergeError::Different(one.clone().min(other.clone()), one.max(other)))
}

fn add(all: &mut Results, result: SeedResult) -> Result<(), MergeError> {
    match all.entry(result.seed) {
        Entry::Vacant(free) => drop(free.insert(result)),
        Entry::Occupied(former) if *former.get() == result => {}
        Entry::Occupied(former) => {
            let (one, other) = (former.get().digest.clone(), result.digest);
            return Err(MergeError::NotReproduced {
                seed: result.seed,
                one: one.clone().min(other.clone()),
                other: one.max(other),
            });
        }
    }
    Ok(())
}
