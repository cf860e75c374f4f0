"""The local exchange: HTTP and WebSocket shells around the pretend venue.

It binds to loopback only, and its keys and money are play.
"""

from pmm.exchange.server import LocalExchange

__all__ = ["LocalExchange"]
