//! Do the vectors bite? Runs them against the reference with one mistake at a time built in.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;
use std::{iter, thread};

use tanglegram_target::{Client, Embedded, Endpoint, Limits, Mutant, Need, NotBuilt, dialects};
use tanglegram_vector::{ANY_WORLD, Level, Vector};
use tokio::runtime::{Builder, Runtime};

use crate::library::Library;
use crate::plan;
use crate::prepare::Prepared;
use crate::run::replay;
use crate::verdict::Verdict;

/// Longest time for one exchange: some mutants never answer.
const EXCHANGE: Duration = Duration::from_secs(10);
/// The command whose proof of work takes long; vectors with it come last.
const SLOW: &str = "attachToTangle";

/// How mutants are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Hunt {
    /// Runs every vector, not only up to the first that notices.
    pub all: bool,
    /// How many mutants at the same time.
    pub jobs: usize,
}

/// A vector that notices a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kill {
    /// The vector's path.
    pub vector: String,
    /// Its level.
    pub level: Level,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// The mutant.
    pub mutant: Mutant,
    /// The dialect in which it was noticed, or the first if it was not.
    pub dialect: &'static str,
    /// The vectors that noticed it: the first one, or all if that was asked for. None: it survived.
    pub kills: Vec<Kill>,
    /// How many vectors were run.
    pub ran: usize,
}

impl Fate {
    /// Whether vectors of the level `spec` alone notice it, as far as they were run.
    pub fn by_spec(&self) -> bool {
        self.kills.iter().any(|kill| kill.level == Level::Spec)
    }
}

/// The mutants whose names contain one of the filters, or fit it if it has `*` or `?`; without filters all.
pub fn select(filters: &[String]) -> Vec<Mutant> {
    let fits = |name: &str| filters.is_empty() || filters.iter().any(|filter| plan::fits(filter, name));
    Mutant::all().into_iter().filter(|mutant| fits(&mutant.to_string())).collect()
}

/// Runs the vectors against each mutant; `observe` gets the fates as they come, which is not the order of the mutants.
///
/// # Errors
/// The program was built without mutants.
pub fn hunt(
    library: &Library,
    mutants: &[Mutant],
    hunt: Hunt,
    observe: &mut dyn FnMut(Result<Fate, String>),
) -> Result<(), NotBuilt> {
    Mutant::available()?;
    let next = AtomicUsize::new(0);
    let sound = Mutex::default();
    let (sender, fates) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..hunt.jobs.clamp(1, mutants.len().max(1)) {
            let (sender, next, sound) = (sender.clone(), &next, &sound);
            scope.spawn(move || work(library, mutants, hunt, next, sound, &sender));
        }
        drop(sender);
        fates.iter().for_each(&mut *observe);
    });
    Ok(())
}

/// Takes one mutant after the other until there is none left.
fn work<'l>(
    library: &'l Library,
    mutants: &[Mutant],
    hunt: Hunt,
    next: &AtomicUsize,
    sound: &'l Mutex<BTreeMap<(&'static str, String), bool>>,
    fates: &Sender<Result<Fate, String>>,
) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(fates.send(Err(format!("cannot start: {error}")))),
    };
    let mut hunter = Hunter { library, hunt, runtime, nodes: BTreeMap::new(), sound };
    let turns = iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
    for mutant in turns.map_while(|turn| mutants.get(turn)) {
        if fates.send(hunter.fate(*mutant)).is_err() {
            return;
        }
    }
}

struct Hunter<'l> {
    library: &'l Library,
    hunt: Hunt,
    runtime: Runtime,
    /// Two references for each dialect: one with the mutant, one without.
    nodes: BTreeMap<(&'static str, bool), Embedded>,
    /// Whether vectors pass without a mutant.
    sound: &'l Mutex<BTreeMap<(&'static str, String), bool>>,
}

