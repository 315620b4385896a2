// What both generations of the SDK are put through the same way: the network's REST API, and waiting.
'use strict'

const pause = () => new Promise((done) => setTimeout(done, 200))

/** Asks again and again until there is an answer, for a minute at most. */
const until = async (what, ask) => {
  for (let round = 0; round < 300; round += 1) {
    const answer = await ask()
    if (answer) return answer
    await pause()
  }
  throw new Error(`waited in vain for ${what}`)
}

/** What holds at every node soon: one may have handled what another has not yet. Tried for ten seconds at most. */
const soon = async (check) => {
  for (let round = 0; round < 50; round += 1) {
    try {
      return await check()
    } catch (error) {
      await pause()
    }
  }
  return check()
}

/** All entries that the mirror node shows of a transaction, once there are so many. */
const shown = (mirror, id, count) =>
  until(`${count} entries of ${id}`, async () => {
    const reply = await fetch(`${mirror}/api/v1/transactions/${id}`)
    const { transactions } = reply.ok ? await reply.json() : { transactions: [] }
    return transactions.length === count && transactions
  })

/** What a call fails with; one that does not fail is a failure. */
const failure = async (call) => {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('the call should have failed')
}

module.exports = { until, soon, shown, failure }
