"""Text of the venue to records of the model: exact, and refused rather than guessed."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
from decimal import Decimal

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pmm.errors import BadAnswer
from pmm.model import SECOND, FeeSchedule, Level, MarketStats, RewardTerms, Token
from pmm.venues.polymarket import codec
from tests.support.recordings import RECORDINGS, needs_recordings
from tests.venues.polymarket.stub import CONDITION, NO, YES, clob
from tests.venues.polymarket.stub import gamma as served


def gamma(slug: str = "rain", **more: object) -> dict[str, object]:
    """A market as the client decodes it: decimals are exact."""
    return served(slug, **{"orderPriceMinTickSize": Decimal("0.01"), **more})


def test_a_market_carries_its_tokens_in_the_order_of_the_outcomes() -> None:
    market = codec.market(gamma())
    assert market.tokens == (Token(YES, "Yes"), Token(NO, "No"))
    assert (market.condition_id, market.tick, market.min_size) == (CONDITION, 100, 5_000_000)
    assert (market.volume, market.liquidity, market.tradable) == (10_500_000, 3_000_000, True)


@pytest.mark.parametrize("tick", ["0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001"])
def test_every_price_step_of_the_venue_is_exact(tick: str) -> None:
    expected = int(Decimal(tick) * 10_000)
    assert codec.market(gamma(orderPriceMinTickSize=Decimal(tick))).tick == expected
    assert codec.book(clob(tick_size=tick)).tick == expected


@pytest.mark.parametrize(
    "ids",
    [{"clobTokenIds": None}, {"clobTokenIds": ""}, {"clobTokenIds": "[]"}, {"clobTokenIds": json.dumps([YES])},
     {"clobTokenIds": json.dumps([YES, ""])}, {"outcomes": None}],
)  # fmt: skip
def test_a_market_whose_tokens_are_incomplete_has_none_and_is_not_tradable(ids: dict[str, object]) -> None:
    market = codec.market(gamma(**ids))
    assert (market.tokens, market.tradable) == ((), False)


def test_the_version_decides_which_list_of_ids_counts() -> None:
    both = gamma(positionIds=["8" * 40, "9" * 40])
    assert codec.market({**both, "version": "v1"}).yes == YES
    assert codec.market({**both, "version": "v2"}).yes == "8" * 40
    assert codec.market(gamma(version="v2")).tokens == ()


def test_a_market_that_takes_no_orders_is_not_tradable() -> None:
    assert not codec.market(gamma(enableOrderBook=False)).tradable
    assert not codec.market(gamma(acceptingOrders=None)).tradable
    assert not codec.market(gamma(closed=True)).tradable


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"version": "v3"}, "unknown version 'v3'"),
        ({"version": 2}, "unknown version 2"),
        ({"slug": None}, "slug is missing"),
        ({"conditionId": 5}, "conditionId is missing or not text"),
        ({"outcomes": "[broken"}, "outcomes is not a list in a string"),
        ({"clobTokenIds": "{}"}, "token ids is not a list of texts"),
        ({"clobTokenIds": "[1, 2]"}, "token ids is not a list of texts"),
        ({"orderPriceMinTickSize": None}, "no known price step"),
        ({"orderPriceMinTickSize": Decimal("0.02")}, "no known price step"),
        ({"orderMinSize": True}, "orderMinSize is not a number"),
        ({"orderMinSize": "five"}, "orderMinSize is not a number"),
        ({"volume": "1e999999999"}, "volume is out of range"),
        ({"volume": "NaN"}, "volume is out of range"),
    ],
)
def test_a_market_of_another_shape_is_refused_by_field(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(BadAnswer, match=message):
        codec.market(gamma(**wrong))


def test_fees_rewards_and_statistics_are_whole_numbers_in_their_units() -> None:
    market = codec.market(
        gamma(
            feesEnabled=True,
            feeSchedule={"rate": Decimal("0.072"), "exponent": 1, "takerOnly": True, "rebateRate": Decimal("0.2")},
            rewardsMinSize=20,
            rewardsMaxSpread=Decimal("3.5"),
            clobRewards=[{"rewardsDailyRate": 2}, {"rewardsDailyRate": Decimal("0.001")}],
            bestBid=Decimal("0.252"),
            bestAsk=Decimal("0.28400000000000003"),
            spread=Decimal("0.032"),
            lastTradePrice=Decimal("0.247"),
            volume24hr=Decimal("4746.2098546"),
            competitive=Decimal("0.9489250576946435"),
            gameStartTime="2025-08-18 19:00:00+00",
            negRiskMarketID="0xaa",
        )
    )
    assert market.fees == FeeSchedule(72_000, 1, taker_only=True, rebate=200_000)
    assert market.rewards == RewardTerms(20_000_000, 350, 2_001_000)
    assert market.stats == MarketStats(2_520, 2_840, 320, 2_470, 4_746_209_855, 948_925)
    assert (market.game_starts_at, market.neg_risk_id) == (1_755_543_600 * SECOND, "0xaa")


def test_what_the_venue_does_not_say_is_none_and_not_zero() -> None:
    market = codec.market(gamma(clobRewards=None, bestBid=None))
    assert (market.fees, market.rewards, market.stats) == (None, None, MarketStats())
    assert (market.game_start, market.ends_at, market.neg_risk_id) == (None, None, None)
    terms = codec.market(gamma(rewardsMinSize=20, clobRewards=[{"rewardsDailyRate": None}])).rewards
    assert terms == RewardTerms(20_000_000, None, None)


def test_a_market_said_to_have_no_fees_has_a_rate_of_zero() -> None:
    assert codec.market(gamma(feesEnabled=False)).fees == FeeSchedule(0, 1, taker_only=True, rebate=0)
    schedule = {"rate": 1, "exponent": 2, "takerOnly": False}
    off = codec.market(gamma(feesEnabled=False, feeSchedule=schedule)).fees
    assert off == FeeSchedule(0, 2, taker_only=False, rebate=None)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"feeSchedule": 5}, "feeSchedule is not an object"),
        ({"feeSchedule": {"rate": 1}}, "no rate or no exponent"),
        ({"feeSchedule": {"rate": -1, "exponent": 1}}, "out of range"),
        ({"feeSchedule": {"rate": 1, "exponent": 10**9}}, "out of range"),
        ({"feeSchedule": {"rate": 1, "exponent": Decimal("1.5")}}, "exponent has more than 0 decimals"),
        ({"clobRewards": [3]}, "clobRewards is not an object"),
        ({"bestAsk": "high"}, "bestAsk is not a number"),
    ],
)
def test_terms_of_another_shape_are_refused_by_field(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(BadAnswer, match=message):
        codec.market(gamma(**wrong))


def test_an_event_gives_its_name_to_its_markets() -> None:
    event = codec.event({"id": "1", "slug": "weather", "title": "Weather", "markets": [gamma("a"), gamma("b")]})
    assert [(market.slug, market.event_slug) for market in event.markets] == [("a", "weather"), ("b", "weather")]


def test_a_book_is_sorted_best_first_whatever_the_order_on_the_wire() -> None:
    page = codec.book(clob())
    assert page.bids == (Level(4_500, 1_500_000), Level(4_000, 10_000_000))
    assert page.asks == (Level(5_000, 2_000_000), Level(6_000, 10_000_000))
    assert (page.best_bid, page.best_ask, page.mid2, page.spread) == (4_500, 5_000, 9_500, 500)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bids": None}, "bids is not a list"),
        ({"bids": [5]}, "bids is not an object"),
        ({"bids": [{"price": "0.4"}]}, "bids holds a level that cannot be"),
        ({"bids": [{"price": "0", "size": "1"}]}, "bids holds a level that cannot be"),
        ({"asks": [{"price": "1", "size": "1"}]}, "asks holds a level that cannot be"),
        ({"asks": [{"price": "0.5", "size": "-1"}]}, "asks holds a level that cannot be"),
        ({"asks": [{"price": "0.50001", "size": "1"}]}, "more than 4 decimals"),
        ({"asks": [{"price": "0.5", "size": "0.0000001"}]}, "more than 6 decimals"),
        ({"asks": [{"price": "0.5", "size": "1"}, {"price": ".50", "size": "1"}]}, "asks holds a price twice"),
        ({"timestamp": "soon"}, "timestamp is not in milliseconds"),
        ({"asset_id": None}, "asset_id is missing"),
    ],
)
def test_a_book_of_another_shape_is_refused_by_field(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(BadAnswer, match=message):
        codec.book(clob(**wrong))


def test_an_empty_side_leaves_mid_and_spread_undefined() -> None:
    page = codec.book(clob(asks=[], last_trade_price=""))
    assert (page.best_bid, page.best_ask, page.mid2, page.spread, page.last_trade) == (4_500, None, None, None, None)


def test_records_of_the_venue_cannot_be_changed() -> None:
    page = codec.book(clob())
    with pytest.raises(dataclasses.FrozenInstanceError):
        page.bids[0].price = 1  # type: ignore[misc]  # that is what must fail


SIDE = st.dictionaries(st.integers(1, 9_999), st.integers(1, 10**12), max_size=30)


@given(SIDE, SIDE)
def test_best_prices_agree_with_brute_force_on_any_book(bids: dict[int, int], asks: dict[int, int]) -> None:
    def wire(side: dict[int, int]) -> list[dict[str, str]]:
        return [{"price": f"0.{price:04d}", "size": f"{size / 10**6:.6f}"} for price, size in side.items()]

    page = codec.book(clob(bids=wire(bids), asks=wire(asks)))
    assert page.best_bid == max(bids, default=None)
    assert page.best_ask == min(asks, default=None)
    whole = bool(bids and asks)
    assert page.mid2 == (max(bids) + min(asks) if whole else None)
    assert page.spread == (min(asks) - max(bids) if whole else None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


TERMS = ("feeSchedule", "feesEnabled", "clobRewards", "rewardsMaxSpread", "gameStartTime", "bestBid", "competitive")


@given(st.sampled_from(sorted({*gamma(), *TERMS})), JSON)
def test_no_value_of_any_field_of_a_market_escapes_as_another_error(name: str, value: object) -> None:
    _read_or_refuse(codec.market, gamma(**{name: value}))


@given(st.sampled_from(sorted(clob())), JSON)
def test_no_value_of_any_field_of_a_book_escapes_as_another_error(name: str, value: object) -> None:
    _read_or_refuse(codec.book, clob(**{name: value}))


def _read_or_refuse(read: object, record: object) -> None:
    assert callable(read)
    try:
        read(record)
    except BadAnswer:
        return


@needs_recordings
def test_recorded_markets_of_the_metadata_service_are_read() -> None:
    binary = json.loads((RECORDINGS / "gamma/funkekaiser-gamma_binary_market.json").read_text(), parse_float=Decimal)
    market = codec.market(binary)
    assert (market.slug, market.tick, market.volume) == ("iran-nuke-before-2027", 10, 990_364_267_422)
    event = codec.event(
        json.loads((RECORDINGS / "gamma/funkekaiser-gamma_negrisk_event.json").read_text(), parse_float=Decimal)
    )
    assert len(event.markets) == 60
    assert all(each.neg_risk and len(each.tokens) == 2 for each in event.markets if each.tradable)


@needs_recordings
def test_a_thousand_recorded_markets_are_all_read() -> None:
    path = RECORDINGS / "gamma/wakeupnemo-gamma_markets_active_20260311_pages0000-0999.tar.zst"
    count = 0
    with path.open("rb") as packed:
        stream = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)
        with tarfile.open(fileobj=io.BufferedReader(stream), mode="r|") as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is None:
                    continue
                for record in json.loads(file.read(), parse_float=Decimal)["markets"]:
                    assert len(codec.market(record).tokens) == 2
                    count += 1
                if count >= 1_000:
                    return


@needs_recordings
@pytest.mark.parametrize("name", ["funkekaiser-clob_book_binary", "funkekaiser-clob_book_negrisk_outcome"])
def test_recorded_books_are_read_level_by_level(name: str) -> None:
    record = json.loads((RECORDINGS / f"rest/{name}.json").read_text())
    page = codec.book(record)
    assert (len(page.bids), len(page.asks)) == (len(record["bids"]), len(record["asks"]))
    assert page.best_bid is not None
    assert page.best_ask is not None
    assert page.best_bid < page.best_ask
