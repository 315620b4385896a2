// Drives a private net with @iota/core, as a wallet would. Usage: node transfer.js URL SEED
// Exits with 0 when every step went as it must; otherwise tells the first that did not.
'use strict'

const assert = require('assert')
const { composeAPI } = require('@iota/core')

const [url, seed] = process.argv.slice(2)
const DEPTH = 3
const MWM = 9
const SUPPLY = 2779530283277761
const OTHER = 'RECEIVER9OF9TANGLEGRAM'.padEnd(81, '9')

const iota = composeAPI({ provider: url })

/** Asks again and again until the answer is there, for a minute at most. */
const until = async (what, ask) => {
  for (let round = 0; round < 300; round += 1) {
    if (await ask()) return
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error(`waited in vain for ${what}`)
}

const confirmed = async (hashes) => (await iota.getInclusionStates(hashes, [])).some(Boolean)

/** Builds, signs and sends a transfer; returns its transactions, the tail first. */
const send = async (value, address, tag, inputs, remainderAddress) => {
  const transfers = [{ address, value, tag, message: 'HELLO' }]
  const trytes = await iota.prepareTransfers(seed, transfers, { inputs, remainderAddress, security: 2 })
  return iota.sendTrytes(trytes, DEPTH, MWM)
}

const balances = async (addresses) => (await iota.getBalances(addresses)).balances.map(Number)

const main = async () => {
  const info = await iota.getNodeInfo()
  assert.match(info.appName, /^IRI/)
  await until('the first milestone', async () => (await iota.getNodeInfo()).latestSolidSubtangleMilestoneIndex > 0)

  const own = await iota.getNewAddress(seed, { index: 0, total: 3, security: 2 })
  const receiver = await iota.getNewAddress(OTHER, { index: 0, security: 2 })
  assert.deepStrictEqual(await balances([own[0], receiver]), [SUPPLY, 0])
  const found = await iota.getInputs(seed, { start: 0, end: 3, threshold: 1000 })
  assert.strictEqual(found.inputs[0].address, own[0])

  // A value transfer, until it is confirmed.
  const inputs = [{ address: own[0], balance: SUPPLY, keyIndex: 0, security: 2 }]
  const first = await send(1000, receiver, 'FIRST', inputs, own[1])
  assert.strictEqual(first.length, 4)
  assert.strictEqual(first[0].currentIndex, 0)
  await until('the first transfer', () => confirmed([first[0].hash]))
  assert.deepStrictEqual(await balances([own[0], own[1], receiver]), [0, SUPPLY - 1000, 1000])
  assert.deepStrictEqual(await iota.wereAddressesSpentFrom([own[0], own[1]]), [true, false])

  // Everything about it can be found again, and its bundle and signatures verify on this side too.
  const bundle = await iota.getBundle(first[0].hash)
  assert.deepStrictEqual(bundle.map((t) => t.hash), first.map((t) => t.hash))
  const sorted = (list) => [...list].sort()
  assert.deepStrictEqual(sorted(await iota.findTransactions({ bundles: [bundle[0].bundle] })), sorted(first.map((t) => t.hash)))
  assert.deepStrictEqual(await iota.findTransactions({ addresses: [receiver] }), [first[0].hash])
  assert.ok((await iota.findTransactions({ tags: ['FIRST'.padEnd(27, '9')] })).includes(first[0].hash))

  // A second one, promoted and reattached: two tails of one bundle, of which one is confirmed.
  const second = await send(500, receiver, 'SECOND', [{ address: own[1], balance: SUPPLY - 1000, keyIndex: 1, security: 2 }], own[2])
  const tail = second[0].hash
  assert.strictEqual(await iota.isPromotable(tail), true)
  const promotion = await iota.promoteTransaction(tail, DEPTH, MWM, [{ address: '9'.repeat(81), value: 0, tag: 'PROMOTION', message: '' }])
  assert.ok(promotion.length > 0)
  const again = await iota.replayBundle(tail, DEPTH, MWM)
  assert.notStrictEqual(again[0].hash, tail)
  assert.strictEqual(again[0].bundle, second[0].bundle)
  await until('the second transfer', () => confirmed([tail, again[0].hash]))
  assert.deepStrictEqual(await balances([own[1], own[2], receiver]), [0, SUPPLY - 1500, 1500])

  // A transaction nobody knows, and a request that makes no sense.
  const unknown = await iota.getTrytes(['UNKNOWN'.padEnd(81, '9')])
  assert.deepStrictEqual(unknown, ['9'.repeat(2673)])
  await assert.rejects(iota.getTransactionsToApprove(1000))
  console.log('all steps done')
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
