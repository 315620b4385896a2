//! See `tanglegram_fuzz::TARGETS`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tanglegram_fuzz::run("hedera-transaction", bytes));
