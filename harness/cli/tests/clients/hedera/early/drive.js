// Drives a Hedera network with @hashgraph/sdk 1.4. Usage: node drive.js MIRROR ACCOUNT KEY NODE...
// Exits with 0 when every step went as it must; otherwise tells the first that did not.
'use strict'

const assert = require('assert')
const {
  AccountBalanceQuery, AccountCreateTransaction, AccountInfoQuery, Client, CryptoTransferTransaction, Ed25519PrivateKey,
  Hbar, TransactionId
} = require('@hashgraph/sdk')
const { failure, shown, soon } = require('./common.js')

const [mirror, account, key, ...nodes] = process.argv.slice(2)
const network = Object.fromEntries(nodes.map((address, place) => [address, `0.0.${3 + place}`]))
const connect = (privateKey) => new Client({ network, operator: { accountId: account, privateKey } })
const client = connect(key)

const transfer = (amount) => new CryptoTransferTransaction().addSender(account, amount).addRecipient('0.0.5', amount)
const balance = (id) => new AccountBalanceQuery().setAccountId(id).execute(client)
const id = (transaction) => {
  const { seconds, nanos } = transaction._toProto().getTransactionvalidstart().toObject()
  return `${account}-${seconds}-${String(nanos).padStart(9, '0')}`
}
const name = (error) => error.status.toString()

const accounts = async () => {
  const owner = await Ed25519PrivateKey.generate()
  const created = await new AccountCreateTransaction().setKey(owner.publicKey).setInitialBalance(new Hbar(10)).execute(client)
  const accountId = (await created.getReceipt(client)).getAccountId()
  await soon(async () => assert((await balance(accountId)).isEqualTo(new Hbar(10))))
  const info = await soon(() => new AccountInfoQuery().setAccountId(accountId).execute(client))
  assert.strictEqual(info.accountId.toString(), accountId.toString())
}

const records = async () => {
  const sent = await transfer(new Hbar(3)).execute(client)
  const record = await sent.getRecord(client)
  assert.strictEqual(record.receipt.status.toString(), 'SUCCESS')
  assert(record.transactionFee.isEqualTo(Hbar.fromTinybar(85828)))
  const [entry] = await shown(mirror, id(sent), 1)
  assert.strictEqual(entry.result, 'SUCCESS')
}

/** The same transaction through two nodes. Where the network was quicker than the second, it is tried again. */
const duplicates = async () => {
  for (let round = 0; round < 20; round += 1) {
    const same = new TransactionId(account)
    const through = (node) => transfer(new Hbar(1)).setTransactionId(same).setNodeAccountId(node).execute(client)
    const [first, second] = await Promise.allSettled(['0.0.3', '0.0.4'].map(through))
    if (first.status === 'fulfilled' && second.status === 'fulfilled') {
      const entries = await shown(mirror, id(same), 2)
      assert.deepStrictEqual(entries.map((entry) => entry.result).sort(), ['DUPLICATE_TRANSACTION', 'SUCCESS'])
      return
    }
    const refused = [first, second].find((each) => each.status === 'rejected').reason
    assert.strictEqual(name(refused), 'DUPLICATE_TRANSACTION', refused)
  }
  throw new Error('no two nodes took the same transaction')
}

const failures = async () => {
  const rich = await balance(account)
  const poor = await transfer(rich.plus(Hbar.fromTinybar(1))).execute(client)
  assert.strictEqual(name(await failure(() => poor.getReceipt(client))), 'INSUFFICIENT_ACCOUNT_BALANCE')
  const stranger = connect((await Ed25519PrivateKey.generate()).toString())
  assert.strictEqual(name(await failure(() => transfer(new Hbar(1)).execute(stranger))), 'INVALID_SIGNATURE')
  const validStart = { seconds: Math.floor(Date.now() / 1000) - 600, nanos: 0 }
  const late = transfer(new Hbar(1)).setTransactionId(TransactionId.withValidStart(account, validStart))
  assert.strictEqual(name(await failure(() => late.execute(client))), 'TRANSACTION_EXPIRED')
}

const main = async () => {
  await accounts()
  await records()
  await duplicates()
  await failures()
}

main().then(() => process.exit(0), (error) => {
  console.error(error)
  process.exit(1)
})
