//! The recorded tangle of `fixtures/recorded/iri-1.8`.

use std::{fs, path::PathBuf, sync::LazyLock};

use serde::Deserialize;
use tanglegram_ternary::{Hash, Transaction};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tangle {
    pub(crate) coordinator: Hash,
    pub(crate) coordinator_depth: usize,
    pub(crate) coordinator_security_level: u8,
    pub(crate) coordinator_signature_mode: String,
    pub(crate) mwm: u32,
    pub(crate) states: Vec<State>,
}

#[derive(Deserialize)]
pub(crate) struct State {
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) bundle: Option<Hash>,
    pub(crate) hashes: Vec<Hash>,
    pub(crate) trytes: Vec<String>,
}

impl Step {
    /// The transactions in the order of their indices.
    pub(crate) fn transactions(&self) -> Vec<Transaction> {
        let mut all: Vec<_> = self
            .trytes
            .iter()
            .map(|text| Transaction::from_trytes(text).expect("a recorded transaction"))
            .collect();
        all.sort_by_key(Transaction::current_index);
        all
    }
}

impl Tangle {
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.states.iter().flat_map(|state| &state.steps)
    }

    pub(crate) fn step(&self, name: &str) -> &Step {
        self.steps().find(|step| step.name == name).expect("a step of that name")
    }
}

/// The tangle, read once.
pub(crate) static TANGLE: LazyLock<Tangle> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded/iri-1.8");
    let text = fs::read_to_string(folder.join("transactions.json")).expect("the recorded transactions");
    serde_json::from_str(&text).expect("recorded transactions of the known form")
});
