"""Why a file cannot be read, in words a shop owner understands, and where such a file goes."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Refusal:
    """What is wrong with a file and what to do next, in Chinese and in English."""

    code: str
    zh: str
    en: str

    @property
    def message(self) -> str:
        """Both languages in one line, for the ledger."""
        return f"{self.zh} / {self.en}"


class RefusedFile(Exception):
    """Raised by whatever finds that a file cannot be read."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.refusal = Refusal(code, zh, en)


def move_to_refused(path: Path, relative: str, refusal: Refusal, refused_dir: Path) -> Path:
    """Move `path` to `refused_dir/relative` with `<name>.reason.txt` beside it.

    A file refused earlier under the same name is overwritten: the newest reason counts.
    """
    target = refused_dir / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    reason = target.with_name(target.name + ".reason.txt")
    reason.write_text(
        f"{relative}\n\n{refusal.zh}\n\n{refusal.en}\n",
        encoding="utf-8-sig",  # Windows' Notepad shows Chinese rightly only with a BOM
    )
    try:
        os.replace(path, target)
    except OSError:  # another file system
        shutil.move(path, target)
    return target
