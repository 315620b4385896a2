//! What members send each other: gossip about gossip (SWIRLDS-TR-2016-01, §3).
//!
//! Somebody who wants to sync tells how far it knows everybody's events ([`Message::Sync`]). The other answers with what is
//! lacking, and how far it knows ([`Message::Reply`]), and gets what it lacks in turn ([`Message::Events`]). Who is so far
//! behind that what it lacks is not kept any more gets a signed state instead ([`Message::State`]).

use std::sync::Arc;

use crate::consensus::{Event, Tip};
use crate::state::{Signature, SignedState};

/// The most events in a message.
pub const MAX_EVENTS: usize = 4096;

/// How far somebody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The last events it knows.
    pub tips: Vec<Tip>,
    /// The generation under which events are ancient to it.
    pub ancient: u64,
    /// The last round whose events are in order to it.
    pub round: u64,
    /// The round of the last state it signed; 0 for none.
    pub state_round: u64,
    /// The signatures of that state it knows.
    pub signatures: Vec<Signature>,
}

/// A message between members.
#[derive(Clone, Debug)]
pub enum Message {
    /// How far I am: what do I lack?
    Sync(Known),
    /// This is what you lack, and how far I am: what do I lack?
    Reply(Known, Vec<Arc<Event>>),
    /// This is what you lack.
    Events(Vec<Arc<Event>>),
    /// You lack what I have no more: go on from here.
    State(Arc<SignedState>),
}
