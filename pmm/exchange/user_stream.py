"""The user socket: an account's own orders and trades, for whoever shows a key of it (protocol reference, 5.3 and 5.5).

Nothing is replayed after a reconnection, and what is told is in no fixed order with the answers over HTTP.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson

from pmm.exchange.channel import NOT_UNDERSTOOD, Channel, Client
from pmm.exchange.keys import Key, KeyRing
from pmm.exchange.papers import MarketOf, order_frame, trade_frame
from pmm.model import ConditionId
from pmm.sim.dice import Dice
from pmm.sim.venue import OrderEvent, TradeEvent
from pmm.sim.wording import compact

MARKETS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class _Request:
    """What a user socket said: the credentials it opened with, or a change of its markets; None is all markets."""

    auth: tuple[str, str, str] | None
    unsubscribe: bool
    markets: frozenset[ConditionId] | None


class UserHub:
    """All user sockets.  `owner_of` says who signs for a wallet."""

    def __init__(
        self, keys: KeyRing, owner_of: Callable[[str], str | None], market_of: MarketOf, dice: Dice | None = None
    ) -> None:
        self.channel = Channel(self._obey, self._forget, dice)
        self._keys = keys
        self._owner_of = owner_of
        self._market_of = market_of
        self._signer_of: dict[Client, str] = {}
        self._by_signer: dict[str, dict[Client, None]] = {}

    @property
    def listening(self) -> int:
        """How many sockets have shown a key."""
        return len(self._signer_of)

    def publish(self, events: Iterable[OrderEvent | TradeEvent]) -> None:
        """Tell every socket of the account that an event is about."""
        for event in events:
            signer = self._owner_of(event.account)
            if signer is None or self.channel.faults.mute:
                continue
            market = event.order.market if isinstance(event, OrderEvent) else event.trade.market
            readers = [client for client in self._by_signer.get(signer, ()) if self._hears(client, market)]
            if readers:
                frame = order_frame(event) if isinstance(event, OrderEvent) else trade_frame(event, self._market_of)
                self.channel.publish(readers, compact(frame))

    def _hears(self, client: Client, market: ConditionId) -> bool:
        """A key that was deleted since hears nothing more."""
        known = client.api_key is not None and self._keys.get(client.api_key) is not None
        return known and (client.markets is None or market in client.markets)

    def _obey(self, client: Client, text: str | bytes) -> None:
        request = _parse(text)
        if request is not None and request.auth is not None:
            key = self._key(*request.auth)
            if key is not None:
                self._forget(client)
                client.api_key = key.api_key
                self._signer_of[client] = key.address
                self._by_signer.setdefault(key.address, {})[client] = None
                client.markets = None if request.markets is None else set(request.markets)
                return
            # Nothing says how the venue refuses; a socket that is cut leads to the same retry in every client.
            client.abort()
        elif request is None or client.api_key is None:
            self.channel.send(client, NOT_UNDERSTOOD)
        else:
            _change(client, request)

    def _forget(self, client: Client) -> None:
        """Take a client out of the index; one that shows another key enters it anew."""
        signer = self._signer_of.pop(client, None)
        if signer is not None:
            del self._by_signer[signer][client]
            if not self._by_signer[signer]:
                del self._by_signer[signer]

    def _key(self, api_key: str, secret: str, passphrase: str) -> Key | None:
        key = self._keys.get(api_key)
        if key is None:
            return None
        same = hmac.compare_digest(key.secret.rstrip("="), secret.rstrip("="))
        return key if same and hmac.compare_digest(key.passphrase, passphrase) else None


def _change(client: Client, request: _Request) -> None:
    markets = request.markets or frozenset()
    if request.unsubscribe:
        client.markets = (client.markets or set()) - markets
    elif client.markets is not None:
        client.markets = client.markets | markets


def _parse(text: str | bytes) -> _Request | None:
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(frame, dict):
        return None
    markets, operation = frame.get("markets"), frame.get("operation")
    if markets is not None and not _names(markets):
        return None
    named = frozenset(markets) if markets else None
    if operation in {"subscribe", "unsubscribe"}:
        return _Request(None, operation == "unsubscribe", named)
    auth = frame.get("auth")
    if operation is not None or not isinstance(auth, dict) or str(frame.get("type", "user")).lower() != "user":
        return None
    api_key, secret, passphrase = (str(auth.get(name, "")) for name in ("apiKey", "secret", "passphrase"))
    if not (secret.isascii() and passphrase.isascii()):
        return None
    return _Request((api_key, secret, passphrase), unsubscribe=False, markets=named)


def _names(markets: object) -> bool:
    return isinstance(markets, list) and len(markets) <= MARKETS_MAX and all(isinstance(one, str) for one in markets)
