from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pmm.core.step import Step
from pmm.errors import DiskError, InboxFull
from pmm.events import Event, FeedNews, FeedSignal, Timer
from pmm.recordings.lines import Entry, Gap
from pmm.recordings.parts import glance, parts_of
from pmm.recordings.recorder import SLOW_DISK, Recorder, RecordingGap
from pmm.recordings.writer import RecordingWriter
from tests.recordings.story import START, kept, message

LIMIT_S = 10.0


class SlowWriter(RecordingWriter):
    """A disk that takes nothing until `go` is set; `stuck` is set when it was given something."""

    def __init__(self, folder: Path) -> None:
        self.go = threading.Event()
        self.stuck = threading.Event()
        super().__init__(folder, START)

    def add(self, entry: Entry) -> None:
        self.stuck.set()
        assert self.go.wait(LIMIT_S)
        super().add(entry)


class BrokenWriter(RecordingWriter):
    def add(self, entry: Entry) -> None:
        raise DiskError("no space")


@contextmanager
def stuck(folder: Path, **limits: int) -> Iterator[Recorder]:
    """A recorder whose disk is busy with message 0; it gets through when the block is left."""
    writer = SlowWriter(folder)
    with Recorder(writer, **limits) as recorder:  # type: ignore[arg-type]  # numbers only
        recorder.take(message(0))
        assert writer.stuck.wait(LIMIT_S)
        yield recorder
        writer.go.set()


def test_frames_and_signals_are_recorded_in_order_and_nothing_else(tmp_path: Path) -> None:
    signal = FeedSignal(START, 0, FeedNews.OPENED)
    with Recorder(RecordingWriter(tmp_path, START)) as recorder:
        for event in (signal, message(1), Timer(START), message(2)):
            recorder.take(event)
    assert (recorder.failure, recorder.lost) == (None, 0)
    assert kept(tmp_path) == [signal, message(1), message(2)]
    assert glance(parts_of(tmp_path)[0]).trailer is not None


def test_it_is_on_the_disk_within_a_second_or_so_without_further_news(tmp_path: Path) -> None:
    flushed = threading.Event()

    class Watched(RecordingWriter):
        def flush(self) -> None:
            super().flush()
            if self.total.messages:
                flushed.set()

    with Recorder(Watched(tmp_path, START)) as recorder:
        recorder.take(message(1))
        assert flushed.wait(LIMIT_S)
        assert kept(tmp_path) == [message(1)]


def test_what_the_inbox_refused_is_not_recorded(tmp_path: Path) -> None:
    inbox: list[Event] = []

    def emit(event: Event) -> None:
        if len(inbox) == 1:
            raise InboxFull("full")
        inbox.append(event)

    with Recorder(RecordingWriter(tmp_path, START)) as recorder:
        tapped = recorder.tap(emit)
        tapped(message(1))
        with pytest.raises(InboxFull):
            tapped(message(2))
    assert kept(tmp_path) == inbox == [message(1)]


def test_a_slow_disk_never_blocks_and_what_did_not_fit_is_a_gap_in_its_place(tmp_path: Path) -> None:
    with stuck(tmp_path, entries_max=3) as recorder:
        for number in range(1, 6):
            recorder.take(message(number))
        assert recorder.lost == 2
    lost = len(message(4).data) + len(message(5).data)
    assert kept(tmp_path) == [*(message(number) for number in range(4)), Gap(message(4).at, 2, lost, SLOW_DISK)]


def test_recording_goes_on_behind_a_gap(tmp_path: Path) -> None:
    writer = SlowWriter(tmp_path)
    with Recorder(writer, entries_max=1) as recorder:
        recorder.take(message(0))
        assert writer.stuck.wait(LIMIT_S)
        recorder.take(message(1))
        recorder.take(message(2))
        writer.stuck.clear()
        writer.go.set()
        assert writer.stuck.wait(LIMIT_S)  # message 1 has left the queue
        recorder.take(message(3))
    gap = Gap(message(2).at, 1, len(message(2).data), SLOW_DISK)
    assert kept(tmp_path) == [message(0), message(1), gap, message(3)]


def test_bytes_are_bounded_too_but_one_message_always_fits(tmp_path: Path) -> None:
    large = message(1, "x" * 1_000)
    with stuck(tmp_path, bytes_max=100) as recorder:
        recorder.take(large)
        recorder.take(message(2))
        assert recorder.lost == 1
    assert kept(tmp_path)[:2] == [message(0), large]


def test_a_full_disk_is_told_once_and_the_rest_is_lost(tmp_path: Path) -> None:
    told = threading.Event()
    with Recorder(BrokenWriter(tmp_path, START), failed=told.set) as recorder:
        recorder.take(message(1))
        assert told.wait(LIMIT_S)
        recorder.take(message(2))
    assert recorder.failure is not None
    assert recorder.lost == 1


def step(event: Event) -> Step:
    return Step(event)


def test_as_a_sink_it_records_what_the_inbox_brought_and_raises_once_the_disk_refused(tmp_path: Path) -> None:
    told = threading.Event()
    with Recorder(BrokenWriter(tmp_path, START), failed=told.set) as recorder:
        recorder.on_step(step(Timer(START)), 0)
        recorder.on_step(step(message(1)), 0)
        assert told.wait(LIMIT_S)
        with pytest.raises(DiskError):
            recorder.on_step(step(message(2)), 0)
    assert recorder.verdict is recorder.failure


def test_lost_messages_make_the_verdict(tmp_path: Path) -> None:
    with stuck(tmp_path, entries_max=1) as recorder:
        recorder.take(message(1))
        recorder.take(message(2))
    assert isinstance(recorder.verdict, RecordingGap)
