//! The fixture worlds a vector may ask for.

/// A node configuration of the recorded tangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// Its name in vectors and on the command line.
    pub name: &'static str,
    /// Its states, in the order they are fed.
    pub states: &'static [&'static str],
    /// Whether its body limit takes only one transaction per storeTransactions call.
    pub one_by_one: bool,
    /// `user:password` that its node asks for; its vectors authorize themselves, or do not on purpose.
    pub credentials: Option<&'static str>,
}

/// Every fixture world, in the order they are run.
pub const WORLDS: [World; 3] = [
    World {
        name: "recorded-iri",
        states: &["S0", "S1", "S2m", "S2", "S3", "S4"],
        one_by_one: false,
        credentials: None,
    },
    World { name: "recorded-iri-limits", states: &["S0", "S1"], one_by_one: true, credentials: None },
    World { name: "recorded-iri-auth", states: &["S0"], one_by_one: false, credentials: Some("user:pass") },
];

/// The dialects of the reference node, the default first.
pub const DIALECTS: [&str; 2] = ["iri-1.8.5", "iri-1.8.6"];

impl World {
    /// The world of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        WORLDS.iter().find(|world| world.name == name)
    }
}
