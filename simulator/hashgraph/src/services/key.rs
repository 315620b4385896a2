//! Keys of accounts, and whether a transaction is signed by them.

use prost::Message;

use super::messages::{self, KeyKind, KeyList, SignaturePair, ThresholdKey};
use super::verdict::verify;

/// How deep keys may be nested.
const MAX_DEPTH: usize = 15;

/// What has to sign for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// One Ed25519 key.
    Ed25519([u8; 32]),
    /// So many of some keys; a list needs all of its keys.
    Of(usize, Vec<Key>),
}

/// A key that no signature can ever fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no Ed25519 key of 32 bytes, and no list or threshold of such keys at most {MAX_DEPTH} deep")]
pub struct BadKey;

impl Key {
    /// Reads a `Key` message of the Hedera API.
    ///
    /// # Errors
    /// When it is malformed, an empty list, an impossible threshold, nested too deep, or a key of a kind that is not known here.
    pub fn read(bytes: &[u8]) -> Result<Key, BadKey> {
        messages::Key::decode(bytes).map_err(|_| BadKey).and_then(|key| read(&key, MAX_DEPTH))
    }

    /// The `Key` message.
    pub fn write(&self) -> Vec<u8> {
        message(self).encode_to_vec()
    }

    /// Whether the signatures are enough, `signed` being what was signed.
    ///
    /// Each Ed25519 key costs at most one verification: of the signature whose prefix fits it best.
    pub fn is_signed(&self, signed: &[u8], pairs: &[SignaturePair]) -> bool {
        match self {
            Key::Ed25519(key) => best(key, pairs).is_some_and(|signature| verify(key, signed, signature)),
            Key::Of(needed, keys) => {
                let mut missing = *needed;
                for (key, left) in keys.iter().zip((1..=keys.len()).rev()) {
                    if missing == 0 || missing > left {
                        break;
                    }
                    missing -= usize::from(key.is_signed(signed, pairs));
                }
                missing == 0
            }
        }
    }
}

/// The signature with the longest prefix of the key; the first of those.
fn best<'a>(key: &[u8; 32], pairs: &'a [SignaturePair]) -> Option<&'a [u8]> {
    let fits = pairs.iter().filter(|pair| key.starts_with(&pair.prefix) && !pair.ed25519.is_empty());
    fits.rev().max_by_key(|pair| pair.prefix.len()).map(|pair| pair.ed25519.as_slice())
}

fn read(key: &messages::Key, depth: usize) -> Result<Key, BadKey> {
    let depth = depth.checked_sub(1).ok_or(BadKey)?;
    let list = |keys: &KeyList| {
        let keys: Vec<Key> = keys.keys.iter().map(|key| read(key, depth)).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(BadKey) } else { Ok(keys) }
    };
    match key.kind.as_ref().ok_or(BadKey)? {
        KeyKind::Ed25519(key) => key.as_slice().try_into().map(Key::Ed25519).map_err(|_| BadKey),
        KeyKind::List(keys) => list(keys).map(|keys| Key::Of(keys.len(), keys)),
        KeyKind::Threshold(ThresholdKey { threshold, keys }) => {
            let keys = list(keys.as_ref().ok_or(BadKey)?)?;
            let needed = usize::try_from(*threshold).map_err(|_| BadKey)?;
            if (1..=keys.len()).contains(&needed) { Ok(Key::Of(needed, keys)) } else { Err(BadKey) }
        }
        KeyKind::Contract(_) | KeyKind::Rsa3072(_) | KeyKind::Ecdsa384(_) | KeyKind::EcdsaSecp256k1(_) => {
            Err(BadKey)
        }
    }
}

