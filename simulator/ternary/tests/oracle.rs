//! The same results as `iota-crypto`, an independent implementation, for random input.
#![allow(deprecated, reason = "iota-crypto marks what it has of the old tangle as deprecated")]

use crypto::{
    encoding::ternary::{Btrit, T1B1Buf, TritBuf},
    hashes::ternary::{Sponge, kerl::Kerl},
    keys::ternary::{
        PrivateKeyGenerator,
        seed::Seed,
        wots::{WotsSecurityLevel, sponge::WotsSpongePrivateKeyGeneratorBuilder},
    },
    signatures::ternary::{
        PrivateKey as _, PublicKey as _, RecoverableSignature, Signature as _,
        wots::{WotsPrivateKey, WotsSignature, normalize},
    },
};
use proptest::prelude::*;
use tanglegram_ternary::{
    Hash, SignatureMode, Trit, kerl,
    wots::{self, Fragment, PrivateKey, Security},
};

/// Our trits as the oracle has them.
fn theirs(trits: &[Trit]) -> TritBuf<T1B1Buf> {
    trits.iter().map(|&trit| Btrit::try_from(trit).expect("a trit")).collect()
}

/// The oracle's trits as we have them.
fn ours(trits: &crypto::encoding::ternary::Trits) -> Vec<Trit> {
    trits.iter().map(|trit| trit as Trit).collect()
}

fn their_key(seed: &Hash, index: u32, security: Security) -> WotsPrivateKey<Kerl> {
    let level = match security {
        Security::Low => WotsSecurityLevel::Low,
        Security::Medium => WotsSecurityLevel::Medium,
        Security::High => WotsSecurityLevel::High,
    };
    let generator =
        WotsSpongePrivateKeyGeneratorBuilder::<Kerl>::default().with_security_level(level).build();
    let seed = Seed::from_trits(theirs(&seed.trits())).expect("a seed");
    generator.expect("a generator").generate_from_seed(&seed, index as usize).expect("a key")
}

/// Any trits but for the last of every block, which Kerl has no room for.
fn blocks(count: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<Hash>> {
    let block = proptest::collection::vec(-1i8..=1, 242).prop_map(|mut trits| {
        trits.push(0);
        Hash::from_trits(&trits.try_into().expect("243 trits"))
    });
    proptest::collection::vec(block, count)
}

fn concat(blocks: &[Hash]) -> Vec<Trit> {
    blocks.iter().flat_map(Hash::trits).collect()
}

fn block() -> impl Strategy<Value = Hash> {
    blocks(1).prop_map(|blocks| blocks[0])
}

fn security() -> impl Strategy<Value = Security> {
    prop::sample::select(vec![Security::Low, Security::Medium, Security::High])
}

proptest! {
    #[test]
    fn kerl_hashes(blocks in blocks(1..30)) {
        let theirs = Kerl::default().digest(&theirs(&concat(&blocks))).unwrap();
        prop_assert_eq!(kerl::hash_all(&blocks).trits().to_vec(), ours(&theirs));
        prop_assert_eq!(kerl::hash(&concat(&blocks)), kerl::hash_all(&blocks));
    }

    #[test]
    fn kerl_squeezes(block in block(), count in 1usize..6) {
        let mut out = TritBuf::<T1B1Buf>::zeros(243 * count);
        Kerl::default().digest_into(&theirs(&block.trits()), &mut out).unwrap();
        let mut kerl = kerl::Kerl::new();
        kerl.absorb_hash(&block);
        let squeezed: Vec<Hash> = (0..count).map(|_| kerl.squeeze()).collect();
        prop_assert_eq!(concat(&squeezed), ours(&out));
    }

    #[test]
    fn the_last_trit_of_a_block_does_not_matter(block in block(), last in -1i8..=1) {
        let mut trits = block.trits();
        trits[242] = last;
        prop_assert_eq!(kerl::hash(&trits), kerl::hash_all(&[block]));
    }

    #[test]
    fn hashes_are_normalized(hash in "[9A-Z]{81}") {
        let hash: Hash = hash.parse().unwrap();
        let mut trits = Vec::new();
        for value in wots::normalize(&hash) {
            let mut tryte = [0; 3];
            tanglegram_ternary::trits::write_i64(i64::from(value), &mut tryte).unwrap();
            trits.extend(tryte);
        }
        prop_assert_eq!(trits, ours(&normalize(&theirs(&hash.trits())).unwrap()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn keys_have_addresses(seed in block(), index in 0u32..100, security in security()) {
        let key = their_key(&seed, index, security);
        let public = key.generate_public_key().unwrap();
        prop_assert_eq!(wots::address(&seed, index, security).trits().to_vec(), ours(public.as_trits()));
    }

    #[test]
    fn keys_sign(seed in block(), index in 0u32..100, security in security(), hash in block()) {
        let message = normalize(&theirs(&hash.trits())).unwrap();
        let signature = their_key(&seed, index, security).sign(&message).unwrap();
        let fragments = PrivateKey::generate(SignatureMode::Kerl, &seed, index, security).sign(&hash);
        prop_assert_eq!(concat(fragments.as_flattened()), ours(signature.as_trits()));
    }

    #[test]
    fn any_signature_leads_somewhere(segments in blocks(27..=54), hash in block()) {
        let fragments: Vec<Fragment> = segments.as_chunks().0.to_vec();
        let signature = WotsSignature::<Kerl>::from_trits(theirs(&concat(fragments.as_flattened()))).unwrap();
        let public = signature.recover_public_key(&normalize(&theirs(&hash.trits())).unwrap()).unwrap();
        let address = wots::recover_address(SignatureMode::Kerl, &hash, &fragments);
        prop_assert_eq!(address.trits().to_vec(), ours(public.as_trits()));
    }
}
