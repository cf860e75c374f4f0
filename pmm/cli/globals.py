"""Options that hold for every command may stand anywhere: they are moved in front of the command before parsing.

A word is moved only when the command at hand does not claim it: the value of one of its own options, an option of
the same name, and everything after `--` stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pmm.errors import UsageError

VALUES = {
    "--output": "-o",
    "--config": "-c",
    "--profile": "",
    "--set": "",
    "--data-dir": "",
    "--instance": "",
    "--log-level": "",
}
FLAGS = {
    "--json": "",
    "--quiet": "-q",
    "--verbose": "-v",
    "--no-color": "",
    "--no-input": "",
    "--yes": "",
    "--debug": "",
}

_TAKES_VALUE = {name: True for pair in VALUES.items() for name in pair if name} | {
    name: False for pair in FLAGS.items() for name in pair if name
}


class Option(Protocol):
    @property
    def opts(self) -> list[str]: ...
    @property
    def secondary_opts(self) -> list[str]: ...
    @property
    def param_type_name(self) -> str: ...


class Node(Protocol):
    """A command as the parser library describes it; a group also has `commands`."""

    @property
    def params(self) -> Sequence[Option]: ...


def hoist(root: Node, argv: Sequence[str]) -> list[str]:
    """`argv` with every global option moved to the front, in order.  Raises UsageError where one lacks its value."""
    moved: list[str] = []
    kept: list[str] = []
    node = root
    own: dict[str, bool] = {}  # the root's own options are the globals themselves
    words = iter(argv)
    for word in words:
        if word == "--":
            kept += [word, *words]
        elif (name := word.partition("=")[0]) in own:
            kept += [word, *_value(own[name], word, words)]
        elif (taken := _global(word)) is not None:
            moved += _whole(taken, word, words)
        else:
            kept.append(word)
            if not word.startswith("-") and (below := _children(node).get(word)) is not None:
                node, own = below, _options(below)
    return moved + kept


def _global(word: str) -> bool | None:
    """Whether the word is a global option that takes a value; None when it is no global option."""
    name = word.partition("=")[0] if word.startswith("--") else word
    if name in _TAKES_VALUE:
        return _TAKES_VALUE[name]
    if word.startswith("-") and not word.startswith("--") and len(word) > 2:
        return False if _TAKES_VALUE.get(word[:2]) or all(f"-{c}" in FLAGS.values() for c in word[1:]) else None
    return None


def _value(takes: bool, word: str, words: Iterator[str]) -> list[str]:
    """The value that follows an option, unless it is written in the same word."""
    if not takes or "=" in word:
        return []
    following = next(words, None)
    return [] if following is None else [following]


def _whole(takes: bool, word: str, words: Iterator[str]) -> list[str]:
    value = _value(takes, word, words)
    if takes and "=" not in word and not value:
        raise UsageError(f"option {word} needs a value")
    return [word, *value]


def _children(node: Node) -> Mapping[str, Node]:
    children: Mapping[str, Node] = getattr(node, "commands", {})
    return children


def _options(node: Node) -> dict[str, bool]:
    """The command's own options, and whether each takes a value."""
    return {
        name: not getattr(param, "is_flag", False) and not getattr(param, "count", False)
        for param in node.params
        if param.param_type_name == "option"
        for name in [*param.opts, *param.secondary_opts]
    }
