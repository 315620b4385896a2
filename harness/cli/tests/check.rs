//! `tanglegram check` against doubles: what is sent, what is judged, what is told.

mod common;

use std::fs;
use std::time::Duration;

use common::{Ended, INFO, tanglegram};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{body_partial_json, header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A double that answers getNodeInfo, and commands as they are mounted.
async fn double() -> MockServer {
    let server = MockServer::start().await;
    answer(&server, "getNodeInfo", serde_json::from_str(INFO).expect("JSON")).await;
    server
}

async fn answer(server: &MockServer, command: &str, body: Value) {
    mount(server, command, ResponseTemplate::new(200).set_body_json(body)).await;
}

async fn mount(server: &MockServer, command: &str, answer: impl Respond + 'static) {
    Mock::given(method("POST"))
        .and(header("x-iota-api-version", "1"))
        .and(body_partial_json(json!({ "command": command })))
        .respond_with(answer)
        .mount(server)
        .await;
}

/// The bodies a double got, without those of getNodeInfo.
async fn got(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("recording is on");
    let text = |request: &Request| String::from_utf8_lossy(&request.body).into_owned();
    requests.iter().map(text).filter(|body| !body.contains("getNodeInfo")).collect()
}

/// Runs `check` on the double with the vectors of one file.
async fn check(server: &MockServer, vectors: &str, more: &[&str]) -> Ended {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("getTips.yaml");
    fs::write(&file, format!("api: iri\ndefaults: {{ clauses: [iri.getTips.hashes], world: any, level: spec }}\nvectors:\n{vectors}"))
        .expect("a file can be written");
    let mut args =
        vec!["check".to_owned(), server.uri(), "--vectors".into(), folder.path().display().to_string()];
    args.extend(more.iter().map(ToString::to_string));
    let ended = tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        tanglegram(&args)
    });
    let mut ended = ended.await.expect("no panic");
    let hide = |text: &str| {
        text.replace(&server.address().to_string(), "HOST")
            .replace(&folder.path().display().to_string(), "DIR")
    };
    (ended.stdout, ended.stderr) = (hide(&ended.stdout), hide(&ended.stderr));
    ended
}

