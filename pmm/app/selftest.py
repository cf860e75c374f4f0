"""One order through everything that live trading is made of: placed far from the market, seen, cancelled, gone.

    report = await selftest(capped(loaded, max_usd), venue, wallet, market="SLUG", instance="default", tell=print)

The parts are those of `pmm quote --live`.  Whatever fails, the order is cancelled and looked for at the end, until the
venue proves that it is gone.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from decimal import Decimal

from pmm.app.instance import held
from pmm.app.trading import assemble, require_unlatched
from pmm.app.trial import Report, Tell, Trial
from pmm.drivers.lease import take_wallet
from pmm.drivers.signals import stop_signals
from pmm.errors import PmmError
from pmm.settings import Loaded, Venue
from pmm.sinks.store import Intents
from pmm.wallets import Wallet


def capped(loaded: Loaded, max_usd: Decimal) -> Loaded:
    """The settings with which no order can be worth more: the signer that is made from them refuses it."""
    settings = loaded.settings
    live = settings.live.model_copy(update={"max_order_usd": min(max_usd, settings.live.max_order_usd)})
    return replace(loaded, settings=settings.model_copy(update={"live": live}))


async def selftest(
    loaded: Loaded, venue: Venue, wallet: Wallet, *, market: str | None, instance: str, tell: Tell
) -> Report:
    """Run every step until one fails, then prove that the order is gone.  `market` None takes the busiest.

    Raises LeaseTaken, DiskError and Halted for a latch before anything is sent; what fails later is a finding.
    """
    settings, signer = loaded.settings, wallet.signer
    report = Report(venue.clob_api_url, signer.maker)
    async with AsyncExitStack() as stack:
        store = stack.enter_context(held(settings, instance, lambda _: None))
        assert store is not None, "whoever trades has a state file"
        stack.enter_context(take_wallet(settings.data_dir, signer.maker, instance))
        account = store.account(signer.maker, venue.clob_api_url)
        require_unlatched(store, account)
        http, pulse = [
            await stack.enter_async_context(wallet.http(venue.clob_api_url, settings.live.deadline_ns))
            for _ in range(2)
        ]
        intents = Intents(store, account)
        parts = assemble(venue, settings.live, signer, http, pulse, intents)
        trial = Trial(loaded, venue, wallet, parts, (http, pulse), report, tell, market)
        with stop_signals(trial.interrupt):
            await trial.run()
        if report.gone and report.place is not None:
            with suppress(PmmError):  # asked about after the next start, which does no harm
                intents.close([report.place.order_id])
    return report
