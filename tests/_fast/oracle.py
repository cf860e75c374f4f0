"""What a frame means, said a second time with orjson, Decimal and one dict per book: slow, and shares no code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from hashlib import sha1
from typing import Any

import orjson

TICKS = {Decimal(text) for text in ("0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001")}
MALFORMED, BAD_PRICE, OFF_GRID, BAD_SIZE, BAD_SIDE, BAD_TICK, TOO_LARGE = range(-1, -8, -1)


class No(Exception):
    pass


class Oracle:
    def __init__(self, tokens: dict[str, int]) -> None:
        self.index = {token: at for at, token in enumerate(tokens)}
        self.state: list[dict[str, Any]] = [
            {"tick": Decimal(tick) / 10_000, "book": {}, "ms": 0, "from": 0, "hash": "", "timed": False, "ok": True}
            | {"snapshots": 0, "traded": None, "token": token}
            for token, tick in tokens.items()
        ]
        self.counts = {"frames": 0, "refused": 0, "unknown": 0, "stale": 0, "mismatches": 0}
        self._clear()

    def _clear(self) -> None:
        self.touched: list[int] = []
        self.changes: list[tuple[int, ...]] = []
        self.trades: list[tuple[int, ...]] = []
        self.ticks: list[tuple[int, ...]] = []
        self.differences: list[tuple[int, ...]] = []
        self.said: dict[int, tuple[Decimal | None, Decimal | None]] = {}

    def feed(self, frame: bytes) -> int:
        self._clear()
        self.counts["frames"] += 1
        if not frame.strip(b" \n\r\t") or frame.strip(b" \n\r\t") == b"PONG":
            return 0
        before, counts = deepcopy(self.state), dict(self.counts)
        try:
            parsed = orjson.loads(frame)
            plan = [step for item in (parsed if isinstance(parsed, list) else [parsed]) for step in self._read(item)]
            for step, *arguments in plan:
                step(*arguments)
        except (No, orjson.JSONDecodeError) as fault:
            self._clear()
            self.state, self.counts = before, counts
            self.counts["refused"] += 1
            return fault.args[0] if isinstance(fault, No) else MALFORMED
        self._judge()
        return len(self.touched)

    def _judge(self) -> None:
        for at, (bid, ask) in self.said.items():
            if bid is None and ask is None:
                continue
            prices: list[list[Decimal]] = [[], []]
            for side, price in self.state[at]["book"]:
                prices[side].append(price)
            best = max(prices[0], default=Decimal(0)), min(prices[1], default=Decimal(1))
            self.state[at]["ok"] = bid in (None, best[0]) and ask in (None, best[1])
            self.counts["mismatches"] += not self.state[at]["ok"]

    def _read(self, item: Any) -> list[tuple[Any, ...]]:
        if not isinstance(item, dict):
            raise No(MALFORMED)
        kind = item.get("event_type", "book" if {"bids", "asks", "asset_id"} <= item.keys() else "other")
        if not isinstance(kind, str):
            raise No(MALFORMED)
        if kind == "price_change" and "price_changes" in item:
            return self._read_changes(item, _rows(item["price_changes"]))
        if kind not in ("book", "price_change", "last_trade_price", "tick_size_change", "best_bid_ask"):
            return []
        at = self._known(item)
        if at is None:
            return [(self._unknown,)]
        reader: Callable[..., list[tuple[Any, ...]]] = getattr(self, f"_read_{kind}")
        return reader(item, at)

    def _known(self, item: dict[str, Any]) -> int | None:
        if not isinstance(item.get("asset_id"), str):
            raise No(MALFORMED)
        return self.index.get(item["asset_id"])

    def _read_changes(self, item: dict[str, Any], rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        when, steps = _time(item), []
        for row in rows:
            at = self._known(row)
            steps.append((self._unknown,) if at is None else self._row(at, when, _hash(row), row))
        return steps

    def _read_price_change(self, item: dict[str, Any], at: int) -> list[tuple[Any, ...]]:
        when, digest = _time(item), _hash(item)
        return [self._row(at, when, digest, row) for row in _rows(item.get("changes", [item]))]

    def _row(self, at: int, when: int | None, digest: str, row: dict[str, Any]) -> tuple[Any, ...]:
        side, price, size = _side(row), _price(row), _size(row)
        return self._change, at, when, digest, side, price, size, (_best(row, "best_bid"), _best(row, "best_ask"))

    def _read_book(self, item: dict[str, Any], at: int) -> list[tuple[Any, ...]]:
        when, digest, tick = _time(item), _hash(item), _tick(item, "tick_size")
        levels = []
        for side, key in enumerate(("bids", "asks")):
            if key not in item:
                raise No(MALFORMED)
            levels += [(side, _price(row), _size(row)) for row in _rows(item[key])]
        return [(self._snapshot, at, when, digest, tick, levels), (self._traded, at, item.get("last_trade_price"))]

    def _read_last_trade_price(self, item: dict[str, Any], at: int) -> list[tuple[Any, ...]]:
        side, price, size = _side(item), _price(item), _size(item)
        return [(self.trades.append, (at, side, int(price * 10_000), size, _time(item) or 0))]

    def _read_tick_size_change(self, item: dict[str, Any], at: int) -> list[tuple[Any, ...]]:
        tick = _tick(item, "new_tick_size")
        if tick is None:
            raise No(MALFORMED)
        return [(self._retick, at, tick)]

    def _read_best_bid_ask(self, item: dict[str, Any], at: int) -> list[tuple[Any, ...]]:
        if None in (_best(item, "best_bid"), _best(item, "best_ask")):
            raise No(MALFORMED)
        return []

    def _unknown(self) -> None:
        self.counts["unknown"] += 1

    def _touch(self, at: int) -> dict[str, Any]:
        if at not in self.touched:
            self.touched.append(at)
        return self.state[at]

    def _change(self, at: int, when: int | None, digest: str, side: int, price: Decimal, size: int, said: Any) -> None:
        if price % self.state[at]["tick"]:
            raise No(OFF_GRID)
        if when is not None and when < self.state[at]["from"]:
            self.counts["stale"] += 1
            return
        state = self._touch(at)
        state["book"].pop((side, price), None)
        if size:
            state["book"][side, price] = size
        state["hash"], state["ms"] = digest, state["ms"] if when is None else when
        state["timed"] = when is not None
        self.said[at] = said
        self.changes.append((at, side, int(price * 10_000), size))

    def _snapshot(self, at: int, when: int | None, digest: str, tick: Decimal | None, levels: list[Any]) -> None:
        state = self._touch(at)
        if tick not in (None, state["tick"]):
            state["tick"] = tick
            self.ticks.append((at, int(tick * 10_000)))
        if any(price % state["tick"] for _, price, _ in levels):
            raise No(OFF_GRID)
        book = {(side, price): size for side, price, size in levels}
        before, state["book"] = state["book"], {key: size for key, size in book.items() if size}
        if state["snapshots"]:
            levels = before.keys() | state["book"].keys()
            self.differences.append((at, sum(before.get(key) != state["book"].get(key) for key in levels)))
        state["hash"], state["ok"], state["timed"] = digest, True, when is not None
        state["snapshots"] += 1
        self.said.pop(at, None)
        if when is not None:
            state["ms"] = state["from"] = when

    def _traded(self, at: int, text: Any) -> None:
        if text == "":
            self.state[at]["traded"] = None
        elif isinstance(text, str) and re.fullmatch(r"[0-9]{0,13}(\.[0-9]{1,18})?", text):
            price = Decimal(text) * 10_000
            if price % 1 == 0 and 0 < price < 10_000:
                self.state[at]["traded"] = int(price)

    def verify(self, at: int, market: str, least: str, negative: bool, last: str) -> bool | None:
        """Whether the newest hash is that of the book."""
        state = self.state[at]
        if not state["hash"] or not state["timed"]:
            return None
        return bool(state["hash"] == self.digest(at, str(state["ms"]), market, least, negative, last))

    def digest(self, at: int, when: str, market: str, least: str, negative: bool, last: str) -> str:
        state = self.state[at]
        sides: list[list[dict[str, str]]] = [[], []]
        for (side, price), size in sorted(state["book"].items(), key=lambda level: level[0][1] * (1 - 2 * level[0][0])):
            sides[side].append({"price": _text(price), "size": _text(Decimal(size) / 1_000_000)})
        head = {"market": market, "asset_id": state["token"], "timestamp": when, "hash": ""}
        tail = {"min_order_size": least, "tick_size": _text(state["tick"]), "neg_risk": negative}
        body = {**head, "bids": sides[0], "asks": sides[1], **tail, "last_trade_price": last}
        return sha1(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()

    def _retick(self, at: int, tick: Decimal) -> None:
        state = self._touch(at)
        if any(price % tick for _, price in state["book"]):
            raise No(OFF_GRID)
        state["tick"] = tick
        self.ticks.append((at, int(tick * 10_000)))


def _text(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rows(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or [row for row in value if not isinstance(row, dict)]:
        raise No(MALFORMED)
    return value


def _time(item: dict[str, Any]) -> int | None:
    value = item.get("timestamp")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not (isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value)):
        raise No(MALFORMED)
    return None if value is None else int(value)


def _hash(item: dict[str, Any]) -> str:
    value = item.get("hash", "")
    if not isinstance(value, str) or len(value.encode()) > 64:
        raise No(MALFORMED)
    return value


def _side(item: dict[str, Any]) -> int:
    if not isinstance(item.get("side"), str):
        raise No(MALFORMED)
    if item["side"] not in ("BUY", "SELL"):
        raise No(BAD_SIDE)
    return int(item["side"] == "SELL")


def _number(value: Any, code: int) -> Decimal:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,18})?|\.[0-9]{1,18}", value):
        raise No(code)
    return Decimal(value)


def _price(item: dict[str, Any]) -> Decimal:
    if "price" not in item:
        raise No(MALFORMED)
    price = _number(item["price"], BAD_PRICE)
    if price * 10_000 % 1 or not 0 < price < 1:
        raise No(OFF_GRID)
    return price


def _size(item: dict[str, Any]) -> int:
    if "size" not in item:
        raise No(MALFORMED)
    size = _number(item["size"], BAD_SIZE) * 1_000_000
    if size % 1 or size >= 2**63:
        raise No(BAD_SIZE)
    return int(size)


def _best(item: dict[str, Any], key: str) -> Decimal | None:
    if item.get(key) in (None, "") and item.get(key) is not False:
        return None
    price = _number(item[key], BAD_PRICE)
    if price * 10_000 % 1 or price > 1:
        raise No(OFF_GRID)
    return price


def _tick(item: dict[str, Any], key: str) -> Decimal | None:
    if item.get(key) in (None, ""):
        return None
    tick = _number(item[key], BAD_TICK)
    if tick not in TICKS:
        raise No(BAD_TICK)
    return tick
