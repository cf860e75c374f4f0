"""`pmm cancel`: take single orders off the book, by our id or the venue's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import LIVE, Cli
from pmm.errors import Exit, VenueError

if TYPE_CHECKING:
    from pmm.app.cancel import Cancelled

SCHEMA = "pmm.cancel/1"


class OrderNotFound(VenueError):
    """The venue knows no order of this account by that id."""

    code = "PMM-E408"
    exit = Exit.NOT_FOUND
    hint = "`pmm orders --live` lists the open orders."


class NotCancelled(VenueError):
    """An order was over before it could be cancelled."""

    code = "PMM-E409"
    exit = Exit.REFUSED
    hint = "`pmm trades --live` shows what it traded."


def cancel(
    orders: Annotated[list[str], typer.Argument(metavar="ORDER...", help="Ids, as `pmm orders` shows them.")],
    timeout: Annotated[float, typer.Option(min=0.1, help="Give up after so many seconds.")] = 10.0,
) -> None:
    """Cancel orders of the account at the venue, and look whether they are gone.  Exit 5 where one is not found."""
    import asyncio

    from pmm.app.cancel import cancel as cancelled
    from pmm.cli.cancel_all import wallet_if_any, warn_of_bot
    from pmm.errors import OrdersMayRemain

    cli = Cli.current()
    loaded = cli.load()
    wallet = wallet_if_any(cli, loaded)
    warn_of_bot(cli, loaded)
    if wallet is None:
        raise OrderNotFound(
            "no key is set, so no order can be at the venue", hint="The orders of a dry run end with its bot."
        )
    try:
        found = asyncio.run(cancelled(loaded, wallet, cli.instance, list(dict.fromkeys(orders)), timeout))
    except VenueError as error:
        raise OrdersMayRemain(f"not proven gone: {', '.join(orders)}; {error.message}", hint=error.hint) from error
    records = [{"order": one.asked, "venue_id": one.venue_id, "fate": one.fate, "status": one.status} for one in found]
    cli.emit(SCHEMA, {"orders": records}, mode=LIVE, human=lambda: _text(found))
    _require_cancelled(found)


def _require_cancelled(found: Sequence[Cancelled]) -> None:
    """Raise for the worst that became of any of them."""
    from pmm.app.cancel import Fate
    from pmm.errors import OrdersMayRemain

    of = {fate: [one.asked for one in found if one.fate is fate] for fate in Fate}
    if remaining := [*of[Fate.RESTS], *of[Fate.DOUBT]]:
        raise OrdersMayRemain(f"not proven gone: {', '.join(remaining)}", hint="Try again, or `pmm cancel-all`.")
    if of[Fate.NOT_FOUND]:
        raise OrderNotFound(f"not found: {', '.join(of[Fate.NOT_FOUND])}")
    if of[Fate.OVER]:
        raise NotCancelled(f"over before: {', '.join(of[Fate.OVER])}")


def _text(found: Sequence[Cancelled]) -> str:
    return "\n".join(f"LIVE  {one.asked}  {one.fate}" + (f" ({one.status})" if one.status else "") for one in found)
