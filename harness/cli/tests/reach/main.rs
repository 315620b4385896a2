//! How a target is reached: TLS, credentials, proxies, IPv6, connections that end.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../desk/mod.rs"]
mod desk;
mod secure;

use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{Ended, INFO, Target, node, read_request, reply};
use desk::{Desk, VECTORS};
use secure::{answer, file, proxy, refusing_proxy, secure_node};

/// `check` of the vectors whose path has this in it, in this environment.
fn check_these(desk: &Desk, filter: &str, more: &[&str], environment: &[(&str, &str)]) -> Ended {
    let vectors = desk.path("vectors").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanglegram"));
    command.args(["check", "--vectors", &vectors, "--filter", filter, "--timeout", "20"]).args(more);
    command.env("NO_COLOR", "1").envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn check(desk: &Desk, more: &[&str], environment: &[(&str, &str)]) -> Ended {
    check_these(desk, "good", more, environment)
}

fn expect(ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn a_secure_node_is_asked_if_it_is_trusted() {
    let (address, seen) = secure_node("server.pem", "127.0.0.1:0").unwrap();
    let desk = Desk::new(VECTORS);
    let url = format!("https://localhost:{}", address.port());
    let stranger = check(&desk, &[&url], &[]);
    expect(&stranger, 4);
    let why =
        "no TLS with localhost: its certificate is signed by no authority that is trusted here; --ca FILE";
    assert!(stranger.stderr.contains(why), "{}", stranger.stderr);
    assert_eq!(*seen.lock().unwrap(), "", "nothing is told to a stranger");
    for trust in [&["--ca", &file("ca.pem")][..], &["--insecure"]] {
        let ended = check(&desk, &[&[url.as_str()], trust].concat(), &[]);
        expect(&ended, 0);
        assert!(ended.stderr.contains(&format!("checking {url} (IRI")), "{}", ended.stderr);
    }
}

#[test]
fn why_there_is_no_tls_is_told() {
    let (desk, ca) = (Desk::new(VECTORS), file("ca.pem"));
    // Loopback is all of 127, but not on every system.
    let strange = secure_node("server.pem", "127.0.0.2:0");
    let (old, _) = secure_node("expired.pem", "127.0.0.1:0").unwrap();
    let plain = node(|_, _| true);
    for (url, why) in [
        (format!("https://localhost:{}", old.port()), "its certificate has expired"),
        (plain.url().replace("http:", "https:"), "is it http:// ?"),
    ] {
        let ended = check(&desk, &[&url, "--ca", &ca], &[]);
        expect(&ended, 4);
        assert!(ended.stderr.contains("no TLS with ") && ended.stderr.contains(why), "{}", ended.stderr);
    }
    if let Some((address, _)) = strange {
        let ended = check(&desk, &[&format!("https://{address}"), "--ca", &ca], &[]);
        expect(&ended, 4);
        assert!(ended.stderr.contains("its certificate is for others: "), "{}", ended.stderr);
    }
    let wrong = check(&desk, &["https://localhost:1", "--ca", &file("main.rs")], &[]);
    expect(&wrong, 2);
    assert!(wrong.stderr.contains("there is no certificate in it"), "{}", wrong.stderr);
}

/// A node that sends back whatever it was sent, as a hostile one may.
fn echo() -> (Target, Arc<Mutex<String>>) {
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = seen.clone();
    let target = Target::new(move |mut stream, _| {
        let mut buffer = [0; 4096];
        // Requests are small: each comes in one piece.
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            kept.lock().unwrap().push_str(&text);
            if text.contains("getNodeInfo") {
                reply(&mut stream, "200 OK", INFO);
            } else {
                reply(&mut stream, "400 Bad Request", &serde_json::json!({ "error": text }).to_string());
            }
        }
    });
    (target, seen)
}

/// URL, options, an environment variable, what is sent, and the secret in it.
type Way<'w> = (&'w str, &'w [&'w str], (&'w str, &'w str), &'w str, &'w str);

