"""`pmm schema`: what is promised of the records is what they are."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as any_

from pmm.account import OrderStatus, Origin, OwnOrder, OwnTrade, TradeStatus
from pmm.app.exits import exits
from pmm.cli.account import held_record, order_record, trade_record
from pmm.cli.schema import RECORDS, json_schema
from pmm.errors import Exit
from pmm.model import GRID, SHARE, Side
from pmm.sinks.records import Held
from tests.cli.conftest import Pmm
from tests.support.schemas import wrong

SIZES = any_.integers(1, 10**12)
PRICES = any_.integers(1, GRID - 1)
MOMENTS = any_.integers(0, 4 * 10**18)
TEXTS = any_.text(max_size=5)
ORDERS = any_.builds(
    OwnOrder,
    *[TEXTS] * 4,
    any_.sampled_from(Side),
    PRICES,
    SIZES,
    any_.integers(0, 10**12),
    any_.sampled_from(OrderStatus),
    MOMENTS,
    expires_at=any_.none() | MOMENTS,
    origin=any_.sampled_from(Origin),
)
TRADES = any_.builds(
    OwnTrade,
    *[TEXTS] * 5,
    any_.sampled_from(Side),
    PRICES,
    SIZES,
    any_.sampled_from(TradeStatus),
    MOMENTS,
    any_.booleans(),
)
MONEY = any_.integers(-(10**12), 10**12)
POSITIONS = any_.builds(Held, TEXTS, TEXTS, TEXTS, SIZES, MONEY, SIZES, any_.booleans(), TEXTS)


@given(ORDERS)
def test_b042_an_order_obeys_its_schema_and_what_remains_and_what_traded_are_its_size(order: OwnOrder) -> None:
    record = order_record(order)
    assert wrong(record, json_schema("order")) == []
    remaining, matched, size = (Decimal(str(record[name])) for name in ("remaining", "matched", "size"))
    assert remaining == max(0, size - matched)
    assert record["is_filled"] == (remaining == 0)


@given(TRADES)
def test_b042_a_trade_obeys_its_schema(trade: OwnTrade) -> None:
    assert wrong(trade_record(trade), json_schema("trade")) == []


@given(POSITIONS)
def test_b042_a_position_obeys_its_schema(held: Held) -> None:
    assert wrong(held_record(held, exits([held])[held.market]), json_schema("position")) == []


def test_a_record_that_does_not_obey_is_noticed() -> None:
    held = Held("m", "t", "Yes", SHARE, 0)
    record = held_record(held, exits([held])["m"])
    assert wrong({**record, "size": 1, "more": ""}, json_schema("position")) == ["more is not of the schema", "size: 1"]
    assert wrong({"size": "1,0"}, json_schema("position"))[-1] == "size: '1,0'"


def test_b042_the_schemas_are_printed(pmm: Pmm) -> None:
    assert set(pmm("schema", "--json").document["data"]) == set(RECORDS)
    assert pmm("schema", "order", "--json").document["data"] == json_schema("order")


def test_an_unknown_record_exits_5_with_the_nearest_name(pmm: Pmm) -> None:
    done = pmm("schema", "ordr")
    assert done.status == Exit.NOT_FOUND
    assert "Did you mean `pmm schema order`?" in done.stderr
