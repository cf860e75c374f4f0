"""What an account has and what is cancelled of it: the venue's own list and ledger, and an error never looks empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from random import Random

import pytest

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Quoter, Record
from tests.support.holder import DEMO, OTHER, Holder
from tests.support.schemas import wrong

FILLS = 1_000
NUMBERS = count(0x20)
UNKNOWN_ID = "0x" + "ab" * 32


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A venue for tests that only look, each with a wallet of its own."""
    with Exchange(tmp_path_factory.mktemp("shop")) as exchange:
        yield exchange


@pytest.fixture
def client(shop: Exchange) -> Holder:
    """A wallet that no other test uses."""
    return Holder(shop, next(NUMBERS))


def listed(pmm: Pmm, command: str, *arguments: str, **env: str) -> list[Record]:
    done = pmm(command, "--live", "--json", *arguments, **env)
    assert (done.status, done.document["mode"]) == (0, "live"), done.stderr
    found: list[Record] = done.document["data"][command]
    return found


# --- reads ------------------------------------------------------------------------------------------------------------


def foreign(holder: Holder, side: str, price: str, size: str, **more: str) -> str:
    """An order of the account that no bot sent; its id."""
    made: Record = holder.exchange.post(
        "/accounts/order", account=holder.address, side=side, price=price, size=size, **more
    )
    return str(made["order_id"])


def test_b044_the_open_orders_are_the_venues_list_also_those_of_others(
    pmm: Pmm, shop: Exchange, client: Holder
) -> None:
    holder = client
    holder.rest(3)
    holder.rest(2, OTHER)
    strange = foreign(holder, "BUY", "0.03", "20", outcome="NO")
    found = listed(pmm, "orders", **holder.env)
    truth = shop.post("/accounts", account=holder.address)["open_orders"]
    assert sorted(one["order_id"] for one in found) == sorted(truth)
    assert len(truth) == 6
    (only,) = listed(pmm, "orders", "--token", DEMO.no, **holder.env)
    assert (only["order_id"], only["outcome"], only["origin"]) == (strange, "No", "foreign")
    assert len(listed(pmm, "orders", "--token", OTHER.yes, **holder.env)) == 2
    assert len(listed(pmm, "orders", "--limit", "4", **holder.env)) == 4


@pytest.mark.parametrize(
    ("command", "status", "exit_status"),
    [("orders", 500, 6), ("orders", 401, 4), ("trades", 404, 6), ("trades", 401, 4)],
)
def test_b044_an_error_of_the_venue_is_an_error_and_no_empty_list(
    pmm: Pmm, shop: Exchange, client: Holder, command: str, status: int, exit_status: int
) -> None:
    holder = client
    shop.post("/faults/requests", on="GET /data/*", harm="fail", status=status, text="no", times=None)
    done = pmm(command, "--live", "--json", **holder.env)
    shop.post("/faults/clear")
    assert (done.status, done.document["ok"]) == (exit_status, False)
    assert str(status) in done.document["error"]["message"]


def test_b044_a_venue_that_is_not_there_is_an_error(pmm: Pmm, shop: Exchange, client: Holder) -> None:
    env = {**client.env, "CLOB_API_URL": "http://127.0.0.1:9"}
    done = pmm("orders", "--live", **env)
    assert (done.status, done.stdout) == (6, "")


def test_b042_a_status_that_nobody_knows_is_an_alarm_and_no_crash(pmm: Pmm, shop: Exchange, client: Holder) -> None:
    holder = client
    holder.rest(1)
    shop.post("/faults/requests", on="GET /data/orders", harm="alter", fields={"status": "ORDER_STATUS_PONDERING"})
    done = pmm("orders", "--live", "--json", **holder.env)
    (order,) = done.document["data"]["orders"]
    (warning,) = done.document["warnings"]
    assert (done.status, order["status"], order["is_live"]) == (0, "UNKNOWN", True)
    assert order["order_id"] in warning
    assert "status that this version does not know" in warning


