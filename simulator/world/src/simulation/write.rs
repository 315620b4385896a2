//! Scenarios as world files: what is written here, reading makes the same scenario of.

use std::fmt::Write as _;

use super::time::{show, show_signed};
use super::value::Names;
use super::{write_hedera, write_options};
use crate::sim::{
    Behaviour, CoordinatorPlan, Fault, Keys, LinkModel, Scenario, Scope, Topology, Tweak, Workload,
};

/// A world file of a scenario and its seed.
pub fn world_text(scenario: &Scenario, seed: u64, about: &str) -> String {
    if let Some(plan) = scenario.lone_hedera() {
        return write_hedera::world_text(plan, seed, about);
    }
    let names = Names::new(scenario.nodes.clone());
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = header(&mut text, scenario, seed, &names, about);
    let _ = run(&mut text, scenario, &names);
    text
}

fn header(text: &mut String, scenario: &Scenario, seed: u64, names: &Names, about: &str) -> std::fmt::Result {
    writeln!(text, "about: {}", quoted(about))?;
    writeln!(text, "dialect: {}\nseed: {seed}", scenario.dialect)?;
    writeln!(text, "coordinator: {{ {} }}", coordinator(&scenario.coordinator))?;
    let own: Vec<Vec<String>> =
        scenario.configs.iter().map(|config| write_options::options(scenario, config)).collect();
    let alike = own.windows(2).all(|two| two[0] == two[1]);
    let mut common = vec![format!("mwm: {}", scenario.mwm)];
    common.extend(own.first().filter(|_| alike).into_iter().flatten().cloned());
    writeln!(text, "options: {{ {} }}", common.join(", "))?;
    let is_plain = |node| names.name(node) == Some(&format!("n{node}"));
    if alike && (0..scenario.nodes.len()).all(is_plain) {
        return writeln!(text, "nodes: {}", scenario.nodes.len());
    }
    writeln!(text, "nodes:")?;
    (0..scenario.nodes.len()).try_for_each(|node| {
        let own = own.get(node).filter(|_| !alike).map(|own| own.join(", ")).unwrap_or_default();
        let own = if own.is_empty() { "{}".to_owned() } else { format!("{{ {own} }}") };
        writeln!(text, "  {}: {own}", name(node, names))
    })
}

fn coordinator(plan: &CoordinatorPlan) -> String {
    let keys = match &plan.keys {
        Keys::Depth(depth) => {
            format!("seed: SIMULATED9COORDINATOR, depth: {depth}, security: 1, mode: CURLP27")
        }
        Keys::Tree(tree) => format!(
            "seed: {}, depth: {}, security: {}, mode: {}",
            word(tree.seed().to_string().trim_end_matches('9')),
            tree.depth(),
            tree.security().fragments(),
            tree.mode()
        ),
    };
    let checkpoints =
        if plan.checkpoints > 0 { format!(", checkpoints: {}", plan.checkpoints) } else { String::new() };
    format!("{keys}, interval: {}{checkpoints}", show(plan.every))
}

fn run(text: &mut String, scenario: &Scenario, names: &Names) -> std::fmt::Result {
    writeln!(text, "topology: {}", topology(&scenario.topology, names))?;
    links(text, scenario, names)?;
    writeln!(text, "workload: {}", workload(&scenario.workload, names))?;
    if !scenario.misbehaving.is_empty() {
        writeln!(text, "misbehaving:")?;
    }
    for one in &scenario.misbehaving {
        writeln!(text, "  {}: {}", name(one.node, names), behaviour(&one.behaviour))?;
    }
    faults(text, scenario, names)
}

/// How messages travel.
pub(super) fn links(text: &mut String, scenario: &Scenario, names: &Names) -> std::fmt::Result {
    writeln!(text, "link: {}", link(None, &scenario.link, names))?;
    if !scenario.links.is_empty() {
        writeln!(text, "links:")?;
    }
    for one in &scenario.links {
        let scope =
            if one.one_way { Scope::From(one.from, one.to) } else { Scope::Between(one.from, one.to) };
        writeln!(text, "  - {}", link(Some(scope), &one.model, names))?;
    }
    Ok(())
}

