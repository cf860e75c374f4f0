from __future__ import annotations

from pmm.sim.catalog import by_token, default_listings, demo_listing, quiet_listings


def test_ids_look_like_those_of_the_venue_and_follow_from_the_slug() -> None:
    for listing in default_listings():
        market = listing.market
        assert market.condition_id.startswith("0x")
        assert len(market.condition_id) == 66
        assert all(len(token.token_id) == 77 and token.token_id.isdigit() for token in market.tokens)
    assert demo_listing() == demo_listing()


def test_every_market_can_be_told_from_every_other() -> None:
    listings = [*default_listings(), *quiet_listings(300)]
    assert len({listing.market.slug for listing in listings}) == len(listings)
    assert len({listing.market_id for listing in listings}) == len(listings)
    assert len(by_token(listings)) == 2 * len(listings)


def test_the_list_holds_demo_and_an_event_of_three_exclusive_outcomes() -> None:
    listings = default_listings()
    assert listings[0].market.slug == "demo"
    mayor = [listing for listing in listings if listing.market.neg_risk]
    assert len(mayor) == 3
    assert len({listing.event_id for listing in mayor}) == len({one.market.neg_risk_id for one in mayor}) == 1
    assert {one.market.neg_risk_id for one in listings if one not in mayor} == {None}
    assert abs(sum(listing.probability for listing in mayor) - 1) < 1e-9
