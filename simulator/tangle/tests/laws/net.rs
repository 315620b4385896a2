//! A small network: keys, a coordinator, and transactions built on one another at random.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tanglegram_tangle::{
    ApiRequest, Config, CoordinatorConfig, Genesis, Input, Millis, Node, Output, Reply, SUPPLY, Status,
};
use tanglegram_ternary::bundle::{BundleBuilder, Input as Spend, Output as Payment};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::milestone::{self, Coordinator};
use tanglegram_ternary::pow::{self, Control, Work};
use tanglegram_ternary::wots::{self, Security};
use tanglegram_ternary::{Address, Hash, SignatureMode, Tag, Transaction, TransactionBuilder};

const NOW: Millis = 1_700_000_000_000;
const SECONDS: i64 = 1_700_000_000;
const KEYS: u32 = 6;
const SHARE: i64 = 1_000;
const START: i32 = 5;

static SEED: LazyLock<Hash> = LazyLock::new(|| Hash::from_trytes_padded("LAWS").expect("trytes"));
static ADDRESSES: LazyLock<Vec<Address>> =
    LazyLock::new(|| (0..KEYS).map(|index| wots::address(&SEED, index, Security::Low)).collect());
static TREE: LazyLock<KeyTree> = LazyLock::new(|| {
    KeyTree::generate(SignatureMode::CurlP27, &SEED, Security::Low, 5).expect("a small tree")
});

/// One thing that is added to the tangle; the indices choose among the tails there are.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Message {
        trunk: Index,
        branch: Index,
    },
    /// Spends all of a key's genesis share; a second spend of the same key is a double spend.
    Transfer {
        from: u32,
        to: u32,
        trunk: Index,
        branch: Index,
    },
    /// Approves the milestone before and another tail.
    Milestone {
        trunk: Index,
    },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let parents = || (any::<Index>(), any::<Index>());
    prop_oneof![
        3 => parents().prop_map(|(trunk, branch)| Step::Message { trunk, branch }),
        2 => (0..KEYS, 0..KEYS, parents()).prop_map(|(from, to, (trunk, branch))| Step::Transfer { from, to, trunk, branch }),
        2 => any::<Index>().prop_map(|trunk| Step::Milestone { trunk }),
    ]
}

/// What has been built so far.
pub(crate) struct Net {
    tails: Vec<Hash>,
    next_milestone: u32,
    last_milestone: Hash,
}

impl Net {
    pub(crate) fn new() -> Net {
        Net { tails: vec![Hash::NULL], next_milestone: START as u32 + 1, last_milestone: Hash::NULL }
    }

    pub(crate) fn node(&self) -> Asked {
        Asked { node: Node::new(self.config(), 3) }
    }

    pub(crate) fn config(&self) -> Config {
        let mut balances: std::collections::BTreeMap<_, _> =
            ADDRESSES.iter().map(|address| (*address, SHARE)).collect();
        balances.insert(rest(), SUPPLY - SHARE * i64::from(KEYS));
        let genesis = Genesis::new(balances, START, SECONDS - 1_000).expect("the supply");
        let identity = Coordinator::of(&TREE);
        let mut config = Config::testnet(genesis, CoordinatorConfig { identity, validate: true });
        config.mwm = 1;
        config
    }

    /// Builds the transactions of these steps, parents before children.
    pub(crate) fn grow(&mut self, steps: &[Step]) -> Vec<Arc<Transaction>> {
        steps.iter().flat_map(|step| self.build(step)).map(Arc::new).collect()
    }

    fn build(&mut self, step: &Step) -> Vec<Transaction> {
        let built = match step {
            Step::Message { trunk, branch } => self.attach(message(), trunk, branch),
            Step::Transfer { from, to, trunk, branch } => self.attach(transfer(*from, *to), trunk, branch),
            Step::Milestone { trunk } => self.milestone(trunk),
        };
        self.tails.extend(built.first().map(Transaction::hash));
        built
    }

