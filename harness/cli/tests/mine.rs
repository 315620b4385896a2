//! `tanglegram mine` as its users meet it.

mod common;

use std::time::Duration;

use common::{interrupted, tanglegram, tanglegram_with};
use crypto::encoding::ternary::{T1B1Buf, TryteBuf};
use crypto::hashes::ternary::curl_p::CurlP;
use tanglegram_ternary::Transaction;
use tanglegram_ternary::pow::{Kernel, VARIABLE};

const NO_VARIABLE: (&str, &str) = (VARIABLE, "");

/// A transaction without proof of work; its nonce says something else.
fn trytes(message: &str) -> String {
    format!("{message:9<2646}{:9<27}", "OLD")
}

/// How many trits at the end of its hash are 0, by another implementation of Curl.
fn weight(trytes: &str) -> usize {
    let trits = TryteBuf::try_from_str(trytes).expect("trytes").as_trits().encode::<T1B1Buf>();
    CurlP::new().digest(&trits).as_i8_slice().iter().rev().take_while(|&&trit| trit == 0).count()
}

/// What `mine` prints, without the end of the line.
fn mined(args: &[&str]) -> String {
    let ended = tanglegram(&[&["mine"], args].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout.trim_end().to_owned()
}

#[test]
fn mainnet_weight_is_the_default_and_only_the_nonce_changes() {
    let before = trytes("TANGLEGRAM");
    let after = mined(&["--trytes", &before]);
    assert!(weight(&after) >= 14);
    assert_eq!(after[..2646], before[..2646]);
    assert_ne!(after, before);
    let transaction = Transaction::from_trytes(&after).expect("a transaction");
    assert!(transaction.hash().trailing_zeros() >= 14);
}

#[test]
fn kernels_and_threads_find_the_same_nonce() {
    let before = trytes("SAME");
    let expected = mined(&["--trytes", &before, "--mwm", "10", "--kernel", "portable", "--threads", "1"]);
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
        for threads in ["1", "3"] {
            let args = ["--trytes", &before, "--mwm", "10", "--kernel", kernel.name(), "--threads", threads];
            assert_eq!(mined(&args), expected, "{kernel}, {threads} threads");
        }
        let args = ["mine", "--trytes", "-", "--mwm", "10"];
        let ended = tanglegram_with(&args, &(before.clone() + "\n"), (VARIABLE, kernel.name()));
        assert_eq!(ended.stdout.trim_end(), expected, "{VARIABLE}={kernel}");
        assert!(ended.stderr.contains(&format!("kernel {kernel}")), "{}", ended.stderr);
    }
}

#[test]
fn programs_get_one_object() {
    let line = mined(&["--trytes", &trytes("JSON"), "--mwm", "5", "--threads", "2", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        (&object["type"], &object["mwm"], &object["threads"]),
        (&"mined".into(), &5.into(), &2.into())
    );
    let transaction = Transaction::from_trytes(object["trytes"].as_str().expect("text")).expect("trytes");
    assert_eq!(object["hash"], transaction.hash().to_string());
    assert_eq!(object["nonce"], transaction.nonce().to_string());
    assert!(object["hashes"].as_u64().is_some_and(|hashes| hashes > 0), "{line}");
}

#[test]
fn bad_input_is_told_in_one_line() {
    let good = trytes("");
    let bad = format!("{}a{}", "9".repeat(10), "9".repeat(2662));
    for (args, expected) in [
        (&["--trytes", "ABC"][..], "error: --trytes: no transaction: expected 2673 trytes, got 3\n"),
        (
            &["--trytes", &bad],
            "error: --trytes: no transaction: a at position 10 is not a tryte (only 9 and A to Z are)\n",
        ),
        (&["--trytes", "-"], "error: standard input: no transaction: expected 2673 trytes, got 0\n"),
        (
            &["--trytes", &good, "--mwm", "244"],
            "error: invalid value '244' for '--mwm <NUMBER>': 244 is not in 0..=243\n",
        ),
        (&["--trytes", &good, "--mwm", "-1"], "error: unexpected argument '-1' found\n"),
        (
            &["--trytes", &good, "--threads", "0"],
            "error: invalid value '0' for '--threads <NUMBER>': 0 is not in 1..=1024\n",
        ),
        (
            &["--bench", "--kernel", "sse9"],
            "error: invalid value 'sse9' for '--kernel <NAME>': no kernel is named \"sse9\": use portable, avx2 or avx512\n",
        ),
        (&["--bench", "--seconds", "0"], "error: invalid value '0' for '--seconds <SECONDS>'"),
        (
            &["--bench", "--trytes", &good],
            "error: the argument '--bench' cannot be used with '--trytes <TRYTES>'\n",
        ),
        (&[], "error: the following required arguments were not provided:\n"),
    ] {
        let ended = tanglegram(&[&["mine"], args].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(ended.stderr.starts_with(expected), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn whoever_mines_says_that_the_variable_is_wrong() {
    let good = trytes("");
    for args in [&["mine", "--trytes", &good][..], &["mine", "--bench"], &["serve"], &["check"]] {
        let ended = tanglegram_with(args, "", (VARIABLE, "sse9"));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert_eq!(
            ended.stderr,
            "error: the environment variable TANGLEGRAM_POW: no kernel is named \"sse9\": use portable, avx2 or avx512\n"
        );
    }
    assert_eq!(tanglegram_with(&["mine", "--trytes", &good, "--mwm", "0"], "", NO_VARIABLE).code, Some(0));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_search_and_a_measurement() {
    // Long enough for the program to have started, also on a busy machine.
    let after = Duration::from_millis(1500);
    let search = ["mine", "--trytes", &trytes("LONG"), "--mwm", "243", "--json"];
    let ended = interrupted(&search, after);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("interrupted, no nonce found: "), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("{\"hashes\":"), "{}", ended.stdout);
    let ended = interrupted(&["mine", "--bench", "--seconds", "1000"], after);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("kernel     threads    hashes/s  x portable\n"), "{}", ended.stdout);
}

#[test]
fn every_kernel_is_measured() {
    let ended = tanglegram(&["mine", "--bench", "--seconds", "0.05", "--threads", "2", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<_> = lines.iter().map(|line| line["kernel"].as_str().expect("a name")).collect();
    let able = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    assert_eq!(names, able.map(Kernel::name).collect::<Vec<_>>());
    for line in &lines {
        assert_eq!(line["threads"], 2);
        assert!(line["hashes_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{line}");
    }
    let table = tanglegram(&["mine", "--bench", "--seconds", "0.05", "--kernel", "portable"]).stdout;
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["kernel", "threads", "hashes/s", "x", "portable"]);
    assert_eq!((rows.len(), rows[1][0], rows[1][1], rows[1][3]), (2, "portable", "1", "1.00"));
}

#[test]
fn the_help() {
    insta::assert_snapshot!(tanglegram(&["mine", "--help"]).stdout);
}
