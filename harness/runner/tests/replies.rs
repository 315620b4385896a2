//! Ten thousand spoilt replies: each vector comes to a verdict, and every report can be written.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tanglegram_runner::report::{About, Format, Mark, Report, Run};
use tanglegram_runner::{Library, Outcome, Plan, Prepared, Selection, replay};
use tanglegram_target::{
    Client, DIALECTS, Embedded, Endpoint, Exchange, IRI, Limits, MIRROR, MIRROR_DIALECTS, Need,
    RecordingProxy, Reply,
};
use tanglegram_vector::{Ask, Level};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

const REPLIES: usize = 10_000;
/// A run is reported after so many.
const CASES: usize = 500;
/// Only to end a test that would never end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Draws that are the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn one_of<'t>(&mut self, all: &[&'t [u8]]) -> &'t [u8] {
        all[self.below(all.len())]
    }
}

/// What parsers stumble over.
const STRANGE: &[&[u8]] = &[
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"0.1e-400",
    b"null",
    b"true",
    b"\"\"",
    b"[]",
    b"{}",
    b"{\"a\":",
    b"\\ud800",
    b"\\u0000",
    b"\0",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"\r\n\r\n",
    b"\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"transfer-encoding: chunked\r\n",
    b"content-length: 99999999999999999999\r\n",
    b"content-length: -1\r\n",
    b"ffffffffffffffff\r\n",
    b"]]>",
    b"</script>",
    b"...",
    b"# ok 1",
];

/// Changes a text in a few places.
fn spoil(bytes: &mut Vec<u8>, others: &[Reply], random: &mut Random) {
    for _ in 0..=random.below(5) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(64)).min(bytes.len());
        match random.below(6) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (random.next() % 8)),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.extend_from_within(at..end),
            3 => drop(bytes.splice(at..end, random.one_of(STRANGE).iter().copied())),
            4 => drop(bytes.splice(at..at, b"[".repeat(random.below(400)))),
            _ => {
                let other = &others[random.below(others.len())].body;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
            }
        }
    }
}

/// The reply as it goes over the wire; either all of it is spoilt, or its body and perhaps its status.
fn spoilt(reply: &Reply, others: &[Reply], random: &mut Random) -> Vec<u8> {
    let mut body = reply.body.to_vec();
    let mut status = reply.status.as_u16();
    let whole = random.below(3) == 0;
    if !whole {
        spoil(&mut body, others, random);
        status = if random.below(8) == 0 { 200 + random.below(400) as u16 } else { status };
    }
    let mut bytes = format!("HTTP/1.1 {status} Told\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for (name, value) in reply.headers.iter().filter(|(name, _)| *name != "content-length") {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend(body);
    if whole {
        spoil(&mut bytes, others, random);
    }
    bytes
}

/// A server that answers each connection's first bytes with what is laid down, and closes.
async fn server() -> (Endpoint, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    let laid = Arc::new(Mutex::new(Vec::new()));
    let next = laid.clone();
    tokio::spawn(async move {
        let mut asked = vec![0; 1 << 16];
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut asked).await;
            let bytes = next.lock().unwrap().clone();
            let _ = stream.write_all(&bytes).await; // the other side may have had enough
        }
    });
    (endpoint, laid)
}

/// What the reference answers first to each of these vectors, which are left if it answers.
async fn good_replies(items: &mut Vec<Prepared<'_>>, endpoint: Endpoint) -> Vec<Reply> {
    let proxy =
        RecordingProxy::bind("127.0.0.1:0".parse().unwrap(), endpoint, Limits::default()).await.unwrap();
    let endpoint = Endpoint::parse(&proxy.address().unwrap().to_string()).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let serving =
        tokio::spawn(proxy.serve(move |exchange: Exchange| told.lock().unwrap().push(exchange.reply)));
    let mut client = Client::new(endpoint, Limits::default());
    let mut replies = Vec::new();
    let mut kept = Vec::new();
    for item in items.drain(..) {
        seen.lock().unwrap().clear();
        replay(&item, &mut client).await;
        let first = seen.lock().unwrap().first().cloned();
        if let Some(first) = first {
            replies.push(first);
            kept.push(item);
        }
    }
    serving.abort();
    *items = kept;
    replies
}

fn selection(api: &str) -> Selection {
    Selection {
        filters: Vec::new(),
        tags: Vec::new(),
        level: Level::Exact,
        dialect: DIALECTS[0].to_owned(),
        mirror_dialect: MIRROR_DIALECTS[0].to_owned(),
        document: false,
        api: Some(api.to_owned()),
        world: None,
        read_only: true,
        external: true,
    }
}

/// One that is answered at once: it waits for nothing, and needs no proof of work.
fn is_quick(item: &Prepared<'_>) -> bool {
    item.vector.steps.iter().all(|step| {
        let mines = matches!(&step.ask, Ask::Call { command, .. } if command == "attachToTangle");
        !mines && step.after.is_none() && step.within.is_none() && step.during.is_empty() && !step.nonloopback
    })
}

#[tokio::test]
async fn no_reply_stops_or_hangs_a_run() {
    let library = Library::load(None, None).unwrap();
    let mut embedded = Embedded::new(DIALECTS[0], library.fixture.clone());
    let mut random = Random(8);
    let (endpoint, laid) = server().await;
    let mut marks = std::collections::BTreeMap::<Mark, usize>::new();
    let (mut judged, mut reported) = (0, 0);
    for api in [IRI, MIRROR] {
        let world = tanglegram_target::WORLDS.iter().find(|world| world.api == api).unwrap();
        let state = world.states.last().copied();
        let need = Need { api, world: Some(world.name), state, dirties: false };
        let mut plan = Plan::new(&library, &selection(api));
        plan.items.retain(is_quick);
        let replies = good_replies(&mut plan.items, embedded.shared(&need).unwrap()).await;
        assert!(replies.len() > 100, "{} replies of {api}", replies.len());
        let mut client = Client::new(endpoint.clone(), Limits { exchange: PATIENCE, ..Limits::default() });
        let mut run = Run::new(About::default(), &plan);
        for number in 0..REPLIES / 2 {
            let (item, reply) = (&plan.items[number % replies.len()], &replies[number % replies.len()]);
            *laid.lock().unwrap() = spoilt(reply, &replies, &mut random);
            let verdict = timeout(PATIENCE, replay(item, &mut client)).await;
            let verdict = verdict.unwrap_or_else(|_| panic!("{} hangs", item.vector.path));
            run.add(&Outcome { vector: item.vector, verdict, elapsed: Duration::ZERO }, None);
            if run.cases.len() == CASES {
                let ended = std::mem::replace(&mut run, Run::new(About::default(), &plan));
                for case in &ended.cases {
                    *marks.entry(case.verdict).or_default() += 1;
                    judged +=
                        usize::from(case.failure.as_ref().is_some_and(|one| !one.differences.is_empty()));
                }
                let report = Report::new(std::time::SystemTime::UNIX_EPOCH, vec![ended]);
                for (name, format) in Format::ALL {
                    let text = format.render(&report).unwrap();
                    assert!(!text.contains('\u{1b}'), "{name}");
                }
                reported += CASES;
            }
        }
    }
    assert_eq!(reported, REPLIES);
    // Spoiling is neither harmless nor does it always end before anything is judged.
    let count = |mark: Mark| marks.get(&mark).copied().unwrap_or(0);
    assert!(count(Mark::Pass) > 100 && judged > 3_000, "{marks:?}, {judged} judged");
    assert!(count(Mark::Fail) - judged > 500, "{marks:?}, {judged} judged");
}
