//! Scenarios as world files: what is written here, reading makes the same scenario of.

use std::fmt::Write as _;

use super::time::{show, show_signed};
use super::value::Names;
use crate::sim::{Fault, Keys, LinkModel, Scenario, Scope, Topology, Workload};

/// A world file of a scenario whose nodes have these names; what they are called matters to nobody but the reader.
pub fn world_text(scenario: &Scenario, names: &[String], about: &str) -> String {
    let names = Names::new(names.to_vec());
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = header(&mut text, scenario, &names, about);
    let _ = run(&mut text, scenario, &names);
    text
}

fn header(text: &mut String, scenario: &Scenario, names: &Names, about: &str) -> std::fmt::Result {
    writeln!(text, "about: {}", quoted(about))?;
    writeln!(text, "dialect: {}", scenario.dialect)?;
    let depth = match &scenario.coordinator.keys {
        Keys::Depth(depth) => *depth,
        Keys::Tree(tree) => tree.depth(),
    };
    writeln!(
        text,
        "coordinator: {{ seed: SIMULATED9COORDINATOR, depth: {}, security: 1, mode: CURLP27, interval: {} }}",
        depth,
        show(scenario.coordinator.every)
    )?;
    writeln!(text, "options: {{ mwm: {} }}", scenario.mwm)?;
    if (0..scenario.nodes.len()).all(|node| names.name(node) == Some(&format!("n{node}"))) {
        return writeln!(text, "nodes: {}", scenario.nodes.len());
    }
    writeln!(text, "nodes:")?;
    (0..scenario.nodes.len()).try_for_each(|node| writeln!(text, "  {}: {{}}", name(node, names)))
}

fn run(text: &mut String, scenario: &Scenario, names: &Names) -> std::fmt::Result {
    writeln!(text, "topology: {}", topology(&scenario.topology, names))?;
    writeln!(text, "link: {}", link(&scenario.link))?;
    writeln!(text, "workload: {}", workload(&scenario.workload))?;
    if !scenario.faults.is_empty() {
        writeln!(text, "faults:")?;
    }
    for timed in &scenario.faults {
        writeln!(text, "  - at: {}\n    {}", show(timed.at), spelled(&timed.fault, names))?;
    }
    if let Some(swarm) = &scenario.swarm {
        writeln!(text, "swarm: {{ faults: {}, longest: {} }}", swarm.faults, show(swarm.longest))?;
    }
    writeln!(text, "duration: {}\nrecovery: {}", show(scenario.duration), show(scenario.recovery))
}

/// A fault as world files and vectors spell it, on one line: `crash: n1`.
pub fn fault_text(fault: &Fault, names: &[String]) -> String {
    spelled(fault, &Names::new(names.to_vec()))
}

fn spelled(fault: &Fault, names: &Names) -> String {
    match fault {
        Fault::Partition(groups) => {
            let groups: Vec<String> = groups.iter().map(|group| list(group, names)).collect();
            format!("partition: [{}]", groups.join(", "))
        }
        Fault::OneWay(from, to) => {
            format!("one-way: {{ from: {}, to: {} }}", list(from, names), list(to, names))
        }
        Fault::Isolate(node) => format!("isolate: {}", name(*node, names)),
        Fault::Heal => "heal: all".into(),
        Fault::Crash(node) => format!("crash: {}", name(*node, names)),
        Fault::Restart(node) => format!("restart: {}", name(*node, names)),
        Fault::Pause(node) => format!("pause: {}", name(*node, names)),
        Fault::Resume(node) => format!("resume: {}", name(*node, names)),
        Fault::Slow(node, cost) => format!("slow: {{ {}: {} }}", name(*node, names), show(*cost)),
        Fault::Skew(node, skew) => format!("skew: {{ {}: {} }}", name(*node, names), show_signed(*skew)),
        Fault::PowerLoss(node) => format!("power-loss: {}", name(*node, names)),
        Fault::Jump(node, by) => format!("jump: {{ {}: {} }}", name(*node, names), show_signed(*by)),
        Fault::Link(Scope::All, model) => format!("link: {}", link(model)),
        Fault::StopCoordinator => "coordinator: stop".into(),
        Fault::StartCoordinator => "coordinator: start".into(),
        // World files have no spelling for these yet, so that none comes from there.
        other => format!("{other:?}"),
    }
}

fn topology(topology: &Topology, names: &Names) -> String {
    match topology {
        Topology::Ring => "ring".into(),
        Topology::Complete => "complete".into(),
        Topology::Regular { degree } => format!("{{ random-regular: {degree} }}"),
        Topology::SmallWorld { near } => format!("{{ small-world: {near} }}"),
        Topology::Explicit(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|&(from, to)| list(&[from, to], names)).collect();
            format!("[{}]", pairs.join(", "))
        }
    }
}

fn link(link: &LinkModel) -> String {
    format!(
        "{{ latency: {}..{}, jitter: {}, bandwidth: {}, loss: {}, duplication: {}, corruption: {}, reordering: {} }}",
        show(link.latency.start),
        show(link.latency.end),
        show(link.jitter),
        link.bandwidth,
        link.loss,
        link.duplication,
        link.corruption,
        link.reordering
    )
}

fn workload(workload: &Workload) -> String {
    format!(
        "{{ rate: {}, value-share: {}, accounts: {}, depth: {}, double-spends: {}, lazy-tips: {} }}",
        workload.rate,
        workload.value_share,
        workload.accounts,
        workload.depth,
        workload.double_spends,
        workload.lazy_tips
    )
}

fn list(nodes: &[usize], names: &Names) -> String {
    let names: Vec<String> = nodes.iter().map(|&node| name(node, names)).collect();
    format!("[{}]", names.join(", "))
}

/// A node's name as YAML: a plain word where it is one.
fn name(node: usize, names: &Names) -> String {
    names.name(node).map_or_else(|| format!("n{node}"), word)
}

/// A text that YAML reads as itself.
fn word(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"]
            .contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
