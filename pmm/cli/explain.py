"""`pmm explain`: what an error, a reason of the venue, an order or a decision means, and what it was made from."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmm.cli.context import Cli
from pmm.errors import Exit, UsageError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "pmm.explain/1"
ERROR_PREFIX = "PMM-E"
# Orders and codes that are offered where nothing goes by the name.
RECENT, NEAR_MAX = 50, 3


class NothingToExplain(UsageError):
    """Nothing goes by that code, id, number or time."""

    code = "PMM-E104"
    exit = Exit.NOT_FOUND


def explain(
    code: Annotated[
        str,
        typer.Argument(
            help="An error (PMM-E201), a code or sentence of the venue, an order id, #NUMBER of a decision, or a time."
        ),
    ],
) -> None:
    """What CODE means; for an order or a decision every term of its price, each rule that spoke and the book it saw."""
    cli = Cli.current()
    told = _error(code) or _kept(cli, code) or _reason(code)
    if told is None:
        raise NothingToExplain(f"nothing is known of {code!r}", hint=_near(cli, code))
    cli.emit(SCHEMA, told, mode=str(told.get("mode", cli.mode)), human=lambda: _text(cli, told))


def _error(code: str) -> dict[str, object] | None:
    if not code.upper().startswith(ERROR_PREFIX):
        return None
    from pmm.cli.codes import declared
    from pmm.errors import VenueError

    for kind in declared().get(code.upper(), ()):
        exit_status = Exit(kind.exit)
        return {
            "kind": "error",
            "code": kind.code,
            "name": kind.__name__,
            "meaning": " ".join((kind.__doc__ or "").split()),
            "whose": "the venue's" if issubclass(kind, VenueError) else "ours",
            "exit": int(exit_status),
            "exit_name": exit_status.name.lower(),
            "hint": kind.hint,
        }
    return None


def _reason(code: str) -> dict[str, object] | None:
    from pmm.venues.polymarket.reasons import reason_of

    reason = reason_of(code)
    if reason is None:
        return None
    told: dict[str, object] = {"kind": "reason", "text": reason.text, "codes": list(reason.codes)}
    return told | {"meaning": reason.meaning, "proves": reason.proves, "remedy": reason.remedy}


def _kept(cli: Cli, code: str) -> dict[str, object] | None:
    """What the state file of the instance knows, where there is one."""
    from pmm.app.explain import explain as look_up
    from pmm.sinks.store import Store

    folder = _folder(cli)
    if not Store.exists(folder):
        return None
    with Store.open(folder) as store:
        return look_up(store, code)


def _folder(cli: Cli) -> Path:
    from pmm.app.account import state_folder

    return state_folder(cli.load().settings, cli.instance)


def _near(cli: Cli, code: str) -> str:
    """What may have been meant."""
    from pmm.cli.codes import declared
    from pmm.sinks.decisions import Decisions
    from pmm.sinks.store import Store
    from pmm.sinks.whereabouts import recent_orders
    from pmm.venues.polymarket.reasons import names

    known, numbers = [*declared(), *names()], None
    folder = _folder(cli)
    if Store.exists(folder):
        with Store.open(folder) as store:
            known += recent_orders(store, RECENT)
            numbers = Decisions(store).range()
    if code.startswith("#") and numbers is not None:
        return f"Decisions #{numbers[0]} to #{numbers[1]} are kept."
    near = difflib.get_close_matches(code, known, n=NEAR_MAX)
    near = near or difflib.get_close_matches(code.upper(), known, n=NEAR_MAX)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return "`pmm orders` and the log show ids; docs/cli.md lists errors."


# --- for people -------------------------------------------------------------------------------------------------------


def _text(cli: Cli, told: Mapping[str, Any]) -> str:  # a record as the functions above make it
    match told["kind"]:
        case "error":
            lines = [f"{told['code']}  {told['name']}", told["meaning"]]
            lines.append(f"whose     {told['whose']}")
            lines.append(f"exit      {told['exit']} ({told['exit_name']})")
            lines += [f"to do     {told['hint']}"] if told["hint"] else []
        case "reason":
            lines = [told["text"] + (f"  ({', '.join(told['codes'])})" if told["codes"] else ""), told["meaning"]]
            lines += [f"proves    {told['proves']}", f"the bot   {told['remedy']}"]
        case _:
            lines = _decision_lines(cli, told)
    return "\n".join(lines)


def _decision_lines(cli: Cli, told: Mapping[str, Any]) -> list[str]:
    lines = [told["mode"].upper().replace("-", " ")]
    if "order" in told:
        lines.append(_order_line(told["order"]))
    decision = told["decision"]
    if decision is not None:
        where = f"{decision['market']}, strategy {decision['strategy']}"
        lines.append(f"decision #{decision['number']} of {decision['at']} in {where}")
    if "recomputed" in told:
        lines += _made_of(told) + _came_to(told) + _book_lines(cli, told["seen"])
    lines += _rule_lines(told["rules"])
    if "why" in told:
        lines.append(told["why"])
    if "recomputed" in told:
        lines.append(f"recomputed: {_verdict(told['recomputed'])}")
    return lines


def _order_line(order: Mapping[str, Any]) -> str:
    what = f"{order['side']} {order['size']} {order['outcome'] or order['token_id'][:12]} at {order['price']}"
    named = f" ({order['venue_id']})" if order["venue_id"] else ""
    return f"order {order['order_id']}{named}: {what}, {order['state']}, {order['matched']} traded"


def _made_of(told: Mapping[str, Any]) -> list[str]:
    """What the price was made from."""
    seen, params = told["seen"], told["params"]
    state = f"position {seen['position']}, regime {seen['regime']}, mid {seen['mid'] or '-'}"
    lines = ["", f"it was told  {state}"]
    lines += [f"parameters   {_pairs(params)}"] if isinstance(params, Mapping) else []
    lines.append(f"signals      {_pairs(seen['signals'])}")
    lines += [f"event        {_pairs(seen['event'])}"] if seen["event"] else []
    width = max((len(term["name"]) for term in told["terms"]), default=0)
    lines += [f"  {term['name']:<{width}}  {term['value']:.10g} {term['unit']}".rstrip() for term in told["terms"]]
    return lines


def _came_to(told: Mapping[str, Any]) -> list[str]:
    answer = told["answer"]
    lines = ["" if answer is None else f"it said      {_sides(answer)}"]
    lines.append(f"stage        {told['stage']}")
    lines.append(f"wanted       {_sides(told['targets'])}")
    lines += [f"placed       {', '.join(told['placed'])}"] if told["placed"] else []
    lines += [f"cancelled    {', '.join(told['canceled'])}"] if told["canceled"] else []
    return lines


def _book_lines(cli: Cli, seen: Mapping[str, Any]) -> list[str]:
    """The best levels side by side, of others; ours in the book below."""
    bids, asks = seen["book"]["bids"], seen["book"]["asks"]
    rows = [(*_level(bids, place), *reversed(_level(asks, place))) for place in range(max(len(bids), len(asks)))]
    lines = ["", "book of others", cli.table(("bid size", "bid", "ask", "ask size"), rows)]
    own = ", ".join(f"{one['quote']} {one['price']} x {one['size']}" for one in seen["own"])
    return [*lines, *([f"ours in it   {own}"] if own else [])]


def _level(levels: Sequence[Mapping[str, str]], place: int) -> tuple[str, str]:
    """Size and price, empty where the side has no such level."""
    return (levels[place]["size"], levels[place]["price"]) if place < len(levels) else ("", "")


def _rule_lines(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["", "rules that spoke" if rules else "no rule spoke"]
    for one in rules:
        acted = "" if one["enforced"] else " (only told, not enforced)"
        lines.append(f"  {one['rule']}: {one['verdict']}{acted}: {one['reason']}")
    return lines


def _verdict(recomputed: Mapping[str, Any]) -> str:
    if recomputed["equal"] is None:
        return f"not possible: {recomputed['why']}"
    return "equal" if recomputed["equal"] else f"DIFFERENT at {recomputed['difference']}"


def _sides(targets: Mapping[str, Any]) -> str:
    told = [
        f"{name} {', '.join(_quoted(one) for one in targets[side]) or '-'}"
        for name, side in (("bid", "bids"), ("ask", "asks"))
    ]
    return "  ".join(told) + (f"  ({targets['reason']})" if targets["reason"] else "")


def _quoted(target: Mapping[str, Any]) -> str:
    return f"{target['price']} x {target['size']}"


def _pairs(record: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_plainly(value)}" for name, value in record.items())


def _plainly(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "-" if value is None else str(value)
