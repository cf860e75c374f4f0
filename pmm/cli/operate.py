"""`pmm status`, `pause`, `resume`, `stop`: what a running bot is asked through its local socket."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from pmm.drivers.lease import Holder

SCHEMA = "pmm.status/1"
LOOK_S = 0.05


def status() -> None:
    """How the bot of this instance stands: mode, health, orders, position, last decision."""
    _told(Cli.current(), _ask("status"))


def pause(reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "") -> None:
    """Quote nothing until `pmm resume`; the bot goes on listening."""
    _told(Cli.current(), _ask("pause", reason))


def resume() -> None:
    """Quote again after `pmm pause`."""
    _told(Cli.current(), _ask("resume"))


def stop(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "stopped by command",
    timeout: Annotated[float, typer.Option(min=0.1, help="Longest wait for its end, in seconds.")] = 30.0,
) -> None:
    """Stop the bot in order, its orders cancelled, and wait until it is gone."""
    from pmm.drivers.lease import holder_of
    from pmm.errors import Exit, LocalError

    cli = Cli.current()
    folder = _folder(cli)
    holder, began = holder_of(folder), time.monotonic()
    last = _ask("stop", reason)
    while _runs(folder, holder):
        if time.monotonic() - began > timeout:
            error = LocalError(
                f"process {last.get('pid')} still runs after {timeout:g} s", hint="`pmm status` says why."
            )
            error.exit = Exit.TIMEOUT
            raise error
        time.sleep(LOOK_S)
    took = round(time.monotonic() - began, 3)
    cli.emit(SCHEMA, {"stopped": True, "pid": last.get("pid"), "took_s": took}, human=lambda: f"stopped after {took} s")


def _runs(folder: Path, holder: Holder | None) -> bool:
    """Whether that bot is still there; one that was started since is another."""
    from pmm.drivers.lease import holder_of

    now = holder_of(folder)
    return now is not None and (holder is None or now.pid == holder.pid)


def _ask(do: str, reason: str = "") -> dict[str, object]:
    from pmm.drivers.control import ask

    return ask(_folder(Cli.current()), do, reason=reason)


def _folder(cli: Cli) -> Path:
    from pmm.app.account import state_folder

    return state_folder(cli.load().settings, cli.instance)


def _told(cli: Cli, data: Mapping[str, Any]) -> None:  # a JSON record as `Standing` makes it
    mode = str(data.get("mode", cli.mode))
    cli.emit(SCHEMA, data, mode=mode, human=lambda: _text(data))


def _text(data: Mapping[str, Any]) -> str:
    orders = data["orders"]
    lines = [
        ("mode", f"{data['mode'].upper().replace('-', ' ')}  (limits {_enforced(data)})"),
        ("bot", f"{data['instance']}, process {data['pid']}, up {data['uptime_s']} s"),
        ("healthy", "yes" if data["healthy"] else f"no: {data['problem']}"),
        ("rules", _modes(data["rules"]["modes"])),
        *((one["rule"], _said(one)) for one in data["rules"]["holding"]),
        *((name, f"{one['state']}  {one['cause']}".rstrip()) for name, one in data["machines"].items()),
        *((name, state) for name, state in data["feeds"].items()),
        ("orders", f"{orders['open']} open, {orders['in_doubt']} in doubt"),
        *((one["market"], _market(one)) for one in data["markets"]),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:>{width}}  {text}" for name, text in lines)


def _enforced(data: Mapping[str, Any]) -> str:
    return "enforced" if data["risk_enforced"] else "logged only"


def _modes(modes: Mapping[str, str]) -> str:
    """Which rules act."""
    from pmm.app.risk import acts

    return acts(modes)


def _said(one: Mapping[str, Any]) -> str:
    where = "" if one["scope"] == "account" else f"  ({one['scope'][:12]}...)"
    return (
        f"{one['verdict']} {one['stage'].lower()}: {one['reason']}{'' if one['enforced'] else '; not enforced'}{where}"
    )


def _market(one: Mapping[str, Any]) -> str:
    decision = one["decision"]
    if decision is None:
        return f"position {one['position']}, no decision yet, book from {one['source']}"
    sides = "  ".join(f"{side} {_side(decision[side])}" for side in ("bid", "ask"))
    why = f"  ({decision['reason']})" if decision["reason"] else ""
    return f"position {one['position']}, {sides}, book from {one['source']}{why}"


def _side(target: Mapping[str, str] | None) -> str:
    return "-" if target is None else f"{target['price']} x {target['size']}"
