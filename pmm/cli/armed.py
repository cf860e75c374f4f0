"""What every command that trades with real money goes through before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pmm.cli.context import Cli
    from pmm.settings import Loaded
    from pmm.wallets import Wallet


def armed(cli: Cli, loaded: Loaded, markets: Sequence[str], limits: str, *, flag: bool) -> Wallet:
    """The wallet of live trading: asked for on purpose, allowed, complete, and agreed to; `limits` is shown.

    Raises UsageError without `--live`, LiveForbidden, MissingSecrets and what the keystore raises; nothing was sent.
    """
    from pmm.errors import LiveForbidden, UsageError
    from pmm.wallets import wallet_for

    settings = loaded.settings
    if not flag:
        hint = "Add --live to trade with real money, or leave DRY_RUN=false out."
        raise UsageError("the settings say live, and the command line does not", hint=hint)
    loaded.require_live_allowed()
    wallet = wallet_for(loaded, cli.asker)
    where = f"{', '.join(markets)} with the money of {wallet.signer.maker} at {settings.venue.clob_api_url}"
    cli.note(f"LIVE  {where}\n      {limits}")
    if not cli.confirm("This trades with real money."):
        raise LiveForbidden("live trading was not agreed to", hint="Type YES when asked, or say --yes.")
    return wallet
