//! Replays the exchanges recorded from a real mirror node 0.4.0 against a mirror with the same data.

mod compare;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use compare::Exchange;
use tanglegram_mirror::{Dialect, Mirror, dataset};

fn read(name: &str) -> String {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded/mirror-2019").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every one agrees, the accidents of the class `quirk` included.
#[test]
fn mirror_0_4_0_answers_as_recorded() {
    let store = dataset::load(&read("dataset.json")).unwrap();
    let mirror = Mirror::new(store, Dialect::MIRROR_0_4_0);
    let exchanges: Vec<Exchange> =
        read("public.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut agreeing: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differing = Vec::new();
    for exchange in &exchanges {
        match exchange.replay(&mirror) {
            Ok(()) => *agreeing.entry(&exchange.class).or_default() += 1,
            Err(difference) => differing.push(format!("{} ({}): {difference}", exchange.id, exchange.class)),
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    assert_eq!(agreeing, BTreeMap::from([("documented", 282), ("observed", 196), ("quirk", 106)]));
}
