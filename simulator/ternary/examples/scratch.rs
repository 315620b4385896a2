#![allow(clippy::all, missing_docs, clippy::disallowed_methods)]
use std::{hint::black_box, time::Instant};
use tanglegram_ternary::{transaction::field::*, wots::*, *};
fn t<T>(name: &str, mut f: impl FnMut() -> T) {
    let mut best = f64::MAX;
    for _ in 0..20 {
        let s = Instant::now();
        let mut n = 0;
        while s.elapsed().as_millis() < 10 {
            black_box(f());
            n += 1;
        }
        best = best.min(s.elapsed().as_secs_f64() / n as f64);
    }
    println!("{name:<30} {:>10.0} ns", best * 1e9);
}
fn main() {
    let trits: Vec<i8> = (0..8019usize).map(|i| ((i * i * 7 + i * 3 + i / 5) % 3) as i8 - 1).collect();
    let text = trytes::encode(&trits).unwrap();
    let tx = Transaction::from_trytes(&text).unwrap();
    let mut buf = [0i8; 8019];
    let mut bytes = [0u8; 1604];
    t("decode_into", || trytes::decode_into(&text, &mut buf).unwrap());
    t("pack_into", || t5b1::pack_into(&trits, &mut bytes));
    t("unpack_into", || {
        t5b1::unpack_into(black_box(&bytes), &mut buf);
        buf[77]
    });
    t("validate bytes", || t5b1::validate(&bytes, 8019).unwrap());
    t("validate trits", || trits::validate(&trits).unwrap());
    t("to_trytes", || tx.to_trytes());
    t("from_trytes", || Transaction::from_trytes(&text).unwrap());
    t("from_bytes", || Transaction::from_bytes(&bytes).unwrap());
    t("curl", || curl::hash(&trits, curl::Rounds::P81));
    t("signature_fragment", || tx.signature_fragment());
    t("essence", || tx.essence());
    let h = tx.hash();
    let s = h.to_string();
    t("Hash::from_trytes", || Hash::from_trytes(black_box(&s)).unwrap());
    t("Hash::to_trytes", || black_box(h).to_trytes());
    t("Hash::trits", || black_box(h).trits());
    t("kerl 1", || kerl::hash_all(&[black_box(h)]));
    t("kerl 2", || kerl::hash_all(&[black_box(h), h]));
    let key = PrivateKey::generate(SignatureMode::Kerl, &h, 0, Security::Medium);
    t("keygen 2", || PrivateKey::generate(SignatureMode::Kerl, &h, 0, Security::Medium));
    t("address 2", || key.address());
    let sig = key.sign(&h);
    t("sign 2", || key.sign(&h));
    t("verify 2", || recover_address(SignatureMode::Kerl, &h, &sig));
    let mut st = [[1u64; 25]; 8];
    t("permute", || tanglegram_kernels::keccak::permute(&mut st[0]));
    t("permute_many 8", || tanglegram_kernels::keccak::permute_many(&mut st));
}
