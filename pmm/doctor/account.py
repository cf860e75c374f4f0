"""Checks of the account: key, funder, credentials, kind of wallet, restrictions, money, approvals, leftovers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pmm.doctor.check import Check, Finding, Look, fail, ok, skip, warn
from pmm.doctor.patient import Patient
from pmm.eip712 import SignatureType
from pmm.errors import PmmError
from pmm.model import Money, money_text
from pmm.sinks.store import Intents, Store
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.credentials import DERIVE
from pmm.venues.polymarket.private import Answer
from pmm.venues.polymarket.signer import Caps, Signer
from pmm.wallets.contracts import APPROVALS, Approval, Purpose
from pmm.wallets.kinds import ABOUT, NAMES, kind_of, wallets_of
from pmm.wallets.sources import CREDENTIAL_NAMES, KEY_NAME, credentials_for, key_for, profile_for
from pmm.wallets.verification import UNLIMITED_FROM, Allowed, allowances, venue_money

# Cash and allowances by kind of wallet.
HeldMoney: TypeAlias = Mapping[SignatureType, tuple[Money, Mapping[str, int]]]

KEY, FUNDER, CREDENTIALS, KIND, BALANCE = "key", "funder", "credentials", "wallet type", "balance"
OK, UNAUTHORIZED, NOT_FOUND = 200, 401, 404
CLOSED_ONLY = "/auth/ban-status/closed-only"
DERIVE_KEY = "Make new ones with `pmm wallet derive-key`."


async def key(patient: Patient) -> Finding:
    """Whether there is a key, and it opens."""
    patient.profile = profile_for(patient.loaded)
    if patient.profile is None:
        return fail(f"no key: {KEY_NAME} is not set and no keystore is there", "Run `pmm wallet import`.")
    patient.key = key_for(patient.loaded, patient.ask)
    return ok(f"{patient.profile.address} from {patient.profile.source}")


async def funder(patient: Patient) -> Finding:
    """Whether the wallet with the money belongs to the key."""
    profile = patient.known_profile()
    kind = kind_of(profile.address, profile.funder)
    wrong = strange_funder(profile.address, profile.funder, patient.settings.wallet.signature_type)
    if wrong is not None:
        return wrong
    if kind is SignatureType.EOA or patient.chain is None or await patient.chain.has_code(profile.funder):
        return ok(profile.funder)
    return fail(
        f"there is no contract at {profile.funder}", "Open the account at polymarket.com first, or correct POLY_FUNDER."
    )


def strange_funder(address: str, funder: str, stated: object) -> Finding | None:
    """What is wrong with a wallet that does not follow from the key; None for one that does.

    `stated` is the type in the settings: a deposit wallet may belong to several keys.
    """
    if kind_of(address, funder) is not None:
        return None
    if stated == int(SignatureType.POLY_1271):
        return warn(f"{funder} does not follow from the key", "Make sure that it is yours, and that it knows the key.")
    own = ", ".join(one.address for one in wallets_of(address)[1:])
    return fail(
        f"{funder} is no wallet of the key {address}",
        f"Correct POLY_FUNDER, or the key. Wallets of this key: itself, {own}.",
    )


async def credentials(patient: Patient) -> Finding:
    """Whether the venue knows the API credentials."""
    assert patient.key is not None, "credentials need the key"
    parts = {name: getattr(patient.settings.wallet, name) for name in CREDENTIAL_NAMES}
    absent = [CREDENTIAL_NAMES[name] for name, part in parts.items() if part is None]
    if 0 < len(absent) < len(parts):
        return fail(f"{', '.join(absent)} is not set, and the others are", "Set all three, or none.")
    patient.private.address = patient.key.address
    patient.private.credentials = credentials_for(patient.loaded, patient.key)
    if patient.private.credentials is None:
        return fail(f"none: {', '.join(absent)} are not set, and none are stored", "Run `pmm wallet derive-key`.")
    answer = await patient.private.call("GET", "/auth/api-keys")
    if answer.status == OK:
        patient.money = await venue_money(patient.private, patient.key.address)
        return ok(f"accepted, from {patient.known_profile().credentials_source}")
    if answer.status == UNAUTHORIZED:
        return fail(f"401: {await _whose(patient)}", DERIVE_KEY)
    return fail(f"the venue answered {answer.status}", "Try again in a minute.")


async def _whose(patient: Patient) -> str:
    """What a 401 means: the wallet's own signature may still ask for its API key, which changes nothing."""
    assert patient.key is not None, "credentials need the key"
    signer = Signer(patient.key.reveal(), funder=None, signature_type=SignatureType.EOA, caps=Caps(order=0, life_max=0))
    try:
        told = await patient.private.send("GET", DERIVE, headers=signer.l1_headers(patient.private.venue_time()))
    except PmmError:
        return "the venue does not take these credentials"
    finally:
        signer.close()
    held = patient.private.credentials
    if told.status == OK and held is not None and held.key == _api_key(told):
        return "the API key is right, its secret or pass phrase is not"
    if told.status == OK:
        return f"these credentials are not those of the key {patient.key.address}"
    return f"the venue has no credentials for the key {patient.key.address}: a wrong key, or a new one"


def _api_key(answer: Answer) -> str | None:
    told = answer.json()
    found = told.get("apiKey") if isinstance(told, dict) else None
    return found if isinstance(found, str) else None


async def wallet_type(patient: Patient) -> Finding:
    """Whether the kind of wallet is the funder's own, and the one with the money."""
    profile = patient.known_profile()
    stated = profile.signature_type
    wrong = strange_kind(profile.address, profile.funder, stated)
    if wrong is not None:
        return wrong
    assert stated is not None, "a funder whose kind nobody knows is strange"
    return misplaced(profile.address, stated, patient.money) or ok(f"{int(stated)} ({NAMES[stated]}): {ABOUT[stated]}")


