//! The recorded tangle: its names, and its transactions state by state.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

/// The recorded tangle that the fixture worlds are fed with.
#[derive(Debug)]
pub struct Fixture {
    /// An object: what vectors may call by name.
    pub names: Arc<Value>,
    /// The states in the order they build on each other.
    pub states: Vec<State>,
}

/// What has to be stored to go from the state before to this one.
#[derive(Debug, Deserialize)]
pub struct State {
    /// Its name, for example `S2m`.
    pub name: String,
    /// One storeTransactions call each.
    pub steps: Vec<Batch>,
    /// Fields of getNodeInfo and the values they have once the state is reached.
    #[serde(default)]
    pub wait: Option<BTreeMap<String, Value>>,
}

/// The transactions of one storeTransactions call.
#[derive(Debug, Deserialize)]
pub struct Batch {
    /// The bundle's name.
    pub name: String,
    /// Transactions of 2673 trytes.
    pub trytes: Vec<String>,
}

impl Fixture {
    /// Reads `facts.json` and `transactions.json` of a recorded tangle.
    ///
    /// # Errors
    /// Not the JSON they should be.
    pub fn read(facts: &str, transactions: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Transactions {
            states: Vec<State>,
        }
        let transactions: Transactions = serde_json::from_str(transactions)?;
        Ok(Self { names: Arc::new(serde_json::from_str(facts)?), states: transactions.states })
    }

    /// The states after `after`, or from the first on, up to and with `upto`.
    pub fn between<'f>(&'f self, after: Option<&str>, upto: &str) -> &'f [State] {
        let position = |name: &str| self.states.iter().position(|state| state.name == name);
        let from = after.and_then(position).map_or(0, |at| at + 1);
        let to = position(upto).map_or(0, |at| at + 1);
        self.states.get(from..to.max(from)).unwrap_or_default()
    }
}
