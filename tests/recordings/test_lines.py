from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.events import FeedNews, FeedSignal, Frame
from pmm.recordings.lines import BadLine, Gap, Header, Line, Trailer, decode, decode_all, encode
from tests.recordings.story import MARKET


@pytest.mark.parametrize(
    "line",
    [
        Header(1, "20260101T000000Z", 2, (MARKET,)),
        Header(1, "20260101T000000Z", 2, (replace(MARKET, neg_risk_id="0xe", event_size=3),)),
        FeedSignal(5, 3, FeedNews.CLOSED, "socket closed"),
        FeedSignal(5, 3, FeedNews.OPENED),
        Gap(5, 10, 2_000, "slow"),
        Trailer(1, 2, 3, 4, 5, None, None, "ab"),
        Trailer(1, 2, 3, 4, 5, 6, 7, "ab", recovered=True),
    ],
)
def test_a_line_says_what_it_was_made_of(line: Line) -> None:
    assert decode(encode(line)) == line


def test_words_of_the_system_that_are_no_text_do_not_stop_a_recording() -> None:
    signal = decode(encode(FeedSignal(5, 3, FeedNews.CLOSED, "no such file: \udcff")))
    assert signal == FeedSignal(5, 3, FeedNews.CLOSED, "no such file: ?")


@given(st.one_of(st.binary(), st.text().map(str.encode)), st.integers(0, 2**63 - 1), st.integers(0, 1_000))
def test_every_message_comes_back_byte_for_byte(data: bytes, at: int, connection: int) -> None:
    frame = Frame(at, connection, data)
    text = encode(frame)
    assert text.count(b"\n") == 1
    assert list(decode_all(text * 2)) == [frame, frame]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"5",
        b'{"kind":"poem"}',
        b'{"kind":"message","at":-1,"connection":0,"text":""}',
        b'{"kind":"message","at":true,"connection":0,"text":""}',
        b'{"kind":"message","at":1,"connection":0,"base64":"?"}',
        b'{"kind":"message","at":1,"connection":0}',
        b'{"kind":"signal","at":1,"connection":0,"news":"bored"}',
        orjson.dumps({"kind": "header", "schema": "pmm.recording/9", "created": 1, "session": "", "part": 1}),
    ],
)
def test_anything_else_is_refused(text: bytes) -> None:
    with pytest.raises(BadLine):
        decode(text)


def test_lines_without_an_end_are_refused() -> None:
    with pytest.raises(BadLine, match="does not end"):
        list(decode_all(b'{"kind":"gap"}'))
