"""Which connection carries which market: never too many tokens, both tokens together, and a canary on each."""

import random

import pytest

from pmm.events import MarketListed
from pmm.model import SHARE, Market, Token
from pmm.venues.mock import MockFeed
from pmm.venues.polymarket.shards import TOKENS_PER_CONNECTION, MarketFeeds, Shards


def market(number):
    tokens = (Token(f"{number}1", "Yes"), Token(f"{number}2", "No"))
    return Market(f"0x{number}", f"market-{number}", "?", tokens, tick=100, min_size=5 * SHARE)


CANARY = market(999_999)


def test_six_hundred_tokens_are_split_below_the_limit_with_both_tokens_of_a_market_together():
    shards = Shards(CANARY)
    for number in range(300):
        assert len(shards.add(market(number))) == 1
    loads = [shards.tokens(connection) for connection in shards.connections]
    assert [len(tokens) for tokens in loads] == [200, 200, 200, 8]
    assert all(set(tokens) >= {CANARY.yes, CANARY.no} for tokens in loads)
    assert all((f"{number}1" in tokens) == (f"{number}2" in tokens) for tokens in loads for number in range(300))


def test_a_chosen_market_is_on_two_different_connections():
    shards = Shards()
    assert shards.add(market(1)) == (0,)
    assert shards.add(market(2), copies=2) == (0, 1)
    assert shards.carriers("0x2") == (0, 1)
    assert shards.tokens(1) == ("21", "22")


def test_the_room_of_a_dropped_market_is_used_again_and_nobody_else_moves():
    shards = Shards(tokens_max=4)
    for number in range(4):
        shards.add(market(number))
    assert shards.drop("0x0") == (0,)
    assert shards.drop("0x0") == ()
    assert shards.add(market(9)) == (0,)
    assert [shards.tokens(n) for n in shards.connections] == [("11", "12", "91", "92"), ("21", "22", "31", "32")]


def test_a_market_that_is_placed_stays_where_it_is():
    shards = Shards()
    assert shards.add(market(1)) == shards.add(market(1), copies=2) == (0,)


def test_the_canary_cannot_be_dropped_and_is_never_placed_twice():
    shards = Shards(CANARY)
    shards.add(market(1))
    assert shards.drop(CANARY.condition_id) == ()
    assert shards.add(CANARY) == (0,)
    assert shards.tokens(0).count(CANARY.yes) == 1


def test_a_limit_without_room_for_a_market_is_refused():
    Shards(CANARY, tokens_max=4)
    with pytest.raises(ValueError, match="no room"):
        Shards(CANARY, tokens_max=3)


@pytest.mark.parametrize("seed", range(5))
def test_no_order_of_coming_and_going_breaks_the_limit(seed):
    dice, shards, there = random.Random(seed), Shards(CANARY), {}
    for _ in range(2_000):
        number = dice.randrange(700)
        if number in there:
            assert shards.drop(f"0x{number}") == there.pop(number)
        else:
            there[number] = shards.add(market(number), copies=dice.choice((1, 2)))
    assert all(len(shards.tokens(n)) <= TOKENS_PER_CONNECTION for n in shards.connections)
    assert all(shards.carriers(f"0x{number}") == carriers for number, carriers in there.items())
    assert all(len(set(carriers)) == len(carriers) for carriers in there.values())


def test_only_chosen_markets_are_carried_twice():
    feeds = MarketFeeds(lambda number: MockFeed(CANARY, connection=number), copies=2, copied={market(2).slug})
    assert feeds.add(market(1), 5) == (MarketListed(5, market(1), (0,)),)
    assert feeds.add(market(2), 6) == (MarketListed(6, market(2), (0, 1)),)


def test_feeds_are_made_when_needed_and_told_what_comes_and_goes():
    made = {}

    def make(number):
        made[number] = MockFeed(CANARY, connection=number)
        return made[number]

    feeds = MarketFeeds(make, CANARY, copies=2)
    assert len(feeds) == 0
    assert feeds.add(market(1), 5) == (
        MarketListed(5, CANARY, (0, 1), quoted=False),
        MarketListed(5, market(1), (0, 1)),
    )
    assert feeds.add(market(1), 6) == (MarketListed(6, market(1), (0, 1)),)
    assert feeds.add(market(2), 7) == (MarketListed(7, market(2), (0, 1)),)
    feeds.drop(market(1))
    assert dict(feeds) == made
    canary = (CANARY.yes, CANARY.no)
    for feed in made.values():
        assert feed.asked == [
            ("subscribe", (*canary, "11", "12")),
            ("subscribe", ("21", "22")),
            ("unsubscribe", ("11", "12")),
        ]
