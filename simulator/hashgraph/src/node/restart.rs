//! What a node keeps, and how it begins again from that.

use std::sync::Arc;

use thiserror::Error;

use super::{Node, Output, OwnTip, Seat};
use crate::consensus::Event;
use crate::state::SignedState;
use crate::{Application, Bug};

/// What [`Output::Keep`] and [`Output::KeepState`] asked to keep.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The last signed state.
    pub state: Option<Arc<SignedState>>,
    /// Events, in the order in which they were to be kept.
    pub events: Vec<Arc<Event>>,
    /// The last event that the node created itself: not to be forgotten, however old it is.
    pub own: Option<Arc<Event>>,
    /// How many of the events are safe even when the power fails.
    pub safe: usize,
}

/// Why a node cannot begin again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadStore {
    /// The state is not signed by more than two thirds of the members, or cannot be gone on from.
    #[error("the stored state of round {0} is not valid")]
    State(u64),
}

impl Store {
    /// Keeps what an output says; others change nothing.
    pub fn keep(&mut self, output: &Output) {
        match output {
            Output::Keep { event, is_own } => {
                self.events.push(event.clone());
                if *is_own {
                    self.own = Some(event.clone());
                    self.sync();
                }
            }
            Output::KeepState(signed) => {
                let ancient = signed.state.window.ancient;
                self.events.retain(|event| event.generation() >= ancient);
                self.state = Some(signed.clone());
                self.sync();
            }
            _ => {}
        }
    }

    /// Makes everything safe.
    pub fn sync(&mut self) {
        self.safe = self.events.len();
    }

    /// The power fails: what is not safe is gone.
    pub fn lose_power(&mut self) {
        self.events.truncate(self.safe);
    }
}

impl<A: Application> Node<A> {
    /// A member as it was when this was stored; `out` tells what gets its place in the order again since the stored state.
    /// What the node was told and did not put into an event is gone.
    pub fn restart(
        seat: Seat,
        application: A,
        store: &Store,
        out: &mut Vec<Output>,
    ) -> Result<Node<A>, BadStore> {
        let mut node = Node::new(seat, application);
        if let Some(signed) = &store.state {
            let is_adopted = signed.is_valid(node.graph.roster()) && node.adopt(signed);
            is_adopted.then_some(()).ok_or(BadStore::State(signed.state.window.round))?;
        }
        let mut told = Vec::new();
        for event in store.events.iter().chain(&store.own) {
            node.remember(event);
            node.insert(event.clone(), &mut told);
        }
        node.insert_waiting(&mut told);
        node.open.retain(|event| node.graph.is_undecided(&event.as_parent()));
        node.deliver(&mut told);
        node.revive();
        out.extend(told.into_iter().filter(|output| matches!(output, Output::Consensus { .. })));
        Ok(node)
    }

    fn remember(&mut self, event: &Arc<Event>) {
        if self.planted().has(Bug::ForksAfterRestart) {
            return;
        }
        if event.creator() != self.me || self.tip.is_some_and(|tip| tip.parent.sequence >= event.sequence()) {
            return;
        }
        self.tip = Some(OwnTip { parent: event.as_parent(), timestamp: event.timestamp() });
        if !event.transactions().is_empty() {
            self.open.push_back(event.clone());
        }
    }
}
