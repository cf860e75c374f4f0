"""Where a value came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The sources, strongest first."""

    FLAG = "flag"
    ENV = "env"
    DOTENV = ".env"
    FILE = "file"
    PROFILE = "profile"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """A source and the name the value has there: a variable, a path, a profile; empty for flags and defaults."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


DEFAULT = Origin(Kind.DEFAULT)
