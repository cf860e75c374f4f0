"""Orders, from decision to bytes: python -m benchmarks.orders [--orders N] [--segment N] [--rounds N].

    sign + body + HMAC   `Signer.order` and `Credentials.headers`, against `create_order` and `post_order` of
                         py-clob-client-v2 with coincurve, whose HTTP client is replaced by one that costs nothing
    frame -> POST        `order_path.py`: from a market frame to the last byte of the request with two orders, both
                         over TLS and each in the HTTP that it speaks with the venue
    600 orders at once   the same without the engine, over 100 markets, in batches of 15

Before anything is timed every order is made by both: salt and time that the client chose by itself are given to ours,
and body and headers must be the same bytes.  Then the candidates take turns on the same decisions.  Times are of the
processor, so that others on the machine count less; only ratios are to be believed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from random import Random
from statistics import median
from typing import NamedTuple

from benchmarks import official, order_path, timing
from pmm.commands import Place
from pmm.eip712 import SignatureType
from pmm.model import GRID, MILLISECOND, SECOND, TICKS, USD, Market, Nanos, Side, Token
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.signer import Caps, Signer

CAPS = Caps(order=10_000 * USD, life_max=3_600 * SECOND)
MARKETS = 100


class Goal(NamedTuple):
    must: float
    target: float


SIGN = Goal(8, 12)
PATH = Goal(10, 18)


class Decision(NamedTuple):
    """What both have to bring to the venue."""

    place: Place
    market: Market


def markets(dice: Random) -> list[Market]:
    """Markets of every tick, some of them neg-risk, with ids as long as real ones."""
    made = []
    for number in range(MARKETS):
        tokens = tuple(Token(str(dice.getrandbits(255) | 1 << 60), outcome) for outcome in ("Yes", "No"))
        tick = TICKS[number % len(TICKS)]
        made.append(Market(f"0x{number:064x}", f"m{number}", "?", tokens, tick, 5_000_000, neg_risk=number % 3 == 0))
    return made


def decisions(count: int) -> list[Decision]:
    dice = Random(1)
    known = markets(dice)
    made = []
    for number in range(count):
        market = dice.choice(known)
        price = market.tick * dice.randrange(1, GRID // market.tick)
        size = dice.randrange(500, 100_000) * 10_000
        token = dice.choice(market.tokens).token_id
        place = Place(f"live-1-{number}", market.condition_id, token, dice.choice(tuple(Side)), price, size)
        made.append(Decision(place, market))
    return made


class Ours:
    """The signer and the credentials, as the gateway uses them."""

    def __init__(self) -> None:
        self.signer = Signer(official.KEY, funder=None, signature_type=SignatureType.EOA, caps=CAPS)
        self.credentials = Credentials(*official.CREDENTIALS)
        self._dice = Random(2)

    def make(self, decision: Decision, at: Nanos, salt: int) -> official.Sent:
        signed = self.signer.order(decision.place, decision.market, at, salt, self.credentials.key)
        headers = self.credentials.headers(self.signer.address, "POST", "/order", signed.body, at)
        return official.Sent(signed.body, headers)

    def __call__(self, decision: Decision) -> None:
        self.make(decision, time.time_ns(), self._dice.getrandbits(52) + 1)


class Peer:
    """The official client before a stub of its HTTP library."""

    def __init__(self, chosen: Sequence[Decision]) -> None:
        ticks = {place.token: official.TICK_TEXTS[market.tick] for place, market in chosen}
        self.http = official.StubHttp(ticks)
        official.send_through(self.http)
        self._post = official.poster(official.client())

    def __call__(self, decision: Decision) -> None:
        self._post(decision.place, decision.market)


def check(chosen: Sequence[Decision], ours: Ours, peer: Peer) -> None:
    """Every order must be the same bytes; what the client adds to its headers is not about the order."""
    for decision in chosen:
        peer(decision)
        theirs = peer.http.sent
        salt, stamp = official.salt_and_time(theirs.body)
        made = ours.make(decision, stamp * MILLISECOND, salt)
        assert made.body == theirs.body, f"{made.body!r}\n{theirs.body!r}"
        told = {name: value for name, value in theirs.headers.items() if name.startswith("POLY_")}
        at = int(told["POLY_TIMESTAMP"]) * SECOND
        again = ours.credentials.headers(ours.signer.address, "POST", "/order", made.body, at)
        assert again == told, "the headers differ"


def measure(
    chosen: Sequence[Decision], candidates: dict[str, Callable[[Decision], None]], segment: int
) -> dict[str, list[float]]:
    """Microseconds an order by segment; in each the candidates run in random order on the same decisions."""
    dice, names = Random(3), list(candidates)
    times: dict[str, list[float]] = {name: [] for name in names}
    with timing.quiet():
        for start in range(0, len(chosen) - segment + 1, segment):
            dice.shuffle(names)
            for name in names:
                work, part = candidates[name], chosen[start : start + segment]
                began = time.thread_time_ns()
                for decision in part:
                    work(decision)
                times[name].append((time.thread_time_ns() - began) / segment / 1_000)
    return times


def line(name: str, ours: Sequence[float], theirs: Sequence[float], goal: Goal | None = None) -> str:
    """Medians, and the median of the segments' ratios, against the goal where there is one."""
    found = timing.ratio(list(theirs), list(ours))
    told = f"{name:34} {median(ours):8.1f} {median(theirs):10.1f} {found:8.1f}x"
    if goal is None:
        return told
    verdict = "target" if found >= goal.target else "must" if found >= goal.must else "MISSED"
    return f"{told}   {goal.must:g} / {goal.target:g}: {verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders")
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--segment", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chosen = decisions(options.orders)
    ours, peer = Ours(), Peer(chosen)
    check(chosen, ours, peer)
    print(f"{len(chosen)} orders: body and headers are the same bytes")
    times = measure(chosen, {"ours": ours, "peer": peer}, options.segment)
    print(f"{'us':34} {'ours':>8} {'official':>10} {'faster':>9}   must / target")
    print(line("sign + body + HMAC", times["ours"], times["peer"], SIGN))

    found = order_path.measure(options.rounds)
    print(line("frame -> POST, two orders", *found.path, PATH))
    print(line("the same, intents in memory", *found.unnoted))
    print(line(f"{order_path.BURST} orders at once, an order", *found.burst))


if __name__ == "__main__":
    main()
