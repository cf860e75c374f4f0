"""Looking at a market: what a decision learns from its look, and that nobody else's look teaches anything."""

from __future__ import annotations

from tests.support.story import CONDITION, Story, shares


def test_a_glance_between_two_steps_sees_the_book_and_teaches_nothing():
    story = Story()
    story.open_market("0.49", "0.51")
    quoted, quoting = story.engine.markets[CONDITION], story.engine.quoting
    quoted.book.load([(3900, shares(100))], [(4100, shares(100))])
    assert quoting.glance(quoted, story.at).mid2 == 8_000
    assert quoted.signals.read(story.at).fair == 0.5
    assert quoting.view(quoted, story.at).signals.fair == 0.4
    assert quoted.signals.read(story.at).fair == 0.4


def test_a_glance_shows_what_works_as_a_decision_sees_it():
    story = Story()
    story.open_market()
    story.accept()
    quoted, quoting = story.engine.markets[CONDITION], story.engine.quoting
    seen, glanced = quoting.view(quoted, story.at), quoting.glance(quoted, story.at)
    assert [order.price for order in glanced.working] == [4800, 5200]
    assert (glanced.working, glanced.own, glanced.regime) == (seen.working, seen.own, seen.regime)
