//! Every parser under arbitrary bytes.
//!
//! A [`Target`] takes any bytes and panics if they break a law: what is read is written as it was, what is refused is refused with a
//! reason, and nothing panics, hangs or allocates without bound. `cargo fuzz` runs one for as long as one likes; the tests run each
//! for a moment, from the same seeds:
//!
//! ```text
//! cargo run -p tanglegram-fuzz -- harness/fuzz/corpus        # seeds from the fixtures, a folder for each target
//! cargo +nightly fuzz run --fuzz-dir harness/fuzz --features libfuzzer transaction
//! ```

mod files;
mod hedera;
mod http;
mod languages;
mod seeds;
mod tangle;

pub use seeds::Fixtures;

/// What is fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, also that of its binary and its folder of seeds.
    pub name: &'static str,
    /// Looks at some bytes and tells whether they were understood; panics if a law is broken.
    pub run: fn(&[u8]) -> bool,
    /// Good inputs to start from.
    pub seeds: fn(&Fixtures) -> Vec<Vec<u8>>,
}

const fn target(name: &'static str, run: fn(&[u8]) -> bool, seeds: fn(&Fixtures) -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

/// All targets.
pub const TARGETS: [Target; 17] = [
    target("trytes", tangle::trytes, seeds::trytes),
    target("transaction", tangle::transaction, seeds::transactions),
    target("bundle", tangle::bundle, seeds::bundles),
    target("gossip", tangle::gossip, seeds::gossip),
    target("snapshot", tangle::snapshot, seeds::snapshots),
    target("vector", languages::vector, seeds::vectors),
    target("world", languages::world, seeds::worlds),
    target("iri-http", http::iri, seeds::iri_bodies),
    target("mirror-http", http::mirror, seeds::mirror_targets),
    target("record-file", files::record, seeds::record_files),
    target("signature-file", files::signature, seeds::signature_files),
    target("balance-file", files::balance, seeds::balance_files),
    target("protobuf", files::protobuf, seeds::protobuf),
    target("event", hedera::event, hedera::events),
    target("hedera-transaction", hedera::transaction, hedera::transactions),
    target("hedera-query", hedera::query, hedera::queries),
    target("hedera-state", hedera::state, hedera::states),
];

/// Runs the target of that name; for the binaries of cargo-fuzz.
///
/// # Panics
/// If a law is broken, or no target has that name.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("no target is called {name}"));
    let _understood = (target.run)(bytes);
}
