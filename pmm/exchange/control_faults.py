"""Acts of the control port against the wire: requests that go wrong, sockets that misbehave, switches."""

from __future__ import annotations

from collections.abc import Iterable

from pmm.exchange.answers import Refused
from pmm.exchange.bodies import Act, Body, count, flag, mapping, number, text, times, word
from pmm.exchange.channel import Channel
from pmm.exchange.frame_faults import FrameFault, FrameRule
from pmm.exchange.house import House
from pmm.exchange.request_faults import Harm, RequestFaults, RequestRule
from pmm.exchange.stream import Hub
from pmm.rate_tiers import TIERS


class FaultActs:
    """Acts on a socket mean the market's unless `channel` says user."""

    def __init__(self, hub: Hub, requests: RequestFaults, house: House | None) -> None:
        self._hub = hub
        self._requests = requests
        self._house = house

    def acts(self) -> dict[str, Act]:
        acts: dict[str, Act] = {
            "/stream/drop": self._drop,
            "/stream/freeze": self._freeze,
            "/stream/accept": self._accept,
            "/stream/silent": self._silent,
            "/stream/inject": self._inject,
            "/stream/drop-next": self._lose,
            "/stream/slow": self._slow,
            "/stream/stale": self._stale,
            "/faults/frames": self._frames,
            "/faults/requests": self._harm,
            "/faults/clear": self._clear,
        }
        if self._house is not None:
            acts |= {"/switches": self._switches, "/heartbeats/refuse": self._refuse_heartbeats}
        return acts

    # --- sockets --------------------------------------------------------------------------------------------------

    async def _drop(self, body: Body) -> object:
        code = body.get("code", 1006)
        if not isinstance(code, int) or not 1000 <= code <= 4999:
            raise Refused(400, "code must be a close code from 1000 to 4999")
        return {"dropped": await self._channel(body).drop(code)}

    async def _freeze(self, body: Body) -> object:
        tokens = body.get("tokens")
        if tokens is not None and not (isinstance(tokens, list) and all(isinstance(one, str) for one in tokens)):
            raise Refused(400, "tokens must be a list of token ids, or null for all")
        faults = self._channel(body).faults
        if not flag(body, "on"):
            thawed = frozenset(tokens) if tokens is not None else (faults.frozen or frozenset())
            faults.frozen = (faults.frozen or frozenset()) - thawed
        else:
            faults.frozen = None if tokens is None else (faults.frozen or frozenset()) | frozenset(tokens)
        return {"frozen": None if faults.frozen is None else sorted(faults.frozen)}

    async def _accept(self, body: Body) -> object:
        faults = self._channel(body).faults
        faults.refuse = not flag(body, "on")
        return {"on": not faults.refuse}

    async def _silent(self, body: Body) -> object:
        faults = self._channel(body).faults
        faults.silent = flag(body, "on")
        return {"on": faults.silent}

    async def _inject(self, body: Body) -> object:
        return {"clients": self._channel(body).inject(text(body, "frame").encode())}

    async def _lose(self, body: Body) -> object:
        lost = count(body, "n", 1)
        self._channel(body).faults.frames.set(FrameRule(FrameFault.LOSE, lost))
        return {"n": lost}

    async def _slow(self, body: Body) -> object:
        faults = self._channel(body).faults
        faults.slow_s = number(body, "seconds", high=60.0)
        return {"seconds": faults.slow_s}

    async def _stale(self, body: Body) -> object:
        return {"tokens": self._hub.keep_stale(on=flag(body, "on"))}

    async def _frames(self, body: Body) -> object:
        fault = word(body, "fault", FrameFault)
        rule = FrameRule(fault, times(body), number(body, "chance", 1.0, high=1.0))
        self._channel(body).faults.frames.set(rule)
        return {"fault": rule.fault.value, "times": rule.times, "chance": rule.chance}

    def _channel(self, body: Body) -> Channel:
        name = text(body, "channel", "market")
        if name == "market":
            return self._hub.channel
        if name == "user" and self._house is not None:
            return self._house.users.channel
        raise Refused(400, "channel must be market, or user where there are accounts")

    # --- requests -------------------------------------------------------------------------------------------------

    async def _harm(self, body: Body) -> object:
        retry_after = count(body, "retry_after") if body.get("retry_after") is not None else None
        status = count(body, "status", 500)
        if not 200 <= status <= 599:
            raise Refused(400, "status must be an HTTP status from 200 to 599")
        rule = RequestRule(
            text(body, "on"),
            word(body, "harm", Harm),
            times(body),
            number(body, "chance", 1.0, high=1.0),
            number(body, "seconds", 0.0, high=1e6),
            status,
            text(body, "text", "Internal server error"),
            text(body, "code") if body.get("code") is not None else None,
            retry_after,
            mapping(body, "fields"),
            count(body, "entries", 1),
        )
        return {"rules": len(self._requests.rules), "added": self._requests.add(rule)}

    async def _clear(self, _: Body) -> object:
        """End every fault of the wire."""
        cleared = self._requests.clear()
        for channel in self._channels():
            faults = channel.faults
            faults.refuse = faults.silent = False
            faults.frozen, faults.slow_s = frozenset(), 0.0
            cleared += len(faults.frames.rules)
            faults.frames.rules.clear()
        self._hub.keep_stale(on=False)
        return {"cleared": cleared}

    def _channels(self) -> Iterable[Channel]:
        yield self._hub.channel
        if self._house is not None:
            yield self._house.users.channel

    # --- switches -------------------------------------------------------------------------------------------------

    async def _switches(self, body: Body) -> object:
        """legacy_v1, soft_refusals, enforce_limits, tier, skew_s_max; what is absent stays as it is."""
        assert self._house is not None
        trading, limits, auth = self._house.trading, self._house.limits, self._house.auth
        trading.legacy_v1 = flag(body, "legacy_v1", default=trading.legacy_v1)
        trading.soft_refusals = flag(body, "soft_refusals", default=trading.soft_refusals)
        limits.enforced = flag(body, "enforce_limits", default=limits.enforced)
        tier = text(body, "tier", limits.tier.name)
        if tier not in TIERS:
            raise Refused(400, f"tier must be one of {', '.join(TIERS)}")
        limits.tier = TIERS[tier]
        if "skew_s_max" in body:
            auth.skew_s_max = None if body["skew_s_max"] is None else number(body, "skew_s_max")
        return {
            "legacy_v1": trading.legacy_v1,
            "soft_refusals": trading.soft_refusals,
            "enforce_limits": limits.enforced,
            "tier": limits.tier.name,
            "skew_s_max": auth.skew_s_max,
        }

    async def _refuse_heartbeats(self, body: Body) -> object:
        assert self._house is not None
        self._house.desk.wrong_heartbeats = count(body, "n", 1)
        return {"n": self._house.desk.wrong_heartbeats}
