//! `tanglegram serve --data`: what was acknowledged is there after the process was killed, and what cannot be used is told.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
#![cfg(unix)]

mod serving;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serving::{Folder, Serving, message, refused};

/// A private net of its own, whose coordinator has `2^depth` keys.
fn world(depth: u8, seed: &str) -> String {
    format!(
        "wallet: {{ seed: ALICE }}\n\
         coordinator: {{ seed: {seed}, depth: {depth}, security: 1, mode: CURLP27, interval: 200ms }}\n\
         options: {{ mwm: 1 }}\n\
         nodes: {{ n0: {{}} }}\n"
    )
}

fn log(folder: &Folder) -> std::path::PathBuf {
    folder.path("data/n0/ledger.log")
}

#[test]
fn what_was_acknowledged_survives_being_killed() {
    let folder = Folder::new(&world(7, "COO"));
    let (mut acknowledged, mut latest) = (Vec::new(), 0);
    for round in 0..3 {
        let serving = Serving::start(&folder.args());
        for (trytes, hash) in &acknowledged {
            assert_eq!(serving.trytes(hash), *trytes, "acknowledged before round {round}");
        }
        let info = serving.info();
        let index = info["latestMilestoneIndex"].as_i64().unwrap();
        assert!(index > latest, "{index} after {latest}: a key signs one milestone");
        assert_eq!(info["latestSolidSubtangleMilestoneIndex"], index);
        let stop = AtomicBool::new(false);
        let stored = thread::scope(|scope| {
            let clients: Vec<_> = (0..3)
                .map(|client| {
                    let (serving, stop) = (&serving, &stop);
                    scope.spawn(move || {
                        let messages = (0..).map(|number| message(round * 10 + client, number));
                        let until_killed = messages.take_while(|(trytes, _)| {
                            !stop.load(Ordering::Relaxed) && serving.stores(trytes)
                        });
                        until_killed.collect::<Vec<_>>()
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(700));
            latest = serving.info()["latestMilestoneIndex"].as_i64().unwrap();
            serving.kill();
            stop.store(true, Ordering::Relaxed);
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(!stored.is_empty());
        acknowledged.extend(stored);
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_is_acknowledged() {
    let folder = Folder::new(&world(7, "COO"));
    let limited = Serving::start_limited(64, &folder.args());
    let mut stored = Vec::new();
    let refusal = (0..).find_map(|number| {
        let (trytes, hash) = message(0, number);
        let reply = limited.store(&trytes).unwrap();
        if reply.contains("200 OK") {
            stored.push((trytes, hash));
            return None;
        }
        Some(reply)
    });
    let refusal = refusal.unwrap();
    assert!(refusal.contains("500 Internal Server Error"), "{refusal}");
    assert!(refusal.contains(r#""exception":"The ledger cannot be written: File too large"#), "{refusal}");
    assert!(limited.ask(r#"{"command":"getNodeInfo"}"#).unwrap().contains("500 Internal Server Error"));
    limited.kill();
    assert!(limited.stderr().contains("requests are answered with 500 until it can"));
    let serving = Serving::start(&folder.args());
    assert!(stored.len() > 3);
    for (trytes, hash) in &stored {
        assert_eq!(serving.trytes(hash), *trytes);
    }
}

#[test]
fn a_folder_is_one_process_and_one_networks() {
    let folder = Folder::new(&world(3, "COO"));
    let first = Serving::start(&folder.args());
    let second = refused(&folder.args());
    assert!(second.contains(&format!("is in use by another process (number {})", first.id())), "{second}");
    drop(first);
    folder.write("world.yaml", &world(3, "ANOTHER"));
    let other = refused(&folder.args());
    insta::assert_snapshot!(folder.hide(&other), @"error: n0: [folder]/data/n0/ledger.log: it is the ledger of another network: its coordinator is not this one's");
    fs::write(log(&folder), "-----BEGIN").unwrap();
    let foreign = refused(&folder.args());
    insta::assert_snapshot!(folder.hide(&foreign), @"error: n0: [folder]/data/n0/ledger.log: it is no ledger of this program: it does not start with the mark of one");
    fs::remove_dir_all(folder.path("data")).unwrap();
    folder.write("data", "");
    let unusable = refused(&folder.args());
    insta::assert_snapshot!(folder.hide(&unusable), @"error: n0: cannot create the data folder [folder]/data/n0: Not a directory (os error 20)");
}

#[test]
fn a_torn_end_is_cut_off_and_damage_is_told() {
    let folder = Folder::new(&world(7, "COO"));
    let serving = Serving::start(&folder.args());
    let (trytes, hash) = message(1, 1);
    assert!(serving.stores(&trytes));
    serving.kill();
    let mut bytes = fs::read(log(&folder)).unwrap();
    bytes.extend(&bytes.clone()[..1_000]);
    fs::write(log(&folder), &bytes).unwrap();
    let again = Serving::start(&folder.args());
    assert_eq!(again.trytes(&hash), trytes);
    again.kill();
    let told = folder.hide(&again.stderr());
    assert!(
        told.contains("n0: the last 1000 bytes of [folder]/data/n0/ledger.log were cut off by a crash"),
        "{told}"
    );
    let mut bytes = fs::read(log(&folder)).unwrap();
    bytes[200] ^= 1;
    fs::write(log(&folder), &bytes).unwrap();
    let damaged = refused(&folder.args());
    insta::assert_snapshot!(folder.hide(&damaged), @"error: n0: [folder]/data/n0/ledger.log: damaged at byte 72: what was written there is not what is there now, and more follows behind it");
}

#[test]
fn a_coordinator_without_keys_says_so_and_the_node_goes_on() {
    let folder = Folder::new(&world(2, "COO"));
    for _ in 0..2 {
        let serving = Serving::start(&folder.args());
        serving.wait_for_milestone(3);
        assert!(serving.wait_for_stderr("no key for milestone 4"));
        assert_eq!(serving.info()["latestSolidSubtangleMilestoneIndex"], 3);
        serving.kill();
    }
}

#[test]
fn a_local_snapshot_is_started_from() {
    let folder = Folder::new(&world(7, "COO"));
    let alice = "GENESIS".to_owned() + &"9".repeat(74);
    let milestone = "MILESTONE".to_owned() + &"9".repeat(72);
    folder.write("data/n0/local.snapshot.state", &format!("{alice};2779530283277761\n"));
    let meta = format!("{milestone}\n5\n1600000000\n2\n0\n{milestone};5\n{};5\n", "9".repeat(81));
    folder.write("data/n0/local.snapshot.meta", &meta);
    for _ in 0..2 {
        let serving = Serving::start(&folder.args());
        serving.wait_for_milestone(6);
        assert_eq!(serving.info()["lastSnapshottedMilestoneIndex"], 5);
        let balances = format!(r#"{{"command":"getBalances","addresses":["{alice}"],"threshold":100}}"#);
        assert!(serving.ask(&balances).unwrap().contains(r#""balances":["2779530283277761"]"#));
        serving.kill();
        // Only a folder without a ledger looks at the files.
        folder.write("data/n0/local.snapshot.meta", "no more");
    }
    assert!(Path::exists(&log(&folder)));
    fs::remove_file(log(&folder)).unwrap();
    let broken = refused(&folder.args());
    insta::assert_snapshot!(folder.hide(&broken), @"error: n0: the local snapshot [folder]/data/n0/local: meta file: line 1: expected the hash of a milestone, found `no more`");
}
