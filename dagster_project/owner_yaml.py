"""YAML that an owner writes, or whoever may drop files: keys, texts and lists, and nothing else."""

from __future__ import annotations

from typing import Any

import yaml

# A mapping of every column of every entity has some thousand characters and a depth of four.
LONGEST = 1_000_000
DEEPEST = 20


class NotPlainError(yaml.YAMLError):
    """It holds something that has no place in such a file; the message says where."""


def read_plain(text: str, loader: type[yaml.BaseLoader | yaml.SafeLoader]) -> Any:
    """Read a document after looking at its parts.

    Tags are refused, because none is needed here and some make Python objects elsewhere. Aliases
    are refused, because a few lines of them unfold to more text than any machine can hold.

    Args:
        text: of the file.
        loader: `BaseLoader` leaves every value a text, `SafeLoader` knows numbers, too.

    Raises:
        yaml.YAMLError: its YAML is broken, or `NotPlainError`.
    """
    if len(text) > LONGEST:
        raise NotPlainError(f"it has more than {LONGEST:,} characters")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise NotPlainError(f"line {line} has an anchor (&) or alias (*); write the text out")
        if getattr(event, "tag", None) is not None:
            raise NotPlainError(f"line {line} has a tag ({event.tag}); tags are not read here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise NotPlainError(f"line {line} is nested more than {DEEPEST} deep")
    return yaml.load(text, Loader=loader)