def test_b045_trades_are_filtered_before_they_are_counted(pmm: Pmm, exchange: Exchange) -> None:
    pit, holder = Pit(exchange), Holder(exchange)
    pit.open("0.40", "0.60")
    for number in range(5):
        foreign(holder, "BUY", "0.60", str(5 + number), outcome="NO")
    for number in range(5):
        foreign(holder, "BUY", "0.60", str(5 + number))
    of_no = listed(pmm, "trades", "--token", DEMO.no, "--limit", "3", **holder.env)
    assert [(one["outcome"], one["size"]) for one in of_no] == [("No", "9"), ("No", "8"), ("No", "7")]
    assert {one["outcome"] for one in listed(pmm, "trades", "--limit", "3", **holder.env)} == {"Yes"}
    assert len(listed(pmm, "trades", **holder.env)) == 10


def test_b046_positions_are_the_ledgers_after_a_thousand_random_fills(pmm: Pmm, exchange: Exchange) -> None:
    holder, dice = Holder(exchange), Random(46)
    pits = [Pit(exchange, market.slug) for market in (DEMO, OTHER)]
    exchange.post("/accounts/fund", account=holder.address, usd=1_000_000)
    for pit in pits:
        pit.clear()
        for side, price in (("BUY", "0.40"), ("SELL", "0.60")):
            pit.order(side, price, "100000")
        for outcome in ("YES", "NO"):
            exchange.post("/accounts/give", account=holder.address, size="50000", market=pit.market, outcome=outcome)
    for _ in range(FILLS):
        side = dice.choice(("BUY", "SELL"))
        more = {"market": dice.choice(pits).market, "outcome": dice.choice(("YES", "NO"))}
        size = f"{dice.randrange(100, 1000) / 20:.2f}"
        foreign(holder, side, "0.60" if side == "BUY" else "0.40", size, **more)
    exchange.post("/clock/speed", speed=0)
    exchange.post("/clock/advance", seconds=120)  # every trade is settled, and its shares are shown
    truth = exchange.post("/accounts", account=holder.address)
    found = {one["token_id"]: one["size"] for one in listed(pmm, "positions", **holder.env)}
    assert found == truth["positions"]
    assert len(found) == 4
    assert len(listed(pmm, "trades", "--limit", "5000", **holder.env)) == truth["trades"] == FILLS


def test_b043_one_script_reads_a_dry_run_and_a_live_one_and_finds_the_same_fields(
    pmm: Pmm, exchange: Exchange, quote: Quote
) -> None:
    holder, moves = Holder(exchange), {"MM_REQUOTE_THRESHOLD": "0.01"}
    dry = script(pmm, Pit(exchange), quote(exchange, **moves), "--dry-run", **exchange.env)
    bot = quote(exchange, "--live", "--yes", **moves, **holder.env)
    live = script(pmm, Pit(exchange), bot, "--live", **holder.env)
    assert {one["order_id"].partition("-")[0] for one in dry["orders"] + dry["trades"]} == {"dry"}
    assert {one["order_id"].partition("-")[0] for one in live["orders"] + live["trades"]} == {"live"}
    assert fields_of(dry) == fields_of(live)
    schemas = pmm("schema", "--json").document["data"]
    for told in (dry, live):
        for command, name in (("orders", "order"), ("trades", "trade"), ("positions", "position")):
            assert [flaw for record in told[command] for flaw in wrong(record, schemas[name])] == []


def fields_of(told: dict[str, list[Record]]) -> dict[str, list[str]]:
    return {command: sorted(records[0]) for command, records in told.items()}


