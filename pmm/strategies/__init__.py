"""Quoting models, one a file: pure, from a `View` to `Targets`."""