/// What a run told, without what differs from run to run.
fn steady(text: &str) -> String {
    let is_varying = |line: &&str| !line.contains("< date:");
    let lines = text.lines().filter(is_varying).map(|line| match line.split_once(" skipped in ") {
        Some((counts, _)) => format!("{counts} skipped in TIME\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

const TWO: &str = "
  - { vector: good, call: getTips, expect: { status: 200, body: { hashes: [A, B], ... } } }
  - vector: bad
    about: what it is for
    call: getTips
    with: { x: 1 }
    expect: { status: 400, headers: { content-type: text/plain, x-none: any }, body: { hashes: [B, A], info: { $type: int } } }
";

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_field_by_field() {
    let server = double().await;
    answer(&server, "getTips", json!({ "hashes": ["A", "B"], "info": "\u{1b}[31m" })).await;
    let ended = check(&server, TWO, &["--transcripts"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    insta::assert_snapshot!(steady(&ended.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_has_a_line_for_each_vector_and_one_at_the_end() {
    let server = double().await;
    answer(&server, "getTips", json!({ "hashes": ["A", "B"] })).await;
    let more = "  - { vector: other, dialects: [iri-1.8.6], call: getTips, expect: { status: 200 } }\n";
    let ended = check(&server, &format!("{TWO}{more}"), &["--json", "--dialect", "iri-1.8.5"]).await;
    assert_eq!(ended.stderr, "");
    let lines: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let verdicts: Vec<_> =
        lines.iter().map(|line| (line["path"].as_str(), line["verdict"].as_str())).collect();
    let expected = [
        (Some("iri/getTips/other"), Some("skip")),
        (Some("iri/getTips/good"), Some("pass")),
        (Some("iri/getTips/bad"), Some("fail")),
        (None, None),
    ];
    assert_eq!(verdicts, expected);
    assert_eq!(lines[0]["reason"], "speaks of iri-1.8.6, not of iri-1.8.5");
    assert_eq!(
        lines[2]["failure"]["differences"][0],
        json!({ "path": "status", "expected": "400", "got": "200" })
    );
    let counts = json!({ "passed": 1, "failed": 1, "known": 0, "flaky": 0, "stale": 0, "skipped": 1 });
    assert_eq!(lines[3]["counts"], counts);
    assert_eq!(lines[3]["exit"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_captures_and_sends() {
    let server = double().await;
    answer(&server, "getTips", json!({ "hashes": [["x", { "y/z": 7 }]] })).await;
    answer(&server, "getTrytes", json!({ "echo": "7-x" })).await;
    let vectors = "
  - vector: talk
    steps:
      - call: getTips
        expect: { status: 200 }
        capture: { number: /body/hashes/0/1/y~1z, word: /body/hashes/0/0, kind: /headers/content-type, status: /status }
      - call: getTrytes
        with: { n: $number, text: '${number}-${word}$$', kind: $kind, status: $status }
        expect: { status: 200, body: { echo: '${number}-${word}' } }
";
    let ended = check(&server, vectors, &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let sent = r#"{"command":"getTrytes","n":7,"text":"7-x$","kind":"application/json","status":200}"#;
    assert_eq!(got(&server).await, [r#"{"command":"getTips"}"#, sent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_tried_with_one_value_after_the_other() {
    let server = double().await;
    answer(&server, "getTips", json!({ "weight": 2 })).await;
    let tries = "call: getTips, with: { weight: $n }, expect: { status: 200, body: { weight: $n } }";
    let vectors = format!(
        "
  - vector: tried
    steps:
      - {{ {tries}, trying: {{ n: [3, 2, 1] }} }}
      - {{ call: getTips, with: {{ again: $n }}, expect: {{ status: 200 }} }}
  - {{ vector: skipped, {tries}, trying: {{ n: [6, 7] }}, given: it takes none of these }}
  - {{ vector: failed, {tries}, trying: {{ n: [4, 5] }} }}
"
    );
    let ended = check(&server, &vectors, &[]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("skipped 1: it takes none of these"), "{}", ended.stdout);
    assert!(ended.stdout.contains("FAIL iri/getTips/failed"), "{}", ended.stdout);
    let sent = |key: &str, n: u8| format!(r#"{{"command":"getTips","{key}":{n}}}"#);
    let tried = [3, 2].map(|n| sent("weight", n)).into_iter().chain([sent("again", 2)]);
    let tried: Vec<_> = tried.chain([4, 5, 6, 7].map(|n| sent("weight", n))).collect();
    assert_eq!(got(&server).await, tried);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_capture_is_a_failure() {
    let server = double().await;
    answer(&server, "getTips", json!({ "hashes": [] })).await;
    let vectors = "
  - vector: talk
    steps:
      - { call: getTips, expect: { status: 200 }, capture: { first: /body/hashes/0 } }
      - { call: getTrytes, with: { hashes: [$first] }, expect: { status: 200 } }
";
    let ended = check(&server, vectors, &[]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("nothing to capture at /body/hashes/0"), "{}", ended.stdout);
    assert_eq!(got(&server).await.len(), 1, "the second step is not sent");
}

/// Answers `not yet` for a while.
struct Late(std::sync::atomic::AtomicUsize);

impl Respond for Late {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let count = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        ResponseTemplate::new(if count < 3 { 503 } else { 200 })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_repeated_within_its_time() {
    let server = double().await;
    mount(&server, "getTips", Late(0.into())).await;
    let patient = "  - { vector: patient, call: getTips, within: 20s, expect: { status: 200 } }\n";
    let ended = check(&server, patient, &[]).await;
    assert_eq!((ended.code, got(&server).await.len()), (Some(0), 4));
    let hasty = "  - { vector: hasty, call: getTips, within: 200ms, expect: { status: 404 } }\n";
    assert_eq!(check(&server, hasty, &[]).await.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_steps_run_while_a_call_is_under_way() {
    let server = double().await;
    let slow =
        ResponseTemplate::new(200).set_body_json(json!({ "trytes": [] })).set_delay(Duration::from_secs(2));
    mount(&server, "attachToTangle", slow).await;
    answer(&server, "interruptAttachingToTangle", json!({})).await;
    let vectors = "
  - vector: both
    call: attachToTangle
    expect: { status: 200, body: { trytes: [] } }
    during:
      - { call: interruptAttachingToTangle, after: 100ms, expect: { status: 200, body: {} } }
";
    let ended = check(&server, vectors, &["--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert_eq!(got(&server).await.len(), 2);
    let wrong = vectors.replace("status: 200, body: {} }", "status: 418 }");
    let ended = check(&server, &wrong, &[]).await;
    assert!(ended.stdout.contains("expected 418"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_sends_nothing_that_changes_a_node() {
    let server = double().await;
    answer(&server, "getTips", json!({})).await;
    let vectors = "
  - { vector: reads, call: getTips, expect: { status: 200 } }
  - { vector: stores, call: storeTransactions, with: { trytes: [] }, expect: { status: 200 } }
  - { vector: hides, request: { headers: { X-IOTA-API-Version: 1 }, body: '{command: addNeighbors}' }, expect: { status: 200 } }
";
    let ended = check(&server, vectors, &["--read-only"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(got(&server).await, [r#"{"command":"getTips"}"#]);
    assert!(ended.stdout.contains("1 passed, 0 failed, 2 skipped"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_selected_is_what_is_sent() {
    let server = double().await;
    for command in ["a", "b", "c"] {
        answer(&server, command, json!({})).await;
    }
    let vectors = "
  - { vector: a, call: a, tags: [one], expect: { status: 200 } }
  - { vector: b, call: b, tags: [one, two], expect: { status: 200 } }
  - { vector: c, call: c, level: exact, expect: { status: 200 } }
  - { vector: d, call: d, world: recorded-iri, state: S1, expect: { status: 200 } }
";
    for (args, letters) in [
        (&["--tag", "two"][..], "b"),
        (&["--filter", "getTips/a"], "a"),
        (&["--filter", "*/a", "--filter", "*/b"], "ab"),
        (&["--level", "exact"], "abc"),
        (&[], "ab"),
    ] {
        server.reset().await;
        answer(&server, "getNodeInfo", serde_json::from_str(INFO).expect("JSON")).await;
        for command in ["a", "b", "c"] {
            answer(&server, command, json!({})).await;
        }
        let ended = check(&server, vectors, args).await;
        assert_eq!(ended.code, Some(0), "{args:?} {}{}", ended.stdout, ended.stderr);
        let sent: String = got(&server).await.iter().filter_map(|body| body.chars().nth(12)).collect();
        assert_eq!(sent, letters, "{args:?}");
    }
    let ended = check(&server, vectors, &["--filter", "nothing-of-that-name"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(5), "error: none of the 4 vectors is selected\n"));
    let ended = check(&server, vectors, &["--filter", "getTips/d"]).await;
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert!(ended.stdout.contains("needs the fixture world recorded-iri (see --feed)"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_sent_as_written() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(body_partial_json(json!({ "command": "getNodeInfo" })))
        .respond_with(ResponseTemplate::new(200).set_body_string(INFO))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(204).insert_header("x-thing", "5"))
        .mount(&server)
        .await;
    let vectors = "
  - vector: raw
    request: { method: PUT, path: '/a?b=c', headers: { X-One: 1 }, bodyBase64: '/wA=' }
    expect: { status: [200, 204], headers: { X-Thing: { $regex: '^\\d$' }, x-none: null }, text: '' }
  - { vector: call, call: x, headers: { Content-Type: null, X-Two: b }, expect: { status: error } }
";
    let ended = check(&server, vectors, &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let requests = server.received_requests().await.expect("recording is on");
    let raw = requests.iter().find(|request| request.method == "PUT").expect("it was sent");
    assert_eq!((raw.url.path(), raw.url.query(), raw.body.as_slice()), ("/a", Some("b=c"), &[255, 0][..]));
    let names =
        |request: &Request| request.headers.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(names(raw), "x-one host content-length");
    let call = requests.last().expect("it was sent");
    assert_eq!(names(call), "x-iota-api-version x-two host content-length");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_the_url_are_sent_but_never_shown() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Basic dXNlcjpwQHNz"))
        .respond_with(ResponseTemplate::new(200).set_body_string(INFO))
        .mount(&server)
        .await;
    let url = format!("http://user:p%40ss@{}", server.address());
    let run = |args: Vec<String>| {
        tokio::task::spawn_blocking(move || {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            tanglegram(&args)
        })
    };
    let args = ["check", &url, "--filter", "iri/getNodeInfo"].map(String::from).to_vec();
    let ended = run(args).await.expect("no panic");
    assert_eq!(ended.code, Some(1), "the double knows too little: {}", ended.stderr);
    let told = ended.stdout + &ended.stderr;
    assert!(!told.contains("p%40ss") && !told.contains("dXNlcjpwQHNz") && !told.contains("p@ss"), "{told}");
    let ended = run(vec!["check".into(), server.uri()]).await.expect("no panic");
    assert_eq!(ended.code, Some(4), "without them the double answers 404");
}

#[test]
fn the_help_has_the_exit_codes() {
    insta::assert_snapshot!(tanglegram(&["check", "--help"]).stdout);
}

#[test]
fn usage_errors_are_told_in_their_own_code() {
    for args in [
        &["check", "http://["][..],
        &["check", "ftp://localhost"],
        &["check", "--user", "a:b"],
        &["check", "http://localhost:99999"],
        &["check", "--timeout", "0"],
        &["check", "--feed"],
        &["check", "--world", "nowhere"],
        &["frobnicate"],
        &[],
    ] {
        let ended = tanglegram(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_tells_what_was_done() {
    let target = common::node(|stream, _| {
        std::thread::sleep(Duration::from_millis(100));
        common::reply(stream, "200 OK", "{}");
        true
    });
    let ended = common::interrupted(&["check", &target.url()], Duration::from_secs(2));
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("interrupted; ") && ended.stderr.contains(" vectors were not run"),
        "{}",
        ended.stderr
    );
    assert!(ended.stdout.contains(" passed, "), "the summary is there: {}", ended.stdout);
}
