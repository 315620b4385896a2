//! How fast vectors are replayed, against a bare loop of requests on one connection to the same node.
//!
//! `cargo bench -p tanglegram-runner` prints the rates and their ratio, for single-request vectors that need no proof
//! of work. Both run in turns, so that whatever else the machine does burdens both alike.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tanglegram_runner::{Library, Outcome, Plan, RunOptions, Selection, Verdict, run};
use tanglegram_target::{DIALECTS, Embedded, Endpoint, Limits, Need, WORLDS};
use tanglegram_vector::{Ask, Level, Vector};
use tokio::net::TcpStream;
use tokio::time::Instant;

const STATE: &str = "S2";
const ROUNDS: usize = 15;
const REPEATS: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let library = Library::load(None, None).expect("the embedded vectors are valid");
    let mut plan = Plan::new(&library, &selection());
    plan.items.retain(|item| is_plain(item.vector));
    plan.skipped.clear();
    let mut embedded = Embedded::new(DIALECTS[0], library.fixture.clone());
    let need = Need { api: WORLDS[0].api, world: Some(WORLDS[0].name), state: Some(STATE), dirties: false };
    let endpoint = embedded.shared(&need).expect("the reference node starts");
    let bodies: Vec<Bytes> = plan.items.iter().filter_map(|item| item.body(0)).collect();
    println!("{} vectors, {REPEATS} times each, {ROUNDS} rounds", plan.items.len());

    let mut ratios = Vec::new();
    let (mut ours, mut bare) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ROUNDS {
        let (a, b) = (replayed(&plan, &mut embedded).await, looped(&endpoint, &bodies).await);
        ratios.push(b.as_secs_f64() / a.as_secs_f64());
        ours += a;
        bare += b;
    }
    ratios.sort_by(f64::total_cmp);
    let rate = |time: Duration| (plan.items.len() * REPEATS * ROUNDS) as f64 / time.as_secs_f64();
    println!("vectors replayed   {:>8.0} per second", rate(ours));
    println!("bare loop          {:>8.0} per second", rate(bare));
    println!("ratio (median)     {:>8.2}", ratios[ratios.len() / 2]);
}

fn selection() -> Selection {
    Selection {
        filters: Vec::new(),
        tags: Vec::new(),
        level: Level::Exact,
        dialect: DIALECTS[0].to_owned(),
        mirror_dialect: String::new(),
        document: false,
        api: None,
        world: Some(WORLDS[0].name.to_owned()),
        read_only: true,
        external: true,
    }
}

/// A vector of one command as every client sends it, that is answered at once.
fn is_plain(vector: &Vector) -> bool {
    let [step] = vector.steps.as_slice() else { return false };
    let call = matches!(&step.ask, Ask::Call { command, headers, .. } if headers.is_empty() && command != "attachToTangle");
    call && vector.state.as_deref() == Some(STATE)
        && !vector.dirties
        && step.after.is_none()
        && !step.nonloopback
}

/// The time it takes to replay the plan's vectors.
async fn replayed(plan: &Plan<'_>, embedded: &mut Embedded) -> Duration {
    let options = RunOptions { limits: Limits::default(), total: Duration::from_secs(600), jobs: 1 };
    let started = Instant::now();
    for _ in 0..REPEATS {
        let mut observe = |outcome: Outcome<'_>| {
            assert!(matches!(outcome.verdict, Verdict::Pass), "{}", outcome.vector.path);
        };
        run(plan, embedded, &options, &mut observe).await;
    }
    started.elapsed()
}

/// The time it takes to send the same bodies and read the replies, with no one looking at them.
async fn looped(endpoint: &Endpoint, bodies: &[Bytes]) -> Duration {
    let stream = TcpStream::connect((endpoint.host(), endpoint.port())).await.expect("the node listens");
    stream.set_nodelay(true).expect("TCP");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    let started = Instant::now();
    for body in (0..REPEATS).flat_map(|_| bodies) {
        let request = hyper::Request::post("/")
            .header("host", endpoint.authority())
            .header("x-iota-api-version", "1")
            .body(Full::new(body.clone()))
            .expect("a request");
        let reply = sender.send_request(request).await.expect("a reply");
        reply.into_body().collect().await.expect("a body");
    }
    started.elapsed()
}
