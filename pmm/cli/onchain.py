"""`pmm wallet approve|split|merge|redeem`: calls of contracts, printed first and sent only when agreed to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import LIVE, Cli
from pmm.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pmm.model import Market, Size
    from pmm.settings import Loaded
    from pmm.venues.polymarket.chain import Chain
    from pmm.wallets.calls import Call
    from pmm.wallets.sources import Profile

SCHEMA = "pmm.wallet-calls/1"

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the calls and send nothing, whatever else is said.")]
MarketName = Annotated[str, typer.Option("-m", "--market", help="Slug, URL, condition id or token id.")]
Shares = Annotated[str, typer.Option(metavar="N", help="Shares of each outcome, which are as many USD.")]


def approve(
    dry_run: DryRun = False,
    amount: Annotated[
        str | None, typer.Option(metavar="USD", help="Most that each contract may move; unlimited when absent.")
    ] = None,
    positions: Annotated[
        bool, typer.Option("--positions", help="Also what split, merge and redeem need, not only trading.")
    ] = False,
) -> None:
    """Allow the venue's contracts to move money and shares: only what is missing, printed first."""
    from pmm.wallets.calls import UNLIMITED

    limit = UNLIMITED if amount is None else _units(amount, "--amount")
    _carry_out(lambda _, profile, chain: _missing(profile, chain, limit, positions=positions), dry_run=dry_run)


def split(market: MarketName, size: Shares, dry_run: DryRun = False) -> None:
    """Turn money into shares of both outcomes."""
    from pmm.wallets import calls

    units = _units(size, "--size")
    _carry_out(_on_market(market, lambda found, _profile, _chain: _made(calls.split(found, units))), dry_run=dry_run)


def merge(market: MarketName, size: Shares, dry_run: DryRun = False) -> None:
    """Turn shares of both outcomes back into money."""
    from pmm.wallets import calls

    units = _units(size, "--size")
    _carry_out(_on_market(market, lambda found, _profile, _chain: _made(calls.merge(found, units))), dry_run=dry_run)