#[test]
fn secrets_are_sent_and_never_shown_even_if_they_are_sent_back() {
    let desk = Desk::new(VECTORS);
    let forms = ["junit", "tap", "json", "html"];
    let reports = forms.map(|form| format!("{form}={}", desk.path(form).display()));
    let (target, seen) = echo();
    let (url, with_user) = (target.url(), target.url().replace("//", "//me:s%40crit@"));
    let ways: [Way<'_>; 7] = [
        (&url, &["--bearer", "TOKEN-12"], ("", ""), "authorization: Bearer TOKEN-12\r\n", "TOKEN-12"),
        (&url, &[], ("TANGLEGRAM_BEARER", "TOKEN-34"), "authorization: Bearer TOKEN-34\r\n", "TOKEN-34"),
        (&url, &["--user", "me:s@crit"], ("", ""), "authorization: Basic bWU6c0Bjcml0\r\n", "bWU6c0Bjcml0"),
        (
            &url,
            &[],
            ("TANGLEGRAM_USER", "me:s@crit"),
            "authorization: Basic bWU6c0Bjcml0\r\n",
            "bWU6c0Bjcml0",
        ),
        (&with_user, &[], ("", ""), "authorization: Basic bWU6c0Bjcml0\r\n", "bWU6c0Bjcml0"),
        (&url, &["--header", "X-Key: KEY-56"], ("", ""), "x-key: KEY-56\r\n", "KEY-56"),
        (
            &url,
            &["--header", "Authorization: Own KEY-78"],
            ("", ""),
            "authorization: Own KEY-78\r\n",
            "KEY-78",
        ),
    ];
    for (place, options, environment, sent, secret) in ways {
        seen.lock().unwrap().clear();
        let mut more = vec![place, "--transcripts", "--report"];
        more.extend(reports.iter().map(String::as_str));
        more.extend(options);
        let environment: Vec<_> = [environment].into_iter().filter(|(name, _)| !name.is_empty()).collect();
        let ended = check_these(&desk, "good", &more, &environment);
        expect(&ended, 1);
        assert!(seen.lock().unwrap().contains(sent), "{sent}: {}", seen.lock().unwrap());
        assert!(ended.stdout.contains(": (yours)"), "{}", ended.stdout);
        let told = [ended.stdout, ended.stderr].into_iter().chain(forms.map(|form| desk.text(form)));
        for text in told {
            assert!(
                !text.contains(secret) && !text.contains("s@crit") && !text.contains("s%40crit"),
                "{text}"
            );
        }
    }
}

