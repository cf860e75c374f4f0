"""`pmm wallet`: which key signs, which wallet holds the money, and what venue and chain say of them."""

from __future__ import annotations

import secrets
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli import onchain
from pmm.cli.context import Cli
from pmm.cli.wallet_page import allowed_record, held_record, page, profile_record, report
from pmm.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from pmm.eip712 import SignatureType
    from pmm.settings import Loaded
    from pmm.venues.polymarket.credentials import Credentials
    from pmm.wallets.passphrase import Ask
    from pmm.wallets.sources import Profile
    from pmm.wallets.verification import Held

app = typer.Typer(help="Keys, credentials, balances and approvals.", invoke_without_command=True)

# A key has 66 characters; a line that is longer is something else.
INPUT_CHARS_MAX = 200


class Kind(StrEnum):
    """Which contract holds the money."""

    AUTO = "auto"
    EOA = "0"
    PROXY = "1"
    SAFE = "2"
    DEPOSIT = "3"


@app.callback()
def wallet(context: typer.Context) -> None:
    """Keys, credentials, balances and approvals; alone it shows the wallet, never its key."""
    if context.invoked_subcommand is None:
        show()


for on_chain in (onchain.approve, onchain.split, onchain.merge, onchain.redeem):
    app.command()(on_chain)


@app.command("import", context_settings={"allow_extra_args": True})
def import_key(
    context: typer.Context,
    keystore: Annotated[str, typer.Option(metavar="NAME", help="Name of the file; the address when absent.")] = "",
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Keep the pass phrase in the system's keyring; it is made up, if need be.")
    ] = False,
    funder: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Wallet that holds the money.")] = None,
    kind: Annotated[
        Kind, typer.Option("--type", help="0 own key, 1 proxy wallet, 2 Safe, 3 deposit wallet; auto: as it shows.")
    ] = Kind.AUTO,
) -> None:
    """Encrypt a private key, typed unseen or read from stdin, into a file that only you may read."""
    from pmm.wallets.key import Key
    from pmm.wallets.keystore import Keystore
    from pmm.wallets.passphrase import keep_in_keyring

    if context.args:
        raise UsageError(
            "a key must not stand on the command line",
            hint="It is in the history of your shell now: use another one, and type it when you are asked.",
        )
    cli = Cli.current()
    loaded = cli.load({"wallet.funder": funder})
    key = Key.of(_typed_key(cli))
    stated = _stated(kind, key.address, loaded.settings.wallet.funder)
    phrase = _new_passphrase(cli, loaded, made_up=keyring)
    entry = Keystore(loaded.settings.data_dir).add(
        key, phrase, name=keystore, funder=loaded.settings.wallet.funder, signature_type=stated
    )
    if keyring:
        keep_in_keyring(entry.address, phrase)
    if loaded.settings.wallet.private_key is not None:
        cli.warn(f"the key of {loaded.origins['wallet.private_key']} is stronger than the one that was imported")
    data = {"address": entry.address, "funder": entry.funder or entry.address, "path": str(entry.path)}
    cli.emit("pmm.wallet-import/1", data, human=lambda: f"{entry.address} is encrypted in {entry.path}")


@app.command("show")
def show() -> None:
    """Signer, funder, kind of wallet, and where key and credentials come from; never the key.  Asks nobody."""
    from pmm.wallets.sources import KEY_NAME, MissingSecrets, profile_for

    cli = Cli.current()
    profile = profile_for(cli.load())
    if profile is None:
        raise MissingSecrets([KEY_NAME])
    data = profile_record(profile)
    cli.emit("pmm.wallet/1", data, human=lambda: page(data))


@app.command("derive-key")
def derive_key() -> None:
    """Ask the venue for the API credentials of the key, and store them encrypted beside it."""
    import asyncio

    from pmm.wallets.keystore import Keystore
    from pmm.wallets.sources import key_for

    cli = Cli.current()
    loaded = cli.load()
    key = key_for(loaded, cli.asker)
    credentials = asyncio.run(_derive(loaded, key.reveal()))
    path = Keystore(loaded.settings.data_dir).store_credentials(key, credentials)
    data = {"address": key.address, "path": str(path)}
    cli.emit("pmm.wallet-credentials/1", data, human=lambda: f"API credentials of {key.address} are in {path}")


@app.command()
def verify() -> None:
    """Kind and funder, balances and approvals, as venue and chain tell them.  Exit 8 when trading needs more."""
    import asyncio

    cli = Cli.current()
    loaded = cli.load()
    data, problems = asyncio.run(_verify(loaded, cli.asker))
    cli.emit("pmm.wallet-check/1", data, human=lambda: report(cli, data))
    if problems:
        raise CheckFailed("; ".join(problems), hint="`pmm doctor --live` says how to mend each.")


