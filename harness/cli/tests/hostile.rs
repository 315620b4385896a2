//! Targets that misbehave: a run always ends by itself, with the right exit code and a message that helps.

mod common;

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::{Ended, INFO, Target, node, read_request, reply, tanglegram};

/// Takes a request and then sends without end, until the other side has enough.
fn pour(stream: &mut TcpStream, head: &[u8], chunk: &[u8]) {
    read_request(&mut BufReader::new(stream.try_clone().expect("a socket can be cloned")));
    let mut result = stream.write_all(head);
    while result.is_ok() {
        result = stream.write_all(chunk);
    }
}

fn checked(target: &Target) -> Ended {
    tanglegram(&["check", &target.url(), "--timeout", "1"])
}

/// The run told in one line that the target cannot be used.
fn assert_unusable(ended: &Ended, why: &str) {
    assert_eq!(ended.code, Some(4), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(why), "«{why}» in {}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "one line: {}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

/// What a target of this behaviour is told to be.
fn unusable(why: &str, behave: impl Fn(TcpStream, usize) + Send + Sync + 'static) {
    assert_unusable(&checked(&Target::new(behave)), why);
}

/// The same for one that sends much, which takes its time on a busy machine.
fn unusable_however_slow(why: &str, behave: impl Fn(TcpStream, usize) + Send + Sync + 'static) {
    assert_unusable(&tanglegram(&["check", &Target::new(behave).url(), "--timeout", "60"]), why);
}

/// The same for one that reads a request and gives a fixed answer.
fn unusable_answer(why: &str, answer: &'static [u8]) {
    unusable(why, move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        while read_request(&mut reader).is_some() {
            let _ = stream.write_all(answer);
        }
    });
}

#[test]
fn a_closed_port() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    assert_unusable(&tanglegram(&["check", &url]), "cannot connect");
}

#[test]
fn rubbish() {
    unusable("not HTTP", |mut stream, _| {
        read_request(&mut BufReader::new(stream.try_clone().expect("a socket can be cloned")));
        let _ = stream.write_all(b"\x00\xff SSH-2.0-rubbish\r\n\r\n");
    });
}

#[test]
fn endless_rubbish() {
    unusable("not HTTP", |mut stream, _| pour(&mut stream, b"", &[0xfe; 4096]));
}

#[test]
fn one_that_talks_without_being_asked() {
    unusable("not HTTP", |mut stream, _| while stream.write_all(b"220 welcome\r\n").is_ok() {});
}

#[test]
fn nothing_at_all() {
    unusable("no complete reply within 1 s", |stream, _| {
        thread::sleep(Duration::from_secs(100));
        drop(stream);
    });
}

#[test]
fn a_connection_closed_at_once() {
    unusable("closed before the reply was complete", |stream, _| drop(stream));
}

#[test]
fn an_endless_body() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n{\"a\":\"";
    unusable_however_slow("larger than 16777216 bytes", |mut stream, _| {
        pour(&mut stream, head, &[b'x'; 65536])
    });
}

#[test]
fn an_endless_chunked_body() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    unusable_however_slow("larger than 16777216 bytes", |mut stream, _| {
        let mut chunk = b"10000\r\n".to_vec();
        chunk.extend([b'x'; 0x10000]);
        chunk.extend(b"\r\n");
        pour(&mut stream, head, &chunk);
    });
}

#[test]
fn a_body_of_a_gibibyte() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
    unusable_however_slow("larger than 16777216 bytes", |mut stream, _| {
        pour(&mut stream, head, &[b'9'; 65536])
    });
}

#[test]
fn an_endless_head() {
    let head = b"HTTP/1.1 200 OK\r\nx: ";
    unusable_however_slow("the head of the reply is larger", |mut stream, _| {
        pour(&mut stream, head, &[b'y'; 4096])
    });
}

#[test]
fn a_slow_drip() {
    unusable("no complete reply within 1 s", |mut stream, _| {
        read_request(&mut BufReader::new(stream.try_clone().expect("a socket can be cloned")));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
}

#[test]
fn a_body_that_is_cut_off() {
    unusable("closed in the middle of the reply's body, after 3 bytes", |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        read_request(&mut reader);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc");
    });
}

#[test]
fn invalid_utf8() {
    unusable_answer("is not an IRI API", b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n{\"a\xff\xfe}");
}

#[test]
fn escape_sequences_are_shown_not_obeyed() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n\x1b[2J\x1b[31mred!";
    unusable_answer("\\u{1b}[2J\\u{1b}[31mred", answer);
}

#[test]
fn a_redirect_is_not_followed() {
    let answer = b"HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:9/elsewhere\r\ncontent-length: 0\r\n\r\n";
    unusable_answer("redirects (301) to http://127.0.0.1:9/elsewhere; redirects are not followed", answer);
}

#[test]
fn another_api() {
    unusable_answer(
        "is not an IRI API",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 13\r\n\r\n<html></html>",
    );
    unusable_answer("is not an IRI API", b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"hello\":\"x\"}");
    unusable_answer("is not an IRI API", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn a_node_that_asks_for_authorization() {
    let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
    unusable_answer("asks for authorization (401); give http://user:password@", answer);
}

#[test]
fn compression_is_not_undone() {
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 10\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03";
    unusable_answer("is not an IRI API", answer);
}

#[test]
fn a_node_that_dies_on_the_way() {
    let served = AtomicUsize::new(0);
    let target = Target::new(move |mut stream, number| {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        while let Some(body) = read_request(&mut reader) {
            // After ten requests it accepts connections still, but answers nobody.
            if number > 1 || served.fetch_add(1, Ordering::SeqCst) > 10 {
                return;
            }
            reply(&mut stream, "200 OK", if body.contains("getNodeInfo") { INFO } else { "{}" });
        }
    });
    let ended = checked(&target);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("the target stopped answering"), "{}", ended.stderr);
    assert!(ended.stderr.contains("vectors were not run"), "{}", ended.stderr);
    assert!(ended.stdout.contains("failed"), "what was done is reported: {}", ended.stdout);
}

#[test]
fn a_node_that_hangs_on_everything_but_getnodeinfo() {
    let target = node(|_, _| {
        thread::sleep(Duration::from_secs(100));
        false
    });
    let ended = checked(&target);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("let 3 requests run out of time"), "{}", ended.stderr);
}

#[test]
fn a_node_that_answers_rubbish_to_everything_but_getnodeinfo() {
    let target = node(|stream, _| {
        let _ = stream.write_all(b"rubbish\r\n\r\n");
        false
    });
    let ended = checked(&target);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("the answer is not HTTP"), "{}", ended.stdout);
}

#[test]
fn a_node_whose_bodies_never_end() {
    let target = node(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 65536]).is_ok() {}
        false
    });
    let ended = tanglegram(&["check", &target.url(), "--filter", "getTips"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("larger than 16777216 bytes"), "{}", ended.stdout);
}

#[test]
fn the_whole_run_is_bounded() {
    let target = node(|stream, _| {
        thread::sleep(Duration::from_millis(300));
        reply(stream, "200 OK", "{}");
        true
    });
    let ended = tanglegram(&["check", &target.url(), "--max-time", "1"]);
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("the run took longer than 1 s"), "{}", ended.stderr);
}
