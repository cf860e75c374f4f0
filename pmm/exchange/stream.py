"""The market socket: a message goes to whoever subscribed to a token that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import orjson

from pmm.exchange.channel import NOT_UNDERSTOOD, Channel, Client
from pmm.exchange.subscription import parse_subscription
from pmm.model import TokenId
from pmm.sim.dice import Dice
from pmm.sim.frames import WireFrame
from pmm.sim.wording import spaced

TOKENS_MAX = 5_000


class Dumps(Protocol):
    """Where the answer to a subscription comes from."""

    def __call__(self, tokens: Sequence[TokenId], /) -> bytes: ...


class Hub:
    """All subscribers of the market socket."""

    def __init__(self, dump: Dumps, on_subscribed: Callable[[], None], dice: Dice | None = None) -> None:
        self.channel = Channel(self._obey, self._forget, dice)
        self._by_token: dict[TokenId, set[Client]] = {}
        self._stale: dict[TokenId, bytes] = {}
        self._dump = dump
        self._on_subscribed = on_subscribed

    def hears(self, tokens: Iterable[TokenId]) -> bool:
        """Whether anybody has subscribed to one of these tokens."""
        return not self._by_token.keys().isdisjoint(tokens)

    def publish(self, frames: Iterable[WireFrame]) -> None:
        """Send each message to everybody who subscribed to a token that it names."""
        for frame in frames:
            readers = {client for token in frame.tokens for client in self._by_token.get(token, ())}
            if frame.custom:
                readers = {client for client in readers if client.custom}
            data = self._thawed(frame) if readers else None
            if data is not None:
                self.channel.publish(readers, data)

    def keep_stale(self, *, on: bool) -> int:
        """From now on answer subscriptions with the books of this moment; how many there are."""
        self._stale = {token: self._dump([token]) for token in self._by_token} if on else {}
        return len(self._stale)

    def _thawed(self, frame: WireFrame) -> bytes | None:
        """The message without what is frozen."""
        faults = self.channel.faults
        if faults.silent or faults.frozen is None:
            return None
        return without(frame, faults.frozen) if faults.frozen else frame.data

    def _obey(self, client: Client, text: str | bytes) -> None:
        request = parse_subscription(text)
        if request is None:
            self.channel.send(client, NOT_UNDERSTOOD)
            return
        if request.custom is not None:
            client.custom = request.custom
        if request.unsubscribe:
            self._unsubscribe(client, request.tokens)
            return
        fresh = [token for token in dict.fromkeys(request.tokens) if request.first or token not in client.tokens]
        if len(client.tokens) + len(fresh) > TOKENS_MAX:
            self.channel.send(client, NOT_UNDERSTOOD)
            return
        for token in fresh:
            client.tokens.add(token)
            self._by_token.setdefault(token, set()).add(client)
        self._on_subscribed()
        faults = self.channel.faults
        if request.dump and not faults.mute:
            self._answer(client, [token for token in fresh if token not in (faults.frozen or ())])

    def _answer(self, client: Client, tokens: Sequence[TokenId]) -> None:
        stale = [self._stale[token] for token in tokens if token in self._stale]
        fresh = [token for token in tokens if token not in self._stale]
        dump = self._dump(fresh) if fresh or not tokens else b""
        for frame in (*stale, dump):
            if frame:
                self.channel.send(client, self.channel.faults.frames.answer(frame))

    def _unsubscribe(self, client: Client, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            client.tokens.discard(token)
            readers = self._by_token.get(token)
            if readers is not None:
                readers.discard(client)
                if not readers:
                    del self._by_token[token]

    def _forget(self, client: Client) -> None:
        self._unsubscribe(client, list(client.tokens))


def without(frame: WireFrame, frozen: frozenset[TokenId]) -> bytes | None:
    """The message without its entries about `frozen` tokens; None when nothing remains."""
    if frozen.isdisjoint(frame.tokens):
        return frame.data
    if frozen.issuperset(frame.tokens):
        return None
    message = orjson.loads(frame.data)
    entries = [entry for entry in message.get("price_changes", []) if entry["asset_id"] not in frozen]
    if not entries:
        return None
    return spaced({**message, "price_changes": entries})
