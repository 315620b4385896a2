//! A simulation driven from outside: time, faults and API requests by hand.

use tanglegram_tangle::{ApiRequest, Status};
use tanglegram_ternary::Hash;
use tanglegram_ternary::bundle::{BundleBuilder, Output};
use tanglegram_world::sim::{Fault, RequestError, Scenario, Simulation, Step, Trace, Workload, names};

fn quiet() -> Simulation {
    let scenario = Scenario {
        nodes: names(4),
        workload: Workload { rate: 0.0, ..Workload::default() },
        mwm: 9,
        hash_rate: 1e4,
        ..Scenario::default()
    };
    Simulation::new(scenario, 3, Trace::in_memory()).expect("a scenario")
}

fn ask(simulation: &mut Simulation, node: usize, body: &str) -> (Status, String) {
    let request = ApiRequest { body: body.to_owned(), versioned: true, trusted: true };
    let reply = simulation.request(node, request).expect("an answer");
    (reply.status, reply.body)
}

/// The first text of 81 trytes after a name.
fn hash_after(body: &str, name: &str) -> String {
    let start = body.find(name).expect("the field") + name.len();
    let rest = &body[start..];
    let quoted: Vec<&str> = rest.split('"').filter(|part| part.len() >= 81).collect();
    quoted[0].to_owned()
}

#[test]
fn a_transaction_attached_at_one_node_is_confirmed_at_another() {
    let mut simulation = quiet();
    simulation.keep_history();
    simulation.advance_to(25_000);
    let (_, tips) = ask(&mut simulation, 1, r#"{"command":"getTransactionsToApprove","depth":3}"#);
    let (trunk, branch) = (hash_after(&tips, "trunkTransaction"), hash_after(&tips, "branchTransaction"));
    let before = simulation.now();
    let mut bundle = BundleBuilder::new((simulation.clock(1) / 1000) as i64);
    bundle.output(&Output::default()).expect("an output");
    let trytes = bundle.finish(None).expect("a bundle").transactions()[0].build().to_trytes();
    let attach = format!(
        r#"{{"command":"attachToTangle","trunkTransaction":"{trunk}","branchTransaction":"{branch}","minWeightMagnitude":9,"trytes":["{trytes}"]}}"#
    );
    let (status, attached) = ask(&mut simulation, 1, &attach);
    assert_eq!(status, Status::Ok);
    // 3^9 hashes at 10,000 a second.
    assert_eq!(simulation.now() - before, 1_968);
    let trytes = hash_after(&attached, "trytes");
    let broadcast = format!(r#"{{"command":"broadcastTransactions","trytes":["{trytes}"]}}"#);
    assert_eq!(ask(&mut simulation, 1, &broadcast).0, Status::Ok);
    simulation.advance_by(40_000);
    let hash = tanglegram_ternary::Transaction::from_trytes(&trytes).expect("trytes").hash();
    let confirmed = simulation.node(3).expect("it runs").confirmed_by(&hash);
    assert!(confirmed.is_some());
    let steps: Vec<Step> = simulation.explain(3, &hash).into_iter().map(|moment| moment.step).collect();
    assert!(matches!(steps[0], Step::Heard { .. }), "{steps:?}");
    assert_eq!(steps[1..3], [Step::Stored, Step::Solid]);
    assert_eq!(steps.last(), confirmed.map(|milestone| Step::Confirmed { milestone }).as_ref());
    assert_eq!(simulation.explain(3, &Hash::NULL), []);
    assert!(simulation.trace().text().contains(&format!("\"hash\":\"{hash}\"")));
}

#[test]
fn a_node_that_is_down_refuses_and_one_that_is_paused_answers_when_it_goes_on() {
    let mut simulation = quiet();
    let request = ApiRequest { body: r#"{"command":"getTips"}"#.into(), versioned: true, trusted: true };
    simulation.apply(Fault::Crash(2)).expect("it runs");
    assert_eq!(simulation.request(2, request.clone()), Err(RequestError::Down("n2".into())));
    simulation.apply(Fault::Pause(1)).expect("it runs");
    let id = simulation.ask(1, request.clone()).expect("it is there");
    simulation.advance_by(1_000);
    assert_eq!(simulation.reply(id), None);
    assert!(simulation.apply(Fault::Resume(3)).is_err());
    simulation.apply(Fault::Resume(1)).expect("it is paused");
    assert!(simulation.reply(id).is_some());
    assert!(matches!(simulation.request(9, request), Err(RequestError::UnknownNode(9))));
}

#[test]
fn work_that_is_interrupted_ends_at_once() {
    let mut simulation = quiet();
    simulation.advance_to(15_000);
    let zero = "9".repeat(81);
    let body = format!(
        r#"{{"command":"attachToTangle","trunkTransaction":"{zero}","branchTransaction":"{zero}","minWeightMagnitude":18,"trytes":["{}"]}}"#,
        "9".repeat(2673)
    );
    let id = simulation.ask(0, ApiRequest { body, versioned: true, trusted: true }).expect("it runs");
    simulation.advance_by(40_000);
    assert_eq!(simulation.reply(id), None);
    ask(&mut simulation, 0, r#"{"command":"interruptAttachingToTangle"}"#);
    simulation.advance_by(0);
    assert!(simulation.reply(id).is_some_and(|reply| reply.body.contains(r#""trytes":[]"#)));
}

#[test]
fn time_stops_at_an_event_and_goes_on() {
    let mut whole = quiet();
    whole.advance_to(30_000);
    let mut halting = quiet();
    halting.stop_at(Some(50));
    assert!(!halting.advance_to(30_000));
    assert!(halting.is_stopped());
    assert!((50..80).contains(&halting.events()), "{}", halting.events());
    halting.stop_at(None);
    assert!(halting.advance_to(30_000));
    assert_eq!(halting.trace().digest(), whole.trace().digest());
    assert!(halting.run_until(60_000, |simulation| simulation.last_milestone() == 5));
    assert_eq!(halting.now(), 40_000);
}
