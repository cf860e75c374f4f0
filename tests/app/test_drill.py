"""What a drill says is what happened: a safety that does nothing, or is late, is missed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pmm.app.drill import DRILLS, Drill, _Scene, drill
from pmm.settings import Loaded, load

STOP = next(one for one in DRILLS if one.name == "stop")


def settings(folder: Path) -> Loaded:
    return load({"data_dir": str(folder)}, environ={}, folder=folder)


async def nothing(scene: _Scene) -> None:
    """Is triggered and does not act."""


async def test_orders_that_stay_are_told_as_never_gone(tmp_path: Path) -> None:
    done = await drill(settings(tmp_path), Drill("none", "pulled", -2.5, nothing))
    assert (done.took, done.ok, done.happened) == (None, False, "nothing")


async def test_a_safety_that_is_too_late_is_missed(tmp_path: Path) -> None:
    done = await drill(settings(tmp_path), replace(STOP, bound_s=0.0))
    assert done.took is not None
    assert not done.ok


async def test_something_else_than_what_is_promised_is_missed(tmp_path: Path) -> None:
    done = await drill(settings(tmp_path), replace(STOP, promised="halted"))
    assert (done.happened, done.ok) == ("stopped", False)
