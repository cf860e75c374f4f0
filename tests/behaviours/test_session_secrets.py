"""B093: a live session in which everything fails that can, at its loudest, and nothing of it shows a secret."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGABRT, SIGKILL, SIGTERM

import pytest

from tests.support.blackbox import Exchange, Finished, Process
from tests.support.holder import Holder
from tests.support.marker import shown

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stories send signals")

LOUD = ("--debug", "-v", "--log-level", "debug")
FAST = {
    "MM_LOOP_INTERVAL": "0.1",
    "MM_REQUOTE_THRESHOLD": "0.01",
    "PMM_LIVE__DEADLINE": "0.3",
    "PMM_LIVE__READ_INTERVAL": "0.3",
    "PMM_LIVE__HEARTBEAT_INTERVAL": "0.3",
    "RISK_MAX_ERRORS_PER_MINUTE": "1000",
}
HTML = "<html>502 Bad Gateway</html>"
# Each for a moment, all of them in one session.
FAULTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("POST /order*", {"harm": "fail_done", "status": 500}),
    ("POST /order*", {"harm": "fail", "status": 502, "text": HTML}),
    ("POST /order*", {"harm": "fail", "status": 400, "text": "invalid signature"}),
    ("POST /order*", {"harm": "answer_late", "seconds": 0.6}),
    ("DELETE /*", {"harm": "cut"}),
    ("DELETE /*", {"harm": "lie_not_found"}),
    ("GET /data/*", {"harm": "fail", "status": 401, "text": "Unauthorized/Invalid api key"}),
    ("GET /data/*", {"harm": "fail", "status": 200, "text": HTML}),
    ("POST /v1/heartbeats", {"harm": "cut"}),
    ("* /*", {"harm": "fail", "status": 401, "text": "Unauthorized/Invalid api key"}),
    ("* /*", {"harm": "fail", "status": 503, "text": "trading disabled"}),
)


class Session:
    """An exchange with a log, a wallet there, and runs of the bot whose words and files are kept."""

    def __init__(self, folder: Path, exchange: Exchange) -> None:
        self.exchange = exchange
        self.holder = Holder(exchange, 0xA7)  # no text by itself
        self.home = folder / "bot"
        self.home.mkdir()
        self.said: list[str] = []
        exchange.post("/traders", on=True)

    def start(self, **more: str) -> Process:
        record = ("--record", str(self.home / "recording"))
        what = ("quote", "--market", "demo", "--live", "--yes", "--json", *record, *LOUD)
        return Process(self.home, *what, **{**self.holder.env, **FAST, **more})

    def keep(self, end: Finished) -> None:
        self.said += [end.stdout, end.stderr]

    def leaks(self) -> list[str]:
        """Texts and files in which a secret can be read."""
        texts = {f"text {number}": text for number, text in enumerate(self.said)}
        texts |= {str(one): one.read_bytes().decode("latin-1") for one in self.home.rglob("*") if one.is_file()}
        return [name for name, text in texts.items() if self.readable(text)]

    def readable(self, text: str) -> bool:
        _, secret, passphrase = self.holder.credentials
        raw = base64.urlsafe_b64decode(secret)
        return shown(text, self.holder.key) or shown(text, raw) or secret in text or passphrase in text


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "venue").mkdir()
    with Exchange(tmp_path / "venue", "--log", str(tmp_path / "venue" / "log.jsonl")) as exchange:
        yield Session(tmp_path, exchange)


def quotes(bot: Process) -> None:
    bot.until(lambda data: data["event"] == "place")


def test_b093_no_secret_of_a_live_session_with_faults_is_told_or_kept(session: Session, tmp_path: Path) -> None:
    exchange = session.exchange
    with session.start() as bot:
        quotes(bot)
        for on, harm in FAULTS:
            exchange.post("/faults/requests", on=on, times=3, **harm)
            exchange.post("/stream/drop", channel="user")
            until_struck(exchange)
        exchange.post("/faults/frames", fault="truncate", times=2, channel="user")
        exchange.post("/faults/clear")
        bot.signal(SIGTERM)
        session.keep(bot.finish_as_it_is())  # with orders in doubt, and a traceback of that
    exchange.post("/faults/requests", on="GET /balance-allowance*", harm="fail", status=500, text=HTML, times=None)
    with session.start() as bot:
        failed = bot.finish_as_it_is()
    session.keep(failed)
    assert "Traceback" in failed.stderr
    exchange.post("/faults/clear")
    assert session.leaks() == []
    log = (tmp_path / "venue" / "log.jsonl").read_text()
    assert not shown(log, session.holder.key)
    assert [line[:200] for line in log.splitlines() if session.readable(line) and '"channel":"user"' not in line] == []


@pytest.mark.parametrize("signal", [SIGABRT, SIGKILL], ids=["abort", "kill"])
def test_b093_a_session_that_dies_leaves_no_core_and_no_secret(session: Session, signal: int) -> None:
    with session.start(PMM_LIVE__WATCHDOG="false") as bot:
        quotes(bot)
        bot.signal(signal)
        end = bot.finish_as_it_is()
    session.keep(end)
    assert end.status == -signal
    assert [one for one in session.home.rglob("core*") if one.is_file()] == []
    assert session.leaks() == []


def test_b093_the_scan_finds_what_it_looks_for(session: Session) -> None:
    (session.home / "notes").write_text(session.holder.credentials[1])
    session.said = ["0x" + session.holder.key.hex()]
    assert len(session.leaks()) == 2


def until_struck(exchange: Exchange) -> None:
    """Wait until a fault has struck, or nothing meets it any more."""
    before = exchange.ask("GET", "/stats")["harmed"]
    deadline = time.monotonic() + 1.0
    while exchange.ask("GET", "/stats")["harmed"] == before and time.monotonic() < deadline:
        time.sleep(0.02)
