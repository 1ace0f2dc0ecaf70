"""Why a file cannot be read, in words a shop owner understands, and where such a file goes."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

_SHOWN_CHARACTERS = 60
# Of a file system; the reason's name is longer than the file's.
_LONGEST_NAME_BYTES = 255
_REASON = ".reason.txt"


@dataclass(frozen=True)
class Refusal:
    """What is wrong with a file and what to do next, in Chinese and in English.

    Attributes:
        code: of the kind of refusal.
        zh, en: the words, for the file that stands beside the refused one.
        quoted: the part of them that was read from the file. Where a header is missing, that is a
            row of the shop's customers.
    """

    code: str
    zh: str
    en: str
    quoted: str = ""

    @property
    def message(self) -> str:
        """Both languages in one line without the file's own words, for ledger, log and screen."""
        text = f"{self.zh} / {self.en}"
        return text.replace(self.quoted, "…") if self.quoted else text


class RefusedFile(Exception):
    """Raised by whatever finds that a file cannot be read."""

    def __init__(self, code: str, zh: str, en: str, quoted: str = "") -> None:
        super().__init__(en)
        self.refusal = Refusal(code, zh, en, quoted)


def clipped(name: str) -> str:
    """A column's name as a message shows it: a damaged one may be a megabyte of anything."""
    words = " ".join(name[: 2 * _SHOWN_CHARACTERS].split())
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "…"


def move_to_refused(path: Path, relative: str, refusal: Refusal, refused_dir: Path) -> Path:
    """Move `path` to `refused_dir/relative` with `<name>.reason.txt` beside it.

    A file refused earlier under the same name is overwritten: the newest reason counts.
    """
    target = refused_dir / relative
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):  # a file was refused under a folder's name
        target = refused_dir / relative.replace("/", "__")
    reason = target.with_name(_fitting(target.name) + _REASON)
    reason.write_text(
        f"{relative}\n\n{refusal.zh}\n\n{refusal.en}\n",
        encoding="utf-8-sig",  # Windows' Notepad shows Chinese rightly only with a BOM
    )
    try:
        os.replace(path, target)
    except OSError:  # another file system
        shutil.move(path, target)
    return target


def _fitting(name: str) -> str:
    """As much of a name as leaves room for the reason's ending."""
    room = _LONGEST_NAME_BYTES - len(_REASON)
    return name.encode()[:room].decode(errors="ignore")
