"""The kernel in plain Python: the readable specification, the fallback without a compiler and the tests' oracle."""
