"""The pretend venue without its sockets: matching, synthetic traders and the exact bytes they would cause.

Nothing here reads a clock, a file or a generator of its own: time and dice are handed in, so one seed gives one
history, byte for byte.
"""
