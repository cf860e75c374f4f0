"""The charts of `pmm report`, as a picture and as one page without anything from elsewhere.

Drawn by matplotlib, which comes with the extra `report`.
"""

from __future__ import annotations

import base64
import html as markup
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmm.app.report import cents_a_share
from pmm.errors import DiskError, Exit, LocalError
from pmm.metrics.sample import Sample
from pmm.model import GRID, SECOND, SHARE, USD, utc_text

if TYPE_CHECKING:
    from pmm.app.report import MarketReport, Report

Table = tuple[str, list[str], list[list[str]]]
MINUTE_S = 60.0
# Uptime is drawn by so many pieces of the run.
PIECES = 40

STYLE = (
    "body{font:14px system-ui,sans-serif;margin:2em auto;max-width:72em;color:#222}"
    "table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{padding:.25em .8em;text-align:right}"
    "td:first-child,th:first-child{text-align:left}tr:nth-child(even){background:#f4f4f4}img{max-width:100%}"
)


class NoCharts(LocalError):
    """The package that draws is not installed."""

    code = "PMM-E312"
    exit = Exit.CONFIG
    hint = "Install it with `pip install 'polymarket-pmm[report]'`."


def save(report: Report, tables: Sequence[Table], *, png: Path | None, html: Path | None) -> list[Path]:
    """Write what was asked for; returns the files.  Raises NoCharts and DiskError."""
    picture = _picture(report)
    saved = []
    for path, content in ((png, picture), (html, _page(report, tables, picture).encode())):
        if path is None:
            continue
        try:
            path.write_bytes(content)
        except OSError as error:
            raise DiskError(f"cannot write {path}: {error.strerror}") from error
        saved.append(path)
    return saved


def _page(report: Report, tables: Sequence[Table], picture: bytes) -> str:
    title = f"pmm run {report.run.number}, began {utc_text(report.run.began_at)}"
    parts = [f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>"]
    for name, columns, rows in tables:
        lines = [_line("th", columns), *(_line("td", row) for row in rows)]
        parts.append(f"<h2>{markup.escape(name)}</h2><table>{''.join(lines)}</table>")
    parts.append(f'<img alt="charts" src="data:image/png;base64,{base64.b64encode(picture).decode()}">')
    return "\n".join(parts)


def _line(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{markup.escape(text)}</{cell}>" for text in texts) + "</tr>"


def _picture(report: Report) -> bytes:
    figure_class = _figure()
    markets = list(report.markets.values())
    figure = figure_class(figsize=(11, 3 + 3 * (len(markets) + 1)), layout="constrained")
    rows = figure.subplots(len(markets) + 1, 3, squeeze=False)
    _equity(rows[0][0], report)
    _markouts(rows[0][1], markets)
    _rewards(rows[0][2], markets, report.run.began_at)
    for axes, one in zip(rows[1:], markets, strict=True):
        _quotes(axes[0], one, report.run.began_at)
        _inventory(axes[1], one, report.run.began_at)
        _uptime(axes[2], one)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()


def _figure() -> Any:  # matplotlib is loaded where somebody wants charts
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NoCharts("matplotlib is needed to draw charts") from error
    return Figure


def _minutes(samples: Sequence[Sample], began_at: int) -> list[float]:
    return [(one.at - began_at) / SECOND / MINUTE_S for one in samples]


def _equity(axes: Any, report: Report) -> None:
    axes.plot(
        [(at - report.run.began_at) / SECOND / MINUTE_S for at, _ in report.curve],
        [money / USD for _, money in report.curve],
    )
    _named(axes, "equity", "minutes", "USD")


def _markouts(axes: Any, markets: Sequence[MarketReport]) -> None:
    for one in markets:
        known = [(after.seconds, cents_a_share(after)) for after in one.after if after.shares]
        axes.plot([seconds for seconds, _ in known], [cents for _, cents in known], marker="o", label=one.slug)
    axes.set_xscale("symlog", linthresh=1)
    axes.axhline(0, color="grey", linewidth=0.5)
    _named(axes, "mid after our fills", "seconds", "cents a share")
    if markets:
        axes.legend(fontsize="x-small")


def _rewards(axes: Any, markets: Sequence[MarketReport], began_at: int) -> None:
    for one in markets:
        scored = [sample for sample in one.samples if sample.reward_share is not None]
        axes.plot(_minutes(scored, began_at), [sample.reward_share for sample in scored])
    axes.set_ylim(0, 1)
    _named(axes, "share of the reward score", "minutes", "")


def _quotes(axes: Any, one: MarketReport, began_at: int) -> None:
    minutes = _minutes(one.samples, began_at)
    for name, color in (("bid", "tab:green"), ("ask", "tab:red")):
        prices = [None if getattr(s, name) is None else getattr(s, name) / GRID for s in one.samples]
        axes.step(minutes, [float("nan") if price is None else price for price in prices], color=color, where="post")
    mids = [float("nan") if s.mid2 is None else s.mid2 / 2 / GRID for s in one.samples]
    axes.plot(minutes, mids, color="black", linewidth=0.8)
    _named(axes, f"{one.slug}: quotes and mid", "minutes", "USD")


def _inventory(axes: Any, one: MarketReport, began_at: int) -> None:
    held = [sample.position / SHARE for sample in one.samples]
    axes.fill_between(_minutes(one.samples, began_at), held, step="post", alpha=0.6)
    _named(axes, "net YES held", "minutes", "shares")


def _uptime(axes: Any, one: MarketReport) -> None:
    """Both sides working, by equal pieces of the samples."""
    priced = [sample.bid is not None and sample.ask is not None for sample in one.samples if sample.mid2 is not None]
    size = max(1, -(-len(priced) // PIECES))
    pieces = [priced[start : start + size] for start in range(0, len(priced), size)]
    axes.bar(range(len(pieces)), [sum(piece) / len(piece) for piece in pieces], width=1.0)
    axes.set_ylim(0, 1)
    _named(axes, "both sides working", "part of the run", "")


def _named(axes: Any, title: str, across: str, up: str) -> None:
    axes.set_title(title, fontsize="small")
    axes.set_xlabel(across, fontsize="x-small")
    axes.set_ylabel(up, fontsize="x-small")
    axes.tick_params(labelsize="x-small")
