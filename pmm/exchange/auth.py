"""Who is asking: the two kinds of credentials of the venue, checked for real (protocol reference, 2.1 and 2.2).

L1 is a wallet's signature and only makes keys; L2 is a request signed with a key's secret.
"""

from __future__ import annotations

import hmac

from aiohttp import web
from multidict import istr

from pmm.eip712 import BadSignature, auth_digest, recover
from pmm.exchange.answers import BODY, Refused
from pmm.exchange.clock import Clock
from pmm.exchange.keys import Key, KeyRing
from pmm.model import SECOND

BAD_L1 = "Invalid L1 Request headers"
BAD_L2 = "Unauthorized/Invalid api key"
READONLY_KEY = "Unauthorized: the API key is read-only"

# A name that is made ready for the look-up halves what each one takes.
_API_KEY = istr("POLY_API_KEY")
_ADDRESS = istr("POLY_ADDRESS")
_PASSPHRASE = istr("POLY_PASSPHRASE")
_SIGNATURE = istr("POLY_SIGNATURE")
_TIMESTAMP = istr("POLY_TIMESTAMP")
_NONCE = istr("POLY_NONCE")

# A larger body is read, and measured, by the library.
_AT_HAND_BYTES_MAX = 1 << 16


class Auth:
    """Checks requests against the keys of one exchange.

    `skew_s_max` is how far a client's clock may be from the venue's; None does not look, because the venue's own
    tolerance is documented nowhere.
    """

    def __init__(self, keys: KeyRing, clock: Clock, skew_s_max: float | None = None) -> None:
        self.keys = keys
        self.skew_s_max = skew_s_max
        self._clock = clock

    def wallet(self, request: web.Request) -> tuple[str, int]:
        """The wallet that signed an L1 request and the nonce it chose.  Raises Refused."""
        headers = request.headers
        address, timestamp = headers.get(_ADDRESS, "").lower(), headers.get(_TIMESTAMP, "")
        try:
            signature = bytes.fromhex(headers.get(_SIGNATURE, "").removeprefix("0x"))
            nonce = int(headers.get(_NONCE, "0"))
            signer = recover(auth_digest(address, timestamp, nonce), signature)
        except (BadSignature, ValueError):
            raise Refused(401, BAD_L1) from None
        if signer != address or not self._in_time(timestamp):
            raise Refused(401, BAD_L1)
        return address, nonce

    async def key(self, request: web.Request, *, acts: bool = False) -> Key:
        """The key with which an L2 request is signed; afterwards the request holds its BODY, and cannot be read again.

        `acts` refuses read-only keys.  Raises Refused.
        """
        told = request.headers
        try:
            key, address, passphrase = self.keys.get(told[_API_KEY]), told[_ADDRESS].lower(), told[_PASSPHRASE]
            signature, timestamp = told[_SIGNATURE], told[_TIMESTAMP]
        except KeyError:
            raise Refused(401, BAD_L2) from None
        if key is None or key.address != address or not _same(key.passphrase, passphrase):
            raise Refused(401, BAD_L2)
        path = request.rel_url.raw_path
        body = request[BODY] = _at_hand(request) or await request.read()
        sound = _same(key.signature(timestamp, request.method, path, body), signature)
        if not sound and b"'" in body:
            # Two of the official clients replace single quotes before they sign, and send the body as it was.
            sound = _same(key.signature(timestamp, request.method, path, body.replace(b"'", b'"')), signature)
        if not sound or not self._in_time(timestamp):
            raise Refused(401, BAD_L2)
        if acts and key.readonly:
            raise Refused(401, READONLY_KEY)
        return key

    def _in_time(self, timestamp: str) -> bool:
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            return False
        return self.skew_s_max is None or abs(int(timestamp) - self._clock.shown() / SECOND) <= self.skew_s_max


def _at_hand(request: web.Request) -> bytes:
    """The body where it came along with the headers, as it nearly always does."""
    content = request.content
    return content.read_nowait() if content.is_eof() and content.total_bytes <= _AT_HAND_BYTES_MAX else b""


def _same(ours: str, theirs: str) -> bool:
    """Whether a secret is told right; a header may hold whatever bytes there are."""
    return theirs.isascii() and hmac.compare_digest(ours, theirs)
