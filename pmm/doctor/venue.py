"""Checks of the venue: every address, its clock, its version, and whether this place may trade."""

from __future__ import annotations

import time

from pmm.doctor.check import Check, Finding, Look, fail, ok, skip, warn
from pmm.doctor.patient import Patient
from pmm.errors import BadAnswer, PmmError
from pmm.model import SECOND, Nanos
from pmm.venues.polymarket.private import is_loopback
from pmm.venues.polymarket.reach import handshake
from pmm.venues.polymarket.rest import Refused

# Signatures carry the time; more than this is worth a word (protocol reference, section 2.5).
CLOCK_DIFFERENCE_MAX: Nanos = 2 * SECOND
VERSION = 2
_WITHOUT_CHAIN = "Set PMM_VENUE__RPC_URL: without the chain approvals are known as far as the venue tells them."
CLOB, GAMMA, DATA = "CLOB", "Gamma", "Data API"


def reachable(name: str) -> Look:
    """Whether a service answers at all."""

    async def look(patient: Patient) -> Finding:
        venue = patient.settings.venue
        url = {
            CLOB: f"{venue.clob_api_url}/ok",
            GAMMA: f"{venue.gamma_api_url}/markets?limit=1",
            DATA: f"{venue.data_api_url}/",
        }[name]
        begun = time.monotonic_ns()
        try:
            await patient.public.get(url)
        except Refused as error:
            if name == CLOB:
                return fail(error.message, "Check CLOB_API_URL.")
        except BadAnswer as error:
            # The root of the Data API answers whatever it likes; the others speak JSON.
            if name != DATA:
                return fail(error.message, "Check the address: this is no service of the venue.")
        return ok(f"{url.partition('?')[0]} answers in {(time.monotonic_ns() - begun) // 1_000_000} ms")

    return look


def socket(*, user: bool) -> Look:
    """Whether a socket opens."""

    async def look(patient: Patient) -> Finding:
        venue = patient.settings.venue
        url = venue.ws_user_url if user else venue.ws_market_url
        await handshake(url)
        return ok(f"{url} opens")

    return look


async def clock(patient: Patient) -> Finding:
    """How far our clock is from the venue's."""
    offset = await patient.private.synchronise()
    told = f"the venue's clock is {abs(offset) / SECOND:.1f} s {'ahead' if offset > 0 else 'behind'}"
    if abs(offset) <= CLOCK_DIFFERENCE_MAX:
        return ok(told if offset else "the same as the venue's")
    fix = "Set this machine's clock, for example with `timedatectl set-ntp true`."
    return fail(told, fix) if patient.live else warn(told, fix)


async def version(patient: Patient) -> Finding:
    """Whether the venue speaks the protocol that we know."""
    told = await patient.public.get(f"{patient.settings.venue.clob_api_url}/version")
    number = told.get("version") if isinstance(told, dict) else None
    if number == VERSION:
        return ok(f"{VERSION}")
    return warn(f"{number}, and {VERSION} is known here", "Look for a newer pmm before trading live.")


async def geoblock(patient: Patient) -> Finding:
    """Whether the venue trades with people at this place."""
    venue = patient.settings.venue
    if not venue.geoblock_url:
        return skip("not asked: PMM_VENUE__GEOBLOCK_URL is empty")
    if is_loopback(venue.clob_api_url) and not is_loopback(venue.geoblock_url):
        return skip("a venue on this machine trades with everybody")
    told = await patient.public.get(venue.geoblock_url)
    blocked = told.get("blocked") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(blocked, bool):
        return fail(f"{venue.geoblock_url} does not say", "Check PMM_VENUE__GEOBLOCK_URL.")
    place = " ".join(str(told[name]) for name in ("country", "region") if told.get(name))
    if blocked:
        return fail(
            f"the venue does not trade with {place or 'this place'}", "Respect the venue's terms: do not trade."
        )
    return ok(f"{place or 'this place'} may trade")


async def chain(patient: Patient) -> Finding:
    """Whether the chain can be asked for approvals; only one that can is kept."""
    asked, patient.chain = patient.chain, None
    if asked is None:
        return skip("no chain belongs to this venue")
    wanted = patient.settings.venue.chain_id
    try:
        found = await asked.chain_id()
    except PmmError as error:
        return warn(error.message, _WITHOUT_CHAIN)
    if found != wanted:
        return warn(f"{asked.url} speaks for chain {found}, not {wanted}", _WITHOUT_CHAIN)
    patient.chain = asked
    return ok(f"{asked.url} speaks for chain {found}")


CHECKS = (
    Check(CLOB, reachable(CLOB), network=True),
    Check(GAMMA, reachable(GAMMA), network=True),
    Check(DATA, reachable(DATA), network=True),
    Check("market socket", socket(user=False), network=True),
    Check("user socket", socket(user=True), network=True),
    Check("clock", clock, needs=(CLOB,), network=True),
    Check("version", version, needs=(CLOB,), network=True),
    Check("geoblock", geoblock, network=True),
    Check("chain", chain, network=True, wallet=True),
)
