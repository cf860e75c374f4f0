"""Many books fed with the raw frames of the market socket, in plain Python."""

from __future__ import annotations

from pmm._fast.pure.book import ASK, BID, GRID, Book
from pmm._fast.pure.frames import Change, Event, NewTick, Print, Refused, Snapshot, Touch, decode
from pmm._fast.refusal import Refusal

FRAME_BYTES_MAX = 16 * 2**20
TOKEN_BYTES_MAX = 256


class _Slot:
    """One token's book and what the venue last said about it."""

    __slots__ = (
        "agrees", "at_ms", "book", "hash", "last_trade", "snapshot_ms", "snapshots", "stamped", "token", "touch"
    )  # fmt: skip

    def __init__(self, token: str, tick: int) -> None:
        self.token = token
        self.book = Book(tick)
        self.at_ms = 0
        self.snapshot_ms = 0
        self.snapshots = 0
        self.hash = ""
        # Whether the message with that hash also carried the time that goes into it.
        self.stamped = False
        self.last_trade = 0
        self.agrees = True
        # The newest best bid and ask that a change carried, None where it carried none.
        self.touch: tuple[int | None, int | None] = (None, None)

    def staged(self) -> _Slot:
        twin = _Slot(self.token, self.book.tick)
        self._copy_to(twin)
        twin.book = self.book.copy()
        return twin

    def commit(self, staged: _Slot) -> None:
        staged._copy_to(self)
        # The book object stays: a view that somebody holds must see the change.
        self.book._become(staged.book)  # noqa: SLF001  # one subject in two files

    def _copy_to(self, other: _Slot) -> None:
        other.at_ms, other.snapshot_ms, other.snapshots = self.at_ms, self.snapshot_ms, self.snapshots
        other.hash, other.agrees, other.touch = self.hash, self.agrees, self.touch
        other.stamped, other.last_trade = self.stamped, self.last_trade


class Books:
    """The books of many tokens, kept up to date by `feed`.

    `max_frame` bounds the bytes of one frame, and with them the memory that one call can take.
    """

    def __init__(self, max_frame: int = FRAME_BYTES_MAX) -> None:
        if max_frame <= 0:
            raise ValueError(f"not a number of bytes: {max_frame}")
        self.max_frame = max_frame
        self._slots: list[_Slot | None] = []
        self._index: dict[str, int] = {}
        self.touched: list[int] = []
        self.changes: list[tuple[int, int, int, int]] = []
        self.trades: list[tuple[int, int, int, int, int]] = []
        self.ticks: list[tuple[int, int]] = []
        self.differences: list[tuple[int, int]] = []
        self.frames = 0
        self.refused = 0
        self.unknown = 0
        self.stale = 0
        self.mismatches = 0

    def add(self, token: str, tick: int = 100) -> int:
        """Follow a token and return its index; a token that is followed already keeps its index and its book.

        Raises ValueError for a tick the venue does not have and for a token that is empty or above 256 bytes.
        """
        known = self._index.get(token)
        if known is not None:
            return known
        if not 0 < len(token.encode()) <= TOKEN_BYTES_MAX:
            raise ValueError(f"not a token id: {token!r}")
        self._slots.append(_Slot(token, tick))
        self._index[token] = len(self._slots) - 1
        return self._index[token]

    def remove(self, token: str) -> None:
        """Stop following a token; its index is not used again.  Raises KeyError for a token not followed."""
        self._slots[self._index.pop(token)] = None

    def index(self, token: str) -> int | None:
        """The index of a token, None when it is not followed."""
        return self._index.get(token)

    def book(self, index: int) -> Book:
        """The live book of an index.  Raises IndexError for an index that is not in use."""
        return self._slot(index).book

    def snapshots(self, index: int) -> int:
        """How many whole books were applied to this one."""
        return self._slot(index).snapshots

    def timestamp_ms(self, index: int) -> int:
        """The venue's time of the newest change or snapshot applied, in ms; 0 before the first."""
        return self._slot(index).at_ms

    def reported_hash(self, index: int) -> str:
        """The hash that the newest change or snapshot carried, "" when it carried none."""
        return self._slot(index).hash

    def agrees(self, index: int) -> bool:
        """Whether the best bid and ask carried by the newest change were ours after its frame."""
        return self._slot(index).agrees

    def last_trade(self, index: int) -> int | None:
        """The price of the last trade as the newest snapshot that carried one says; None before the first trade."""
        return self._slot(index).last_trade or None

    def verify(
        self,
        index: int,
        market: str,
        min_order_size: str,
        neg_risk: bool,  # noqa: FBT001  # as in `Book.hash`
        last_trade_price: str,
    ) -> bool | None:
        """Whether the hash of the newest message is that of the book as it is now, under that message's time.

        None when the newest change or snapshot carried no hash or no time.  The texts are as in `Book.hash`.
        """
        slot = self._slot(index)
        if not slot.hash or not slot.stamped:
            return None
        told = slot.book.hash(market, slot.token, str(slot.at_ms), min_order_size, neg_risk, last_trade_price)
        return slot.hash == told

    def feed(self, frame: bytes | str | bytearray | memoryview, /) -> int:
        """Apply one frame, whole or not at all; the number of touched books, or a negative `Refusal`.

        A book is touched when its levels or its tick came in the frame.  Never raises for what a frame holds;
        TypeError for anything that is not text or bytes.
        """
        data = _bytes(frame)
        self.touched, self.changes, self.trades, self.ticks, self.differences = [], [], [], [], []
        self.frames += 1
        if data is None:
            return self._refuse(Refusal.MALFORMED)
        if len(data) > self.max_frame:
            return self._refuse(Refusal.TOO_LARGE)
        batch = _Batch(self._slots)
        try:
            events, unknown = decode(data, self._index.get)
            for event in events:
                batch.apply(event)
        except Refused as refused:
            return self._refuse(refused.reason)
        self.unknown += unknown
        self._commit(batch)
        return len(self.touched)

    def _commit(self, batch: _Batch) -> None:
        for index, staged in batch.staged.items():
            if staged.touch != (None, None) and index in batch.reported:
                staged.agrees = _agrees(staged)
                self.mismatches += not staged.agrees
            self._slot(index).commit(staged)
        self.stale += batch.stale
        self.touched = list(batch.staged)
        self.changes, self.trades, self.ticks = batch.changes, batch.trades, batch.ticks
        self.differences = batch.differences

    def _refuse(self, reason: Refusal) -> int:
        self.refused += 1
        return int(reason)

    def _slot(self, index: int) -> _Slot:
        slot = self._slots[index] if 0 <= index < len(self._slots) else None
        if slot is None:
            raise IndexError(f"no book at index {index}")
        return slot


