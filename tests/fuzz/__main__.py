"""The long form: `python -m tests.fuzz --minutes 10 --seed 1`, then the sizes with `--sizes`.

Batches run in processes of their own, so that a crash is counted and not the end. A batch that
fails is told with its number; `--seed S --batch N` runs that one again in this process.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import sys
import time
from collections import Counter

from tests.fuzz import batches, sizes

_BATCH = 40
_BATCHES_OF_A_SEED = 1_000_000
# Of the long form; in CI they are small.
_HUGE = {"one_line": 10_240, "one_line_below_a_header": 10_240, "one_json_line": 10_240}
_LARGE = 300
_LARGEST_CELL = {"one_cell_of_lines": 60, "a_stray_quote": 120, "zeros_csv": 10_240,
                 "zeros_jsonl": 10_240, "zeros_xlsx": 10_240, "zeros_parquet": 10_240}  # fmt: skip


def _seed_of(seed: int, batch: int) -> int:
    return seed * _BATCHES_OF_A_SEED + batch


def _in_a_child(seed: int) -> tuple[batches.Tried, str, int]:
    """Counts, what failed ("" when nothing), and peak memory in MB."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        tried, failed = batches.Tried(), ""
        try:
            batches.run(batches.random_batch(seed, _BATCH), tried)
        except AssertionError as error:
            failed = f"does not hold: {str(error)[:500]}"
        except BaseException as error:
            failed = f"crash: {type(error).__name__}: {str(error)[:500]}"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        with os.fdopen(write, "wb") as pipe:
            pickle.dump((tried, failed, peak), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    if status or not content:
        return batches.Tried(), f"crash: the process died with status {status}", 0
    return pickle.loads(content)


def _add(total: batches.Tried, more: batches.Tried) -> None:
    for name in ("loaded", "refused", "formats", "reasons"):
        getattr(total, name).update(getattr(more, name))
    total.rows += more.rows
    total.unreadable_rows += more.unreadable_rows
    total.rows_seen += more.rows_seen
    total.lost += more.lost


def fuzz(minutes: float, seed: int) -> int:
    """Run batches until the time is over; prints the counts and returns how many failed."""
    started, total, failures, peak, batch = time.monotonic(), batches.Tried(), [], 0, 0
    while time.monotonic() - started < minutes * 60:
        tried, failed, memory = _in_a_child(_seed_of(seed, batch))
        _add(total, tried)
        peak = max(peak, memory)
        if failed:
            failures.append(failed)
            print(f"batch {batch} of seed {seed}: {failed}", flush=True)
        batch += 1
    seconds = time.monotonic() - started
    print("| kind | damage | loaded | refused |\n|---|---|---|---|")
    for kind, damage in sorted(total.loaded.keys() | total.refused.keys()):
        where = (kind, damage)
        print(f"| {kind} | {damage} | {total.loaded[where]} | {total.refused[where]} |")
    print("refused because:", dict(total.reasons.most_common()))
    crashes = Counter(failed.partition(":")[0] for failed in failures)
    print(
        f"seed {seed}: {batch} batches, {total.files} files of {len(total.formats)} formats, "
        f"{total.loaded.total()} loaded, {total.refused.total()} refused; "
        f"{total.rows} rows, {total.unreadable_rows} of them unreadable; "
        f"{total.rows_seen} rows seen by other readers, {len(total.lost)} lost; "
        f"{crashes['crash']} crashes, {crashes['does not hold']} rules broken; "
        f"peak memory {peak} MB, {seconds:.0f} s"
    )
    return len(failures)


def measure_sizes(only: list[str]) -> int:
    """Run the cases of `sizes.py` in full size; prints a table and returns how many crashed."""
    crashed = 0
    print("| case | MB | outcome | rows | unreadable | memory over the base, MB | s |")
    print("|---|---|---|---|---|---|---|")
    for case in only or sizes.CASES:
        megabytes = {**_HUGE, **_LARGEST_CELL}.get(case, _LARGE)
        try:
            found = sizes.measure(case, megabytes)
        except RuntimeError as error:
            crashed += 1
            print(error, flush=True)
            continue
        print(
            f"| {case} | {megabytes} | {found.refused or 'loaded'} | {found.rows} "
            f"| {found.unreadable_rows} | {found.more_mb} | {found.seconds} |",
            flush=True,
        )
    return crashed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, help="only this batch, in this process")
    parser.add_argument("--sizes", nargs="*", help="huge files instead (names of cases, or all)")
    options = parser.parse_args()
    if options.sizes is not None:
        return measure_sizes(options.sizes)
    if options.batch is not None:
        seed = _seed_of(options.seed, options.batch)
        batches.run(batches.random_batch(seed, _BATCH), batches.Tried())
        return 0
    return fuzz(options.minutes, options.seed)


if __name__ == "__main__":
    sys.exit(min(main(), 100))
