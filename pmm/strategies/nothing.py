"""Want nothing: for a run that only watches."""

from __future__ import annotations

from pmm.core.view import Targets, View


class Nothing:
    name = "nothing"

    def decide(self, _view: View) -> Targets:
        return Targets(reason="only watched")
