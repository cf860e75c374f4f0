"""A key that must be seen nowhere: every form in which it could be read, and what a traceback would show of it."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable

MARKER = bytes.fromhex("5ec2e7" * 10 + "5ec2")


def shown(text: str, secret: bytes = MARKER) -> bool:
    """Whether a secret can be read from a text: in hex, as Python or as base64 writes it, or as a number."""
    forms = (
        secret.hex(),
        repr(secret)[2:-1],
        str(int.from_bytes(secret, "big")),
        base64.b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
    )
    return any(form.lower() in text.lower() for form in forms)


def failure(work: Callable[[], object], *, without: str) -> str:
    """What a traceback with the locals of every frame shows of a failure and its causes.

    Frames of the file `without` are left out: who hands a secret over has it.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is looked at
        return told(error, without=without)
    raise AssertionError("it did not fail")


def told(error: BaseException | None, *, without: str) -> str:
    texts = []
    while error is not None:
        texts.append(repr(error))
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        texts += [repr(frame.f_locals) for frame in frames if frame.f_code.co_filename != without]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)