async def _derive(loaded: Loaded, secret: bytes) -> Credentials:
    from pmm.eip712 import SignatureType
    from pmm.venues.polymarket.credentials import derive
    from pmm.venues.polymarket.private import PrivateHttp
    from pmm.venues.polymarket.signer import Caps, Signer

    venue, live = loaded.settings.venue, loaded.settings.live
    # Credentials belong to the key, whichever wallet it signs for.
    signer = Signer(
        secret,
        funder=None,
        signature_type=SignatureType.EOA,
        caps=Caps(order=0, life_max=0),
        chain_id=venue.chain_id,
    )
    async with PrivateHttp(venue.clob_api_url, signer.address, None, deadline=live.deadline_ns) as http:
        await http.synchronise()
        return await derive(http, signer)


async def _verify(loaded: Loaded, ask: Ask | None) -> tuple[dict[str, object], list[str]]:
    """Everything that is known of the wallet, and what is missing for trading."""
    from pmm.model import money_text
    from pmm.wallets.contracts import Purpose
    from pmm.wallets.sources import wallet_for
    from pmm.wallets.verification import allowances, chain_of, venue_money, wallets_held

    opened = wallet_for(loaded, ask, needs_credentials=True)
    signer, venue = opened.signer, loaded.settings.venue
    deadline = loaded.settings.live.deadline_ns
    async with opened.http(venue.clob_api_url, deadline) as http, chain_of(loaded.settings) as chain:
        await http.synchronise()
        money = await venue_money(http, signer.address)
        held = await wallets_held(signer.address, signer.maker, money, chain)
        cash, told = money.get(signer.signature_type, (0, {}))
        allowed = await allowances(signer.maker, chain, told)
    missing = [one for one in allowed if one.approval.purpose is Purpose.TRADING and one.amount == 0]
    problems = [f"{one.approval.name} is not approved" for one in missing]
    problems += [] if cash else [_no_money(signer.signature_type, held)]
    data = {
        **profile_record(_profile(loaded)),
        "balance": money_text(cash),
        "wallets": [held_record(one, signer.maker) for one in held],
        "allowances": [allowed_record(one) for one in allowed],
        "problems": problems,
    }
    return data, problems


def _no_money(kind: SignatureType, held: list[Held]) -> str:
    from pmm.model import money_text

    richest = max(held, key=lambda one: one.cash or 0)
    if not richest.cash:
        return "no money is there"
    other = int(richest.wallet.signature_type)
    return f"wallet type {int(kind)} holds no money, type {other} holds {money_text(richest.cash)} USD"


def _profile(loaded: Loaded) -> Profile:
    from pmm.wallets.sources import profile_for

    profile = profile_for(loaded)
    assert profile is not None, "it was opened before"
    return profile


def _typed_key(cli: Cli) -> str:
    """The key as a person types it, or the first line of stdin.  Raises UsageError."""
    if cli.interactive:
        return str(cli.ask("Private key (not shown)", hide_input=True))
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("the key can only be typed in a terminal, or piped into stdin", hint="Leave --json out.")
    line = sys.stdin.readline(INPUT_CHARS_MAX).strip()
    if not line:
        raise UsageError("no key came from stdin", hint="Type it in a terminal, or pipe it in.")
    return line


def _new_passphrase(cli: Cli, loaded: Loaded, *, made_up: bool) -> str:
    """The pass phrase of a new file: from its own file, made up for the keyring, or typed twice."""
    from pmm.settings.private_file import read_secret
    from pmm.wallets.passphrase import NoPassphrase

    path = loaded.settings.wallet.password_file
    if path is not None:
        return read_secret(path.expanduser())
    if made_up:
        return secrets.token_urlsafe(32)
    if not cli.interactive:
        raise NoPassphrase("the key must be encrypted, and nobody can be asked for a pass phrase")
    return str(cli.ask("New pass phrase", hide_input=True, confirmation_prompt=True))


def _stated(kind: Kind, address: str, funder: str | None) -> SignatureType | None:
    """The kind to remember: as stated, else as the funder shows.  Raises UnknownFunder."""
    from pmm.eip712 import SignatureType
    from pmm.wallets.kinds import kind_of
    from pmm.wallets.sources import UnknownFunder

    if kind is not Kind.AUTO:
        return SignatureType(int(kind))
    found = kind_of(address, funder)
    if found is None:
        raise UnknownFunder(f"the funder {funder} does not follow from the key of {address}", hint="State its --type.")
    return found
