//! Which vectors are run, and in which order.

use std::collections::BTreeSet;
use std::sync::Arc;

use tanglegram_vector::{ANY_WORLD, Level, Vector};

use crate::library::Library;
use crate::prepare::Prepared;
use crate::snapshot::Recorded;
use tanglegram_target::{Fixture, IRI, MIRROR, WORLDS};

/// What the user wants to be run.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Parts of paths, or patterns with `*` and `?` for whole paths; any may fit. Empty: all.
    pub filters: Vec<String>,
    /// Tags of which a vector has to have one. Empty: all.
    pub tags: Vec<String>,
    /// The strictest level that is run; the less strict ones are run with it.
    pub level: Level,
    /// The dialect the node is held to.
    pub dialect: String,
    /// The dialect a mirror node is held to.
    pub mirror_dialect: String,
    /// Run all that the document demands, also where the dialect differs from it.
    pub document: bool,
    /// Only vectors of this API.
    pub api: Option<String>,
    /// Only vectors of this world, and those of any.
    pub world: Option<String>,
    /// Never send a command that changes a node.
    pub read_only: bool,
    /// The target is a node that is there already, over whose network nobody here has power.
    pub external: bool,
}

/// Vectors in the order they are run.
#[derive(Debug)]
pub struct Plan<'l> {
    /// Those to run: any world first, then world by world, state by state, the ones that leave traces last.
    pub items: Vec<Prepared<'l>>,
    /// Those that are selected, but cannot be run, with the reason.
    pub skipped: Vec<(&'l Vector, String)>,
    /// The dialect that the nodes of networks speak.
    pub(crate) dialect: String,
    /// Those of the vectors that have networks of their own.
    pub(crate) networks: Vec<Arc<Vector>>,
    /// The replies recorded of networks.
    pub(crate) recorded: &'l Arc<Recorded>,
    /// The tangle that the fixture worlds are fed with.
    pub(crate) fixture: &'l Arc<Fixture>,
}

impl<'l> Plan<'l> {
    /// Selects from the library.
    pub fn new(library: &'l Library, selection: &Selection) -> Self {
        let (mut chosen, mut skipped) = (Vec::new(), Vec::new());
        for vector in library.vectors().filter(|vector| selection.wants(vector)) {
            match selection.refuses(vector) {
                Some(reason) => skipped.push((&**vector, reason)),
                None => chosen.push(vector),
            }
        }
        chosen.sort_by_key(|vector| rank(vector));
        let networks = chosen.iter().filter(|vector| vector.network.is_some());
        Self {
            items: chosen.iter().map(|vector| Prepared::new(vector, &library.fixture)).collect(),
            skipped,
            dialect: selection.dialect.clone(),
            networks: networks.map(|vector| Arc::clone(vector)).collect(),
            recorded: &library.recorded,
            fixture: &library.fixture,
        }
    }

    /// How many vectors were selected.
    pub fn len(&self) -> usize {
        self.items.len() + self.skipped.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Selection {
    fn wants(&self, vector: &Vector) -> bool {
        let world = self.world.as_deref();
        (self.filters.is_empty() || self.filters.iter().any(|filter| fits(filter, &vector.path)))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| vector.tags.contains(tag)))
            && vector.level <= self.level
            && self
                .api
                .as_ref()
                .is_none_or(|api| vector.api() == api || (api == IRI && vector.network.is_some()))
            && world.is_none_or(|world| vector.world == world || vector.world == ANY_WORLD)
    }

    /// Why a vector that is wanted is not run.
    fn refuses(&self, vector: &Vector) -> Option<String> {
        let dialect = if vector.api() == MIRROR { &self.mirror_dialect } else { &self.dialect };
        let speaks_of = |dialect: &str| vector.dialects.iter().any(|one| one == dialect);
        let of_document = self.document && vector.level == Level::Spec;
        if !(vector.dialects.is_empty() || speaks_of(dialect) || of_document) {
            return Some(format!("speaks of {}, not of {dialect}", vector.dialects.join(", ")));
        }
        if self.external && vector.network.is_some() {
            return Some("needs power over a whole network: its time and its faults".to_owned());
        }
        if self.read_only && vector.changes_node() {
            let changing: BTreeSet<String> = vector.commands().into_iter().collect();
            let commands: Vec<String> = changing.into_iter().collect();
            return Some(format!("would change the node ({})", commands.join(", ")));
        }
        None
    }
}

/// Any world, then the worlds and their states in order; in a state the vectors that leave traces come last, and those
/// of any world last of all: a node that is fed must not have them before. So do those that want the node to be in some
/// state, which it may have only then. Networks come behind all that: they are simulated meanwhile.
fn rank(vector: &Vector) -> (usize, usize, bool) {
    let world = WORLDS.iter().position(|world| world.name == vector.world);
    let states = world.map_or(&[][..], |world| WORLDS[world].states);
    let state = states.iter().position(|state| Some(*state) == vector.state.as_deref());
    let wants = vector.steps.iter().any(|step| step.given.is_some());
    if vector.network.is_some() {
        return (WORLDS.len() + 2, 0, false);
    }
    let any = if vector.dirties || wants { WORLDS.len() + 1 } else { 0 };
    (world.map_or(any, |world| world + 1), state.unwrap_or(0), vector.dirties)
}

/// Whether a filter fits a path: as a pattern if it has `*` or `?`, else as a part.
pub(crate) fn fits(filter: &str, path: &str) -> bool {
    if filter.contains(['*', '?']) { glob(filter.as_bytes(), path.as_bytes()) } else { path.contains(filter) }
}

/// `*` stands for any text, `?` for one character; linear in practice, quadratic at worst.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn filters_are_parts_or_patterns() {
        for (filter, fit) in [
            ("getTips", true),
            ("tips", false),
            ("iri/*", true),
            ("*/all", true),
            ("iri/*/a?l", true),
            ("getTips/*", false),
            ("*b", false),
            ("**", true),
        ] {
            assert_eq!(fits(filter, "iri/getTips/all"), fit, "{filter}");
        }
    }
}
