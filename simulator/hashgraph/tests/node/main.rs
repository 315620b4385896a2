//! Whole members: they agree, also when one crashes, comes late or was cut off.

mod net;

use net::Net;

/// Lets every member submit a transaction every now and then.
fn busy(net: &mut Net, members: u16, millis: i64) {
    for step in 0..millis / 100 {
        for member in 0..members {
            net.submit(member, format!("{} of {member} at {}", step, net.now).as_bytes());
        }
        net.run(100);
    }
}

fn assert_agreement(net: &Net, members: u16) {
    let longest =
        (0..members).map(|member| net.log(member)).max_by_key(|log| log.0.len()).expect("there are some");
    assert!(longest.0.windows(2).all(|pair| pair[0].0 < pair[1].0), "consensus times increase");
    for member in 0..members {
        let log = net.log(member);
        assert_eq!(log.0, longest.0[..log.0.len()], "member {member}");
    }
}

fn handled(net: &Net, member: u16) -> usize {
    net.log(member).0.len()
}

#[test]
fn members_agree_and_everything_submitted_is_handled_once() {
    let mut net = Net::new(4, 1);
    busy(&mut net, 4, 3_000);
    net.run(5_000);
    assert_agreement(&net, 4);
    for member in 0..4 {
        let mut seen: Vec<_> = net.log(member).0.iter().map(|entry| entry.2.clone()).collect();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), handled(&net, member)), (120, 120));
    }
}

/// Also those of events that bring no transactions.
#[test]
fn consensus_times_of_events_increase() {
    let mut net = Net::new(4, 1);
    busy(&mut net, 4, 3_000);
    for times in &net.times {
        assert!(times.len() > 20 && times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    }
}

#[test]
fn a_member_that_crashed_goes_on_where_it_was() {
    let mut net = Net::new(4, 2);
    busy(&mut net, 4, 2_000);
    let before = net.log(3).clone();
    net.stop(3);
    busy(&mut net, 3, 500);
    net.start(3);
    assert_eq!(net.log(3), &before);
    busy(&mut net, 4, 1_000);
    net.run(5_000);
    assert_agreement(&net, 4);
    assert_eq!((handled(&net, 3), handled(&net, 0)), (135, 135));
    assert!((0..4).all(|member| !net.nodes[0].as_ref().expect("it runs").graph().is_forker(member)));
}

#[test]
fn a_member_that_comes_late_goes_on_from_a_signed_state() {
    let mut net = Net::new(4, 3);
    net.stop(3);
    busy(&mut net, 3, 8_000);
    net.start(3);
    busy(&mut net, 4, 1_000);
    net.run(6_000);
    assert!(net.caught_up > 0);
    assert_agreement(&net, 4);
    assert_eq!(handled(&net, 3), 3 * 80 + 40);
}

#[test]
fn what_a_member_was_told_while_cut_off_is_not_lost() {
    let mut net = Net::new(4, 4);
    busy(&mut net, 4, 1_000);
    net.cut_off = vec![2];
    busy(&mut net, 4, 8_000);
    net.cut_off.clear();
    net.run(8_000);
    assert_agreement(&net, 4);
    let mut seen: Vec<_> = net.log(2).0.iter().map(|entry| entry.2.clone()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4 * 90);
}

#[test]
fn without_more_than_two_thirds_nothing_is_decided() {
    let mut net = Net::new(4, 5);
    busy(&mut net, 4, 1_000);
    net.cut_off = vec![0, 1];
    net.run(1_000);
    let before: Vec<usize> = (0..4).map(|member| handled(&net, member)).collect();
    busy(&mut net, 4, 3_000);
    assert_eq!((0..4).map(|member| handled(&net, member)).collect::<Vec<_>>(), before);
    net.cut_off.clear();
    net.run(6_000);
    assert_agreement(&net, 4);
    assert_eq!(handled(&net, 3), 4 * 40);
}
