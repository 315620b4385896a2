"""Drives a private net with PyOTA, as a wallet would. Usage: python transfer.py URL SEED

Exits with 0 when every step went as it must; otherwise tells the first that did not.
"""

import sys
import time

from iota import Address, BadApiResponse, Iota, ProposedTransaction, Tag, Transaction, TransactionHash, TryteString

DEPTH = 3
MWM = 9
SUPPLY = 2779530283277761


def until(what, ask):
    """Asks again and again until the answer is there, for a minute at most."""
    for _ in range(300):
        if ask():
            return
        time.sleep(0.2)
    raise AssertionError("waited in vain for " + what)


def main(url, seed):
    api = Iota(url, seed=seed)
    other = Iota(url, seed=b"RECEIVER9OF9TANGLEGRAM9FOR9PYTHON")

    assert api.get_node_info()["appName"].startswith("IRI")
    until("the first milestone", lambda: api.get_node_info()["latestSolidSubtangleMilestoneIndex"] > 0)

    own = api.get_new_addresses(index=0, count=3, security_level=2)["addresses"]
    receiver = other.get_new_addresses(index=0, count=1, security_level=2)["addresses"][0]

    def balances(*addresses):
        return api.get_balances(list(addresses))["balances"]

    def confirmed(*tails):
        return any(api.get_latest_inclusion(list(tails))["states"].values())

    def send(value, tag, source, change):
        transfer = ProposedTransaction(
            address=receiver, value=value, tag=Tag(tag), message=TryteString.from_unicode("hello")
        )
        sent = api.send_transfer(
            transfers=[transfer],
            inputs=[source],
            change_address=change,
            depth=DEPTH,
            min_weight_magnitude=MWM,
            security_level=2,
        )
        return sent["bundle"]

    assert balances(own[0], receiver) == [SUPPLY, 0]
    inputs = api.get_inputs(start=0, stop=2, security_level=2)
    assert inputs["totalBalance"] == SUPPLY

    # A value transfer, until it is confirmed.
    first = send(1000, b"FIRST", own[0], own[1])
    assert len(first) == 4 and first.tail_transaction.current_index == 0
    until("the first transfer", lambda: confirmed(first.tail_transaction.hash))
    assert balances(own[0], own[1], receiver) == [0, SUPPLY - 1000, 1000]
    assert api.were_addresses_spent_from([own[0], own[1]])["states"] == [True, False]

    # Everything about it can be found again, and its bundle and signatures verify on this side too.
    fetched = api.get_bundles(first.tail_transaction.hash)["bundles"][0]
    assert [t.hash for t in fetched] == [t.hash for t in first]
    by_bundle = api.find_transactions(bundles=[first.hash])["hashes"]
    assert sorted(map(str, by_bundle)) == sorted(str(t.hash) for t in first)
    assert api.find_transactions(addresses=[receiver])["hashes"] == [first.tail_transaction.hash]
    assert first.tail_transaction.hash in api.find_transactions(tags=[Tag(b"FIRST")])["hashes"]

    # A second one, promoted and reattached: two tails of one bundle, of which one is confirmed.
    second = send(500, b"SECOND", own[1], own[2])
    tail = second.tail_transaction.hash
    assert api.check_consistency([tail])["state"]
    assert api.promote_transaction(transaction=tail, depth=DEPTH, min_weight_magnitude=MWM)["bundle"]
    replay = api.replay_bundle(transaction=tail, depth=DEPTH, min_weight_magnitude=MWM)
    again = [t for t in map(Transaction.from_tryte_string, replay["trytes"]) if t.current_index == 0][0]
    assert again.hash != tail and again.bundle_hash == second.hash
    until("the second transfer", lambda: confirmed(tail, again.hash))
    assert balances(own[1], own[2], receiver) == [0, SUPPLY - 1500, 1500]

    # A transaction nobody knows, and a request that makes no sense.
    unknown = api.get_trytes([TransactionHash(b"UNKNOWN")])["trytes"]
    assert [str(trytes) for trytes in unknown] == ["9" * 2673]
    try:
        api.get_transactions_to_approve(depth=1000)
    except BadApiResponse:
        pass
    else:
        raise AssertionError("a depth of 1000 was accepted")
    print("all steps done")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].encode("ascii"))
