"""The whole examination, from settings to leftovers."""

from __future__ import annotations

from pmm.doctor import account, machine, venue
from pmm.doctor.check import Row, State, run
from pmm.doctor.patient import Patient
from pmm.errors import ConfigError
from pmm.settings import Loaded
from pmm.settings.private_file import NotPrivate
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.rest import VenueHttp
from pmm.wallets.keystore import Keystore, KeystoreRefused
from pmm.wallets.passphrase import Ask
from pmm.wallets.verification import chain_of

SETTINGS = "settings"
CHECKS = (*machine.CHECKS, *venue.CHECKS, *account.CHECKS)
# A doctor waits for one answer, not for three.
ATTEMPTS = 1
CALL_SECONDS_MAX = 8.0


async def examine(
    loaded: Loaded, instance: str, ask: Ask | None = None, *, live: bool = False, offline: bool = False
) -> list[Row]:
    """One row per check.  The wallet is looked at when `live` asks for it, or when there is one.

    Raises ConfigError for an address that no credentials may travel to, and nothing that a venue, a disk or a keystore
    may cause: that is what rows are for.
    """
    settings = loaded.settings
    wants_wallet = live or _has_wallet(loaded)
    private = PrivateHttp(settings.venue.clob_api_url, "", None, deadline=settings.live.deadline_ns)
    public = VenueHttp(attempts=ATTEMPTS, call_seconds=CALL_SECONDS_MAX)
    async with public as reads, private as signed, chain_of(settings) as chain:
        patient = Patient(
            loaded, instance, reads, signed, ask, live, offline, wants_wallet, chain if not offline else None
        )
        return [_settings(loaded), *await run(CHECKS, patient)]


def _settings(loaded: Loaded) -> Row:
    if loaded.warnings:
        return Row(SETTINGS, State.WARN, "; ".join(loaded.warnings), "`pmm config show --origin` tells what counts.")
    return Row(SETTINGS, State.OK, f"{len(loaded.origins)} settings are valid", "")


def unreadable(error: ConfigError) -> list[Row]:
    """The rows where the settings themselves are wrong: nothing else can be looked at."""
    wrong = Row(SETTINGS, State.FAIL, "; ".join(error.problems), error.hint)
    return [wrong, *(Row(check.name, State.SKIP, f"needs: {SETTINGS}", "") for check in CHECKS)]


def _has_wallet(loaded: Loaded) -> bool:
    wallet = loaded.settings.wallet
    if any((wallet.private_key, wallet.api_key, wallet.api_secret, wallet.passphrase, wallet.keystore)):
        return True
    try:
        return bool(Keystore(loaded.settings.data_dir).entries())
    except (KeystoreRefused, NotPrivate):
        return True