impl<'l> Hunter<'l> {
    fn fate(&mut self, mutant: Mutant) -> Result<Fate, String> {
        let spoken = dialects(mutant.api());
        let mut fate = Fate { mutant, dialect: spoken[0], kills: Vec::new(), ran: 0 };
        for &dialect in spoken {
            self.node(dialect, true).mutate(Some(mutant)).map_err(|error| error.to_string())?;
            for vectors in self.rounds(mutant, dialect) {
                for vector in vectors {
                    if !fate.kills.is_empty() && !self.hunt.all {
                        return Ok(fate);
                    }
                    fate.ran += 1;
                    if self.notices(vector, dialect)? {
                        fate.dialect = dialect;
                        fate.kills.push(Kill { vector: vector.path.clone(), level: vector.level });
                    }
                }
            }
            if !fate.kills.is_empty() {
                break;
            }
        }
        Ok(fate)
    }

    /// The vectors in the order they are run: those that should notice first, and of these the ones that hold any node; what
    /// only reads and is quick first of all.
    fn rounds(&self, mutant: Mutant, dialect: &str) -> [Vec<&'l Vector>; 4] {
        let mut rounds: [Vec<&Vector>; 4] = Default::default();
        for vector in self.library.vectors().filter(|vector| speaks(vector, mutant.api(), dialect)) {
            let is_home = vector.path.split('/').nth(1) == Some(mutant.home());
            rounds[usize::from(!is_home) * 2 + usize::from(vector.level == Level::Exact)].push(vector);
        }
        for round in &mut rounds {
            round.sort_by_key(|vector| (is_slow(vector), vector.dirties, &vector.world, &vector.state));
        }
        rounds
    }

    /// Whether the vector fails with the mutant, and passes without.
    fn notices(&mut self, vector: &Vector, dialect: &'static str) -> Result<bool, String> {
        Ok(self.fails(vector, dialect, true)? && self.is_sound(vector, dialect)?)
    }

    fn is_sound(&mut self, vector: &Vector, dialect: &'static str) -> Result<bool, String> {
        let key = (dialect, vector.path.clone());
        let known = self.sound.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&key).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let sound = !self.fails(vector, dialect, false)?;
        self.sound.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(key, sound);
        Ok(sound)
    }

    fn fails(&mut self, vector: &Vector, dialect: &'static str, mutated: bool) -> Result<bool, String> {
        let item = Prepared::new(vector, &self.library.fixture);
        let world = Some(vector.world.as_str()).filter(|world| *world != ANY_WORLD);
        let need = Need { api: vector.api(), world, state: vector.state.as_deref(), dirties: vector.dirties };
        let node = self.node(dialect, mutated);
        let (endpoint, _own): (Endpoint, _) = if vector.dirties {
            let own = node.start(&need).map_err(|error| error.to_string())?;
            (own.endpoint().clone(), Some(own))
        } else {
            (node.shared(&need).map_err(|error| error.to_string())?, None)
        };
        let mut client = Client::new(endpoint, Limits { exchange: EXCHANGE, ..Limits::default() });
        Ok(matches!(self.runtime.block_on(replay(&item, &mut client)), Verdict::Fail(_)))
    }

    fn node(&mut self, dialect: &'static str, mutated: bool) -> &mut Embedded {
        let fixture = &self.library.fixture;
        self.nodes.entry((dialect, mutated)).or_insert_with(|| {
            let is_iri = dialects(tanglegram_target::IRI).contains(&dialect);
            let iri = if is_iri { dialect } else { dialects(tanglegram_target::IRI)[0] };
            let embedded = Embedded::new(iri, fixture.clone());
            if is_iri { embedded } else { embedded.with_mirror_dialect(dialect) }
        })
    }
}

fn is_slow(vector: &Vector) -> bool {
    vector.commands().iter().any(|command| command == SLOW)
}

/// Whether a vector asks a single node of this API in this dialect.
fn speaks(vector: &Vector, api: &str, dialect: &str) -> bool {
    vector.network.is_none()
        && vector.api() == api
        && (vector.dialects.is_empty() || vector.dialects.iter().any(|own| own == dialect))
}
