from __future__ import annotations

import pytest

from pmm.exchange.subscription import Subscription, parse_subscription


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"assets_ids":["1"],"type":"market"}', Subscription(["1"], True, False, True, None)),
        ('{"assets_ids":["1"],"type":"MARKET"}', Subscription(["1"], True, False, True, None)),
        ('{"assets_ids":[],"initial_dump":false}', Subscription([], True, False, False, None)),
        (
            b'{"operation":"subscribe","assets_ids":["1","2"],"custom_feature_enabled":true}',
            Subscription(["1", "2"], False, False, True, True),
        ),
        ('{"operation":"unsubscribe","assets_ids":["1"]}', Subscription(["1"], False, True, True, None)),
    ],
)
def test_the_frames_of_the_documentation_are_understood(text: str | bytes, expected: Subscription) -> None:
    assert parse_subscription(text) == expected


@pytest.mark.parametrize(
    "text", ["", "x", "1", "[]", '{"type":"market"}', '{"assets_ids":["1"],"type":"user"}', b"\xff"]
)
def test_anything_else_is_not(text: str | bytes) -> None:
    assert parse_subscription(text) is None
