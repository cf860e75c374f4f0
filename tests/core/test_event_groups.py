"""Which markets exclude each other."""

from dataclasses import replace

from pmm.core.event_groups import Groups
from tests.support.story import market

RAIN, SNOW, SUN = (
    replace(market(condition=f"0x{name}"), neg_risk_id="weather", event_size=3) for name in ("rain", "snow", "sun")
)


def groups(*markets):
    found = Groups()
    for one in markets:
        found.list_market(one)
    return found


def test_markets_of_one_event_are_one_group_in_the_order_of_their_listing():
    found = groups(RAIN, SNOW)
    assert found.of("0xrain") == found.of("0xsnow") == "weather"
    assert found.members("weather") == ("0xrain", "0xsnow")


def test_a_market_without_an_event_or_that_nobody_listed_stands_alone():
    found = groups(market(condition="0xalone"))
    assert [found.members(found.of(name)) for name in ("0xalone", "0xwho")] == [("0xalone",), ("0xwho",)]
    assert found.other("0xalone")
    assert found.other("0xwho")


def test_something_else_may_win_until_all_there_are_are_listed():
    assert groups(RAIN, SNOW).other("weather")
    assert not groups(RAIN, SNOW, SUN).other("weather")
    assert groups(RAIN, SNOW, replace(SUN, event_size=None)).other("weather")


def test_of_an_event_with_a_single_outcome_that_one_need_not_win():
    assert groups(replace(RAIN, event_size=1)).other("weather")


def test_new_facts_move_a_market_to_another_group():
    found = groups(RAIN, SNOW)
    found.list_market(replace(RAIN, neg_risk_id="climate"))
    assert (found.members("weather"), found.members("climate")) == (("0xsnow",), ("0xrain",))
