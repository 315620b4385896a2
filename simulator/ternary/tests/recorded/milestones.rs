//! Every recorded milestone is signed by the recorded coordinator, and the bogus ones are not.

use tanglegram_ternary::{
    Transaction,
    milestone::{Coordinator, MilestoneError},
};

use crate::fixture::TANGLE;

fn verify(name: &str) -> Result<u32, MilestoneError> {
    let coordinator = Coordinator {
        address: TANGLE.coordinator,
        depth: TANGLE.coordinator_depth,
        security: TANGLE.coordinator_security_level.try_into().expect("a security level"),
        mode: TANGLE.coordinator_signature_mode.parse().expect("a mode"),
    };
    let transactions = TANGLE.step(name).transactions();
    coordinator.verify(&transactions.iter().collect::<Vec<&Transaction>>())
}

#[test]
fn real_milestones_are_signed() {
    for index in 21..=33 {
        assert_eq!(verify(&format!("M{index}")), Ok(index));
    }
    assert_eq!(verify("bmdup"), Ok(30), "a second milestone 30 is signed as well");
}

#[test]
fn bogus_milestones_are_not() {
    assert!(matches!(verify("bmsig"), Err(MilestoneError::Root { .. })));
    assert!(matches!(verify("bmleaf"), Err(MilestoneError::Root { .. })));
    assert_eq!(verify("bmrange"), Err(MilestoneError::Index { index: 64, depth: 6 }));
    assert!(matches!(verify("z1"), Err(MilestoneError::TooShort { security: 2, actual: 1 })));
}
