"""Who carries the orders of a run: a gateway that simulates them, or everything that live trading needs.

Live, in this order: the right to the wallet, the latches, a clock that agrees, credentials that work, the dead man's
watchdog; only then is there a gateway.  Whatever is missing is an error before the first order.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pmm.app.account import shadow_account, state_folder
from pmm.app.readiness import require_open
from pmm.app.venue import dice
from pmm.core.reward_score import Paid
from pmm.core.step import DayResult
from pmm.drivers.lease import take_wallet, wallet_lock
from pmm.drivers.watchdog import Charge, Watchdog
from pmm.errors import Halted, WrongClock
from pmm.model import SECOND, Market, Nanos, utc_text
from pmm.ports import Gateway, IntentLog, Service
from pmm.settings import Loaded, Settings, Venue
from pmm.settings.live import Live as LiveSettings
from pmm.sinks.history import History
from pmm.sinks.store import Intents, Store
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.budget import Budget
from pmm.venues.polymarket.credentials import derive
from pmm.venues.polymarket.gateway import PolymarketGateway
from pmm.venues.polymarket.heartbeat import Heartbeat
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.reward_reads import RewardReads, ScoringCheck
from pmm.venues.polymarket.signer import Signer
from pmm.venues.polymarket.user_stream import UserStream
from pmm.venues.shadow import ShadowGateway
from pmm.wallets import Wallet
from pmm.wallets.sources import CLOCKS_APART

UNLATCH = "`pmm kill --reset` allows quoting again."
# Reference: reliability, section 2, row 15.  Signatures follow the venue's clock; expiries and ages follow ours.
CLOCK_DIFFERENCE_MAX = CLOCKS_APART


@dataclass(slots=True)
class Trading:
    """What a driver needs to trade: `order_prefix` marks the ids of this run, `history` keeps what happened.

    `day` is what earlier runs of the account brought today, as far as their day is today.

    Set `empty` to what says at the end that nothing of ours is left; where it is not, the watchdog sweeps.
    """

    gateway: Gateway
    order_prefix: str
    services: list[Service] = field(default_factory=list)
    history: History | None = None
    day: DayResult | None = None
    empty: Callable[[], bool] = lambda: True


def simulated(loaded: Loaded, store: Store | None) -> Trading:
    """Orders that never leave; kept for `pmm orders` where there is a store."""
    settings = loaded.settings
    trading = Trading(ShadowGateway(settings.shadow.latency_ns), "dry-")
    if store is not None:
        account = shadow_account(store, settings)
        require_unlatched(store, account)
        trading.history = History(store, account, simulated=True, latch_halts=False)
    return trading


@asynccontextmanager
async def at_venue(
    loaded: Loaded, venue: Venue, wallet: Wallet, store: Store, instance: str, markets: Sequence[Market]
) -> AsyncIterator[Trading]:
    """Real orders of a wallet in these markets.

    Raises LiveForbidden, LeaseTaken, Halted for a latch, WrongClock, AuthRefused, Unauthorized, WrongWallet,
    AccountUnready, and what disk and venue raise.  Nothing was sent then.
    """
    settings, signer = loaded.settings, wallet.signer
    live = settings.live
    loaded.require_live_allowed()
    async with AsyncExitStack() as stack:
        stack.enter_context(take_wallet(settings.data_dir, signer.maker, instance))
        account = store.account(signer.maker, venue.clob_api_url)
        require_unlatched(store, account)
        http, pulse = [
            await stack.enter_async_context(wallet.http(venue.clob_api_url, live.deadline_ns)) for _ in range(2)
        ]
        await agree(http, pulse)
        http.credentials = pulse.credentials = wallet.credentials or await derive(http, signer)
        parts = assemble(venue, live, signer, http, pulse, Intents(store, account))
        await require_open(parts.access, parts.reads, markets)
        trading = Trading(parts.gateway, new_prefix(), [parts.gateway, parts.user])
        trading.history = History(store, account, simulated=False, latch_halts=True)
        trading.day = trading.history.day()
        if live.heartbeat:
            trading.services.append(parts.heartbeat)
        trading.services += _scoring_check(parts, markets, settings)
        if live.watchdog:
            lease = wallet_lock(settings.data_dir, signer.maker)
            watchdog = Watchdog(state_folder(settings, instance), lambda: _charge(http, lease))
            await stack.enter_async_context(_guarded(watchdog, trading))
        yield trading


@dataclass(frozen=True, slots=True)
class Parts:
    """What speaks for a wallet at the venue; `gateway`, `user` and `heartbeat` work while they are served."""

    access: Access
    reads: AccountReads
    gateway: PolymarketGateway
    user: UserStream
    heartbeat: Heartbeat
    orders: OwnOrders


def assemble(
    venue: Venue, live: LiveSettings, signer: Signer, http: PrivateHttp, pulse: PrivateHttp, intents: IntentLog
) -> Parts:
    """Put them together over two open connections with credentials; nothing is sent yet."""
    access, beats = (Access(one, lambda: derive(http, signer)) for one in (http, pulse))
    orders = OwnOrders()
    reads = AccountReads(access, signer.maker, signer.signature_type, mine=orders.mine)
    heartbeat = Heartbeat(beats, interval=live.heartbeat_interval_ns, deadline=live.deadline_ns)
    gateway = PolymarketGateway(
        access,
        signer,
        reads,
        intents,
        orders=orders,
        budget=Budget(at=time.time_ns()),
        dice=dice(None),
        latency_gate=live.latency_gate_ns,
        deadline=live.deadline_ns,
        stop_heartbeat=heartbeat.stop,
    )
    user = UserStream(venue.ws_user_url, lambda: http.credentials, orders, orders.mine, dice=dice(None))
    return Parts(access, reads, gateway, user, heartbeat, orders)


def _scoring_check(parts: Parts, markets: Sequence[Market], settings: Settings) -> Iterator[Service]:
    """Asks which orders score, where a market pays for that."""
    paying = {market.condition_id for market in markets if Paid.of(market.rewards) is not None}
    if paying:
        reads = RewardReads(parts.access, parts.reads, deadline=settings.live.deadline_ns)
        interval = settings.rewards.check_interval_ns
        yield ScoringCheck(reads, parts.orders, paying.__contains__, interval=interval)


def new_prefix() -> str:
    """What the ids of a run begin with: never the same twice on one machine."""
    return f"live-{time.time_ns() // 1_000_000:x}-"


@asynccontextmanager
async def _guarded(watchdog: Watchdog, trading: Trading) -> AsyncIterator[None]:
    await watchdog.start()
    trading.services.append(watchdog)
    try:
        yield
        if trading.empty():
            await watchdog.bye()
    finally:
        watchdog.leave()


def _charge(http: PrivateHttp, lease: Path) -> Charge:
    assert http.credentials is not None, "nothing is sent without them"
    secrets = http.credentials.reveal()
    return Charge(http.base_url, http.address, *secrets, deadline=http.deadline, lease=str(lease.absolute()))


def require_unlatched(store: Store, account: int) -> None:
    for latch in store.latched(account):
        raise Halted(f"the {latch.name} latch holds since {utc_text(latch.at)}: {latch.reason}", hint=UNLATCH)


async def agree(http: PrivateHttp, pulse: PrivateHttp) -> Nanos:
    """Measure how far the venue's clock is ahead of ours.  Raises WrongClock and what the venue raises."""
    offset = await http.synchronise()
    await pulse.synchronise()
    if abs(offset) > CLOCK_DIFFERENCE_MAX:
        ahead = "ahead of" if offset > 0 else "behind"
        raise WrongClock(f"the venue's clock is {abs(offset) / SECOND:.1f} s {ahead} ours")
    return offset
