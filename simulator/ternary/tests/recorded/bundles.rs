//! Every recorded bundle is judged as the real node judged it.

use tanglegram_ternary::{
    Transaction,
    bundle::{self, BundleError},
};

use crate::fixture::{Step, TANGLE};

fn validate(step: &Step) -> Result<(), BundleError> {
    let transactions = step.transactions();
    bundle::validate(&transactions.iter().collect::<Vec<&Transaction>>())
}

/// Steps whose bundle was made invalid, or was never stored whole.
const BAD: [&str; 7] = ["is1", "is2", "is3", "is4", "is5", "xaddr", "xbigval"];

#[test]
fn good_bundles_are_valid() {
    let mut inputs = 0;
    for step in TANGLE.steps().filter(|step| step.bundle.is_some() && !BAD.contains(&step.name.as_str())) {
        assert_eq!(validate(step), Ok(()), "step {}", step.name);
        inputs += step.transactions().iter().filter(|transaction| transaction.value() < 0).count();
    }
    assert!(inputs >= 10, "signatures of {inputs} inputs were verified");
}

#[test]
fn bad_bundles_are_told_by_their_fault() {
    let error = |name| validate(TANGLE.step(name)).unwrap_err();
    assert!(matches!(error("is1"), BundleError::Signature { .. }));
    assert_eq!(error("is2"), BundleError::Sum { sum: 1 });
    assert!(matches!(error("is3"), BundleError::Hash { index: 0, .. }));
    assert_eq!(error("is4"), BundleError::Incomplete { expected: 2, actual: 1 });
    assert!(matches!(error("is5"), BundleError::LastIndex { .. }));
    assert!(matches!(error("xbigval"), BundleError::Sum { .. }));
    assert!(matches!(error("xaddr"), BundleError::AddressTrit { index: 0, .. }));
}
