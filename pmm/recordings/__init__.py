"""Recordings: what the venue's market socket said, kept in files.

`library.py` opens a recording of any shape, `recorder.py` makes one of ours.  What a file holds is said in
`lines.py` (ours), `shapes.py` and in `tickscope.py` (of others).
"""
