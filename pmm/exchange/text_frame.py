"""A text message as a server puts it on a WebSocket (RFC 6455, 5.2): final, not masked, not compressed.

Made once for all who get the message, which is why the HTTP library does not make it.
"""

from __future__ import annotations

_FINAL_TEXT = 0x81
_BYTES_IN_HEADER = 125
_TWO_BYTES, _EIGHT_BYTES = 126, 127


def text_frame(text: bytes) -> bytes:
    """The frame that carries `text`."""
    size = len(text)
    if size <= _BYTES_IN_HEADER:
        return bytes((_FINAL_TEXT, size)) + text
    if size < 1 << 16:
        return bytes((_FINAL_TEXT, _TWO_BYTES)) + size.to_bytes(2) + text
    return bytes((_FINAL_TEXT, _EIGHT_BYTES)) + size.to_bytes(8) + text


def text_of(frame: bytes) -> bytes:
    """What a frame of `text_frame` carries."""
    return frame[{_TWO_BYTES: 4, _EIGHT_BYTES: 10}.get(frame[1], 2) :]