/// What goes wrong, and how long all lasts.
pub(super) fn faults(text: &mut String, scenario: &Scenario, names: &Names) -> std::fmt::Result {
    if !scenario.faults.is_empty() {
        writeln!(text, "faults:")?;
    }
    for timed in &scenario.faults {
        writeln!(text, "  - at: {}\n    {}", show(timed.at), spelled(&timed.fault, names))?;
    }
    if let Some(swarm) = &scenario.swarm {
        let (faults, longest, misbehaving) = (swarm.faults, show(swarm.longest), swarm.misbehaving);
        writeln!(text, "swarm: {{ faults: {faults}, longest: {longest}, misbehaving: {misbehaving} }}")?;
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
        Fault::Link(scope, model) => format!("link: {}", link(Some(*scope), model, names)),
        Fault::Tweak(scope, tweak) => {
            let mut parts = scoped(*scope, names);
            parts.push(tweaked(*tweak));
            format!("tweak: {{ {} }}", parts.join(", "))
        }
        Fault::RestoreLinks(Scope::All) => "restore-links: all".into(),
        Fault::RestoreLinks(scope) => format!("restore-links: {{ {} }}", scoped(*scope, names).join(", ")),
        Fault::Files(node, what) => format!("files: {{ {}: {} }}", name(*node, names), what.name()),
        Fault::Behave(node, how) => format!("behave: {{ {}: {} }}", name(*node, names), behaviour(how)),
        Fault::Equivocate => "coordinator: equivocate".into(),
        Fault::StopCoordinator => "coordinator: stop".into(),
        Fault::StartCoordinator => "coordinator: start".into(),
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

/// The keys that say which links are meant.
fn scoped(scope: Scope, names: &Names) -> Vec<String> {
    match scope {
        Scope::All => Vec::new(),
        Scope::Node(node) => vec![format!("node: {}", name(node, names))],
        Scope::Between(a, b) => vec![format!("between: {}", list(&[a, b], names))],
        Scope::From(from, to) => {
            vec![format!("from: {}", name(from, names)), format!("to: {}", name(to, names))]
        }
    }
}

fn link(scope: Option<Scope>, link: &LinkModel, names: &Names) -> String {
    let mut parts = scope.map(|scope| scoped(scope, names)).unwrap_or_default();
    parts.extend([
        format!("latency: {}..{}", show(link.latency.start), show(link.latency.end)),
        format!("jitter: {}", show(link.jitter)),
        format!("bandwidth: {}", link.bandwidth),
        format!("loss: {}", link.loss),
        format!("duplication: {}", link.duplication),
        format!("corruption: {}", link.corruption),
        format!("reordering: {}", link.reordering),
    ]);
    format!("{{ {} }}", parts.join(", "))
}

fn tweaked(tweak: Tweak) -> String {
    match tweak {
        Tweak::Delay(by) => format!("delay: {}", show(by)),
        Tweak::Jitter(by) => format!("jitter: {}", show(by)),
        Tweak::Bandwidth(bandwidth) => format!("bandwidth: {bandwidth}"),
        Tweak::Loss(share) => format!("loss: {share}"),
        Tweak::Duplication(share) => format!("duplication: {share}"),
        Tweak::Corruption(share) => format!("corruption: {share}"),
        Tweak::Reordering(may) => format!("reordering: {may}"),
    }
}

fn behaviour(behaviour: &Behaviour) -> String {
    match (behaviour, behaviour.every()) {
        (Behaviour::ParasiteChain { every, length }, _) => {
            format!("{{ parasite-chain: {{ every: {}, length: {length} }} }}", show(*every))
        }
        (_, Some(every)) => format!("{{ {behaviour}: {{ every: {} }} }}", show(every)),
        (_, None) => behaviour.to_string(),
    }
}

fn workload(workload: &Workload, names: &Names) -> String {
    let mut parts = vec![
        format!("rate: {}", workload.rate),
        format!("value-share: {}", workload.value_share),
        format!("bundle-sizes: {}..{}", workload.bundle_sizes.start, workload.bundle_sizes.end),
        format!("accounts: {}", workload.accounts),
        format!("respend: {}", workload.respend),
        format!("depth: {}", workload.depth),
        format!("double-spends: {}", workload.double_spends),
        format!("lazy-tips: {}", workload.lazy_tips),
    ];
    if !workload.spammers.is_empty() {
        let one = |(node, rate): &(usize, f64)| format!("{}: {rate}", name(*node, names));
        let spammers: Vec<String> = workload.spammers.iter().map(one).collect();
        parts.push(format!("spammers: {{ {} }}", spammers.join(", ")));
    }
    if let Some(only) = &workload.only {
        let numbers: Vec<String> = only.iter().map(u64::to_string).collect();
        parts.push(format!("only: [{}]", numbers.join(", ")));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn list(nodes: &[usize], names: &Names) -> String {
    let names: Vec<String> = nodes.iter().map(|&node| name(node, names)).collect();
    format!("[{}]", names.join(", "))
}

/// A node's name as YAML: a plain word where it is one.
pub(super) fn name(node: usize, names: &Names) -> String {
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
pub(super) fn quoted(text: &str) -> String {
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
