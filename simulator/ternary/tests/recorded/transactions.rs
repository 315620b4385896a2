//! Every recorded transaction has the recorded hash and survives every form.

use tanglegram_ternary::{DecodeError, Transaction, TransactionBuilder};

use crate::fixture::TANGLE;

#[test]
fn hashes_are_as_recorded() {
    let mut count = 0;
    for step in TANGLE.steps() {
        let texts = step.trytes.iter().map(String::as_str);
        for (transaction, hash) in Transaction::from_trytes_many(texts).into_iter().zip(&step.hashes) {
            assert_eq!(transaction.unwrap().hash(), *hash, "step {}", step.name);
            count += 1;
        }
    }
    assert_eq!(count, 136);
}

#[test]
fn forms_agree() {
    for text in TANGLE.steps().flat_map(|step| &step.trytes) {
        let transaction = Transaction::from_trytes(text).unwrap();
        assert_eq!(transaction.to_trytes(), *text);
        assert_eq!(Transaction::from_bytes(transaction.as_bytes()).unwrap(), transaction);
        assert_eq!(Transaction::from_trits(&transaction.trits()).unwrap(), transaction);
        assert_eq!(TransactionBuilder::from(&transaction).build(), transaction);
    }
}

#[test]
fn weight_is_proven() {
    for step in TANGLE.steps().filter(|step| step.name != "xmwm8") {
        for hash in &step.hashes {
            assert!(hash.trailing_zeros() >= TANGLE.mwm, "step {}", step.name);
        }
    }
    assert_eq!(TANGLE.step("xmwm8").hashes[0].trailing_zeros(), 8);
}

#[test]
fn fields_are_read() {
    let oversized = &TANGLE.step("xbigval").transactions()[0];
    assert!(oversized.value_overflows());
    let address = &TANGLE.step("xaddr").transactions()[0];
    assert_eq!((address.value(), address.address().last_trit() == 0), (1, false));
    let tail = &TANGLE.step("z3").transactions()[0];
    assert_eq!(tail.tag().to_string(), format!("{:9<27}", "ALPHA"));
    assert!(tail.is_tail() && !tail.value_overflows());
    assert_eq!(tail.attachment_timestamp_upper_bound(), tanglegram_ternary::trits::max_value(27));
}

#[test]
fn a_bad_text_among_many_spoils_no_other() {
    let step = TANGLE.step("v1");
    let texts = [step.trytes[0].as_str(), "SHORT", step.trytes[1].as_str()];
    let parsed: Vec<_> =
        Transaction::from_trytes_many(texts).into_iter().map(|one| one.map(|one| one.hash())).collect();
    assert_eq!(parsed[0], Ok(step.hashes[0]));
    assert_eq!(parsed[1], Err(DecodeError::Length { unit: "trytes", expected: 2673, actual: 5 }));
    assert_eq!(parsed[2], Ok(step.hashes[1]));
}
