//! Signed states: signing, collecting signatures, going on from one (SWIRLDS-TR-2016-01, §7, signed state).

use std::sync::Arc;

use super::{Node, Output};
use crate::Application;
use crate::consensus::{Graph, Parent, Window};
use crate::gossip::Known;
use crate::state::{SignedState, State};

impl<A: Application> Node<A> {
    /// Signs the state after a round.
    pub(super) fn sign(&mut self, window: Window) {
        let state = State {
            window,
            last_consensus: self.last_consensus,
            placed: self.placed,
            handled: self.handled,
            application: self.application.state(),
        };
        self.forming = Some(SignedState::new(state, self.me, &self.key));
    }

    /// Takes signatures of the state that it signed last itself.
    pub(super) fn hear_signatures(&mut self, known: &Known, out: &mut Vec<Output>) {
        let Some(forming) = &mut self.forming else { return };
        let round = forming.state.window.round;
        let newest = self.complete.as_ref().map_or(0, |signed| signed.state.window.round);
        if known.state_round != round || round <= newest {
            return;
        }
        forming.add(self.graph.roster(), &known.signatures);
        if forming.is_complete(self.graph.roster()) {
            let signed = Arc::new(forming.clone());
            self.complete = Some(signed.clone());
            out.push(Output::KeepState(signed));
        }
    }

    /// Goes on from a state that more than two thirds of the members signed, if that is further than it is.
    pub(super) fn catch_up(&mut self, signed: Arc<SignedState>, out: &mut Vec<Output>) {
        let round = signed.state.window.round;
        if round > self.graph.decided_round() && signed.is_valid(self.graph.roster()) && self.adopt(&signed) {
            out.push(Output::KeepState(signed));
            out.push(Output::CaughtUp { round });
            self.insert_waiting(out);
            self.deliver(out);
            self.revive();
        }
    }

    /// Becomes what a state tells; whether that could be.
    pub(super) fn adopt(&mut self, signed: &Arc<SignedState>) -> bool {
        let state = &signed.state;
        let roster = self.graph.roster().clone();
        let Ok(graph) = Graph::resume(roster, self.settings.consensus, &state.window) else { return false };
        if self.application.restore(&state.application).is_err() {
            return false;
        }
        self.graph = graph;
        self.last_consensus = state.last_consensus;
        (self.placed, self.handled) = (state.placed, state.handled);
        self.forming = None;
        self.complete = Some(signed.clone());
        // What is ancient by now may have had its place or not: it is submitted again, for the application to know.
        let is_open = |event: &Parent| {
            event.generation < self.graph.ancient_generation() || self.graph.is_undecided(event)
        };
        self.open.retain(|event| is_open(&event.as_parent()));
        true
    }
}