    fn pick(&self, index: &Index) -> Hash {
        // Among the newest, so that the tangle grows long rather than flat.
        *index.get(&self.tails[self.tails.len().saturating_sub(6)..])
    }

    fn attach(&self, members: Vec<TransactionBuilder>, trunk: &Index, branch: &Index) -> Vec<Transaction> {
        pow::attach_bundle(members, &self.pick(trunk), &self.pick(branch), mined).expect("mined")
    }

    fn milestone(&mut self, trunk: &Index) -> Vec<Transaction> {
        let parents = (&self.pick(trunk), &self.last_milestone);
        let issued =
            milestone::issue(&TREE, self.next_milestone, SECONDS, parents, mined).unwrap_or_default();
        self.next_milestone += 1;
        self.last_milestone = issued.first().map_or(self.last_milestone, Transaction::hash);
        issued
    }
}

fn mined(member: TransactionBuilder, trunk: &Hash, branch: &Hash) -> Result<Transaction, pow::PowError> {
    let control = Control::new();
    pow::attach(member, trunk, branch, &Work { mwm: 1, timestamp: NOW as i64, threads: 1, control: &control })
}

/// Who holds what the keys do not.
fn rest() -> Address {
    Hash::from_trytes_padded("REST").expect("trytes")
}

fn message() -> Vec<TransactionBuilder> {
    let output = Payment { message: "HELLO".to_owned(), ..Payment::default() };
    let mut bundle = BundleBuilder::new(SECONDS);
    bundle.output(&output).expect("an output");
    bundle.finish(None).expect("a bundle").into_transactions()
}

fn transfer(from: u32, to: u32) -> Vec<TransactionBuilder> {
    let address = |index: u32| ADDRESSES[index as usize];
    let (tag, security) = (Tag::NULL, Security::Low);
    let mut bundle = BundleBuilder::new(SECONDS);
    bundle
        .output(&Payment { address: address(to), value: SHARE, tag, message: String::new() })
        .and_then(|b| {
            b.input(&Spend { address: address(from), balance: SHARE, key_index: from, security, tag })
        })
        .expect("a payment and its source");
    bundle.finish(None).expect("a bundle").sign(&SEED).into_transactions()
}

/// A node and the questions the laws ask it, over its API.
pub(crate) struct Asked {
    pub(crate) node: Node,
}

impl Asked {
    pub(crate) fn store(&mut self, transaction: &Arc<Transaction>) {
        self.store_at(0, transaction);
    }

    /// Stores a transaction so many seconds after it was made.
    pub(crate) fn store_at(&mut self, seconds: u64, transaction: &Arc<Transaction>) {
        let input = Input::Store { transactions: vec![transaction.clone()] };
        self.node.handle(NOW + seconds * 1_000, input, &mut Vec::new());
    }