#[test]
fn proxies_of_the_environment_lead_to_the_target() {
    let (address, _) = secure_node("server.pem", "127.0.0.1:0").unwrap();
    let desk = Desk::new(VECTORS);
    let (proxy, asked) = proxy(address);
    let place = format!("http://user:secret@{}", proxy.address);
    let ended = check(&desk, &["http://node.test"], &[("HTTP_PROXY", &place)]);
    expect(&ended, 0);
    let seen = std::mem::take(&mut *asked.lock().unwrap());
    assert!(seen.starts_with("POST http://node.test:80/ HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("proxy-authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{seen}");
    let secure = ["https://node.test", "--bearer", "TOKEN-12", "--ca", &file("ca.pem")];
    for variable in ["https_proxy", "ALL_PROXY"] {
        let ended = check(&desk, &secure, &[(variable, &place)]);
        expect(&ended, 0);
        let seen = std::mem::take(&mut *asked.lock().unwrap());
        assert!(seen.starts_with("CONNECT node.test:443 HTTP/1.1\r\n"), "{seen}");
        assert!(!seen.contains("TOKEN-12"), "the proxy sees nothing of what is encrypted: {seen}");
    }
    let ended = check(&desk, &["http://node.test"], &[("HTTP_PROXY", &place), ("NO_PROXY", ".test")]);
    expect(&ended, 4);
    assert_eq!(*asked.lock().unwrap(), "");
    let refusing = refusing_proxy("403 Forbidden");
    let ended = check(&desk, &secure, &[("HTTPS_PROXY", &refusing.url())]);
    expect(&ended, 4);
    assert!(ended.stderr.contains("it answers `HTTP/1.1 403 Forbidden`"), "{}", ended.stderr);
    let ended = check(&desk, &secure, &[("ALL_PROXY", "socks5://127.0.0.1:1")]);
    expect(&ended, 2);
    assert!(ended.stderr.contains("the proxy that ALL_PROXY names cannot be used"), "{}", ended.stderr);
}

/// What is given to `check`, and the environment.
type Faulted<'w> = (&'w [&'w str], &'w [(&'w str, &'w str)]);

#[test]
fn faults_lie_between_whatever_way_there_is() {
    let (address, _) = secure_node("server.pem", "127.0.0.1:0").unwrap();
    let desk = Desk::new(VECTORS);
    let (proxy, _) = proxy(address);
    let url = format!("https://localhost:{}", address.port());
    let (by_proxy, place) = (proxy.url(), file("ca.pem"));
    let environment = [("ALL_PROXY", by_proxy.as_str())];
    let ways: [Faulted<'_>; 3] = [
        (&[&url, "--ca", &place], &[]),
        (&["http://node.test"], &environment),
        (&["https://node.test", "--ca", &place], &environment),
    ];
    for (way, environment) in ways {
        for (faults, code, told) in [
            ("latency=1ms..9ms,slow=100000", 0, "faults: 0 replies were cut off or damaged, "),
            ("reset=1", 1, "faults: 1 replies were cut off or damaged, 0 were not"),
        ] {
            let ended = check(&desk, &[way, &["--faults", faults]].concat(), environment);
            expect(&ended, code);
            assert!(ended.stderr.contains(told), "{way:?} {}", ended.stderr);
        }
    }
}

#[test]
fn an_address_of_ipv6_is_asked() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: this machine has no IPv6");
        return;
    };
    let url = format!("http://[::1]:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while let Some(body) = read_request(&mut reader) {
                stream.write_all(answer(&body).as_bytes()).unwrap();
            }
        }
    });
    let desk = Desk::new(VECTORS);
    let ended = check(&desk, &[&url], &[]);
    expect(&ended, 0);
    assert!(ended.stderr.contains(&format!("checking {url} (IRI")), "{}", ended.stderr);
    let (address, _) = secure_node("server.pem", "[::1]:0").unwrap();
    let url = format!("https://[::1]:{}", address.port());
    expect(&check(&desk, &[&url, "--ca", &file("ca.pem")], &[]), 0);
}

/// So many vectors of this call, that pass.
fn many(count: usize, call: &str) -> String {
    let head = "api: iri\ndefaults: { clauses: [iri.getTips.hashes], world: any, level: spec }\nvectors:\n";
    let one = |number| format!("  - {{ vector: good-{number}, {call}, expect: {{ status: 200 }} }}\n");
    head.to_owned() + &(0..count).map(one).collect::<String>()
}

/// A node that ends each connection after one request, or after reading the second one whole without heeding it; how
/// often it read what is asked here.
fn fickle(asked: &'static str) -> (Target, Arc<Mutex<usize>>) {
    let times = Arc::new(Mutex::new(0));
    let counted = times.clone();
    let node = Target::new(move |mut stream, number| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut read = || {
            let body = read_request(&mut reader)?;
            *counted.lock().unwrap() += usize::from(body.contains(asked));
            Some(body)
        };
        let Some(body) = read() else { return };
        stream.write_all(answer(&body).as_bytes()).unwrap();
        match number % 3 {
            0 => drop(read()),
            // What is not read when a socket is closed makes it a reset.
            1 => {
                let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
                let _ = stream.peek(&mut [0; 1]);
            }
            _ => {}
        }
    });
    (node, times)
}

#[test]
fn what_only_asks_is_asked_again_when_the_connection_ends() {
    let (node, _) = fickle("getTips");
    let desk = Desk::new(&many(20, "call: getTips"));
    let ended = check(&desk, &[&node.url()], &[]);
    expect(&ended, 0);
    assert!(ended.stdout.contains("20 passed, 0 failed"), "{}", ended.stdout);
    assert!(node.connections() >= 20, "each had its own");
}

#[test]
fn what_changes_the_node_is_sent_once() {
    let (node, times) = fickle("interruptAttachingToTangle");
    let desk = Desk::new(&many(20, "dirties: true, call: interruptAttachingToTangle"));
    let ended = check(&desk, &[&node.url()], &[]);
    expect(&ended, 0);
    assert!(ended.stdout.contains("20 passed, 0 failed"), "{}", ended.stdout);
    assert_eq!(*times.lock().unwrap(), 20);
}
