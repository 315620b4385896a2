//! Bytes that nobody means well with.

use proptest::prelude::*;
use tanglegram_hashgraph::services::client::{Draft, Form};
use tanglegram_hashgraph::services::messages::Query;
use tanglegram_hashgraph::services::{Gateway, Ledger};

use crate::kit::{Net, START, account, id, signer};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_handled_or_shrugged_off(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut net = Net::new();
        let before = net.ledger.clone();
        net.ledger.precheck(&bytes, START, id(3));
        if net.ledger.handle(START, id(3), &bytes).is_none() {
            prop_assert_eq!(&net.ledger, &before);
        }
        let _ = Ledger::read(&bytes);
        if let Ok(query) = <Query as prost::Message>::decode(bytes.as_slice()) {
            let _ = Gateway::new(id(3), 5).answer(&before, START, &query);
        }
    }

    #[test]
    fn damaged_transactions_are_handled_or_shrugged_off(
        form: bool, damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in 0usize..40
    ) {
        let mut net = Net::new();
        let draft = Draft::transfer(net.id(account(1)), id(3), &[(account(1), -5), (account(2), 5)]);
        let mut bytes = draft.sign(&[&signer(1)], if form { Form::BodyBytes } else { Form::SignedBytes });
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] ^= byte;
        }
        bytes.truncate(bytes.len() - cut.min(bytes.len()));
        let total = net.ledger.accounts().total();
        net.ledger.precheck(&bytes, START, id(3));
        let _ = net.ledger.handle(START, id(3), &bytes);
        prop_assert_eq!(net.ledger.accounts().total(), total);
        prop_assert!(net.ledger.accounts().iter().all(|(_, account)| account.balance >= 0));
    }
}
