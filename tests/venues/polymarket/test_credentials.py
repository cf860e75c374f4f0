"""API credentials: how they sign, how a wallet gets them, and that nothing shows them."""

from __future__ import annotations

import base64
import copy
import pickle
from collections.abc import Callable

import pytest
from aiohttp import web

from pmm.eip712 import SignatureType
from pmm.errors import BadAnswer
from pmm.model import SECOND, USD, Nanos
from pmm.venues.polymarket.credentials import AuthRefused, BadCredentials, Credentials, derive
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, Signer
from tests.exchange.conftest import START, Trading, floor  # noqa: F401  # a fixture
from tests.support.marker import MARKER, failure, shown, told
from tests.venues.polymarket.stub import Answer, serve

ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
ZEROS = "A" * 43 + "="
AT: Nanos = 1_700_000_000 * SECOND
SECRET = base64.urlsafe_b64encode(MARKER).decode()
OTHER = "0x" + "2b" * 32


def signer(key: bytes = b"\x07" * 32) -> Signer:
    return Signer(key, funder=None, signature_type=SignatureType.EOA, caps=Caps(USD, SECOND))


def http_of(url: str, mine: Signer, *, at: Nanos = START) -> PrivateHttp:
    return PrivateHttp(url, mine.address, None, deadline=5 * SECOND, clock=lambda: at)


# --- signing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "signature"),
    [
        ("POST", "/order", b'{"a":1}', "cLK0Q2Ed2O7DADp_5dDi2ytUgLoAal-l_plGYO-Tnzs="),
        ("GET", "/data/orders", b"", "m6lGS9WyES7JjpAYNd7zIdW5bfHxAAI_pIa1St9vLO4="),
    ],
)
def test_the_vectors_of_the_reference_come_out(method: str, path: str, body: bytes, signature: str) -> None:
    headers = Credentials("k", ZEROS, "p").headers(ADDRESS, method, path, body, AT + 999_999_999)
    assert dict(headers) == {
        "POLY_ADDRESS": ADDRESS,
        "POLY_SIGNATURE": signature,
        "POLY_TIMESTAMP": "1700000000",
        "POLY_API_KEY": "k",
        "POLY_PASSPHRASE": "p",
    }


def test_the_headers_are_those_of_the_official_client() -> None:
    from py_clob_client_v2.clob_types import ApiCreds, RequestArgs
    from py_clob_client_v2.headers import create_level_2_headers
    from py_clob_client_v2.signer import Signer as OfficialSigner

    body = '{"order":{"salt":1}}'
    args = RequestArgs(method="POST", request_path="/order", body=body, serialized_body=body)
    official = OfficialSigner("0x" + "01" * 32, 137)
    theirs = create_level_2_headers(official, ApiCreds("k", SECRET, "p"), args, timestamp=1_700_000_000)
    assert Credentials("k", SECRET, "p").headers(ADDRESS, "POST", "/order", body.encode(), AT) == theirs


def test_padding_of_the_secret_may_be_missing() -> None:
    with_padding, without = Credentials("k", ZEROS, "p"), Credentials("k", ZEROS.rstrip("="), "p")
    assert with_padding.headers(ADDRESS, "GET", "/", b"", AT) == without.headers(ADDRESS, "GET", "/", b"", AT)


@pytest.mark.parametrize(
    ("key", "secret", "passphrase"),
    [
        ("", ZEROS, "p"),
        ("k", "", "p"),
        ("k", ZEROS, ""),
        ("k", "a b", "p"),
        ("k", "A" * 41, "p"),
        ("k", "ä" * 4, "p"),
        ("k\r\nX: y", ZEROS, "p"),
        ("k", ZEROS, "p\r\nX: y"),
        ("k", ZEROS, "ä"),
    ],
)
def test_what_is_no_credential_is_refused(key: str, secret: str, passphrase: str) -> None:
    with pytest.raises(BadCredentials, match="a key, a secret in base64 and a passphrase"):
        Credentials(key, secret, passphrase)


# --- getting them -----------------------------------------------------------------------------------------------------


async def test_they_are_made_once_and_derived_afterwards(floor: Trading) -> None:  # noqa: F811
    mine = signer()
    async with http_of(floor.exchange.urls["clob_url"], mine) as http:
        made = await derive(http, mine)
        again = await derive(http, mine)
        other = await derive(http, mine, nonce=1)
        assert made.reveal() == again.reveal() != other.reveal()
        http.credentials = again
        answer = await http.call("GET", "/auth/api-keys")
    assert answer.json() == {"apiKeys": [made.key, other.key]}


async def test_a_wallet_whose_clock_is_wrong_is_refused(floor: Trading) -> None:  # noqa: F811
    await floor.control("/switches", {"skew_s_max": 2})
    mine = signer()
    async with http_of(floor.exchange.urls["clob_url"], mine, at=START - 60 * SECOND) as http:
        with pytest.raises(AuthRefused, match=f"gives {mine.address} no API credentials: it answered 401"):
            await derive(http, mine)


@pytest.mark.parametrize(
    "answer",
    [
        web.json_response({"apiKey": "k", "secret": SECRET}),
        web.json_response({"apiKey": "k", "secret": SECRET, "passphrase": 5}),
        web.json_response([SECRET]),
        web.Response(text=f"<html>{SECRET}"),
        web.json_response({"secret": SECRET}, status=201),
        web.json_response({"secret": SECRET}, status=500),
    ],
)
async def test_an_odd_answer_is_refused_and_not_repeated(answer: web.Response) -> None:
    async def handler(_: web.Request) -> Answer:
        return answer

    mine = signer()
    async with serve(handler) as stub, http_of(stub.url, mine) as http:
        with pytest.raises(BadAnswer) as caught:
            await derive(http, mine)
    assert not shown(str(caught.value))


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_no_text_shows_them() -> None:
    mine = Credentials("k", SECRET, MARKER.hex())
    headers = mine.headers(ADDRESS, "GET", "/", b"", AT)
    for text in (repr(mine), str(mine), f"{mine}", f"{[mine]}", repr(headers), str(headers), f"{headers}"):
        assert not shown(text)
    assert shown(repr(dict(headers)))
    assert mine.reveal() == ("k", SECRET, MARKER.hex())


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_they_can_neither_be_copied_nor_stored(copier: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="neither be copied nor stored"):
        copier(Credentials("k", ZEROS, "p"))


def test_no_failure_shows_them() -> None:
    for work in (
        lambda: Credentials("", SECRET, MARKER.hex()),
        lambda: Credentials("k", SECRET + "=" * 3 + "x", MARKER.hex()),
        lambda: Credentials("k", SECRET + "ä", MARKER.hex()),
    ):
        assert not shown(failure(work, without=__file__))


async def test_a_failure_to_get_them_shows_no_key(floor: Trading) -> None:  # noqa: F811
    mine = signer(MARKER)
    await floor.control("/switches", {"skew_s_max": 2})
    async with http_of(floor.exchange.urls["clob_url"], mine, at=START - 60 * SECOND) as http:
        with pytest.raises(AuthRefused) as caught:
            await derive(http, mine)
    assert not shown(told(caught.value, without=__file__))
