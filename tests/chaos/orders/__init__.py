"""Seeded sessions of the whole order path over real sockets, with faults, held against the venue's truth."""
