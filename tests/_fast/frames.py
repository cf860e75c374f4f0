"""Random frames of the market socket, from the venue's own shape to nonsense, out of seeded dice."""

from __future__ import annotations

import json
from random import Random
from typing import Any

TOKENS = {
    "89103662922399853582210727094555628545682161257465140653230183411405552444242": 10,
    "81991637217769173167120472548201162753479510171986166836308777400146642216229": 10,
    "25245433628208476987364023432306599125597948324625578977436890641930158259698": 100,
    "7": 100,
    "ключ-" * 12: 50,
    "1" * 200: 1000,
}
MARKET = "0x" + "86964402baab9700" * 4
STRANGER = "11111112222222333333344444445555555666666677777778888888999999900000001111111"
ODD_NUMBERS: list[Any] = [
    *("0", "1", "-0.5", ".48", "0.480", "1.", "00.5", "0.48005", "0.0001", "0.9999", "1e-1", "NaN", "Infinity", ""),
    *(" 0.5", "0.5 ", "\u0660.\u0665", "0.5000000000000000000000", "1" * 400, "0.1234567", "12345678901234.5"),
    *("9223372036854.775807", "9223372036854.775808", "9" * 13, "0.5\x00", 0, 1, 0.48, 48, -1, 1e-7, 1e300),
    *(2**63, 2**70, None, True, False, [], {}, ["0.5"]),
]
ODD_TEXTS: list[Any] = [
    "",
    "buy",
    "BUY ",
    "SELLS",
    "é",
    "\ud800",
    "a" * 64,
    "a" * 65,
    'q"q',
    "\\",
    5,
    None,
    True,
    [],
    {},
]


def price(dice: Random) -> str:
    places = dice.choice((2, 2, 2, 3, 3, 4)) if dice.random() < 0.5 else 2
    return f"{dice.randint(1, 10**places - 1) / 10**places:.{places}f}".rstrip("0")


def size(dice: Random) -> str:
    return dice.choice(("0", "0", "5", "120", "21574.08", "7.555554", "0.000001", "100000000", f"{dice.random():.6f}"))


def token(dice: Random) -> str:
    return STRANGER if dice.random() < 0.05 else dice.choice(list(TOKENS)[: dice.choice((3, 3, len(TOKENS)))])


def timestamp(dice: Random) -> str:
    return str(1_789_156_413_830 + dice.randint(-2, 5))


def digest(dice: Random) -> str:
    return f"{dice.getrandbits(160):040x}"


def best(dice: Random) -> str:
    return dice.choice(("0", "1", "0.01", "0.5", price(dice)))


def level(dice: Random) -> dict[str, Any]:
    return {"price": price(dice), "size": size(dice)}


def change(dice: Random) -> dict[str, Any]:
    return {
        "asset_id": token(dice),
        **level(dice),
        "side": dice.choice(("BUY", "SELL")),
        "hash": digest(dice),
        "best_bid": best(dice),
        "best_ask": best(dice),
    }


def price_change(dice: Random) -> dict[str, Any]:
    entries = [change(dice) for _ in range(dice.choice((0, 1, 2, 2, 2, 2, 3, 5)))]
    return {"market": MARKET, "price_changes": entries, "timestamp": timestamp(dice), "event_type": "price_change"}


def legacy(dice: Random) -> dict[str, Any]:
    head = {"market": MARKET, "asset_id": token(dice), "hash": digest(dice), "event_type": "price_change"}
    entries = [{**level(dice), "side": dice.choice(("BUY", "SELL"))} for _ in range(dice.randint(0, 3))]
    flat = {**level(dice), "side": "BUY", "timestamp": timestamp(dice)}
    return {**head, "changes": entries, "timestamp": timestamp(dice)} if dice.random() < 0.7 else {**head, **flat}


def book(dice: Random) -> dict[str, Any]:
    item: dict[str, Any] = {
        "market": MARKET,
        "asset_id": token(dice),
        "timestamp": timestamp(dice),
        "hash": digest(dice),
        "bids": [level(dice) for _ in range(dice.choice((0, 1, 5, 20)))],
        "asks": [level(dice) for _ in range(dice.choice((0, 1, 5, 20)))],
        "tick_size": dice.choice(("0.1", "0.01", "0.005", "0.0025", "0.001", "0.001", "0.0001", "")),
        "event_type": "book",
        "last_trade_price": dice.choice(("0.620", "0.62", "", "0.9995", "1", "0.00001", ".5")),
    }
    for absent in dice.choice(([], ["tick_size"], ["event_type"], ["tick_size", "last_trade_price"])):
        del item[absent]
    return item