class _Batch:
    """What one frame would do, built on copies so that a refusal leaves nothing behind."""

    def __init__(self, slots: list[_Slot | None]) -> None:
        self._slots = slots
        self.staged: dict[int, _Slot] = {}
        self.reported: set[int] = set()
        self.changes: list[tuple[int, int, int, int]] = []
        self.trades: list[tuple[int, int, int, int, int]] = []
        self.ticks: list[tuple[int, int]] = []
        self.differences: list[tuple[int, int]] = []
        self.stale = 0

    def apply(self, event: Event) -> None:
        match event:
            case Snapshot():
                self._apply_snapshot(event)
            case Change():
                self._apply_change(event)
            case NewTick():
                self._apply_tick(event)
            case Print():
                self.trades.append((event.book, event.side, event.price, event.size, event.at_ms))
            case Touch():
                # It comes before the changes it belongs to (data reference, section 5), so it proves nothing.
                pass

    def _apply_snapshot(self, event: Snapshot) -> None:
        slot = self._stage(event.book)
        before = _sizes(slot.book)
        if event.tick is not None and event.tick != slot.book.tick:
            self.ticks.append((event.book, event.tick))
            slot.book = Book(event.tick)
        try:
            slot.book.load(event.bids, event.asks)
        except ValueError as fault:
            raise Refused(Refusal.OFF_GRID) from fault
        if slot.snapshots:
            self.differences.append((event.book, len({level for level, _ in before ^ _sizes(slot.book)})))
        slot.snapshots += 1
        slot.hash, slot.stamped = event.hash, event.at_ms is not None
        slot.last_trade = slot.last_trade if event.last_trade is None else event.last_trade
        slot.touch, slot.agrees = (None, None), True
        self.reported.discard(event.book)
        if event.at_ms is not None:
            slot.at_ms = slot.snapshot_ms = event.at_ms

    def _apply_change(self, event: Change) -> None:
        slot = self.staged.get(event.book) or self._slots[event.book]
        assert slot is not None, "the index came from a followed token"
        if event.price % slot.book.tick:
            raise Refused(Refusal.OFF_GRID)
        if event.at_ms is not None and event.at_ms < slot.snapshot_ms:
            self.stale += 1
            return
        slot = self._stage(event.book)
        slot.book.set(event.side, event.price, event.size)
        slot.hash, slot.stamped = event.hash, event.at_ms is not None
        if event.at_ms is not None:
            slot.at_ms = event.at_ms
        slot.touch = (event.best_bid, event.best_ask)
        self.reported.add(event.book)
        self.changes.append((event.book, event.side, event.price, event.size))

    def _apply_tick(self, event: NewTick) -> None:
        slot = self._stage(event.book)
        try:
            slot.book.change_tick(event.tick)
        except ValueError as fault:
            raise Refused(Refusal.OFF_GRID) from fault
        self.ticks.append((event.book, event.tick))

    def _stage(self, index: int) -> _Slot:
        staged = self.staged.get(index)
        if staged is None:
            slot = self._slots[index]
            assert slot is not None, "the index came from a followed token"
            staged = self.staged[index] = slot.staged()
        return staged


def _bytes(frame: bytes | str | bytearray | memoryview) -> bytes | None:
    try:
        return frame.encode() if isinstance(frame, str) else bytes(memoryview(frame))
    except UnicodeEncodeError:  # half of a surrogate pair is no text
        return None


def _sizes(book: Book) -> set[tuple[tuple[int, int], int]]:
    return {((side, price), size) for side in (BID, ASK) for price, size in book.levels(side)}


def _agrees(slot: _Slot) -> bool:
    bid, ask = slot.touch
    ours = (slot.book.best_bid or 0, GRID if slot.book.best_ask is None else slot.book.best_ask)
    return (bid is None or bid == ours[BID]) and (ask is None or ask == ours[ASK])
