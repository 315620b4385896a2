//! A bundle sent as a wallet sends it: made, then attached, stored and broadcast by a node's API.

use serde_json::{Value, json};
use tanglegram_tangle::ApiRequest;
use tanglegram_target::Reply;
use tanglegram_ternary::TransactionBuilder;
use tanglegram_vector::{Payment, Scope, Sending, Sent, Template};
use tanglegram_world::sim::{self, Simulation, account_address};

use crate::network::heard;

/// What was sent, and the reply: that of the first call that went wrong, or what is known of the bundle, tail first.
pub(crate) fn send(
    simulation: &mut Simulation,
    node: usize,
    sending: &Sending,
    scope: &Scope<'_>,
) -> Result<(String, Reply), String> {
    let mut wallet = Wallet { simulation, node };
    let made = wallet.make(&sending.what, scope)?;
    let sent = format!("a bundle of {} transactions", made.len());
    match wallet.attach(sending, made, scope)? {
        Ok(attached) => Ok((sent, heard(200, attached.to_string()))),
        Err(refused) => Ok((sent, refused)),
    }
}

/// Somebody at a node.
struct Wallet<'s> {
    simulation: &'s mut Simulation,
    node: usize,
}

/// What a call answers, or the reply with which it was refused.
type Answer = Result<Value, Reply>;

impl Wallet<'_> {
    /// The trytes of a bundle, tail first.
    fn make(&mut self, what: &Sent, scope: &Scope<'_>) -> Result<Vec<String>, String> {
        let seconds = i64::try_from(self.simulation.clock(self.node) / 1000).unwrap_or_default();
        match what {
            Sent::Payment(payment) => {
                let balance = match payment.balance {
                    Some(balance) => balance,
                    None => self.balance(payment)?,
                };
                let made = sim::payment(payment.from, balance, payment.to, payment.amount, seconds);
                Ok(trytes(&made.map_err(|error| format!("the payment cannot be made: {error}"))?))
            }
            Sent::Message(text) => {
                let made = sim::message(1, text, seconds);
                Ok(trytes(&made.map_err(|error| format!("the message cannot be made: {error}"))?))
            }
            Sent::Again(trytes) => {
                let trytes = trytes.resolve(scope).map_err(|error| error.to_string())?;
                let texts =
                    trytes.as_array().into_iter().flatten().map(|one| one.as_str().map(str::to_owned));
                texts.collect::<Option<Vec<_>>>().ok_or_else(|| "`again` needs a list of trytes".to_owned())
            }
        }
    }

    fn balance(&mut self, payment: &Payment) -> Result<i64, String> {
        let (account, key) = payment.from;
        let address = account_address(account, key).to_string();
        let request = json!({ "command": "getBalances", "addresses": [address], "threshold": 100 });
        let answer =
            self.call(&request)?.map_err(|refused| String::from_utf8_lossy(&refused.body).into_owned())?;
        let balance =
            answer.pointer("/balances/0").and_then(Value::as_str).and_then(|text| text.parse().ok());
        balance.ok_or_else(|| format!("the balance of account {account} is not told"))
    }

    /// Attaches a bundle, and hands it to the node.
    fn attach(
        &mut self,
        sending: &Sending,
        mut trytes: Vec<String>,
        scope: &Scope<'_>,
    ) -> Result<Answer, String> {
        let (trunk, branch) = match self.parents(sending, scope)? {
            Ok(parents) => parents,
            Err(refused) => return Ok(Err(refused)),
        };
        let mwm = self.simulation.scenario().mwm;
        trytes.reverse();
        let request = json!({
            "command": "attachToTangle", "trunkTransaction": trunk, "branchTransaction": branch,
            "minWeightMagnitude": mwm, "trytes": trytes,
        });
        let attached = match self.call(&request)? {
            Ok(answer) => answer["trytes"].clone(),
            Err(refused) => return Ok(Err(refused)),
        };
        let commands = if sending.store_only {
            &["storeTransactions"][..]
        } else {
            &["storeTransactions", "broadcastTransactions"]
        };
        for command in commands {
            if let Err(refused) = self.call(&json!({ "command": command, "trytes": attached }))? {
                return Ok(Err(refused));
            }
        }
        Ok(Ok(told(attached)))
    }

    /// The transactions to approve: the ones that are given, or the node's choice.
    fn parents(
        &mut self,
        sending: &Sending,
        scope: &Scope<'_>,
    ) -> Result<Result<(Value, Value), Reply>, String> {
        let value = |template: &Template| template.resolve(scope).map_err(|error| error.to_string());
        if let Some((trunk, branch)) = &sending.parents {
            return Ok(Ok((value(trunk)?, value(branch)?)));
        }
        let mut request = json!({ "command": "getTransactionsToApprove", "depth": sending.depth });
        if let Some(reference) = &sending.reference {
            request["reference"] = value(reference)?;
        }
        let answer = self.call(&request)?;
        Ok(answer.map(|answer| (answer["trunkTransaction"].clone(), answer["branchTransaction"].clone())))
    }

    fn call(&mut self, request: &Value) -> Result<Answer, String> {
        let request = ApiRequest { body: request.to_string(), versioned: true, trusted: true };
        let reply = self.simulation.request(self.node, request).map_err(|error| error.to_string())?;
        let status = reply.status as u16;
        Ok(match serde_json::from_str(&reply.body) {
            Ok(answer) if status == 200 => Ok(answer),
            _ => Err(heard(status, reply.body)),
        })
    }
}

/// The trytes of transactions that are not attached yet.
fn trytes(members: &[TransactionBuilder]) -> Vec<String> {
    members.iter().map(|member| member.build().to_trytes()).collect()
}

/// What is known of a bundle once it is attached: its trytes, tail first, its hashes, and the bundle's.
fn told(trytes: Value) -> Value {
    let texts = trytes.as_array().into_iter().flatten().filter_map(Value::as_str);
    let hashes: Vec<Option<String>> = texts.map(tanglegram_target::transaction_hash).collect();
    let bundle = trytes[0].as_str().and_then(tanglegram_target::bundle_hash);
    json!({ "tail": hashes.first(), "bundle": bundle, "hashes": hashes, "trytes": trytes })
}
