//! What a network agrees on the order of transactions for.

use thiserror::Error;

use crate::Timestamp;

/// A replicated state machine: every member hands it the same transactions in the same order.
///
/// It must do the same on every member: no clock, no randomness, nothing but what it is given.
pub trait Application {
    /// Handles the next transaction. `consensus` is greater than at any call before, on every member the same; `member` is
    /// the one (numbered from 0, as in the roster) whose event brought the transaction. Bytes that make no sense are no
    /// error: every member must shrug them off in the same way.
    fn handle(&mut self, consensus: Timestamp, member: u16, transaction: &[u8]);

    /// Everything that later calls depend on, in bytes that are the same wherever the same was handled: members sign its
    /// SHA-384, and [restore](Application::restore) it where somebody came late. Called every few rounds.
    fn state(&self) -> Vec<u8>;

    /// Becomes what `state` tells: the bytes that [`state`](Application::state) gave another member, already checked against
    /// the members' signatures. On an error nothing has changed.
    fn restore(&mut self, state: &[u8]) -> Result<(), BadState>;
}

/// Why a state cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the state cannot be restored: {0}")]
pub struct BadState(pub String);
