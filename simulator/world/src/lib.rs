//! World files: which nodes and mirror nodes there are, under which settings, on which ledger and coordinator.
//!
//! ```yaml
//! about: one line for people                  # optional
//! dialect: iri-1.8.5                          # or iri-1.8.6; the first is the default
//! wallet: { seed: ALICE, security: 2 }        # owns the whole supply, on its first address
//! coordinator:                                # issues a signed milestone every `interval`
//!   { seed: COO, depth: 8, security: 1, mode: KERL, interval: 5s }
//! options: { mwm: 9 }                         # for every node …
//! nodes:                                      # … unless the node says otherwise
//!   n0: { port: 14265, max-depth: 15 }
//!   n1: { port: 0, remote-auth: "user:pass" } # port 0: any free one
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `about` | free text |
//! | `dialect` | the version of IRI whose answers the nodes give |
//! | `wallet` | `seed` (trytes, padded with 9) and `security` (1–3, default 2): without a `snapshot` all iotas are on its address 0 |
//! | `coordinator` | `seed`, `depth` (2^depth milestones), `security`, `mode` (`KERL`, `CURLP27`, `CURLP81`), `interval` (default 5s), `checkpoints` (default 0: how many messages of the coordinator may precede a milestone, each joining one more tip to what it confirms), and `tree`: a file of the addresses of all keys, 49 bytes each, which saves generating them (depths over 12 need one) |
//! | `options` | options of all nodes |
//! | `nodes` | the nodes by name, each with its own options, or how many there are; `like: n0` takes over another's options |
//! | `seed`, `topology`, `link`, `links`, `workload`, `misbehaving`, `faults`, `swarm`, `duration`, `recovery` | what a [simulation](sim) does: see `fixtures/worlds/README.md` |
//! | `hedera` | a network of Hedera nodes, and what a [simulation](hedera) does with it: see `fixtures/worlds/README.md` |
//! | `mirrors` | mirror nodes by name: `dataset` (a JSON file) or `files` (a folder of record and balance files, read again and again), with `address_book` only files that more than two thirds of its nodes signed count; `dialect` (`document` or `mirror-0.4.0`), `host`, `port`, `shard` |
//!
//! Options have the names of IRI's command line (`max-depth`) or configuration file (`MAX_DEPTH`) and IRI's defaults:
//! `testnet` (here `true` by default), `mwm`, `snapshot`, `snapshot-timestamp`, `milestone-start`, `testnet-coordinator`,
//! `testnet-coordinator-security-level`, `testnet-coordinator-signature-mode`, `testnet-no-coo-validation`,
//! `milestone-keys`, `max-depth`, `alpha`, `max-analyzed-transactions`, `max-find-transactions`, `max-requests-list`,
//! `max-get-trytes`, `max-body-length`, `remote-limit-api`, `remote-trusted-api-hosts`, `remote-auth`, `remote`,
//! `db-path` (a folder that keeps what the node knows; here none by default; relative to the working directory),
//! `local-snapshots-enabled` (here `false` by default), `local-snapshots-depth`, `local-snapshots-interval-synced`,
//! `local-snapshots-interval-unsynced`, `local-snapshots-pruning-enabled`, `local-snapshots-pruning-delay` (here all from 1 on; IRI
//! wants at least 100 for the depth and 10,000 for the delay), `local-snapshots-base-path` (by default `local` in `db-path`),
//! `api-host`, `port` (here 0 by default: any free one), `max-neighbors`, `auto-tethering`, `neighboring-socket-address`,
//! `neighboring-socket-port` (also 0 by default), `neighbors` (nodes of the world by name, others as `tcp://host:port`),
//! `reconnect-attempt-interval-seconds`. Numbers and booleans may be quoted, lists may be texts with commas. Anything unknown
//! is an error.
//!
//! Nodes of which one names the other know each other. Where no node has `neighbors`, those of the `topology` are neighbours.

mod build;
mod error;
mod file;
mod files;
pub mod hedera;
mod mirrors;
mod node;
mod options;
pub mod sim;
mod simulated;
mod simulation;
mod trees;
mod world;

pub use error::{Fault, WorldError};
pub use mirrors::{IntakePlan, MirrorPlan};
pub use simulation::{fault_text, parse_faults, parse_time, show_time, world_text};
pub use world::{ApiPlan, BUILT_IN, DataPlan, GossipPlan, Issuer, Neighbor, NodePlan, Wallet, World};