def redeem(
    market: MarketName,
    size: Annotated[
        str | None, typer.Option(metavar="N", help="Winning shares; all there are when absent. Protocol V2 only.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Turn the shares of a resolved market into money."""
    units = None if size is None else _units(size, "--size")
    _carry_out(
        _on_market(market, lambda found, profile, chain: _redeemed(found, profile, chain, units)), dry_run=dry_run
    )


Plan = Callable[["Loaded", "Profile", "Chain | None"], Awaitable["Sequence[Call]"]]


def _carry_out(plan: Plan, *, dry_run: bool) -> None:
    """Print the calls of a plan, ask, send them, and tell what became of them."""
    import asyncio

    from pmm.wallets.sources import KEY_NAME, MissingSecrets, profile_for

    cli = Cli.current()
    loaded = cli.load()
    profile = profile_for(loaded)
    if profile is None:
        raise MissingSecrets([KEY_NAME])
    planned = asyncio.run(_planned(loaded, profile, plan))
    if not cli.json:
        cli.emit(SCHEMA, {}, human=lambda: _text(planned, profile))
    sent: list[str] = []
    if planned and not dry_run and cli.confirm(f"Send {len(planned)} transactions of {profile.address}?"):
        sent = asyncio.run(_sent(cli, loaded, profile, planned))
    elif planned:
        cli.note("nothing was sent" + ("" if dry_run else "; --yes sends"))
    data = {
        "address": profile.address,
        "funder": profile.funder,
        "calls": [call_record(call) for call in planned],
        "transactions": sent,
    }
    if cli.json or sent:
        told = f"{len(sent)} of {len(planned)} calls are done"
        cli.emit(SCHEMA, data, human=lambda: told, mode=LIVE if sent else None)


async def _planned(loaded: Loaded, profile: Profile, plan: Plan) -> Sequence[Call]:
    from pmm.wallets.verification import chain_of

    async with chain_of(loaded.settings) as chain:
        return await plan(loaded, profile, chain)


async def _missing(profile: Profile, chain: Chain | None, limit: int, *, positions: bool) -> Sequence[Call]:
    """Approvals that are less than wanted; all of them where no chain can be asked."""
    from pmm.wallets.calls import approve as approving
    from pmm.wallets.contracts import APPROVALS, Purpose
    from pmm.wallets.verification import UNLIMITED_FROM, allowances

    wanted = [one for one in APPROVALS if positions or one.purpose is Purpose.TRADING]
    if chain is None:
        return [approving(one, limit) for one in wanted]
    there = {one.approval: one.amount or 0 for one in await allowances(profile.funder, chain)}
    enough = min(limit, UNLIMITED_FROM)
    return [approving(one, limit) for one in wanted if there[one] < (enough if one.is_money else 1)]


async def _made(call: Call) -> Sequence[Call]:
    return [call]


async def _redeemed(market: Market, profile: Profile, chain: Chain | None, size: Size | None) -> Sequence[Call]:
    """Calls that redeem what is held, or so much of it."""
    from pmm.wallets import calls

    if market.version != "v2":
        if size is not None:
            raise UsageError("this market redeems all shares at once", hint="Leave --size out.")
        return calls.redeem(market, ())
    if chain is None:
        raise ConfigError(["venue.rpc_url: is empty, and only the chain knows how many shares there are"])
    held = [await chain.read(*calls.shares_of(market, outcome, profile.funder)) for outcome in (0, 1)]
    return calls.redeem(market, held if size is None else [min(one, size) for one in held])


def _on_market(name: str, calls_for: Callable[[Market, Profile, Chain | None], Awaitable[Sequence[Call]]]) -> Plan:
    """A plan for a market that has to be found first."""

    async def plan(loaded: Loaded, profile: Profile, chain: Chain | None) -> Sequence[Call]:
        from pmm.venues.polymarket.discovery import Discovery
        from pmm.venues.polymarket.rest import VenueHttp

        async with VenueHttp() as http:
            market = await Discovery(http, loaded.settings.venue).resolve(name)
        return await calls_for(market, profile, chain)

    return plan


async def _sent(cli: Cli, loaded: Loaded, profile: Profile, planned: Sequence[Call]) -> list[str]:
    """Send what the key itself may send.  Raises CallRefused, ConfigError and what the chain raises."""
    from pmm.eip712 import SignatureType
    from pmm.wallets.calls import CallRefused
    from pmm.wallets.kinds import kind_of
    from pmm.wallets.sources import key_for
    from pmm.wallets.transactions import TransactionSigner, send_all
    from pmm.wallets.verification import chain_of

    if loaded.settings.forbid_live:
        raise CallRefused("live trading is forbidden here, and so are transactions", hint="PMM_FORBID_LIVE forbids it.")
    kind = profile.signature_type
    if kind is None or (kind is not SignatureType.POLY_1271 and kind_of(profile.address, profile.funder) is not kind):
        raise CallRefused(f"{profile.funder} is no wallet of the key {profile.address}", hint="See `pmm doctor`.")
    signer = TransactionSigner(key_for(loaded, cli.asker), loaded.settings.venue.chain_id, kind)
    async with chain_of(loaded.settings) as chain:
        if chain is None:
            raise ConfigError(["venue.rpc_url: no chain belongs to this venue, so nothing can be sent"])
        return await send_all(
            chain, signer, planned, lambda call, transaction: cli.note(f"sent {call.title}: {transaction}")
        )


def call_record(call: Call) -> dict[str, object]:
    """A call for programs."""
    from pmm.wallets.contracts import NAMES

    return {
        "contract": NAMES.get(call.contract, call.contract),
        "address": call.contract,
        "function": call.function,
        "arguments": dict(call.arguments),
        "calldata": "0x" + call.data.hex(),
    }


def _text(planned: Sequence[Call], profile: Profile) -> str:
    if not planned:
        return f"nothing to do: {profile.funder} has everything"
    parts = [f"{len(planned)} calls of {profile.funder}"]
    parts += [
        f"{number}. {call.title}\n   to   {call.contract}\n   data 0x{call.data.hex()}"
        for number, call in enumerate(planned, 1)
    ]
    return "\n".join(parts)


def _units(text: str, option: str) -> int:
    """A positive decimal in millionths.  Raises UsageError."""
    from pmm.model import parse_size

    try:
        units = parse_size(text)
    except ValueError:
        units = 0
    if units <= 0:
        raise UsageError(f"{option} {text!r} is not a positive number with at most six places")
    return units
