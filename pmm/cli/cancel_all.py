"""`pmm cancel-all`: take every order of the account off the books, and prove that none is left; needs no bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import LIVE, Cli

if TYPE_CHECKING:
    from pmm.settings import Loaded
    from pmm.venues.polymarket.sweep import Swept
    from pmm.wallets import Wallet

SCHEMA = "pmm.cancel-all/1"
IDS_SHOWN_MAX = 3


def cancel_all(
    market: Annotated[
        str | None, typer.Option("-m", "--market", help="Of one market only: slug, URL, condition id or token id.")
    ] = None,
    token: Annotated[str | None, typer.Option(metavar="ID", help="Of one token only.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Give up after so many seconds.")] = 60.0,
) -> None:
    """Cancel all orders of the account, those of others on it too, and verify that the venue lists none."""
    cli = Cli.current()
    loaded = cli.load()
    wallet = wallet_if_any(cli, loaded)
    warn_of_bot(cli, loaded)
    if wallet is None:
        cli.emit(SCHEMA, {"empty": True, "sent": False}, human=lambda: nothing_sent(cli))
        return
    swept = sweep(cli, loaded, wallet, timeout, market=market, token=token)
    require_empty(swept)
    cli.emit(SCHEMA, swept_record(swept), mode=LIVE, human=lambda: swept_text(swept))


def wallet_if_any(cli: Cli, loaded: Loaded) -> Wallet | None:
    """Who may cancel; None in a dry run without a key, which leaves nothing at the venue.

    Raises MissingSecrets when live, what a key that cannot be had raises, and instead of them OrdersMayRemain where
    orders that this instance sent are not proven to be over.
    """
    from pmm.errors import LocalError, OrdersMayRemain
    from pmm.wallets import MissingSecrets, wallet_for

    try:
        return wallet_for(loaded, cli.asker)
    except LocalError as error:
        if sent := _open_intents(cli, loaded):
            text = f"{sent} orders that this instance sent may rest, and cannot be cancelled: {error.message}"
            raise OrdersMayRemain(text, hint=f"{error.hint} Then run this again.") from error
        if loaded.settings.dry_run and isinstance(error, MissingSecrets):
            return None
        raise


def _open_intents(cli: Cli, loaded: Loaded) -> int:
    """How many orders of this instance are not proven to be over.  Raises DiskError."""
    from pmm.app.account import state_folder
    from pmm.sinks.store import Store

    folder = state_folder(loaded.settings, cli.instance)
    if not Store.exists(folder):
        return 0
    with Store.open(folder) as store:
        return store.open_intents()


def sweep(
    cli: Cli,
    loaded: Loaded,
    wallet: Wallet,
    limit: float | None,
    *,
    market: str | None = None,
    token: str | None = None,
) -> Swept:
    """Cancel until the venue's list is proven empty, or for `limit` seconds, or until a signal."""
    import asyncio

    condition_id = None if market is None else _condition_id(cli, market)
    return asyncio.run(_sweep(cli, loaded, wallet, limit, condition_id, token))


async def _sweep(
    cli: Cli, loaded: Loaded, wallet: Wallet, limit: float | None, market: str | None, token: str | None
) -> Swept:
    import asyncio

    from pmm.drivers.signals import stop_signals
    from pmm.venues.polymarket.sweep import Sweep

    settings = loaded.settings
    async with wallet.http(settings.venue.clob_api_url, settings.live.deadline_ns) as http:
        one = Sweep(http, signer=wallet.signer, market=market, token=token, tell=cli.note)
        sweeping = asyncio.ensure_future(one.run(limit))
        with stop_signals(lambda name: one.give_up(name)):
            return await sweeping


def require_empty(swept: Swept) -> None:
    """Raises OrdersMayRemain where emptiness was not proven."""
    from pmm.errors import OrdersMayRemain

    if swept.empty:
        return
    left = "it is not known what is left" if swept.left is None else f"{len(swept.left)} orders were listed last"
    if swept.left:
        left += f" ({', '.join(swept.left[:IDS_SHOWN_MAX])}{', ...' if len(swept.left) > IDS_SHOWN_MAX else ''})"
    seconds = swept.took / 1_000_000_000
    raise OrdersMayRemain(f"not proven empty after {seconds:.1f} s: {left}; {swept.cause or 'no answer yet'}")


def swept_record(swept: Swept) -> dict[str, object]:
    return {
        "empty": swept.empty,
        "sent": True,
        "left": None if swept.left is None else list(swept.left),
        "rounds": swept.rounds,
        "took_ms": swept.took // 1_000_000,
    }


def swept_text(swept: Swept) -> str:
    return f"LIVE  proven empty: the venue lists no order, after {swept.rounds} rounds and {swept.took // 1_000_000} ms"


def nothing_sent(cli: Cli) -> str:
    return f"{cli.banner}: no key is set, so nothing of ours can be at the venue; nothing was sent"


def _condition_id(cli: Cli, market: str) -> str:
    """Raises what discovery raises; a condition id needs no look-up."""
    from pmm.cli.lookup import ask

    if market.startswith("0x") and len(market) in {64, 66}:
        return market
    found = ask(cli, lambda discovery: discovery.resolve_all([market]))
    return found[0].condition_id


def warn_of_bot(cli: Cli, loaded: Loaded) -> None:
    """Say that a bot runs which does not know what is done to its orders."""
    from pmm.app.account import state_folder
    from pmm.drivers.lease import holder_of

    holder = holder_of(state_folder(loaded.settings, cli.instance))
    if holder is not None:
        cli.warn(
            f"process {holder.pid} runs as {cli.instance!r} and may quote again: `pmm stop` or `pmm kill` end that"
        )
