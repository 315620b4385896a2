//! Which nodes of a world are neighbours, and where each listens for the others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tanglegram_world::{Neighbor, World};

use crate::gossip::Gossip;
use crate::net::ServeError;
use crate::worlds::{Places, bind};

/// What random topologies are drawn with.
const SEED: u64 = 0;

/// The places of a world's nodes among their neighbours, in the order of the nodes.
pub(crate) fn gossips(world: &World, places: Places) -> Result<Vec<Gossip>, ServeError> {
    let mut listeners = Vec::new();
    for (number, plan) in world.nodes.iter().enumerate() {
        let mut address = SocketAddr::new(plan.gossip.address, plan.gossip.port);
        if number == 0 {
            let any = places.api.filter(|api| api.port() == 0).map(|_| SocketAddr::new(address.ip(), 0));
            address = places.gossip.or(any).unwrap_or(address);
        }
        let listener = bind(&plan.name, address)?;
        let failed = |source| ServeError::Io { name: plan.name.clone(), source };
        listeners.push((listener.local_addr().map_err(failed)?, listener));
    }
    let addresses: Vec<SocketAddr> = listeners.iter().map(|(address, _)| *address).collect();
    let edges = edges(world);
    let gossips = listeners.into_iter().enumerate().map(|(number, (_, listener))| {
        let known = edges.iter().filter_map(|&(from, to)| match number {
            _ if number == from => Some(to),
            _ if number == to => Some(from),
            _ => None,
        });
        let named = world.nodes[number].gossip.neighbors.iter().filter_map(|neighbor| match neighbor {
            Neighbor::Uri(uri) => Some(uri.clone()),
            Neighbor::Node(_) => None,
        });
        Gossip { neighbors: known.map(|node| uri(addresses[node])).chain(named).collect(), listener }
    });
    Ok(gossips.collect())
}

/// The pairs of nodes that are neighbours, each once, the lower number first: those that name each other, or those of the
/// world's topology where no node names any.
pub(crate) fn edges(world: &World) -> Vec<(usize, usize)> {
    let named = world.nodes.iter().enumerate().flat_map(|(from, plan)| {
        plan.gossip.neighbors.iter().filter_map(move |neighbor| match neighbor {
            Neighbor::Node(to) => Some((from, *to)),
            Neighbor::Uri(_) => None,
        })
    });
    let silent = world.nodes.iter().all(|plan| plan.gossip.neighbors.is_empty());
    let edges: Vec<_> =
        if silent { world.scenario.edges(SEED).into_iter().collect() } else { named.collect() };
    let mut edges: Vec<_> =
        edges.into_iter().map(|(a, b)| (a.min(b), a.max(b))).filter(|(a, b)| a != b).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// How a neighbour on this machine reaches that address.
fn uri(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("tcp://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HEAD: &str = "wallet: { seed: A }\ncoordinator: { seed: C, depth: 2, security: 1, mode: KERL }\n";

    fn world(nodes: &str) -> World {
        World::parse("test", &format!("{HEAD}nodes: {nodes}"), Path::new(".")).unwrap()
    }

    #[test]
    fn who_names_a_node_is_known_by_it() {
        assert_eq!(
            edges(&world("{ a: {}, b: { neighbors: [a] }, c: { neighbors: [b, a] } }")),
            [(0, 1), (0, 2), (1, 2)]
        );
        assert_eq!(edges(&world("{ a: { neighbors: ['tcp://x:1'] }, b: {} }")), []);
    }

    #[test]
    fn without_a_word_the_topology_counts() {
        assert_eq!(edges(&world("{ a: {} }")), []);
        assert_eq!(edges(&world("{ a: {}, b: {}, c: {} }")), [(0, 1), (0, 2), (1, 2)]);
        assert_eq!(
            edges(&world("{ a: {}, b: {}, c: {}, d: {} }\ntopology: ring")),
            [(0, 1), (0, 3), (1, 2), (2, 3)]
        );
    }

    #[test]
    fn neighbours_that_cannot_be_are_told() {
        for (name, expected) in [
            ("c", "there is no node `c`"),
            ("a", "`a` is this node itself"),
            ("tcp://x", "`tcp://x` lacks a port: tcp://HOST:PORT"),
            ("tcp://:1", "`tcp://:1` lacks a port: tcp://HOST:PORT"),
            ("tcp://x:70000", "`tcp://x:70000` lacks a port: tcp://HOST:PORT"),
        ] {
            let text = format!("{HEAD}nodes: {{ a: {{ neighbors: ['{name}'] }}, b: {{}} }}");
            let error = World::parse("test", &text, Path::new(".")).unwrap_err().to_string();
            assert_eq!(error, format!("neighbors: {expected}"));
        }
    }

    #[test]
    fn everywhere_is_reached_here() {
        assert_eq!(uri("0.0.0.0:5".parse().unwrap()), "tcp://127.0.0.1:5");
        assert_eq!(uri("[::]:5".parse().unwrap()), "tcp://[::1]:5");
    }
}