def script(pmm: Pmm, pit: Pit, session: Quoter, mode: str, **env: str) -> dict[str, list[Record]]:
    """Let a session fill once, ask what there is while it goes on, and end it."""
    pit.open("0.49", "0.51")
    session.settled("0.48", "0.52")
    pit.exchange.post("/venue/settlement", steps=[{"status": "CONFIRMED", "after_ms": 1}])
    pit.sweep("SELL", "0.47", "10")
    session.until(lambda data: data["event"] == "fill")
    if mode == "--live":
        session.moved("settlement", "CONFIRMED")
    session.settled("0.48", "0.52")
    told = {
        command: pmm(command, mode, "--json", **env).document for command in ("orders", "trades", "positions", "pnl")
    }
    assert {document["mode"] for document in told.values()} == {"live" if mode == "--live" else "dry-run"}
    assert session.stop().status == 0
    (position,) = told["positions"]["data"]["positions"]
    assert (position["outcome"], position["size"]) == ("Yes", "10")
    return {
        **{command: told[command]["data"][command] for command in ("orders", "trades", "positions")},
        "pnl": list(told["pnl"]["data"]["markets"].values()),
    }


# --- cancels ----------------------------------------------------------------------------------------------------------


def test_b054_one_order_is_cancelled_and_the_others_are_left_alone(pmm: Pmm, shop: Exchange, client: Holder) -> None:
    holder = client
    holder.rest(3)
    first, *others = holder.open()
    done = pmm("cancel", first, "--json", **holder.env)
    (told,) = done.document["data"]["orders"]
    assert (done.status, done.document["mode"]) == (0, "live")
    assert (told["order"], told["fate"], told["status"]) == (first, "canceled", "CANCELED")
    assert sorted(holder.open()) == sorted(others)
    again = pmm("cancel", first, "--json", **holder.env).documents
    assert (again[0]["data"]["orders"][0]["fate"], again[1]["error"]["exit"]) == ("over before", 7)


def test_b054_orders_that_nobody_knows_are_not_found(pmm: Pmm, shop: Exchange, client: Holder) -> None:
    holder = client
    holder.rest(1)
    (known,) = holder.open()
    strange = [UNKNOWN_ID, "live-1-1", "nonsense"]
    done = pmm("cancel", *strange, known, **holder.env)
    assert done.status == 5
    assert f"not found: {', '.join(strange)}" in done.complaint[0]
    assert holder.open() == []


def test_b054_a_cancel_that_is_not_done_is_not_believed(pmm: Pmm, exchange: Exchange) -> None:
    holder = Holder(exchange)
    holder.rest(1)
    (known,) = holder.open()
    exchange.post("/faults/requests", on="DELETE /*", harm="lie_canceled", times=None)
    done = pmm("cancel", known, "--timeout", "0.5", "--json", **holder.env)
    assert (done.status, done.documents[0]["data"]["orders"][0]["fate"]) == (9, "rests")
    exchange.post("/faults/clear")
    exchange.post("/faults/requests", on="DELETE /*", harm="lose")
    assert pmm("cancel", known, **holder.env).status == 0
    assert pmm("cancel", known, **{**holder.env, "CLOB_API_URL": "http://127.0.0.1:9"}).status == 9


def test_b055_all_orders_of_a_token_are_cancelled(pmm: Pmm, shop: Exchange, client: Holder) -> None:
    holder = client
    holder.rest(2)
    other = foreign(holder, "BUY", "0.03", "20", outcome="NO")
    assert pmm("cancel-all", "--token", DEMO.yes, **holder.env).status == 0
    assert holder.open() == [other]


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Callable[..., Quoter]]:
    with ExitStack() as stack:
        yield lambda exchange, **env: stack.enter_context(Quoter(tmp_path, exchange, "--live", "--yes", **env))


def test_b054_an_order_of_a_bot_is_cancelled_by_the_name_that_the_bot_gave_it(
    pmm: Pmm, exchange: Exchange, sessions: Callable[..., Quoter]
) -> None:
    holder, pit = Holder(exchange), Pit(exchange)
    pit.open("0.49", "0.51")
    session = sessions(exchange, **holder.env)
    session.settled("0.48", "0.52")
    name = session.events("place")[0]["order_id"]
    done = pmm("cancel", name, "--json", **holder.env)
    assert (done.status, done.document["data"]["orders"][0]["fate"]) == (0, "canceled")
    assert "may quote again" in done.document["warnings"][0]
    session.until(lambda data: data["event"] == "change" and (data["subject"], data["new"]) == (name, "CANCELED"))
    assert session.stop().status == 0
