from __future__ import annotations

import base64
import hmac

import pytest

from pmm.exchange.keys import Key


@pytest.mark.parametrize("size", [1, 31, 32, 63, 64, 65, 200])
def test_a_request_is_signed_by_the_hmac_of_the_standard_library(size: int) -> None:
    secret = bytes(range(size))
    key = Key("k", base64.urlsafe_b64encode(secret).decode().rstrip("="), "p", "0xab", 0)
    expected = hmac.new(secret, b'17POST/order{"a":1}', "sha256").digest()
    assert key.signature("17", "POST", "/order", b'{"a":1}') == base64.urlsafe_b64encode(expected).decode()
