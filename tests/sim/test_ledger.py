"""Double entry."""

from __future__ import annotations

import pytest

from pmm.sim.ledger import COLLATERAL, FAUCET, Broken, Ledger, Posting, sets

TOKENS = ("yes", "no")


def test_every_movement_has_two_sides_and_every_asset_sums_to_zero() -> None:
    ledger = Ledger()
    ledger.move(COLLATERAL, FAUCET, "ann", 100, 0, "fund")
    ledger.mint("m", TOKENS, "ann", 60, 0)
    ledger.move("yes", "ann", "bob", 25, 0, "give")
    assert ledger.holdings("ann") == {COLLATERAL: 40, "yes": 35, "no": 60}
    assert ledger.holdings(sets("m")) == {COLLATERAL: 60, "yes": -60, "no": -60}
    assert [ledger.total(asset) for asset in (COLLATERAL, "yes", "no")] == [0, 0, 0]
    ledger.check()
    ledger.check_sets("m", TOKENS)


def test_burning_is_minting_backwards() -> None:
    ledger = Ledger()
    ledger.move(COLLATERAL, FAUCET, "ann", 100, 0, "fund")
    ledger.mint("m", TOKENS, "ann", 60, 0)
    ledger.burn("m", TOKENS, "ann", 60, 0)
    assert ledger.holdings("ann") == {COLLATERAL: 100, "yes": 0, "no": 0}


def test_debt_is_noticed() -> None:
    ledger = Ledger()
    ledger.move(COLLATERAL, "ann", "bob", 1, 0, "steal")
    with pytest.raises(Broken, match="ann holds -1"):
        ledger.check()


def test_money_from_nowhere_is_noticed() -> None:
    ledger = Ledger()
    ledger.holdings("ann")[COLLATERAL] = 5
    with pytest.raises(Broken, match="do not sum to zero"):
        ledger.check()


def test_shares_without_backing_are_noticed() -> None:
    ledger = Ledger()
    ledger.move("yes", sets("m"), "ann", 5, 0, "print")
    with pytest.raises(Broken, match="m keeps 0"):
        ledger.check_sets("m", TOKENS)


def test_nothing_moves_backwards() -> None:
    with pytest.raises(Broken, match="-1"):
        Ledger().move(COLLATERAL, FAUCET, "ann", -1, 0, "fund")


def test_postings_are_kept_on_request_and_given_once() -> None:
    ledger = Ledger(record=True)
    ledger.move(COLLATERAL, FAUCET, "ann", 100, 7, "fund")
    assert ledger.drain() == [Posting(7, "fund", COLLATERAL, FAUCET, "ann", 100)]
    assert ledger.drain() == []
    quiet = Ledger()
    quiet.move(COLLATERAL, FAUCET, "ann", 100, 7, "fund")
    assert quiet.drain() == []
