"""What the answer to an order or a cancel proves: pure, from status, headers and bytes to events in our own ids.

| answer | to a first POST | to the same bytes again |
| --- | --- | --- |
| success, no error, our id, live, matched or delayed | Accepted | Accepted |
| `Duplicated` | Accepted | Accepted |
| a refusal in words that are known, or `success` false | Rejected | Unanswered: the first may have got through |
| 401, 429 | Rejected: stopped before anybody looked at the order | Unanswered |
| 425, 5xx, words that prove nothing, HTML, anything else | Unanswered | Unanswered |

The entries of a batch belong to orders by the hash in them, wherever they stand (reliability reference, F36).  A
refusal often carries none: when every order without an entry of its own was refused for certain, whose entry is whose
does not matter; otherwise those orders are in doubt.  (Protocol reference, sections 3.4 to 3.6, 3.11 and 9.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

import orjson

from pmm.events import Accepted, Canceled, CancelRejected, Rejected, Unanswered, VenueNews, VenueStatus
from pmm.model import SECOND, Nanos, OrderId
from pmm.venues.polymarket import words
from pmm.venues.polymarket.budget import retry_at
from pmm.venues.polymarket.private import Answer

Outcome: TypeAlias = Accepted | Rejected | Unanswered
Canceling: TypeAlias = Canceled | CancelRejected | Unanswered

WORKING = frozenset({"live", "matched", "delayed"})
# Statuses that are given before anybody looks at an order.
BEFORE_ADMISSION = frozenset({401, 429})
REFUSED = frozenset({400, 401, 403, 404, 422, 429})
TOO_EARLY, UNAVAILABLE = 425, 503


@dataclass(frozen=True, slots=True)
class Sent:
    """An order that a request was about.  `again` says that its bytes were sent before."""

    order_id: OrderId
    venue_id: str
    again: bool = False


class _Kind(Enum):
    TAKEN = "taken"
    REFUSED = "refused"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one entry of an answer says, and of which order, if it names one."""

    kind: _Kind
    text: str
    venue_id: str | None


def posted(answer: Answer, sent: Sequence[Sent], at: Nanos) -> list[Outcome]:
    """One outcome for each order of a POST, in their order."""
    told = _json(answer.body)
    if answer.status == 200 and isinstance(told, list):
        return _batch(told, sent, at)
    if answer.status == 200 and isinstance(told, dict) and len(sent) == 1:
        return [_outcome(_single(_entry(told), sent[0]), sent[0], at)]
    refusal = _refusal(answer, told)
    return [_outcome(_concerning(refusal, one), one, at) for one in sent]


def unsent(sent: Iterable[Sent], at: Nanos, cause: str) -> list[Outcome]:
    """What it means that no byte of a POST left."""
    return [_outcome(_Entry(_Kind.REFUSED, f"not sent: {cause}", None), one, at) for one in sent]


def unanswered(order_ids: Iterable[OrderId], at: Nanos, cause: str) -> list[Unanswered]:
    return [Unanswered(at, order_id, cause) for order_id in order_ids]


def canceled(answer: Answer, sent: Sequence[Sent], at: Nanos) -> list[Canceling]:
    """One outcome for each order of a DELETE; a refused cancel proves nothing about its order."""
    told = _json(answer.body)
    if answer.status != 200:
        refusal = _refusal(answer, told)
        if refusal.kind is _Kind.REFUSED:
            return [CancelRejected(at, one.order_id, refusal.text) for one in sent]
        return [*unanswered((one.order_id for one in sent), at, refusal.text)]
    gone, kept = _cancel_lists(told)
    return [_canceling(one, gone, kept, at) for one in sent]


def gone_ids(answer: Answer) -> frozenset[str]:
    """The ids that the answer to a cancel of everything says are canceled."""
    return _cancel_lists(_json(answer.body))[0] if answer.status == 200 else frozenset()


def venue_news(answer: Answer, at: Nanos) -> VenueNews | None:
    """The mode of the venue, where the answer tells it; a mode may also be told inside of a batch that was answered."""
    told = _json(answer.body)
    retry = _retry_at(answer, told)
    if answer.status == TOO_EARLY:
        return VenueNews(at, VenueStatus.RESTARTING, retry, _text_of(answer, told))
    if answer.status == UNAVAILABLE:
        text = _text_of(answer, told)
        return VenueNews(at, words.mode(text, _code(told)) or VenueStatus.DISABLED, retry, text)
    if answer.status != 200:
        return None
    for record in told if isinstance(told, list) else [told]:
        text = words.said(record) if isinstance(record, dict) else ""
        mode = words.mode(text, _code(record))
        if mode is not None:
            return VenueNews(at, mode, retry, text)
    return None


# --- orders -----------------------------------------------------------------------------------------------------------


def _batch(told: Sequence[object], sent: Sequence[Sent], at: Nanos) -> list[Outcome]:
    entries = [_entry(one) for one in told]
    named: dict[str, _Entry] = {}
    contradicts = len(entries) != len(sent)
    for entry in entries:
        if entry.venue_id is None:
            continue
        twice = named.get(entry.venue_id)
        contradicts |= twice is not None
        same = twice is None or twice.kind is entry.kind
        named[entry.venue_id] = entry if same else replace(entry, kind=_Kind.DOUBTFUL)
    contradicts |= not named.keys() <= {one.venue_id for one in sent}
    rest = _rest([entry for entry in entries if entry.venue_id is None], contradicts=contradicts)
    return [_outcome(named.get(one.venue_id, rest), one, at) for one in sent]


