"""What REST shows in silence is judged when its time has come, whatever else is looked at before."""

import pytest

from pmm._fast import BID
from pmm.core.engine import EngineConfig
from pmm.core.trust import TrustLimits
from pmm.model import SECOND
from tests.support.stage import Stage


def test_news_of_rest_are_judged_in_time_although_the_book_is_looked_at_before():
    # The opening of a connection makes its books be looked at after two seconds: here in the middle of the grace.
    stage = Stage(config=EngineConfig(trust=TrustLimits(catch_up=3 * SECOND // 2)))
    stage.at(0.1, lambda: stage.wire.frozen.add(0))
    stage.change(0.5, BID, "0.48", 70)
    stage.run(8)
    assert stage.trust()[1] == ("LOST", "frozen")
    assert stage.seconds_of("trust", "LOST")[0] < 3


@pytest.mark.parametrize("tenths", range(10))
@pytest.mark.parametrize("verify", [Verify.FULL, Verify.OFF])
def test_a_freeze_is_noticed_within_two_seconds_wherever_it_falls_between_two_looks(verify, tenths):
    stage = Stage(canary=True, config=EngineConfig(trust=TrustLimits(verify)))
    stage.busy(30, CANARY)
    frozen_at = 10.05 + tenths / 10
    stage.at(frozen_at, lambda: stage.wire.frozen.add(0))
    stage.run(14)
    assert frozen_at < stage.seconds_of("trust", "LOST")[0] <= frozen_at + 2
