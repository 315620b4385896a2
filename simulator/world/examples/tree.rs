//! Writes the tree file of the world `private-net` to standard output: the address of every key of its coordinator.
//!
//! `cargo run --release -p tanglegram-world --example tree > fixtures/worlds/private-net.tree`

use std::io::{self, Write};

use tanglegram_ternary::wots::{PrivateKey, Security};
use tanglegram_ternary::{Hash, SignatureMode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = Hash::from_trytes_padded("TANGLEGRAM9PRIVATE9NET9COORDINATOR")?;
    let mut out = io::stdout().lock();
    for index in 0..1 << 12 {
        let address = PrivateKey::generate(SignatureMode::Kerl, &seed, index, Security::Low).address();
        out.write_all(address.as_bytes())?;
    }
    Ok(())
}
