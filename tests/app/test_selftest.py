"""The self-test's order is held by the signer's own cap, whatever asks for more."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from pmm.app.practice import practice
from pmm.app.selftest import capped, selftest
from pmm.app.trial import Finding, Trial
from pmm.model import SHARE
from pmm.settings import Loaded, load


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return load({"data_dir": str(tmp_path)}, environ={}, folder=tmp_path)


async def run(loaded: Loaded, told: list[Finding]) -> list[str]:
    async with practice(loaded) as there:
        report = await selftest(
            there.loaded, there.venue, there.wallet, market="demo", instance="default", tell=told.append
        )
    return report.failed


def test_the_smaller_of_both_caps_counts(loaded: Loaded) -> None:
    assert capped(loaded, Decimal(5)).settings.live.max_order_usd == 5
    assert capped(loaded, Decimal(5_000)).settings.live.max_order_usd == loaded.settings.live.max_order_usd


async def test_an_order_that_was_made_larger_is_refused_by_the_signer(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Trial._order

    def larger(self: Trial, *args: object) -> object:
        return replace(honest(self, *args), size=600 * SHARE)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(Trial, "_order", larger)
    told: list[Finding] = []
    assert await run(capped(loaded, Decimal(5)), told) == ["place"]
    assert "6 USD is more than one order may be: 5" in told[-1].found


async def test_it_leaves_no_file_in_the_folder_of_the_user(loaded: Loaded, tmp_path: Path) -> None:
    assert await run(loaded, []) == []
    assert not any(os.scandir(tmp_path))
