"""Polymarket: its sockets, its REST services and its text forms."""
