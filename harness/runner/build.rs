//! Rebuilds when a vector or specification file comes or goes: embedding alone notices only changed ones.

fn main() {
    println!("cargo:rerun-if-changed=../../vectors");
    println!("cargo:rerun-if-changed=../../specs");
}
