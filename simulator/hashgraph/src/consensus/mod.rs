//! Hashgraph consensus, after L. Baird, *The Swirlds Hashgraph Consensus Algorithm: Fair, Fast, Byzantine Fault Tolerance*,
//! SWIRLDS-TR-2016-01. Sections and figures named in this module are those of that report.
//!
//! Members gossip [events](Event), each of which names the event its creator made before and one of somebody else (§3). The
//! [`Graph`] of all events known tells every member what every other knows, and so how it would vote: nobody sends votes.
//! Whatever the order in which the events came, the graph brings them into the same [order](Ordered), with the same times.
//!
//! ```
//! use tanglegram_hashgraph::consensus::{Config, Event, Graph, KeyPair, Parent, Roster};
//!
//! let keys: Vec<KeyPair> = (0..4).map(|seed| KeyPair::from_seed([seed; 32])).collect();
//! let mut graph = Graph::new(Roster::new(keys.iter().map(KeyPair::public).collect())?, Config::default());
//! let mut tips: Vec<Parent> = Vec::new();
//! for (member, key) in keys.iter().enumerate() {
//!     let event = Event::create(key, member as u16, None, None, 1, vec![vec![member as u8].into()]);
//!     tips.push(event.as_parent());
//!     graph.insert(event.into())?;
//! }
//! for step in 0..100usize {
//!     let (member, other) = (step % 4, (step + 1 + step / 7 % 3) % 4);
//!     let time = 2 + step as i64;
//!     let event = Event::create(&keys[member], member as u16, Some(tips[member]), Some(tips[other]), time, Vec::new());
//!     tips[member] = event.as_parent();
//!     graph.insert(event.into())?;
//! }
//! let first = graph.take_ordered().next().expect("the first events are in order");
//! assert_eq!(first.round_received, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ancestry;
mod chain;
mod codec;
mod event;
mod fame;
mod graph;
mod missing;
mod order;
mod ring;
mod roster;
mod rounds;
mod settle;
mod view;
mod window;

pub use codec::{BadEvent, MAX_EVENT_BYTES, MAX_TRANSACTION_BYTES, MAX_TRANSACTIONS};
pub use event::{Event, EventHash, KeyPair, Parent, Transaction};
pub use graph::{Config, Graph, Inserted, Rejected};
pub use missing::{Missing, Tip};
pub use order::Ordered;
pub use roster::{BadRoster, MAX_MEMBERS, Roster};
pub use view::Seen;
pub use window::{BadWindow, Kept, Window};