fn message(key: &Key) -> messages::Key {
    let list = |keys: &[Key]| KeyList { keys: keys.iter().map(message).collect() };
    let kind = match key {
        Key::Ed25519(key) => KeyKind::Ed25519(key.to_vec()),
        Key::Of(needed, keys) if *needed == keys.len() => KeyKind::List(list(keys)),
        Key::Of(needed, keys) => {
            let threshold = u32::try_from(*needed).unwrap_or(u32::MAX);
            KeyKind::Threshold(ThresholdKey { threshold, keys: Some(list(keys)) })
        }
    };
    messages::Key { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;

    use super::*;

    fn signer(number: u8) -> SigningKey {
        SigningKey::from_bytes(&[number + 1; 32])
    }

    fn single(number: u8) -> Key {
        Key::Ed25519(signer(number).verifying_key().to_bytes())
    }

    fn sign(number: u8, prefix: usize) -> SignaturePair {
        let prefix = signer(number).verifying_key().to_bytes()[..prefix].to_vec();
        SignaturePair { prefix, ed25519: signer(number).sign(b"body").to_bytes().to_vec() }
    }

    fn keys() -> impl Strategy<Value = Key> {
        let leaf = (0u8..6).prop_map(single);
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop::collection::vec(inner, 1..4)
                .prop_flat_map(|keys| (1..=keys.len()).prop_map(move |needed| Key::Of(needed, keys.clone())))
        })
    }

    /// What a key demands, said naively.
    fn satisfied(key: &Key, signers: &[u8]) -> bool {
        match key {
            Key::Ed25519(_) => signers.iter().any(|number| single(*number) == *key),
            Key::Of(needed, keys) => keys.iter().filter(|key| satisfied(key, signers)).count() >= *needed,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn signatures_are_enough_as_the_key_says(
            key in keys(), signers in prop::collection::btree_set(0u8..6, 0..6), prefix in 4usize..=32
        ) {
            let signers: Vec<u8> = signers.into_iter().collect();
            let pairs: Vec<SignaturePair> = signers.iter().map(|number| sign(*number, prefix)).collect();
            prop_assert_eq!(key.is_signed(b"body", &pairs), satisfied(&key, &signers));
            prop_assert!(!key.is_signed(b"another", &pairs));
            prop_assert_eq!(Key::read(&key.write()), Ok(key));
        }

        #[test]
        fn any_bytes_are_a_key_or_refused(bytes: Vec<u8>) {
            if let Ok(key) = Key::read(&bytes) {
                prop_assert_eq!(Key::read(&key.write()), Ok(key));
            }
        }
    }

    #[test]
    fn a_key_of_small_order_signs_nothing() {
        // The neutral element as key and as R, and s = 0, fit the equation of every message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        let pair = SignaturePair { prefix: Vec::new(), ed25519: signature.to_vec() };
        assert!(!Key::Ed25519(neutral).is_signed(b"body", &[pair]));
    }

    #[test]
    fn the_longest_prefix_counts() {
        let mut wrong = sign(1, 32);
        wrong.prefix.clear();
        assert!(single(0).is_signed(b"body", &[wrong.clone(), sign(0, 3)]));
        assert!(!single(0).is_signed(b"body", &[wrong]));
        assert!(single(0).is_signed(b"body", &[sign(0, 0)]), "an empty prefix fits every key");
    }

    #[test]
    fn impossible_keys_are_refused() {
        let nested = (0..MAX_DEPTH).fold(single(0), |key, _| Key::Of(1, vec![key]));
        let short = messages::Key { kind: Some(KeyKind::Ed25519(vec![1; 31])) };
        let rsa = messages::Key { kind: Some(KeyKind::Rsa3072(vec![1; 384])) };
        let too_many = messages::Key {
            kind: Some(KeyKind::Threshold(ThresholdKey {
                threshold: 2,
                keys: Some(KeyList { keys: vec![message(&single(0))] }),
            })),
        };
        for bytes in [
            nested.write(),
            short.encode_to_vec(),
            rsa.encode_to_vec(),
            too_many.encode_to_vec(),
            Key::Of(0, Vec::new()).write(),
            Vec::new(),
        ] {
            assert_eq!(Key::read(&bytes), Err(BadKey), "{bytes:?}");
        }
    }
}
