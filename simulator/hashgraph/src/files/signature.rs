//! Signature files: a node's signature over the hash of a record or balance file.

use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::signature::{SignatureEncoding, Signer, Verifier};
use rsa::{RsaPrivateKey, RsaPublicKey};
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

impl SignatureFile {
    /// Signs a file's hash.
    pub fn sign(hash: FileHash, key: &RsaPrivateKey) -> Self {
        let signature = SigningKey::<Sha384>::new(key.clone()).sign(&hash.0);
        SignatureFile { hash, signature: signature.to_vec() }
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
