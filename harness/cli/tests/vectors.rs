//! Each vector is one test, named by its path, against the embedded reference in every dialect it speaks of.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tanglegram_runner::{Failure, Library, Prepared, Snapshots, Verdict, replay, replay_network};
use tanglegram_target::{
    Client, DIALECTS, Embedded, Limits, MIRROR_DIALECTS, Need, dialects, outside_address,
};
use tanglegram_vector::{ANY_WORLD, Difference, Vector};
use tokio::runtime::{Builder, Runtime};

type Nodes = Arc<BTreeMap<&'static str, Mutex<Embedded>>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let library = Arc::new(Library::load(None, None).expect("the embedded vectors are valid"));
    let iri = |dialect| (dialect, Mutex::new(Embedded::new(dialect, library.fixture.clone())));
    let mirror = |dialect| {
        let embedded = Embedded::new(DIALECTS[0], library.fixture.clone());
        (dialect, Mutex::new(embedded.with_mirror_dialect(dialect)))
    };
    let nodes: Nodes = Arc::new(DIALECTS.map(iri).into_iter().chain(MIRROR_DIALECTS.map(mirror)).collect());
    let outside = runtime().block_on(outside_address()).is_some();
    let mut trials = Vec::new();
    for (file, vectors) in library.files.iter().enumerate() {
        for (index, vector) in vectors.vectors.iter().enumerate() {
            let (library, nodes) = (library.clone(), nodes.clone());
            let test = move || run(&library.files[file].vectors[index], &library, &nodes);
            let impossible = vector.needs_nonloopback() && !outside;
            trials.push(Trial::test(&vector.path, test).with_ignored_flag(impossible));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be built")
}

/// Snapshots as `cargo insta review` knows them.
struct Insta;

impl Snapshots for Insta {
    fn compare(&mut self, name: &str, shown: &str) -> Option<Difference> {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/network/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, shown));
        None
    }
}

/// A network's vector, in both dialects; both have the same replies.
fn run_network(item: &Prepared<'_>) -> Result<(), Failed> {
    let speaks = |dialect: &&&str| {
        item.vector.dialects.is_empty() || item.vector.dialects.iter().any(|own| own == **dialect)
    };
    for dialect in DIALECTS.iter().filter(speaks) {
        let spoken = dialect.parse()?;
        match runtime().block_on(replay_network(item, |scenario| scenario.dialect = spoken, &mut Insta)) {
            Some(Verdict::Pass) => {}
            Some(Verdict::Fail(failure)) => return Err(told(dialect, item.vector, &failure).into()),
            other => return Err(format!("{dialect}: not run: {other:?}").into()),
        }
    }
    Ok(())
}

fn run(vector: &Vector, library: &Library, nodes: &Nodes) -> Result<(), Failed> {
    let item = Prepared::new(vector, &library.fixture);
    if vector.network.is_some() {
        return run_network(&item);
    }
    let speaks = |dialect: &str| {
        let has_api = dialects(vector.api()).contains(&dialect);
        has_api && (vector.dialects.is_empty() || vector.dialects.iter().any(|own| own == dialect))
    };
    let own = (vector.world != ANY_WORLD).then_some((vector.world.as_str(), vector.state.as_deref()));
    for (dialect, embedded) in nodes.iter().filter(|(dialect, _)| speaks(dialect)) {
        let mut verdict = runtime().block_on(ask(&item, embedded, own))?;
        if own.is_none() && matches!(verdict, Verdict::Skip(_)) {
            verdict = runtime().block_on(ask(&item, embedded, Some(FRESH)))?;
        }
        match verdict {
            Verdict::Pass => {}
            Verdict::Skip(reason) => return Err(format!("{dialect}: cannot be run: {reason}").into()),
            Verdict::Fail(failure) => return Err(told(dialect, vector, &failure).into()),
            other => return Err(format!("{dialect}: nothing is known of it: {other:?}").into()),
        }
    }
    Ok(())
}

/// A fixture world, and a state of it.
type Place<'p> = (&'p str, Option<&'p str>);

/// A node without milestones, for vectors of any node that want one such.
const FRESH: Place<'_> = ("recorded-iri", Some("S0"));

/// Asks a node of its own if the vector leaves traces, else the one that all share.
async fn ask(
    item: &Prepared<'_>,
    embedded: &Mutex<Embedded>,
    place: Option<Place<'_>>,
) -> Result<Verdict, Failed> {
    let vector = item.vector;
    let (world, state) = place.unzip();
    let need = Need { api: vector.api(), world, state: state.flatten(), dirties: vector.dirties };
    let own;
    let endpoint = {
        let mut embedded = embedded.lock().unwrap_or_else(PoisonError::into_inner);
        if vector.dirties {
            own = embedded.start(&need)?;
            own.endpoint().clone()
        } else {
            embedded.shared(&need)?
        }
    };
    // The node's one miner serves all tests: a call may have to wait for the proof of work of others.
    let limits = Limits { exchange: Duration::from_secs(300), ..Limits::default() };
    Ok(replay(item, &mut Client::new(endpoint, limits)).await)
}

fn told(dialect: &str, vector: &Vector, failure: &Failure) -> String {
    let differences: String = failure.differences.iter().map(|one| format!("\n  {one}")).collect();
    let error = failure.error.as_deref().unwrap_or_default();
    format!("{dialect}: {} at {}\n{error}{differences}\n{}", vector.path, failure.place, failure.transcript)
}
