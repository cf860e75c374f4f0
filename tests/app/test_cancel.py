"""What became of an order that was cancelled is what the venue says of it afterwards, and silence is no proof."""

import asyncio

import orjson
import pytest

from pmm.account import OrderStatus, OwnOrder
from pmm.app.cancel import Fate, _Canceling
from pmm.errors import Unreachable
from pmm.model import SHARE, Side

ID = "0x" + "ab" * 32
LIVE, GONE, TRADED = OrderStatus.LIVE, OrderStatus.CANCELED, OrderStatus.MATCHED
SILENT = None
UNKNOWN = ""


def shown(status):
    return OwnOrder(ID, ID, "m", "1", Side.BUY, 4_000, 10 * SHARE, 0, status, 0)


class Venue:
    """Tells of one order what a script says, the last word for ever: a status, UNKNOWN, or SILENT."""

    def __init__(self, *script):
        self.script = list(script)
        self.cancels = []

    async def call(self, method, path, body):
        self.cancels.append(orjson.loads(body))
        raise Unreachable("no answer")

    async def order(self, _venue_id):
        word = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if word is SILENT:
            raise Unreachable("no answer")
        return shown(word) if word else None


async def fate(*script, limit=5.0):
    venue = Venue(*script)
    (told,) = await _Canceling(venue, venue).run({"name": ID}, limit)
    assert (told.asked, told.venue_id) == ("name", ID)
    assert all(asked == [ID] for asked in venue.cancels)
    return told.fate, len(venue.cancels)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ((LIVE, GONE), (Fate.CANCELED, 1)),
        ((LIVE, UNKNOWN), (Fate.CANCELED, 1)),
        ((UNKNOWN, GONE), (Fate.CANCELED, 1)),
        ((UNKNOWN, UNKNOWN), (Fate.NOT_FOUND, 1)),
        ((LIVE, TRADED), (Fate.OVER, 1)),
        ((TRADED,), (Fate.OVER, 0)),
        ((GONE,), (Fate.OVER, 0)),
        ((LIVE, SILENT, LIVE, GONE), (Fate.CANCELED, 3)),
    ],
)
async def test_the_last_word_counts_and_nothing_else(script, expected):
    assert await fate(*script) == expected


@pytest.mark.parametrize(("last", "expected"), [(LIVE, Fate.RESTS), (SILENT, Fate.DOUBT)])
async def test_what_is_not_proven_gone_in_time_is_said(last, expected):
    told, cancels = await fate(LIVE, last, limit=0.01)
    assert (told, cancels) == (expected, 1)


async def test_an_id_that_cannot_be_one_is_asked_nobody_about():
    venue = Venue(SILENT)
    (told,) = await asyncio.wait_for(_Canceling(venue, venue).run({"nonsense": ""}, 1), 1)
    assert (told.fate, venue.cancels) == (Fate.NOT_FOUND, [])
