"""Wallets, balances and approvals as they are shown: records for programs, tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pmm.cli import output
from pmm.cli.context import Cli
from pmm.model import money_text

if TYPE_CHECKING:
    from pmm.wallets.sources import Profile
    from pmm.wallets.verification import Allowed, Held


def profile_record(profile: Profile) -> dict[str, object]:
    """What may be shown of a wallet."""
    from pmm.wallets.kinds import ABOUT, NAMES

    kind = profile.signature_type
    return {
        "address": profile.address,
        "funder": profile.funder,
        "type": None if kind is None else int(kind),
        "type_name": "unknown" if kind is None else NAMES[kind],
        "explained": "the funder does not follow from the key" if kind is None else ABOUT[kind],
        "source": profile.source,
        "credentials": profile.credentials_source,
    }


def allowed_record(allowed: Allowed) -> dict[str, object]:
    """An approval for programs: `amount` in USD, "all" for shares, null where nobody was asked."""
    from pmm.wallets.contracts import NAMES

    return {
        "token": NAMES[allowed.approval.token],
        "spender": NAMES[allowed.approval.spender],
        "address": allowed.approval.spender,
        "purpose": allowed.approval.purpose,
        "amount": allowance_text(allowed),
        "granted": allowed.granted if allowed.amount is not None else None,
        "by": allowed.by,
    }


def allowance_text(allowed: Allowed) -> str | None:
    from pmm.wallets.verification import UNLIMITED_FROM

    if allowed.amount is None:
        return None
    if not allowed.approval.is_money:
        return "all" if allowed.granted else "none"
    return "unlimited" if allowed.amount >= UNLIMITED_FROM else money_text(allowed.amount)


def held_record(held: Held, maker: str) -> dict[str, object]:
    from pmm.wallets.kinds import NAMES

    return {
        "type": int(held.wallet.signature_type),
        "name": " ".join(filter(None, (NAMES[held.wallet.signature_type], held.wallet.variant))),
        "address": held.wallet.address,
        "balance": None if held.cash is None else money_text(held.cash),
        "deployed": held.deployed,
        "in_use": held.wallet.address == maker,
    }


def page(data: Mapping[str, object]) -> str:
    """A wallet for people."""
    rows = [
        ("signer", data["address"]),
        ("funder", data["funder"]),
        ("type", f"{'?' if data['type'] is None else data['type']} {data['type_name']}: {data['explained']}"),
        ("key from", data["source"]),
        ("credentials", data["credentials"] or "none: `pmm wallet derive-key` makes them"),
    ]
    return "\n".join(f"{name:<12} {output.printable(str(value))}" for name, value in rows)


def report(cli: Cli, data: Mapping[str, object]) -> str:
    """The whole of `pmm wallet verify` for people."""
    wallets, allowed, problems = data["wallets"], data["allowances"], data["problems"]
    assert isinstance(wallets, list)
    assert isinstance(allowed, list)
    assert isinstance(problems, list)
    held = [
        (
            "->" if one["in_use"] else "",
            f"{one['type']} {one['name']}",
            one["address"],
            one["balance"] or "-",
            {None: "-", True: "yes", False: "no"}[one["deployed"]],
        )
        for one in wallets
    ]
    granted = [
        (f"{one['token']} to {one['spender']}", one["purpose"], one["amount"] or "not asked", one["by"])
        for one in allowed
    ]
    parts = [
        page(data),
        f"{'balance':<12} {data['balance']} USD",
        cli.table(("", "wallets of this key", "address", "usd", "deployed"), held),
        cli.table(("approval", "for", "allowed", "said by"), granted),
        *(f"missing: {problem}" for problem in problems),
    ]
    return "\n\n".join(parts)
