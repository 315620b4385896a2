//! Signature files: a node's signature over the hash of a record or balance file.

use std::fmt;

use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA384;
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::SecretDocument;
use rsa::signature::Verifier;
use sha2::Sha384;

use super::bytes::{Bytes, put_sized};
use super::{FileError, FileHash};

/// Starts the hash.
const HASH: u8 = 4;
/// Starts the signature.
const SIGNATURE: u8 = 3;

/// A signature file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFile {
    /// The hash of the file that is signed.
    pub hash: FileHash,
    /// The signature over the hash: RSA with SHA-384.
    pub signature: Vec<u8>,
}

/// What a node signs its files with: an RSA key of 2,048 to 4,096 bits.
pub struct NodeKey {
    pair: KeyPair,
    public: RsaPublicKey,
}

impl NodeKey {
    /// Reads a key from PKCS #8 in PEM; `None` if it is none.
    pub fn from_pem(pem: &str) -> Option<NodeKey> {
        let (_, der) = SecretDocument::from_pem(pem).ok()?;
        let pair = KeyPair::from_pkcs8(der.as_bytes()).ok()?;
        let public = RsaPublicKey::from_pkcs1_der(pair.public().as_ref()).ok()?;
        Some(NodeKey { pair, public })
    }

    /// What its signatures are verified with.
    pub fn public(&self) -> &RsaPublicKey {
        &self.public
    }
}

/// The public half alone.
impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeKey").field(&self.public).finish()
    }
}

impl SignatureFile {
    /// Signs a file's hash.
    ///
    /// # Panics
    /// When the processor miscalculates, which is found by verifying: a file with a wrong signature would tell of no mistake.
    pub fn sign(hash: FileHash, key: &NodeKey) -> Self {
        let mut signature = vec![0; key.pair.public().modulus_len()];
        // Nothing about this kind of signature is random: the generator is asked for nothing.
        let signed = key.pair.sign(&RSA_PKCS1_SHA384, &SystemRandom::new(), &hash.0, &mut signature);
        assert!(signed.is_ok(), "an RSA key signs what its public half verifies");
        SignatureFile { hash, signature }
    }

    /// Whether the signature is that key's.
    pub fn is_by(&self, key: &RsaPublicKey) -> bool {
        let key = VerifyingKey::<Sha384>::new(key.clone());
        Signature::try_from(self.signature.as_slice())
            .is_ok_and(|signature| key.verify(&self.hash.0, &signature).is_ok())
    }

    /// Reads a signature file.
    ///
    /// # Errors
    /// When the bytes are no whole signature file.
    pub fn read(file: &[u8]) -> Result<Self, FileError> {
        let mut bytes = Bytes::new(file);
        bytes.marker(HASH, "the hash of the signed file (0x04)")?;
        let hash = bytes.hash("the hash of the signed file")?;
        bytes.marker(SIGNATURE, "the signature (0x03)")?;
        let signature = bytes.sized("the signature")?.to_vec();
        bytes.expect_end()?;
        Ok(SignatureFile { hash, signature })
    }

    /// The bytes of the file.
    pub fn write(&self) -> Vec<u8> {
        let mut file = vec![HASH];
        file.extend(self.hash.0);
        file.push(SIGNATURE);
        put_sized(&mut file, &self.signature);
        file
    }
}
