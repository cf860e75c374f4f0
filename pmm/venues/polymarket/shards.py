"""Which connection carries which market.

The venue does not say how many tokens one socket bears; a freeze was reported at about 250, and other clients stop at
200.  Both tokens of a market travel together, and a market that must not be blind for a moment travels on two
connections.  `Shards` is the arithmetic, `MarketFeeds` the sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from pmm.events import MarketListed
from pmm.model import ConditionId, Market, Nanos, TokenId
from pmm.ports import Feed

TOKENS_PER_CONNECTION = 200


@dataclass(slots=True)
class _Connection:
    """The markets of one connection, canary included."""

    markets: dict[ConditionId, tuple[TokenId, ...]] = field(default_factory=dict)

    @property
    def load(self) -> int:
        return sum(map(len, self.markets.values()))


class Shards:
    """Places markets on the first connections with room; a new connection opens when there is none.

    `canary` rides on every connection, and its room is set aside.  What was placed stays where it is.
    """

    def __init__(self, canary: Market | None = None, *, tokens_max: int = TOKENS_PER_CONNECTION) -> None:
        """Raises ValueError where a market would not fit beside the canary."""
        self.canary = canary
        self.tokens_max = tokens_max
        self._connections: list[_Connection] = []
        if tokens_max < 2 + len(self._canary_tokens):
            raise ValueError(f"{tokens_max} tokens a connection have no room for a market")

    @property
    def _canary_tokens(self) -> tuple[TokenId, ...]:
        return () if self.canary is None else _tokens(self.canary)

    @property
    def connections(self) -> tuple[int, ...]:
        return tuple(range(len(self._connections)))

    def tokens(self, connection: int) -> tuple[TokenId, ...]:
        """Everything that a connection carries, in the order of arrival."""
        return tuple(token for tokens in self._connections[connection].markets.values() for token in tokens)

    def carriers(self, condition_id: ConditionId) -> tuple[int, ...]:
        """The connections of a market, the leader first; empty when it is not placed."""
        return tuple(n for n, one in enumerate(self._connections) if condition_id in one.markets)

    def add(self, market: Market, copies: int = 1) -> tuple[int, ...]:
        """Place a market on `copies` different connections; a market that is placed stays where it is."""
        placed = self.carriers(market.condition_id)
        if placed or copies < 1:
            return placed
        tokens = _tokens(market)
        free = [n for n, one in enumerate(self._connections) if one.load + len(tokens) <= self.tokens_max][:copies]
        chosen = (*free, *(self._open() for _ in range(copies - len(free))))
        for number in chosen:
            self._connections[number].markets[market.condition_id] = tokens
        return chosen

    def drop(self, condition_id: ConditionId) -> tuple[int, ...]:
        """Take a market off; returns the connections that carried it.  The canary stays."""
        if self.canary is not None and condition_id == self.canary.condition_id:
            return ()
        carriers = self.carriers(condition_id)
        for number in carriers:
            del self._connections[number].markets[condition_id]
        return carriers

    def _open(self) -> int:
        fresh = _Connection()
        if self.canary is not None:
            fresh.markets[self.canary.condition_id] = self._canary_tokens
        self._connections.append(fresh)
        return len(self._connections) - 1


def _tokens(market: Market) -> tuple[TokenId, ...]:
    return tuple(token.token_id for token in market.tokens)


class MarketFeeds(Mapping[int, Feed]):
    """The feeds of a run by connection number.  `make` gets the number of a connection that is new."""

    def __init__(
        self,
        make: Callable[[int], Feed],
        canary: Market | None = None,
        *,
        copies: int = 1,
        copied: Set[str] = frozenset(),
    ) -> None:
        """`copies` connections carry each market of the slugs `copied`, or each of all where there are none."""
        self._make = make
        self._copies = copies
        self._copied = copied
        self._feeds: dict[int, Feed] = {}
        self.shards = Shards(canary)

    def __getitem__(self, connection: int) -> Feed:
        return self._feeds[connection]

    def __iter__(self) -> Iterator[int]:
        return iter(self._feeds)

    def __len__(self) -> int:
        return len(self._feeds)

    @property
    def canary(self) -> Market | None:
        return self.shards.canary

    def add(self, market: Market, at: Nanos) -> tuple[MarketListed, ...]:
        """Follow a market; returns what the engine has to be told.  New feeds are in the mapping, not yet run."""
        placed = self.shards.carriers(market.condition_id)
        carriers = self.shards.add(market, self._copies if not self._copied or market.slug in self._copied else 1)
        fresh = [number for number in carriers if number not in self._feeds]
        for number in carriers:
            if number in fresh:
                self._feeds[number] = self._make(number)
                self._feeds[number].subscribe(self.shards.tokens(number))
            elif not placed:
                self._feeds[number].subscribe(_tokens(market))
        listed = MarketListed(at, market, carriers)
        if self.canary is None or not fresh:
            return (listed,)
        return MarketListed(at, self.canary, tuple(self._feeds), quoted=False), listed

    def drop(self, market: Market) -> None:
        """Stop following a market."""
        for number in self.shards.drop(market.condition_id):
            self._feeds[number].unsubscribe(_tokens(market))
