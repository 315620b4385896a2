//! Nodes on turmoil hosts.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod ledgers;
mod runs;
