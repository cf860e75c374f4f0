"""The composition root: from settings and a mode to feed, gateway, engine, driver and sinks.

This is the only wiring, and the only place where dice and clocks are made.
"""

from __future__ import annotations

from pmm.app.demo import demo
from pmm.app.quoting import QuoteRequest, offer_markets, quote, watch
from pmm.app.running import Finished
from pmm.app.venue import demo_world, pretend_venue

__all__ = ["Finished", "QuoteRequest", "demo", "demo_world", "offer_markets", "pretend_venue", "quote", "watch"]
