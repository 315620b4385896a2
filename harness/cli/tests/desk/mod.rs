//! A folder with a few vectors, a target that sends what no report may take at its word, and `check` with reports.

#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Ended, Target, node, reply, tanglegram};

/// Vectors that the hostile target passes, fails, and that are skipped.
pub(crate) const VECTORS: &str = "\
api: iri
defaults: { clauses: [iri.getTips.hashes], world: any, level: spec }
vectors:
  - { vector: good, call: getTips, expect: { status: 200, body: { hashes: [A], ... } } }
  - vector: bad
    about: what it is for
    call: getTips
    expect: { status: 200, body: { hashes: [B], info: { $type: int } } }
  - { vector: refused, call: getTips, with: { x: 1 }, expect: { status: error, body: { $error: any } } }
  - { vector: other, dialects: [iri-1.8.6], call: getTips, expect: { status: 200 } }
";

/// What no report may take at its word.
pub(crate) const HOSTILE: &str =
    r#"{"hashes":["A"],"info":"\u001b[31m</script><script>alert(1)</script>]]> <b>&amp; # ok 9 - x\n"}"#;

/// A folder with vectors, and the files a run writes there.
pub(crate) struct Desk(pub(crate) TempDir);

impl Desk {
    pub(crate) fn new(vectors: &str) -> Self {
        let desk = Self(TempDir::new().unwrap());
        fs::create_dir(desk.path("vectors")).unwrap();
        fs::write(desk.path("vectors/getTips.yaml"), vectors).unwrap();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    /// `check` on these targets with a report for each `FORMAT=FILE`.
    pub(crate) fn check(&self, targets: &[&Target], reports: &[&str], more: &[&str]) -> Ended {
        let vectors = self.path("vectors").display().to_string();
        let urls: Vec<String> = targets.iter().map(|target| target.url()).collect();
        let reports: Vec<String> = reports
            .iter()
            .map(|one| one.replacen('=', &format!("={}/", self.0.path().display()), 1))
            .collect();
        let mut args = vec!["check", "--vectors", &vectors];
        args.extend(urls.iter().map(String::as_str));
        args.extend(more);
        if !reports.is_empty() {
            args.push("--report");
        }
        args.extend(reports.iter().map(String::as_str));
        tanglegram(&args)
    }
}

/// A node that answers everything but getNodeInfo so.
pub(crate) fn hostile() -> Target {
    node(|stream, _| {
        reply(stream, "200 OK", HOSTILE);
        true
    })
}