    pub(crate) fn ask_text(&mut self, text: &str) -> Reply {
        let request = ApiRequest { body: text.to_owned(), versioned: true, trusted: true };
        let mut out = Vec::new();
        self.node.handle(NOW, Input::Api { id: 0, request }, &mut out);
        loop {
            match out.remove(0) {
                Output::Reply { reply, .. } => return reply,
                Output::Mine { job, .. } => {
                    self.node.handle(NOW, Input::Mined { job, nonce: None }, &mut out)
                }
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// The reply's body; `None` unless the status is 200.
    fn ask(&mut self, request: &Value) -> Option<Value> {
        let reply = self.ask_text(&request.to_string());
        (reply.status == Status::Ok).then(|| serde_json::from_str(&reply.body).expect("JSON"))
    }

    pub(crate) fn balances(&mut self, _: &Net) -> Vec<i64> {
        let addresses: Vec<String> =
            ADDRESSES.iter().copied().chain([rest()]).map(|a| a.to_string()).collect();
        let request = json!({ "command": "getBalances", "addresses": addresses, "threshold": 100 });
        match self.ask(&request) {
            Some(body) => {
                let texts = body["balances"].as_array().expect("a list").iter();
                texts.map(|text| text.as_str().and_then(|t| t.parse().ok()).expect("a number")).collect()
            }
            // Without any milestone the real node cannot tell; the genesis stands.
            None => vec![SUPPLY],
        }
    }

    pub(crate) fn tips_to_approve(&mut self, depth: i32) -> Option<(String, String)> {
        self.tips(&json!({ "command": "getTransactionsToApprove", "depth": depth }))
    }

    pub(crate) fn tips_to_approve_with(&mut self, depth: i32, reference: &str) -> Option<(String, String)> {
        self.tips(&json!({ "command": "getTransactionsToApprove", "depth": depth, "reference": reference }))
    }

    fn tips(&mut self, request: &Value) -> Option<(String, String)> {
        let body = self.ask(request)?;
        let text = |name: &str| body[name].as_str().expect("a hash").to_owned();
        Some((text("trunkTransaction"), text("branchTransaction")))
    }

    pub(crate) fn is_consistent(&mut self, tails: &[String]) -> bool {
        self.ask(&json!({ "command": "checkConsistency", "tails": tails }))
            .is_some_and(|body| body["state"] == true)
    }

    /// Confirmed or not, by the latest solid milestone; `None` while the node is not synchronised.
    pub(crate) fn inclusion_states(&mut self, transactions: &[Arc<Transaction>]) -> Option<Vec<bool>> {
        let hashes: Vec<String> = transactions.iter().map(|tx| tx.hash().to_string()).collect();
        let tips = [self.node.solid_milestone().to_string()];
        let body =
            self.ask(&json!({ "command": "getInclusionStates", "transactions": hashes, "tips": tips }))?;
        Some(body["states"].as_array().expect("a list").iter().map(|state| state == true).collect())
    }
}

/// All that can be seen of a node that got these transactions, in an order-free form.
#[derive(Debug, PartialEq)]
pub(crate) struct View {
    milestones: (i32, i32),
    balances: Vec<i64>,
    tips: BTreeSet<String>,
    spent: Option<Value>,
    confirmed: BTreeSet<String>,
    missing: BTreeSet<String>,
}

impl View {
    pub(crate) fn after(net: &Net, transactions: &[Arc<Transaction>]) -> View {
        let mut asked = net.node();
        transactions.iter().for_each(|transaction| asked.store(transaction));
        View::of(net, &mut asked, transactions)
    }

    /// What a node shows now; of these transactions, which are confirmed.
    pub(crate) fn of(net: &Net, asked: &mut Asked, transactions: &[Arc<Transaction>]) -> View {
        let states = asked.inclusion_states(transactions).unwrap_or_default();
        let confirmed = transactions.iter().zip(states).filter(|(_, state)| *state);
        View {
            milestones: (asked.node.solid_milestone_index(), asked.node.latest_milestone_index()),
            balances: asked.balances(net),
            confirmed: confirmed.map(|(transaction, _)| transaction.hash().to_string()).collect(),
            tips: asked.hashes("getTips"),
            missing: asked.hashes("getMissingTransactions"),
            spent: asked.spent(),
        }
    }
}

impl Asked {
    /// What wereAddressesSpentFrom says of the keys' addresses.
    pub(crate) fn spent(&mut self) -> Option<Value> {
        let addresses: Vec<String> = ADDRESSES.iter().map(|address| address.to_string()).collect();
        self.ask(&json!({ "command": "wereAddressesSpentFrom", "addresses": addresses }))
            .map(|body| body["states"].clone())
    }

    fn hashes(&mut self, command: &str) -> BTreeSet<String> {
        let body = self.ask(&json!({ "command": command })).expect("a list");
        body["hashes"].as_array().expect("a list").iter().map(Value::to_string).collect()
    }
}
