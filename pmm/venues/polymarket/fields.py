"""Fields of the venue's records to text and integers, exactly; whatever a field should not be raises BadAnswer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TypeAlias

from pmm.errors import BadAnswer
from pmm.model import MILLISECOND, PRICE_DECIMALS, SECOND, SIZE_DECIMALS, Nanos, Price, Size

Record: TypeAlias = Mapping[str, object]

# Numbers with more digits than this belong to no market, and to expand them would cost memory.
EXPONENT_MAX = 24
# Unix times are written in seconds or in milliseconds; those from here on are the latter (protocol reference, 5.5).
MILLISECONDS_FROM = 10**11
# The last millisecond that fits the nanoseconds of every store.
MILLISECONDS_MAX = 2**63 // MILLISECOND


def record(answer: object, name: str) -> Record:
    """The answer as an object."""
    if not isinstance(answer, dict):
        raise BadAnswer(f"{name} is not an object")
    return answer


def text(of: Record, key: str) -> str:
    """Text that must be there."""
    value = of.get(key)
    if not isinstance(value, str) or not value:
        raise BadAnswer(f"{key} is missing or not text")
    return value


def optional_text(of: Record, key: str) -> str | None:
    value = of.get(key)
    return value if isinstance(value, str) and value else None


def price(value: object, name: str) -> Price | None:
    return units(value, PRICE_DECIMALS, name)


def size(value: object, name: str) -> Size | None:
    return units(value, SIZE_DECIMALS, name)


def units(value: object, places: int, name: str) -> int | None:
    """Text or number to integer units, exactly; None when it is absent or empty."""
    given = number(value, name)
    if given is None:
        return None
    scaled = given.scaleb(places)
    if scaled != scaled.to_integral_value():
        raise BadAnswer(f"{name} has more than {places} decimals")
    return int(scaled)


def rounded(value: object, places: int, name: str) -> int | None:
    """A number in integer units, to the nearest: for what the venue computes, and leaves traces of it."""
    given = number(value, name)
    return None if given is None else int(given.scaleb(places).to_integral_value(ROUND_HALF_EVEN))


def number(value: object, name: str) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadAnswer(f"{name} is not a number")
    try:
        given = Decimal(value)
    except InvalidOperation as error:
        raise BadAnswer(f"{name} is not a number") from error
    if not given.is_finite() or abs(given.adjusted()) > EXPONENT_MAX:
        raise BadAnswer(f"{name} is out of range")
    return given


def moment(value: object, name: str) -> Nanos | None:
    """A unix time in seconds or milliseconds, text or number; None when it is absent, empty or zero."""
    given = units(value, 0, name)
    if not given:
        return None
    ms = given if given >= MILLISECONDS_FROM else given * (SECOND // MILLISECOND)
    if not 0 < ms <= MILLISECONDS_MAX:
        raise BadAnswer(f"{name} is no time")
    return ms * MILLISECOND
