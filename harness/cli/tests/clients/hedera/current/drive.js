// Drives a Hedera network with @hashgraph/sdk 2. Usage: node drive.js MIRROR ACCOUNT KEY NODE...
// Exits with 0 when every step went as it must; otherwise tells the first that did not.
'use strict'

const assert = require('assert')
const {
  AccountBalanceQuery, AccountCreateTransaction, AccountDeleteTransaction, AccountId, AccountInfoQuery,
  AccountUpdateTransaction, Client, FileCreateTransaction, Hbar, KeyList, PrivateKey, Timestamp, TransactionId,
  TransferTransaction
} = require('@hashgraph/sdk')
const { failure, shown, soon } = require('./common.js')

const [mirror, account, key, ...nodes] = process.argv.slice(2)
const operator = AccountId.fromString(account)
const places = nodes.map((address, place) => [address, new AccountId(3 + place)])
const connect = (signer) => Client.forNetwork(Object.fromEntries(places)).setOperator(operator, signer)
const client = connect(PrivateKey.fromStringDer(key))

const transfer = (amount, to = '0.0.5') =>
  new TransferTransaction().addHbarTransfer(operator, amount.negated()).addHbarTransfer(to, amount)
const balance = async (id) => (await new AccountBalanceQuery().setAccountId(id).execute(client)).hbars
const id = (response) => response.transactionId.toString().replace('@', '-').replace(/\.(\d+)$/, (_, nanos) => `-${nanos.padStart(9, '0')}`)

const accounts = async () => {
  const [first, second] = [PrivateKey.generateED25519(), PrivateKey.generateED25519()]
  const keys = new KeyList([first.publicKey, second.publicKey], 1)
  const created = await new AccountCreateTransaction().setKeyWithoutAlias(keys).setInitialBalance(new Hbar(10)).execute(client)
  const { accountId } = await created.getReceipt(client)
  await soon(async () => assert.strictEqual((await balance(accountId)).toString(), new Hbar(10).toString()))
  const info = await soon(() => new AccountInfoQuery().setAccountId(accountId).execute(client))
  assert.strictEqual(info.accountId.toString(), accountId.toString())
  const update = new AccountUpdateTransaction().setAccountId(accountId).setKey(first.publicKey).freezeWith(client)
  await (await (await update.sign(first)).execute(client)).getReceipt(client)
  const remove = new AccountDeleteTransaction().setAccountId(accountId).setTransferAccountId(operator).freezeWith(client)
  await (await (await remove.sign(first)).execute(client)).getReceipt(client)
  await soon(async () => assert.strictEqual((await failure(() => balance(accountId))).status.toString(), 'ACCOUNT_DELETED'))
}

const records = async () => {
  const before = await balance('0.0.5')
  const response = await transfer(new Hbar(3)).setTransactionMemo('täst').execute(client)
  const record = await response.getRecord(client)
  assert.strictEqual(record.receipt.status.toString(), 'SUCCESS')
  assert.strictEqual(record.transactionMemo, 'täst')
  assert.strictEqual(record.transactionFee.toTinybars().toString(), '85828')
  assert(record.transfers.some((each) => each.accountId.toString() === '0.0.98'))
  const received = async () => (await balance('0.0.5')).toTinybars().subtract(before.toTinybars())
  await soon(async () => assert((await received()).gte(new Hbar(3).toTinybars())))
  const [entry] = await shown(mirror, id(response), 1)
  assert.strictEqual(entry.charged_tx_fee, 85828)
}

/** The same transaction through two nodes. Where the network was quicker than the second, it is tried again. */
const duplicates = async () => {
  for (let round = 0; round < 20; round += 1) {
    const same = TransactionId.generate(operator)
    const through = ([, node]) => transfer(new Hbar(1)).setTransactionId(same).setNodeAccountIds([node]).execute(client)
    const [first, second] = await Promise.allSettled(places.slice(0, 2).map(through))
    if (first.status === 'fulfilled' && second.status === 'fulfilled') {
      const receipt = await first.value.getReceipt(client)
      assert.strictEqual(receipt.status.toString(), 'SUCCESS')
      const entries = await shown(mirror, id(first.value), 2)
      const results = entries.map((entry) => entry.result).sort()
      assert.deepStrictEqual(results, ['DUPLICATE_TRANSACTION', 'SUCCESS'])
      const duplicate = entries.find((entry) => entry.result === 'DUPLICATE_TRANSACTION')
      assert.strictEqual(duplicate.charged_tx_fee, 880)
      return
    }
    const refused = [first, second].find((each) => each.status === 'rejected').reason
    assert.strictEqual(refused.status.toString(), 'DUPLICATE_TRANSACTION', refused)
  }
  throw new Error('no two nodes took the same transaction')
}

const failures = async () => {
  const rich = await balance(operator)
  const poor = await transfer(Hbar.fromTinybars(rich.toTinybars().add(1))).execute(client)
  const insufficient = await failure(() => poor.getReceipt(client))
  assert.strictEqual(insufficient.status.toString(), 'INSUFFICIENT_ACCOUNT_BALANCE')
  assert.strictEqual((await shown(mirror, id(poor), 1))[0].charged_tx_fee, 85828)
  const stranger = connect(PrivateKey.generateED25519())
  const forged = await failure(() => transfer(new Hbar(1)).execute(stranger))
  assert.strictEqual(forged.status.toString(), 'INVALID_SIGNATURE')
  stranger.close()
  const past = Timestamp.fromDate(new Date(Date.now() - 600_000))
  const late = transfer(new Hbar(1)).setTransactionId(TransactionId.withValidStart(operator, past))
  const expired = await failure(() => late.execute(client))
  assert.strictEqual(expired.status.toString(), 'TRANSACTION_EXPIRED')
  const file = await new FileCreateTransaction().setContents('x').execute(client)
  const unsupported = await failure(() => file.getReceipt(client))
  assert.strictEqual(unsupported.status.toString(), 'NOT_SUPPORTED')
}

const main = async () => {
  await accounts()
  await records()
  await duplicates()
  await failures()
  client.close()
}

main().then(() => process.exit(0), (error) => {
  console.error(error)
  process.exit(1)
})
