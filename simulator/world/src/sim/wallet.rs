//! Accounts with funds, and the bundles they send.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tanglegram_ternary::bundle::{self, BundleBuildError, BundleBuilder, Input, Output};
use tanglegram_ternary::wots::{self, Security};
use tanglegram_ternary::{Address, DecodeError, Hash, Tag, TransactionBuilder};

/// Addresses by account and key. An address is a function of both, so that keeping it changes nothing but the time it takes.
static ADDRESSES: Mutex<BTreeMap<(usize, u32), Address>> = Mutex::new(BTreeMap::new());

/// The seed of an account.
fn seed(account: usize) -> Hash {
    let letters: String = account.to_string().bytes().map(|digit| char::from(b'A' + digit - b'0')).collect();
    Hash::from_trytes_padded(&format!("SIMULATED9ACCOUNT9{letters}")).unwrap_or(Hash::NULL)
}

/// The address of an account's key. At the genesis the accounts of a simulated network hold their funds on key 0.
pub fn address(account: usize, key: u32) -> Address {
    let known = ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner).get(&(account, key)).copied();
    known.unwrap_or_else(|| {
        let address = wots::address(&seed(account), key, Security::Low);
        ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner).insert((account, key), address);
        address
    })
}

/// An address with funds that was not spent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coin {
    pub(crate) account: usize,
    pub(crate) key: u32,
    pub(crate) balance: i64,
}

/// All accounts: which keys were given out, and which were spent.
pub(crate) struct Wallets {
    /// Keys given out, by account.
    keys: Vec<u32>,
    spent: BTreeSet<(usize, u32)>,
    /// Whether what was received is spent, too.
    respend: bool,
}

impl Wallets {
    /// Accounts that have their funds on key 0.
    pub(crate) fn new(accounts: usize, respend: bool) -> Wallets {
        Wallets { keys: vec![1; accounts], spent: BTreeSet::new(), respend }
    }

    /// The account's first unspent address with funds on this ledger.
    pub(crate) fn coin(&self, account: usize, balances: &BTreeMap<Address, i64>) -> Option<Coin> {
        let given_out = self.keys.get(account).copied().unwrap_or(0);
        let keys = if self.respend { given_out } else { given_out.min(1) };
        let unspent = (0..keys).filter(|&key| !self.spent.contains(&(account, key)));
        let with_funds =
            |key| balances.get(&address(account, key)).map(|&balance| Coin { account, key, balance });
        unspent.into_iter().find_map(with_funds)
    }

    fn fresh_address(&mut self, account: usize) -> Address {
        let key = self.keys[account];
        self.keys[account] += 1;
        address(account, key)
    }

    /// Sends `amount` of a coin to another account and the rest back, signed but not attached; tail first.
    pub(crate) fn pay(
        &mut self,
        coin: Coin,
        to: usize,
        amount: i64,
        seconds: i64,
    ) -> Result<Vec<TransactionBuilder>, BundleBuildError> {
        self.spent.insert((coin.account, coin.key));
        let (to, change) = (self.fresh_address(to), self.fresh_address(coin.account));
        signed(coin, &to, &change, amount, seconds)
    }
}

/// A payment of a coin, signed but not attached; tail first.
fn signed(
    coin: Coin,
    to: &Address,
    change: &Address,
    amount: i64,
    seconds: i64,
) -> Result<Vec<TransactionBuilder>, BundleBuildError> {
    let Coin { account, key, balance } = coin;
    let (tag, security) = (Tag::NULL, Security::Low);
    let source = address(account, key);
    let mut bundle = BundleBuilder::new(seconds);
    bundle.output(&Output { address: *to, value: amount, tag, message: String::new() })?.input(&Input {
        address: source,
        balance,
        key_index: key,
        security,
        tag,
    })?;
    Ok(bundle.finish(Some(change))?.sign(&seed(account)).into_transactions())
}

/// A payment from an account's key, which holds `balance`, to another's; what is left goes to the payer's next key. Signed
/// but not attached, tail first, with a timestamp in seconds.
pub fn payment(
    (account, key): (usize, u32),
    balance: i64,
    to: (usize, u32),
    amount: i64,
    seconds: i64,
) -> Result<Vec<TransactionBuilder>, BundleBuildError> {
    signed(Coin { account, key, balance }, &address(to.0, to.1), &address(account, key + 1), amount, seconds)
}

/// A bundle of so many transactions that move nothing.
pub fn message(size: usize, text: &str, seconds: i64) -> Result<Vec<TransactionBuilder>, BundleBuildError> {
    let mut bundle = BundleBuilder::new(seconds);
    for _ in 0..size {
        bundle.output(&Output { message: text.to_owned(), ..Output::default() })?;
    }
    Ok(bundle.finish(None)?.into_transactions())
}

/// A bundle of so many transactions that move nothing, for workloads. Nobody signs it, so that any bundle hash will do, and none is searched
/// for as for payments.
pub(crate) fn plain_message(
    size: usize,
    text: &str,
    seconds: i64,
) -> Result<Vec<TransactionBuilder>, DecodeError> {
    let last = size as i64 - 1;
    let member = |index| {
        let mut transaction = TransactionBuilder::new();
        transaction.set_message(text)?.set_timestamp(seconds)?.set_indices(index, last)?;
        Ok(transaction)
    };
    let mut members = (0..=last).map(member).collect::<Result<Vec<_>, DecodeError>>()?;
    let hash = bundle::hash(members.iter().map(TransactionBuilder::essence));
    for transaction in &mut members {
        transaction.set_bundle(&hash);
    }
    Ok(members)
}
