"""What really came from the venue: every hash is explained, and nothing is ever doubted."""

import io
import json
from collections import Counter

import pytest
import zstandard

from pmm.commands import ReadBooks
from pmm.core.engine import Engine, EngineConfig
from pmm.core.trust import TrustLimits, Verify
from pmm.events import BookRead, FeedNews, FeedSignal, Frame, MarketListed, Wake
from pmm.model import MILLISECOND, SHARE, Market, Token
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.polymarket import codec

JOURNAL = "sahajpatel-20260727-journal.first800.jsonl.zst"
BURSTS = "jg-20260429T021025Z-raw_messages.jsonl.zst"
CAPTURE = "funkekaiser-ws_market_capture.json"
UPDOWN = "frames-20251223-btc15m.jsonl"


def lines(path):
    with path.open("rb") as file:
        text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        yield from map(json.loads, text)


def parts(message):
    """Every (market, token) that a message names."""
    for event in message if isinstance(message, list) else [message]:
        for entry in event.get("price_changes", [event]):
            if "asset_id" in entry:
                yield event["market"], entry["asset_id"]


def listed(messages, tick, *, neg_risk):
    """The markets of a stream, whose two tokens are seen together."""
    tokens = {}
    for message in messages:
        for condition, token in parts(message):
            tokens.setdefault(condition, dict.fromkeys([])).update({token: None})
    return [
        Market(condition, condition[:8], "?", tuple(Token(t, t[:4]) for t in pair), tick, 5 * SHARE, neg_risk=neg_risk)
        for condition, pair in tokens.items()
        if len(pair) == 2
    ]


class Listener:
    """An engine that hears a recording, woken whenever it asked to be; REST answers with the recording's own books."""

    def __init__(self, markets, verify=Verify.FULL):
        self.engine = Engine(FixedSpread(), EngineConfig(trust=TrustLimits(verify)))
        self.markets = markets
        self.doubts = Counter()
        self.trusted = set()
        self.pages = {}
        # Without hashes such old pages would look like a REST that contradicts for ever.
        self.rest = verify is not Verify.OFF

    def hear(self, frames):
        """`frames` are (time in ms, message)."""
        at = frames[0][0] * MILLISECOND
        for market in self.markets:
            self.step(MarketListed(at, market))
        for news in (FeedNews.CONNECTING, FeedNews.OPENED):
            self.step(FeedSignal(at, 0, news))
        for at_ms, message in frames:
            while (due := self.engine.data.wake_at) is not None and due < at_ms * MILLISECOND:
                self.step(Wake(due))
            for event in message if isinstance(message, list) else [message]:
                if "bids" in event and self.rest:
                    self.pages[event["asset_id"]] = codec.book(event)
            self.step(Frame(at_ms * MILLISECOND, 0, json.dumps(message).encode()))
        return self

    def step(self, event):
        step = self.engine.step(event)
        for change in step.changes:
            if change.machine == "trust" and change.old == "TRUSTED":
                self.doubts[change.evidence] += 1
            elif change.machine == "trust":
                self.trusted.add(change.subject)
        for command in step.commands:
            if isinstance(command, ReadBooks):
                for token in command.tokens:
                    self.step(BookRead(event.at, event.at, token, self.pages.get(token)))

    @property
    def tally(self):
        return self.engine.data.tally()


def journal(recordings):
    rows = [row for row in lines(recordings / JOURNAL) if row["kind"] in ("book", "price_change")]
    return [(round(row["ts"] * 1000), row["data"]) for row in rows]


@pytest.mark.parametrize("verify", list(Verify))
def test_the_continuous_journal_raises_no_doubt(recordings, verify):
    frames = journal(recordings)
    heard = Listener(listed((message for _, message in frames), 10, neg_risk=True), verify).hear(frames)
    assert heard.doubts == {}
    assert len(heard.trusted) == 1
    assert heard.tally["unexplained"] == 0


def test_every_hash_of_the_journal_is_explained(recordings):
    frames = journal(recordings)
    heard = Listener(listed((message for _, message in frames), 10, neg_risk=True)).hear(frames)
    book = next(iter(heard.trusted))
    copy = next(copy for copy in heard.engine.data.lines[0].carried() if copy.name == book)
    assert 0 < heard.tally["mismatches"] < 0.07 * heard.tally["hashes"]
    assert [token.open for token in copy.hashes.tokens if token.open] == []


def test_books_of_the_capture_survive_the_stale_changes_that_follow_them(recordings):
    messages = json.loads((recordings / CAPTURE).read_text())
    frames = [(1_782_800_000_000 + number, message) for number, message in enumerate(messages)]
    for neg_risk in (False, True):
        heard = Listener(listed(messages, 10, neg_risk=neg_risk)).hear(frames)
        assert heard.doubts == {}


def test_a_trade_in_the_middle_of_a_stream_is_no_doubt(recordings):
    messages = [json.loads(line) for line in (recordings / UPDOWN).read_text().splitlines()]
    frames = [(1_766_500_000_000 + 20 * number, message) for number, message in enumerate(messages)]
    heard = Listener(listed(messages, 100, neg_risk=False)).hear(frames)
    assert heard.doubts == {}
    assert len(heard.trusted) == 1
    assert heard.tally["unexplained"] == 0


def test_every_book_of_the_bursts_is_what_its_hash_says(recordings):
    """The recorder kept one minute's first messages only, so each burst is a stream of its own."""
    payloads = [json.loads(row["payload"]) for row in lines(recordings / BURSTS) if "book" in str(row["payload"])]
    arrays = [payload for payload in payloads if isinstance(payload, list) and payload and "bids" in payload[0]]
    assert len(arrays) == 30
    for number, array in enumerate(arrays):
        heard = Listener(listed([array], 100, neg_risk=False)).hear([(1_777_428_000_000 + number, array)])
        assert heard.tally["mismatches"] == 0
        assert heard.tally["hashes"] == 2 * len(heard.trusted) > 0
