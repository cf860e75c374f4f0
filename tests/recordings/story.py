"""Small recordings to tell stories about."""

from __future__ import annotations

from pathlib import Path

from pmm.events import FeedNews, FeedSignal, Frame
from pmm.model import MILLISECOND, SECOND, SHARE, Market, Nanos, Token
from pmm.recordings.lines import Entry
from pmm.recordings.parts import entries_of, parts_of
from pmm.recordings.writer import RecordingWriter, Rotation
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import Outcome

START: Nanos = 1_790_000_000 * SECOND
YES, NO = "1" * 77, "2" * 77
MARKET = Market(
    "0x" + "5e" * 32, "rain", "Will it rain?", (Token(YES, "Yes"), Token(NO, "No")), 100, 5 * SHARE, neg_risk=True
)


def message(number: int, text: str = "") -> Frame:
    return Frame(START + number * MILLISECOND, 0, (text or f'{{"n":{number}}}').encode())


def wrote(folder: Path, *entries: Entry, rotation: Rotation | None = None) -> list[Path]:
    """The files that a run of its own made of some entries."""
    with RecordingWriter(folder, START, (MARKET,), rotation) as writer:
        for entry in entries:
            writer.add(entry)
    return writer.files


def kept(folder: Path) -> list[Entry]:
    return [entry for part in parts_of(folder) for entry in entries_of(part)]


def market_day(changes: int = 20) -> list[Entry]:
    """A true story of the market: a snapshot, changes with the hashes of the venue, a print and what follows it."""
    wire = MarketWire(MARKET, START // MILLISECOND)
    entries: list[Entry] = [FeedSignal(START, 0, FeedNews.CONNECTING), FeedSignal(START, 0, FeedNews.OPENED)]
    for price, side in ((4000, 0), (4100, 0), (4500, 1), (4600, 1)):
        wire.apply((side, price, 100 * SHARE), START // MILLISECOND)
    entries.append(Frame(START, 0, array([wire.dump(outcome) for outcome in Outcome])))
    for number in range(1, changes + 1):
        at_ms = START // MILLISECOND + 50 * number
        change = (number % 2, 4000 + 100 * (number % 2) * 7, (number + 1) * SHARE)
        entries += [
            Frame(at_ms * MILLISECOND, 0, frame.data) for frame in wire.price_change(change, at_ms, Outcome.YES)
        ]
    return entries
