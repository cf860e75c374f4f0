"""The kinds of values that settings hold: addresses, secrets, prices, shares and seconds, checked as they come."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

PRICE_PLACES = 4
MICRO_PLACES = 6
NANO_PLACES = 9


def _http(text: str) -> str:
    return _address(text, ("http", "https"))


def optional_http(text: str) -> str:
    return _http(text) if text.strip() else ""


def _websocket(text: str) -> str:
    return _address(text, ("ws", "wss"))


def _address(text: str, schemes: tuple[str, ...]) -> str:
    wanted = " or ".join(f"{scheme}://host" for scheme in schemes)
    try:
        parts = urlsplit(text.strip())
        whole = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole:
        raise ValueError(f"must be an address such as {wanted}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry a user name or a password")
    return text.strip().rstrip("/")


def absent(value: object) -> object:
    """An empty text means "not set": a copied example file holds `POLY_API_KEY=`."""
    return None if isinstance(value, str) and not value.strip() else value


def checked_key(secret: SecretStr | None) -> SecretStr | None:
    if secret is None:
        return None
    digits = secret.get_secret_value().removeprefix("0x")
    if len(digits) != 64 or any(char not in "0123456789abcdefABCDEF" for char in digits):
        raise ValueError("must be 64 hexadecimal digits, with or without 0x")
    return secret


def checked_address(text: str | None) -> str | None:
    if text is None:
        return None
    digits = text.removeprefix("0x")
    if len(text) != 42 or len(digits) != 40 or any(char not in "0123456789abcdefABCDEF" for char in digits):
        raise ValueError("must be 0x and 40 hexadecimal digits")
    return text


def digits(value: object) -> object:
    """A choice of numbers written as text, which is all an environment can hold."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


HttpUrl = Annotated[str, AfterValidator(_http)]
WsUrl = Annotated[str, AfterValidator(_websocket)]
Secret = Annotated[SecretStr | None, BeforeValidator(absent)]
PositivePrice = Annotated[Decimal, Field(gt=0, lt=1, decimal_places=PRICE_PLACES)]
Shares = Annotated[Decimal, Field(gt=0, le=10**9, decimal_places=MICRO_PLACES)]
Dollars = Annotated[Decimal, Field(gt=0, le=10**9, decimal_places=MICRO_PLACES)]
Seconds = Annotated[Decimal, Field(gt=0, le=86_400, decimal_places=NANO_PLACES)]


def units(value: Decimal, places: int) -> int:
    """Exact: no field holds more places than its unit."""
    return int(value.scaleb(places))


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)