def trade(dice: Random) -> dict[str, Any]:
    return {
        "market": MARKET,
        "asset_id": token(dice),
        **level(dice),
        "fee_rate_bps": "0",
        "side": dice.choice(("BUY", "SELL")),
        "timestamp": timestamp(dice),
        "event_type": "last_trade_price",
        "transaction_hash": "0xf7",
    }


def tick(dice: Random) -> dict[str, Any]:
    return {
        "market": MARKET,
        "asset_id": token(dice),
        "old_tick_size": "0.01",
        "new_tick_size": dice.choice(("0.01", "0.001", "0.0001")),
        "timestamp": timestamp(dice),
        "event_type": "tick_size_change",
    }


def touch(dice: Random) -> dict[str, Any]:
    head = {"market": MARKET, "asset_id": token(dice), "best_bid": best(dice), "best_ask": best(dice)}
    return {**head, "spread": "0.008", "timestamp": timestamp(dice), "event_type": "best_bid_ask"}


def stranger(dice: Random) -> dict[str, Any]:
    return dice.choice(({}, {"event_type": "new_market", "fee_schedule": {"rate": "0.07"}, "n": 1.5}, {"id": "7"}))


KINDS = (price_change, price_change, price_change, price_change, book, book, legacy, trade, tick, touch, stranger)


def spoil(dice: Random, item: Any) -> Any:
    """One field somewhere gone, doubled in kind, or replaced by something odd."""
    if isinstance(item, list):
        return (
            [spoil(dice, part) if dice.random() < 0.5 else part for part in item] if item else [dice.choice(ODD_TEXTS)]
        )
    if not isinstance(item, dict) or not item:
        return dice.choice(ODD_NUMBERS + ODD_TEXTS)
    key = dice.choice(list(item))
    spoiled = dict(item)
    match dice.randint(0, 4):
        case 0:
            del spoiled[key]
        case 1:
            spoiled[dice.choice(("event_type", "bids", "changes", "extra", "price_changes", "hash"))] = item[key]
        case 2 if isinstance(item[key], list | dict):
            spoiled[key] = spoil(dice, item[key])
        case _:
            spoiled[key] = dice.choice(ODD_NUMBERS + ODD_TEXTS)
    return spoiled


def shuffled(dice: Random, item: Any) -> Any:
    if isinstance(item, list):
        return [shuffled(dice, part) for part in item]
    if not isinstance(item, dict):
        return item
    pairs = [(key, shuffled(dice, value)) for key, value in item.items()]
    dice.shuffle(pairs)
    return dict(pairs)


def write(dice: Random, item: Any) -> bytes:
    separators: Any = dice.choice(((", ", ":"), (", ", ":"), (",", ":"), (", ", ": "), (" ,\n", "\t:\r ")))
    text = json.dumps(item, separators=separators, ensure_ascii=dice.random() < 0.2)
    return text.encode("utf-8", "surrogatepass")


def scratch(dice: Random, frame: bytes) -> bytes:
    """Damage to the bytes themselves: cut, flipped, doubled, put in."""
    at = dice.randint(0, len(frame))
    match dice.randint(0, 5):
        case 0:
            return frame[:at]
        case 1:
            return frame[:at] + bytes([dice.randint(0, 255)]) + frame[at + 1 :]
        case 2:
            return frame[:at] + dice.choice((b'"', b"\\", b",", b" ", b"\\u0030", b"}", b"\xff", b"0")) + frame[at:]
        case 3:
            return frame[:at] + frame[at + 1 :]
        case 4:
            other = dice.randint(0, len(frame))
            return frame[:at] + frame[min(at, other) : max(at, other)] + frame[at:]
        case _:
            return frame + dice.choice((b"\n", b" ", b"x", b"\x00", b"{}", b"]"))


def frame(dice: Random) -> bytes:
    """One frame: half of them as the venue writes them, the rest with something wrong or unusual."""
    mood = dice.random()
    if mood < 0.01:
        return dice.choice((b"", b"PONG", b"[]", b" \n", b"null", b"5", b'"x"', b"[[]]", b"[1]", b"{", b"[" * 2000))
    item: Any = dice.choice(KINDS)(dice)
    if dice.random() < 0.2:
        item = [item] + [dice.choice(KINDS)(dice) for _ in range(dice.randint(0, 3))]
    if mood < 0.5:
        venues = json.dumps(item, separators=(", ", ":"), ensure_ascii=False).encode()
        return scratch(dice, venues) if dice.random() < 0.2 else venues
    if dice.random() < 0.4:
        item = spoil(dice, item)
    if dice.random() < 0.4:
        item = shuffled(dice, item)
    written = write(dice, item)
    return scratch(dice, written) if dice.random() < 0.3 else written
