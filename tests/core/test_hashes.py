"""Hashes prove books; a mismatch counts only when neither a later message nor a later book explains it."""

import pytest

from pmm._fast import ASK, BID, Books
from pmm.core.hashes import Facts, HashWatch, TokenHashes
from pmm.core.trust import TrustLimits
from pmm.model import MILLISECOND, last_trade_text
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import Outcome, Side
from tests.support.story import START, YES, market, shares

MS = START // MILLISECOND


class Ear:
    """The first token's hashes as they are heard; messages can be held back and mixed up."""

    def __init__(self):
        self.wire = MarketWire(market(), MS)
        self.wire.apply((BID, 4900, shares(10)), MS)
        self.wire.apply((ASK, 5100, shares(10)), MS)
        self.books = Books()
        yes, no = (self.books.add(token) for token in self.wire.tokens)
        self.watch = HashWatch(Facts.of(market()), (TokenHashes(0, yes), TokenHashes(1, no)))
        self.hear(array(self.wire.dump(outcome) for outcome in Outcome))

    def change(self, price, size, ms=1, side=BID):
        return self.wire.price_change((side, price, shares(size)), MS + ms, Outcome.YES)[-1].data

    def hear(self, data, ms=1):
        self.books.feed(data)
        self.watch.messages += 1
        return self.watch.check(self.watch.tokens[0], self.books, (MS + ms) * MILLISECOND)

    def overdue(self, ms):
        return self.watch.overdue((MS + ms) * MILLISECOND, TrustLimits()) is not None


@pytest.fixture
def ear():
    return Ear()


def test_each_message_of_a_whole_stream_proves_the_book(ear):
    assert [ear.hear(ear.change(4800, size)) for size in (1, 2, 0)] == [True, True, True]


def test_a_lost_message_leaves_the_next_open_and_is_overdue_after_the_grace(ear):
    ear.change(4700, 5)
    assert ear.hear(ear.change(4800, 1), ms=1) is False
    assert not ear.overdue(100)
    assert ear.overdue(101)


def test_or_after_eight_more_messages(ear):
    ear.change(4700, 5)
    for size in range(1, 9):
        ear.hear(ear.change(4800, size), ms=1)
    assert not ear.overdue(2)
    ear.hear(ear.change(4800, 9), ms=1)
    assert ear.overdue(2)


def test_a_hash_that_already_holds_the_next_messages_is_explained_by_them(ear):
    first = ear.change(4800, 1, ms=3)
    early = first.replace(b'"hash":"', b'"hash":"x', 1)
    second = ear.change(4700, 2, ms=3)
    holding_both = ear.wire.hash(Outcome.YES)
    early = early[: early.index(b"x")] + holding_both.encode() + early[early.index(b"x") + 41 :]
    assert ear.hear(early) is False
    assert ear.hear(second) is True
    assert not ear.overdue(1000)


def test_two_messages_in_the_wrong_order_end_in_a_proven_book(ear):
    older, newer = ear.change(4800, 1, ms=3), ear.change(4700, 2, ms=9)
    assert ear.hear(newer) is False
    assert ear.hear(older) is True
    assert not ear.overdue(1000)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_price_of_a_trade_is_in_the_hash_before_anybody_tells(ear, outcome):
    price = 5100 if outcome is Outcome.YES else 4900
    ear.wire.note_trade(outcome, Side.BUY, price)
    assert ear.hear(ear.change(5100, 7, side=ASK)) is True
    assert ear.watch.trades[0] == last_trade_text(price)


def test_the_event_of_an_older_trade_does_not_spoil_the_hashes_of_a_newer_one(ear):
    ear.wire.note_trade(Outcome.YES, Side.BUY, 5100)
    ear.hear(ear.change(5100, 7, side=ASK))
    ear.wire.note_trade(Outcome.YES, Side.SELL, 4900)
    ear.hear(ear.change(4900, 7))
    ear.watch.note_price(5100)
    assert ear.hear(ear.change(4500, 3)) is True


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_snapshot_of_either_token_brings_the_price_of_the_last_trade(ear, outcome):
    ear.wire.note_trade(Outcome.YES, Side.BUY, 5100)
    ear.books.feed(ear.wire.dump(outcome))
    assert ear.hear(ear.change(4500, 7)) is False
    ear.watch.note_snapshot(ear.books, [int(outcome)])
    assert ear.watch.trades[0] == "0.510"
    assert ear.hear(ear.change(4500, 8)) is True


def test_a_snapshot_of_a_market_without_a_trade_takes_no_known_price_away(ear):
    ear.watch.note_price(5100)
    ear.books.feed(ear.wire.dump(Outcome.YES))
    ear.watch.note_snapshot(ear.books, [0])
    assert ear.watch.trades[0] == "0.510"


def test_a_message_without_a_time_says_nothing(ear):
    stamp = str(MS + 1).encode()
    untimed = ear.change(4800, 1).replace(b'"timestamp":"' + stamp + b'"', b'"other":"1"')
    assert stamp not in untimed
    assert ear.hear(untimed) is None


def test_a_message_without_a_hash_says_nothing(ear):
    data = ear.change(4800, 1)
    head, _, tail = data.partition(b'"hash":"')
    silent = head + b'"hash":"' + tail[40:]
    assert ear.hear(silent.replace(b'"hash":""', b'"hash":""')) is None
    assert not ear.overdue(1000)


def test_facts_that_changed_have_to_be_understood_anew(ear):
    assert ear.watch.tokens[0].explained
    ear.watch.refresh(Facts.of(market("0.001")))
    assert not ear.watch.tokens[0].explained


def test_the_tokens_of_the_facts_are_those_of_the_market():
    assert Facts.of(market()).tokens[0] == YES
