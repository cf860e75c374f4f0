"""What the engine knows of the market: its connections, the books that come through them, and which to believe.

Takes events in, moves trust and sources, and asks for what is missing: fresh snapshots, REST reads, new connections.
Nothing here decides what to quote.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from pmm._fast import Books
from pmm.commands import ReadBooks, Reconnect
from pmm.core.agenda import Agenda
from pmm.core.book_copy import BookCopy, open_copy
from pmm.core.feed import FEED, Connection, FeedLimits
from pmm.core.hashes import Facts
from pmm.core.line import Line, Tally
from pmm.core.markets import QuotedMarket
from pmm.core.regime import RegimeLimits, RegimeWatch
from pmm.core.resync import Reconnects, chase
from pmm.core.silence import (
    Verdict,
    caught_up,
    never_came,
    next_look,
    on_read,
    retry_due,
    silence_text,
    to_compare,
    unverifiable,
)
from pmm.core.source import Source
from pmm.core.step import StepBuilder
from pmm.core.trust import Evidence, FallbackLimits, TrustLimits
from pmm.events import BookRead, FeedNews, FeedSignal, Frame, MarketListed
from pmm.model import ConditionId, Market, Nanos, TokenId


class MarketData:
    """`markets` are quoted; `failure` says why no data will come any more, empty while it may."""

    def __init__(
        self,
        limits: FeedLimits,
        trust: TrustLimits | None = None,
        fallback: FallbackLimits | None = None,
        regime: RegimeLimits | None = None,
    ) -> None:
        self.markets: dict[ConditionId, QuotedMarket] = {}
        self.lines: dict[int, Line] = {}
        self.failure = ""
        self.limits = limits
        self.trust = trust or TrustLimits()
        self.fallback = fallback or FallbackLimits()
        self.regime = regime or RegimeLimits()
        self._copies: dict[ConditionId, dict[int, BookCopy]] = {}
        self._by_token: dict[TokenId, ConditionId] = {}
        self._retired: dict[ConditionId, QuotedMarket] = {}
        self._listed: dict[ConditionId, Market] = {}
        self._agenda: Agenda[object] = Agenda()
        self._reads: dict[TokenId, str] = {}

    @property
    def books(self) -> Books:
        """The kernel books of the first connection: the only ones, unless markets were spread over several."""
        return self.lines[min(self.lines)].books if self.lines else Books()

    @property
    def connections(self) -> dict[int, Connection]:
        return {number: line.feed for number, line in self.lines.items()}

    @property
    def wake_at(self) -> Nanos | None:
        """When something may be overdue."""
        return self._agenda.next_at

    def tally(self) -> dict[str, int]:
        """What was counted on all connections together, by name."""
        names = [counter.name for counter in fields(Tally)]
        return {name: sum(getattr(line.tally, name) for line in self.lines.values()) for name in names}

    def problem(self, at: Nanos) -> str | None:
        """Why no market at all may be quoted, or None; one connection that works, or REST, is enough."""
        if not self.lines:
            return "feed is STOPPED"
        if self.fallback.quote_on_rest and any(quoted.source.state == "REST" for quoted in self.markets.values()):
            return None
        problems = [line.feed.problem(at) for line in self.lines.values()]
        return problems[0] if all(problems) else None

    # --- markets --------------------------------------------------------------------------------------------------

    def list_market(self, event: MarketListed, out: StepBuilder) -> QuotedMarket | None:
        """A new market, or new facts and connections of a known one; returns it when it is quoted."""
        market, at = event.market, event.at
        self._connect(event)
        self._learn(market, out)
        quoted = self.markets.get(market.condition_id)
        if quoted is None and event.quoted:
            copies = self._copies[market.condition_id]
            lead = copies[event.connections[0]]
            source, regime = Source(self.fallback, since=at), RegimeWatch(self.regime, since=at)
            quoted = QuotedMarket(market, copies, lead, source, regime=regime)
            before = self._retired.pop(market.condition_id, None)
            if before is not None:
                quoted.position, quoted.signals = before.position, before.signals
                quoted.signals.interrupt()
            quoted.learn(market)
            self.markets[market.condition_id] = quoted
        if quoted is not None:
            quoted.dropped = False
            self._settle(quoted, out)
            quoted.judge(at, out)
        return quoted

    def drop_market(self, condition_id: ConditionId) -> QuotedMarket | None:
        """Quote it no longer; a market that was only watched is forgotten at once.  Unknown ones are no matter."""
        quoted = self.markets.get(condition_id)
        if quoted is None:
            self._forget(condition_id)
            return None
        quoted.dropped = True
        return quoted

    def retire(self, quoted: QuotedMarket) -> None:
        """No order of ours is left in a dropped market: forget its books, and keep what we hold."""
        self._retired[quoted.condition_id] = self.markets.pop(quoted.condition_id)
        self._forget(quoted.condition_id)

    def traded(self, condition_id: ConditionId) -> QuotedMarket:
        """A market that orders of ours were in: quoted now, or dropped since."""
        return self.markets.get(condition_id) or self._retired[condition_id]

    def held(self) -> Iterable[QuotedMarket]:
        """Every market that we may hold something of."""
        yield from self.markets.values()
        yield from self._retired.values()

    def reset(self, out: StepBuilder) -> None:
        """Allow feeds that failed a new start."""
        self.failure = ""
        for line in self.lines.values():
            if line.feed.state == "ERROR":
                out.move(FEED, line.feed, "reset", line.name, "the operator allows a new start")
                line.feed.opened_at = line.feed.data_at = None

    def _connect(self, event: MarketListed) -> None:
        copies = self._copies.setdefault(event.market.condition_id, {})
        for token in event.market.tokens:
            self._by_token[token.token_id] = event.market.condition_id
        for number in event.connections:
            if number in copies:
                copies[number].quoted |= event.quoted
                continue
            line = self._line(number)
            copy = open_copy(event.market, number, line.feed, line.books, event.at, quoted=event.quoted)
            copies[number] = line.copies[copy.yes] = line.copies[copy.no] = copy
            self._agenda.note(copy, event.at + self.trust.snapshot)
        for number in [number for number in copies if number not in event.connections]:
            self._leave(copies.pop(number))

    def _learn(self, market: Market, out: StepBuilder) -> None:
        """New facts: the tick of the socket counts, but where the listing changed it, the socket is asked again."""
        listed = self._listed.get(market.condition_id)
        self._listed[market.condition_id] = market
        quoted = self.markets.get(market.condition_id)
        if quoted is not None:
            if quoted.copies.get(quoted.lead.connection) is not quoted.lead:
                quoted.lead = next(iter(quoted.copies.values()))
            quoted.learn(market)
            if quoted.lead.known:
                quoted.on_tick(quoted.lead.book.tick)
        if listed is None:
            return
        for copy in self._copies[market.condition_id].values():
            if Facts.of(market) != copy.hashes.facts:
                copy.hashes.refresh(Facts.of(market))
            if listed.tick != market.tick != copy.book.tick and copy.trusted:
                self.lines[copy.connection].doubt(copy, Evidence.TICK, "the listing says another tick", out)

    def _forget(self, condition_id: ConditionId) -> None:
        for copy in self._copies.pop(condition_id, {}).values():
            self._leave(copy)
        listed = self._listed.pop(condition_id, None)
        for token in listed.tokens if listed else ():
            self._by_token.pop(token.token_id, None)

    def _leave(self, copy: BookCopy) -> None:
        line = self.lines[copy.connection]
        for token, index in zip(copy.tokens, (copy.yes, copy.no), strict=True):
            line.books.remove(token)
            del line.copies[index]
        line.compare.pop(copy, None)

    # --- events ---------------------------------------------------------------------------------------------------

    def on_frame(self, event: Frame, out: StepBuilder) -> list[QuotedMarket]:
        """Apply a frame; returns the markets that may have to be decided on again."""
        line = self.lines.get(event.connection) or self._line(event.connection)
        copies = line.take(event, out)
        for trade in line.trades:
            for traded in self._quoted(line.copies[trade[0]]):
                traded.on_trade(event.at, line, trade)
        if not copies:
            return []
        for index, tick in line.books.ticks:
            self._on_tick(line.copies[index], tick)
        markets, moved = self.markets, []
        for copy in copies:
            quoted = markets.get(copy.hashes.facts.condition_id)
            if quoted is None:
                continue
            lead, usable = quoted.lead, quoted.source.usable
            if lead.usable is not usable or (copy is not lead and not usable):
                self._settle(quoted, out)
            if copy is quoted.lead:
                quoted.observe(event.at)
                if quoted.moved():
                    quoted.judge(event.at, out)
                    moved.append(quoted)
        return moved

    def on_signal(self, event: FeedSignal, out: StepBuilder) -> None:
        line = self._line(event.connection)
        feed = line.feed
        feed.cause = event.cause
        trigger = feed.on_news(event.news, event.at)
        out.move(FEED, feed, trigger, line.name, event.cause)
        if event.news is FeedNews.OPENED:
            for copy in line.carried():
                self._agenda.note(copy, event.at + self.trust.snapshot)
        if trigger in ("lost", "fail"):
            line.reconnects.drop()
            self._lose(line, Evidence.SOCKET, event.cause or "the connection was lost", out)
        if trigger == "fail" and all(other.feed.state == "ERROR" for other in self.lines.values()):
            self.failure = event.cause

    def on_read(self, event: BookRead, out: StepBuilder) -> list[QuotedMarket]:
        """A REST read came, or did not; returns the market that may have to be decided on again."""
        condition_id = self._by_token.get(event.token, "")
        for number, copy in self._copies.get(condition_id, {}).items():
            if event.token == copy.tokens[0]:
                on_read(self.lines[number], copy, event, out)
        quoted = self.markets.get(condition_id)
        if quoted is None or event.token != quoted.market.yes:
            return []
        if event.page is not None:
            quoted.change_source(quoted.source.on_page(event.at, event.page), "", out)
        self._settle(quoted, out)
        return [quoted] if quoted.moved() else []

    def on_time(self, at: Nanos, out: StepBuilder) -> None:
        """Judge the silence of whole connections."""
        for line in self.lines.values():
            trigger = line.feed.overdue(at)
            out.move(FEED, line.feed, trigger, line.name, "silence")
            if trigger == "stale":
                self._lose(line, Evidence.SOCKET, "no market data within the limit", out)
                out.commands.append(Reconnect(line.number, "no market data within the limit"))
            elif trigger == "fail":
                self.failure = "the venue accepted the subscription and sent no market data"
        self._miss_books(at, out)
        for quoted in self.markets.values():
            quoted.judge(at, out)

    def on_due(self, at: Nanos, out: StepBuilder) -> list[QuotedMarket]:
        """Look at whatever may be overdue; returns the markets that may have to be decided on again."""
        stirred: dict[ConditionId, QuotedMarket] = {}
        while (subject := self._agenda.pop(at)) is not None:
            for quoted in self._look(subject, at, out):
                stirred[quoted.condition_id] = quoted
        for quoted in stirred.values():
            self._settle(quoted, out)
        return [quoted for quoted in stirred.values() if quoted.moved()]

    def finish(self, out: StepBuilder) -> None:
        """Send what this event made necessary: new connections as their limits allow, and one batch of reads."""
        at = out.event.at
        for line in self.lines.values():
            if line.reconnects.wanted:
                line.reconnect(out)
            for copy in line.comparable(at):
                self._reads[copy.tokens[0]] = "a book that its hash does not prove"
        if self._reads:
            out.commands.append(ReadBooks(tuple(self._reads), next(iter(self._reads.values()))))
            self._reads = {}

    def stop(self, out: StepBuilder) -> None:
        """The end of a run; a feed that failed stays in ERROR, where everybody can see it."""
        for line in self.lines.values():
            if line.feed.state != "ERROR":
                out.move(FEED, line.feed, "stop", line.name, "the run is over")

    # --- time -----------------------------------------------------------------------------------------------------

    def _look(self, subject: object, at: Nanos, out: StepBuilder) -> Iterable[QuotedMarket]:
        match subject:
            case BookCopy():
                return self._look_at_copy(subject, at, out)
            case Line():
                return self._look_at_line(subject, at, out)
            case QuotedMarket():
                return self._look_at_market(subject, at, out)
        raise AssertionError(f"nobody looks at {subject!r}")

    def _look_at_copy(self, copy: BookCopy, at: Nanos, out: StepBuilder) -> Iterable[QuotedMarket]:
        line = self.lines[copy.connection]
        if line.copies.get(copy.yes) is not copy:
            return ()
        line.look(copy, at, out)
        if retry_due(line, copy, at):
            copy.compared_at = at
            self._reads[copy.tokens[0]] = "the read of a doubted book failed"
        match caught_up(line, copy, at):
            case Verdict.FROZEN:
                self._freeze(line, copy, out)
                return self._of(line)
            case Verdict.MISSED:
                line.doubt(copy, Evidence.COMPARE, "REST shows a change that the socket did not bring", out)
        again = chase(copy, self.trust, line.reconnects, out)
        if again is not None:
            self._agenda.note(copy, again)
        return self._quoted(copy)

    def _look_at_line(self, line: Line, at: Nanos, out: StepBuilder) -> Iterable[QuotedMarket]:
        if line.feed.state != "RUNNING" or not line.copies:
            return ()
        for copy in to_compare(line, at):
            self._reads[copy.tokens[0]] = "books without a recent proof"
        stirred: list[QuotedMarket] = []
        for copy in line.carried():
            if copy.quoted and unverifiable(copy, at, self.trust):
                line.doubt(copy, Evidence.UNVERIFIED, silence_text(copy, at), out)
                stirred += self._quoted(copy)
        self._agenda.note(line, next_look(line, at))
        return stirred

    def _look_at_market(self, quoted: QuotedMarket, at: Nanos, out: StepBuilder) -> Iterable[QuotedMarket]:
        if self.markets.get(quoted.condition_id) is not quoted:
            return ()
        quoted.change_source(quoted.source.overdue(at), "", out)
        if quoted.source.wants_page(at):
            self._reads[quoted.market.yes] = "REST stands in for the socket"
        quoted.judge(at, out)
        self._look_again(quoted, at)
        return (quoted,)

    # --- acts -----------------------------------------------------------------------------------------------------

    def _line(self, number: int) -> Line:
        line = self.lines.get(number)
        if line is None:
            feed, reconnects = Connection(self.limits), Reconnects(self.trust)
            line = self.lines[number] = Line(number, feed, self.trust, self._agenda, reconnects)
        return line

    def _settle(self, quoted: QuotedMarket, out: StepBuilder) -> None:
        quoted.settle(out.event.at, out)
        self._look_again(quoted, out.event.at)

    def _look_again(self, quoted: QuotedMarket, at: Nanos) -> None:
        again = quoted.next_at(at)
        if again is not None:
            self._agenda.note(quoted, again)

    def _lose(self, line: Line, evidence: Evidence, text: str, out: StepBuilder) -> None:
        line.lose(evidence, text, out)
        for quoted in self._of(line):
            self._settle(quoted, out)

    def _freeze(self, line: Line, copy: BookCopy, out: StepBuilder) -> None:
        text = f"frozen: {copy.slug} changed at the venue and no data came"
        line.feed.cause = text
        line.feed.opened_at = None  # judged: the next opening is judged anew
        out.move(FEED, line.feed, "stale" if line.feed.state == "RUNNING" else None, line.name, text)
        self._lose(line, Evidence.FROZEN, text, out)
        line.reconnects.want(text)

    def _miss_books(self, at: Nanos, out: StepBuilder) -> None:
        """A venue that sends data and never the book of a market that was asked for does not know that market."""
        for line in self.lines.values():
            for copy in never_came(line, at):
                if not any(other.known for other in self._copies[copy.condition_id].values()):
                    self.failure = f"no book of {copy.slug} came with the market data"
                    out.move(FEED, line.feed, "fail", line.name, self.failure)
                    return

    def _on_tick(self, copy: BookCopy, tick: int) -> None:
        copy.hashes.refresh(copy.hashes.facts)
        for quoted in self._quoted(copy):
            quoted.on_tick(tick)

    def _quoted(self, copy: BookCopy) -> Iterable[QuotedMarket]:
        quoted = self.markets.get(copy.condition_id)
        return () if quoted is None else (quoted,)

    def _of(self, line: Line) -> Iterable[QuotedMarket]:
        return [quoted for copy in line.carried() for quoted in self._quoted(copy)]