def strange_kind(address: str, funder: str, stated: SignatureType | None) -> Finding | None:
    """What is wrong with a type that is not the funder's own; None where nothing contradicts it."""
    derived = kind_of(address, funder)
    if stated is not None and derived in (None, stated):
        return None
    assert derived is not None, "the funder was checked"
    return fail(
        f"{'auto' if stated is None else int(stated)} is not the type of {funder}",
        f"Set POLY_SIGNATURE_TYPE={int(derived)} ({NAMES[derived]}).",
    )


def misplaced(address: str, kind: SignatureType, money: HeldMoney) -> Finding | None:
    """Where the money is when it is not in the wallet of this kind; None when it is, or when there is none."""
    if money.get(kind, (0, {}))[0]:
        return None
    for other, (cash, _) in money.items():
        if cash:
            there = f"{money_text(cash)} USD are in type {int(other)} ({NAMES[other]})"
            return fail(f"{int(kind)} ({NAMES[kind]}) holds nothing, {there}", _switch(address, other))
    return None


def _switch(signer: str, kind: SignatureType) -> str:
    there = " or ".join(one.address for one in wallets_of(signer) if one.signature_type is kind)
    return f"Set POLY_SIGNATURE_TYPE={int(kind)} and POLY_FUNDER={there}, or move the money."


async def closed_only(patient: Patient) -> Finding:
    """Whether the account may open positions."""
    return restriction(await patient.private.call("GET", CLOSED_ONLY))


def restriction(answer: Answer) -> Finding:
    """What the venue's answer says of it."""
    if answer.status == NOT_FOUND:
        return ok("the venue knows of no restriction")
    told = answer.json() if answer.status == OK else None
    closed = told.get("closed_only") if isinstance(told, dict) else None
    if not isinstance(closed, bool):
        return fail(f"the venue answered {answer.status}", "Try again in a minute.")
    if closed:
        return fail("the account may only close positions", "Ask the venue; nothing can be quoted until then.")
    return ok("the account may open positions")


async def balance(patient: Patient) -> Finding:
    """Whether there is money to trade."""
    cash, least = _cash(patient, patient.kind()), patient.settings.live.max_order_micro
    found = f"{money_text(cash)} USD"
    if not cash:
        return fail(found, f"Send pUSD to {patient.known_profile().funder}.")
    return (
        ok(found)
        if cash >= least
        else warn(found, f"One order may cost {money_text(least)} USD: send more, or quote less.")
    )


def allowance(approval: Approval) -> Look:
    """Whether one contract may move what it has to."""

    async def look(patient: Patient) -> Finding:
        if not patient.allowed:
            told = patient.money.get(patient.kind(), (0, {}))[1]
            patient.allowed = await allowances(patient.known_profile().funder, patient.chain, told)
        (found,) = (one for one in patient.allowed if one.approval == approval)
        return _judged(found, _cash(patient, patient.kind()))

    return look


def _judged(found: Allowed, cash: Money) -> Finding:
    if found.amount is None:
        return skip("only the chain knows, and none is asked")
    if not found.granted:
        return fail(f"not approved, says the {found.by}", "Run `pmm wallet approve`.")
    if not found.approval.is_money:
        return ok(f"approved, says the {found.by}")
    amount = "unlimited" if found.amount >= UNLIMITED_FROM else f"{money_text(found.amount)} USD"
    if not found.covers(cash):
        return warn(f"{amount}, less than there is, says the {found.by}", "Run `pmm wallet approve` for more.")
    return ok(f"{amount}, says the {found.by}")


async def leftovers(patient: Patient) -> Finding:
    """Orders that rest already: ours are taken over at the start, those of others are left alone."""
    profile = patient.known_profile()
    orders = await AccountReads(patient.private, profile.funder, patient.kind()).open_orders()
    if not orders:
        return ok("no open order")
    ours = len(_known(patient, [order.venue_id for order in orders]))
    others = len(orders) - ours
    fix = "Ours are taken over when quoting starts; `pmm cancel-all` cancels every one."
    return warn(f"{ours} open orders of this bot, {others} of others", fix)


def _known(patient: Patient, venue_ids: list[str]) -> dict[str, str]:
    """Which of some orders an earlier run of this instance has sent."""
    folder = patient.settings.data_dir / patient.instance
    if not Store.exists(folder):
        return {}
    with Store.open(folder) as store:
        account = store.account(patient.known_profile().funder, patient.settings.venue.clob_api_url)
        return Intents(store, account).known(venue_ids)


def _cash(patient: Patient, kind: SignatureType) -> Money:
    return patient.money.get(kind, (0, {}))[0]


_TRADING = tuple(approval for approval in APPROVALS if approval.purpose is Purpose.TRADING)

CHECKS = (
    Check(KEY, key, wallet=True),
    Check(FUNDER, funder, needs=(KEY,), wallet=True),
    Check(CREDENTIALS, credentials, needs=(KEY, "CLOB"), network=True, wallet=True),
    Check(KIND, wallet_type, needs=(FUNDER,), wallet=True),
    Check("closed-only", closed_only, needs=(CREDENTIALS,), network=True, wallet=True),
    Check(BALANCE, balance, needs=(CREDENTIALS, KIND), network=True, wallet=True),
    *(
        Check(approval.name, allowance(approval), needs=(CREDENTIALS, KIND), network=True, wallet=True)
        for approval in _TRADING
    ),
    Check("open orders", leftovers, needs=(CREDENTIALS, KIND), network=True, wallet=True),
)
