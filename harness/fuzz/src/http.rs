//! What clients send to the two APIs.

use std::cell::RefCell;

use serde_json::Value;
use tanglegram_mirror::{Dialect, Mirror, Request, dataset};
use tanglegram_tangle::{ApiRequest, Input, Node, Output};
use tanglegram_world::World;

/// When the node lives: the time of the fixture.
const NOW: u64 = 1_573_000_000_000;

thread_local! {
    static NODE: RefCell<Node> = RefCell::new(node());
    static MIRROR: Mirror = mirror_node();
}

fn node() -> Node {
    let world = World::load("recorded-iri").expect("a built-in world");
    Node::new(world.nodes[0].config.clone(), 1)
}

fn mirror_node() -> Mirror {
    let data = include_str!("../../../fixtures/recorded/mirror-2019/dataset.json");
    Mirror::new(dataset::load(data).expect("the data set is good"), Dialect::default())
}

/// A body: answered at once with a JSON object that has a duration, or with work to be done first.
pub(crate) fn iri(bytes: &[u8]) -> bool {
    let body = String::from_utf8_lossy(bytes).into_owned();
    NODE.with_borrow_mut(|node| {
        let mut out = Vec::new();
        // Any client may ask; one that is not trusted is refused, which is an answer, too.
        let trusted = !body.len().is_multiple_of(4);
        let request = ApiRequest { body, versioned: true, trusted };
        node.handle(NOW, Input::Api { id: 1, request }, &mut out);
        let (mut answered, mut understood) = (false, false);
        for output in out {
            match output {
                Output::Reply { reply, .. } => {
                    let reply: Value = serde_json::from_str(&reply.body).expect("a reply is JSON");
                    assert!(reply["duration"].is_u64(), "{reply}");
                    (answered, understood) = (true, understood || reply.get("error").is_none());
                }
                Output::Mine { job, .. } => {
                    node.handle(NOW, Input::Mined { job, nonce: None }, &mut Vec::new());
                    (answered, understood) = (true, true);
                }
                _ => {}
            }
        }
        assert!(answered, "nothing came of a request");
        if node.transaction_count() > 1_000 {
            *node = self::node();
        }
        understood
    })
}

/// A request target: answered with a known status and a body that is JSON where it says so.
pub(crate) fn mirror(bytes: &[u8]) -> bool {
    let target: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    MIRROR.with(|mirror| {
        let response = mirror.handle(&Request::get(&target));
        assert!(matches!(response.status, 200 | 400 | 404 | 431), "{} for {target:?}", response.status);
        let says_json =
            response.headers.iter().any(|(name, value)| *name == "content-type" && value.contains("json"));
        if says_json && !response.body.is_empty() {
            let _: Value = serde_json::from_slice(&response.body).expect("a reply is JSON");
        }
        response.status == 200
    })
}
