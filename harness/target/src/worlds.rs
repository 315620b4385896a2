//! The fixture worlds a vector may ask for.

use crate::endpoint::Endpoint;

/// A node configuration with what was recorded of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// Its name in vectors and on the command line.
    pub name: &'static str,
    /// The API its node has.
    pub api: &'static str,
    /// Its states, in the order they are fed; none where it is as it is from the start.
    pub states: &'static [&'static str],
    /// Whether its body limit takes only one transaction per storeTransactions call.
    pub one_by_one: bool,
    /// `user:password` that its node asks for; its vectors authorize themselves, or do not on purpose.
    pub credentials: Option<&'static str>,
}

/// Every fixture world, in the order they are run.
pub const WORLDS: [World; 4] = [
    World {
        name: "recorded-iri",
        api: IRI,
        states: &["S0", "S1", "S2m", "S2", "S3", "S4"],
        one_by_one: false,
        credentials: None,
    },
    World {
        name: "recorded-iri-limits",
        api: IRI,
        states: &["S0", "S1"],
        one_by_one: true,
        credentials: None,
    },
    World {
        name: "recorded-iri-auth",
        api: IRI,
        states: &["S0"],
        one_by_one: false,
        credentials: Some("user:pass"),
    },
    World { name: "recorded-mirror", api: MIRROR, states: &[], one_by_one: false, credentials: None },
];

/// The API of IRI-compatible nodes.
pub const IRI: &str = "iri";

/// The API of Hedera mirror nodes.
pub const MIRROR: &str = "mirror";

/// The dialects of the reference node, the default first.
pub const DIALECTS: [&str; 2] = ["iri-1.8.5", "iri-1.8.6"];

/// The dialects of the reference mirror node, the default first.
pub const MIRROR_DIALECTS: [&str; 2] = ["document", "mirror-0.4.0"];

/// The dialects of an API's reference, the default first.
pub fn dialects(api: &str) -> &'static [&'static str] {
    if api == MIRROR { &MIRROR_DIALECTS } else { &DIALECTS }
}

impl World {
    /// The world of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        WORLDS.iter().find(|world| world.name == name)
    }

    /// The endpoint with the credentials of the world of that name, where it has some.
    pub fn credited(name: &str, endpoint: &Endpoint) -> Endpoint {
        let credentials = World::find(name).and_then(|world| world.credentials);
        let credited = credentials.map(|credentials| endpoint.clone().with_basic(credentials));
        credited.and_then(Result::ok).unwrap_or_else(|| endpoint.clone())
    }
}
