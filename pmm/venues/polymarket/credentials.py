"""API credentials: what signs every private request, and how a wallet gets them (protocol reference, section 2)."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import NoReturn

from pmm.errors import BadAnswer, Exit, LocalError, VenueError
from pmm.model import SECOND, Nanos
from pmm.venues.polymarket.private import Answer, PrivateHttp
from pmm.venues.polymarket.signer import Signer

CREATE = "/auth/api-key"
DERIVE = "/auth/derive-api-key"


class BadCredentials(LocalError):
    """The API credentials are not of the form in which the venue gives them."""

    code = "PMM-E602"
    exit = Exit.AUTH
    hint = "Make new ones with `pmm wallet derive-key`."


class AuthRefused(VenueError):
    """The venue does not accept who we say we are: wallet signature or API credentials."""

    code = "PMM-E603"
    exit = Exit.AUTH
    hint = "Check the wallet with `pmm doctor --live`, and make new credentials with `pmm wallet derive-key`."


class _Sealed(dict[str, str]):
    """Headers that hold a passphrase: whoever prints them sees none."""

    def __repr__(self) -> str:
        return "<headers>"


class Credentials:
    """An API key with its secret and passphrase.  `key` is public at the venue: every order names it as its owner.

    No repr, format, pickle or copy shows the others; `reveal` hands them out to whoever stores them.
    """

    __slots__ = ("_passphrase", "_secret", "_shared", "key")

    def __init__(self, key: str, secret: str, passphrase: str) -> None:
        """Raises BadCredentials for a secret that is no base64, or anything empty."""
        shared = _decoded(secret)
        whole = (
            bool(key and passphrase and shared) and (key + passphrase).isascii() and (key + passphrase).isprintable()
        )
        if not whole or shared is None:
            del secret, passphrase, shared  # a traceback shows the locals of its frames
            raise BadCredentials("API credentials are a key, a secret in base64 and a passphrase")
        self.key = key
        self._secret = secret
        self._passphrase = passphrase
        self._shared = shared

    def headers(self, address: str, method: str, path: str, body: bytes, at: Nanos) -> dict[str, str]:
        """What signs one request: `path` without its query, `body` the exact bytes, `at` by the venue's clock."""
        stamp = str(at // SECOND)
        message = f"{stamp}{method}{path}".encode() + body
        return _Sealed(
            POLY_ADDRESS=address,
            POLY_SIGNATURE=base64.urlsafe_b64encode(hmac.digest(self._shared, message, "sha256")).decode(),
            POLY_TIMESTAMP=stamp,
            POLY_API_KEY=self.key,
            POLY_PASSPHRASE=self._passphrase,
        )

    def reveal(self) -> tuple[str, str, str]:
        """Key, secret and passphrase in the clear, for the keystore and for the first frame of the user socket."""
        return self.key, self._secret, self._passphrase

    def __repr__(self) -> str:
        return "<Credentials>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("credentials can neither be copied nor stored")


async def derive(http: PrivateHttp, signer: Signer, nonce: int = 0) -> Credentials:
    """The credentials of a wallet: made, or derived when they exist already, as the official clients do.

    Raises AuthRefused when the venue does not take the signature, BadAnswer, and Unreachable.
    """
    answer = await http.send("POST", CREATE, headers=signer.l1_headers(http.venue_time(), nonce))
    if answer.status == 400:
        answer = await http.send("GET", DERIVE, headers=signer.l1_headers(http.venue_time(), nonce))
    if answer.status in {400, 401, 403}:
        raise AuthRefused(f"the venue gives {signer.address} no API credentials: it answered {answer.status}")
    return _read(answer)


def _read(answer: Answer) -> Credentials:
    """Raises BadAnswer, which repeats nothing of the answer: it may hold secrets."""
    told = answer.json() if answer.status == 200 else None
    parts = [told.get(name) for name in ("apiKey", "secret", "passphrase")] if isinstance(told, dict) else []
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) != 3:
        raise BadAnswer(f"the venue answered {answer.status} without API credentials")
    return Credentials(*texts)


def _decoded(secret: str) -> bytes | None:
    """The bytes of a secret, whose padding some clients leave out; None for what is no base64."""
    try:
        padded = secret + "=" * (-len(secret) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