def _rest(anonymous: Sequence[_Entry], *, contradicts: bool) -> _Entry:
    """What is known of each order that no entry names.

    There are as many of them as anonymous entries unless the answer contradicts itself or what was asked.
    """
    if contradicts or not anonymous:
        return _Entry(_Kind.DOUBTFUL, "the venue's answer does not say what became of this order", None)
    texts = " | ".join(dict.fromkeys(entry.text for entry in anonymous))
    if all(entry.kind is _Kind.REFUSED for entry in anonymous):
        return _Entry(_Kind.REFUSED, texts if len(anonymous) == 1 else f"one of: {texts}"[: words.TEXT_MAX], None)
    if len(anonymous) == 1:
        return anonymous[0]
    return _Entry(_Kind.DOUBTFUL, f"one of: {texts}"[: words.TEXT_MAX], None)


def _entry(told: object) -> _Entry:
    """One order's answer.  Accepted is only what every client of the venue takes for it (section 3.5)."""
    if not isinstance(told, dict):
        return _Entry(_Kind.DOUBTFUL, "the venue's answer is no object", None)
    text = words.said(told)
    named = told.get("orderID")
    venue_id = named.lower() if isinstance(named, str) and named else words.named_in(text)
    if words.DUPLICATED in text.lower():
        return _Entry(_Kind.TAKEN, text, venue_id)
    success, status = told.get("success"), told.get("status")
    if success is True and not text:
        if named and isinstance(status, str) and status.lower() in WORKING:
            return _Entry(_Kind.TAKEN, "", venue_id)
        return _Entry(_Kind.DOUBTFUL, f"the venue says {str(status)[:40]!r} without more", venue_id)
    if named or not text:  # an id with an error, or an error without words, says two things at once
        return _Entry(_Kind.DOUBTFUL, text or "the venue's answer says nothing", venue_id)
    refuses = success is False and not words.doubt(text)
    return _Entry(_Kind.REFUSED if refuses or words.refuse(text) else _Kind.DOUBTFUL, text, venue_id)


def _single(entry: _Entry, sent: Sent) -> _Entry:
    if entry.venue_id is not None and entry.venue_id != sent.venue_id:
        return _Entry(_Kind.DOUBTFUL, "the venue answered about another order", None)
    return entry


def _refusal(answer: Answer, told: object) -> _Entry:
    """What a status other than 200, or an answer that is no order's, says about everything that was asked."""
    text = _text_of(answer, told)
    speaks = isinstance(told, dict)
    if answer.status == 200 and not speaks:
        return _Entry(_Kind.DOUBTFUL, text, None)
    if answer.status in BEFORE_ADMISSION:
        return _Entry(_Kind.REFUSED, text, None)
    if not speaks or answer.status not in REFUSED | {200}:
        return _Entry(_Kind.DOUBTFUL, text, None)
    venue_id = words.named_in(text)
    if words.DUPLICATED in text.lower():
        return _Entry(_Kind.TAKEN, text, venue_id)
    return _Entry(_Kind.REFUSED if words.refuse(text) else _Kind.DOUBTFUL, text, venue_id)


def _concerning(refusal: _Entry, sent: Sent) -> _Entry:
    """A refusal that names an order is about that one; what became of others, it does not say."""
    if refusal.venue_id is None or refusal.venue_id == sent.venue_id:
        return refusal
    return _Entry(_Kind.DOUBTFUL, refusal.text, None)


def _outcome(entry: _Entry, sent: Sent, at: Nanos) -> Outcome:
    if entry.kind is _Kind.TAKEN:
        return Accepted(at, sent.order_id)
    if entry.kind is _Kind.REFUSED and not sent.again:
        return Rejected(at, sent.order_id, entry.text)
    return Unanswered(at, sent.order_id, entry.text)


# --- cancels ----------------------------------------------------------------------------------------------------------


def _canceling(sent: Sent, gone: frozenset[str], kept: Mapping[str, str], at: Nanos) -> Canceling:
    """An order in both lists is not proven to be gone."""
    if sent.venue_id in kept:
        return CancelRejected(at, sent.order_id, kept[sent.venue_id])
    if sent.venue_id in gone:
        return Canceled(at, sent.order_id)
    return Unanswered(at, sent.order_id, "the venue's answer does not name this order")


def _cancel_lists(told: object) -> tuple[frozenset[str], dict[str, str]]:
    record = told if isinstance(told, dict) else {}
    gone, kept = record.get("canceled"), record.get("not_canceled")
    names = gone if isinstance(gone, list) else []
    reasons = kept if isinstance(kept, dict) else {}
    return (
        frozenset(name.lower() for name in names if isinstance(name, str)),
        {name.lower(): words.short(reason) or "not canceled" for name, reason in reasons.items()},
    )


# --- both -------------------------------------------------------------------------------------------------------------


def _retry_at(answer: Answer, told: object) -> Nanos | None:
    asked = retry_at(answer.at, answer.headers)
    if asked is not None:
        return asked
    seconds = told.get("retry_after_seconds") if isinstance(told, dict) else None
    whole = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds < 10**6
    return answer.at + seconds * SECOND if whole and seconds is not None else None


def _code(record: object) -> object:
    return record.get("code") if isinstance(record, dict) else None


def _text_of(answer: Answer, told: object) -> str:
    """The venue's words, or what can be said of an answer without any; never the whole of a page."""
    said = words.said(told) if isinstance(told, dict) else ""
    return said or f"the venue answered {answer.status}" + ("" if isinstance(told, dict) else " without an object")


def _json(body: bytes) -> object:
    try:
        told: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return told
