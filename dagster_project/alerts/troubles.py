"""What is wrong, and what to do about it: from facts to troubles, pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from dagster_project.alerts.observed import BrokenRule, Night, Observed, Outcome, Published, Refused


@dataclass(frozen=True)
class Text:
    """The same in Chinese and in English."""

    zh: str
    en: str


class Kind(IntEnum):
    """What sort of trouble, the gravest first."""

    FAILED = 1
    RULE = 2
    LATE = 3
    REFUSED = 4
    SOURCE_LATE = 5
    WARNING = 6

    @property
    def urgent(self) -> bool:
        """Whether somebody is reminded of it every day; the others are said once."""
        return self <= Kind.LATE


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong.

    Attributes:
        key: the same as long as it is the same trouble; short English that a person can read.
        kind: what sort.
        what: what is wrong.
        next: what to do; the same for all troubles of a sort.
    """

    key: str
    kind: Kind
    what: Text
    next: Text


_LOOK_AT_RULES = Text(
    "打开质量报告看行数和主键，按 docs/runbook.md 的「A run failed」处理，"
    "改好后再运行 make nightly",
    "open the quality pages for counts and keys, follow “A run failed” in docs/runbook.md, then "
    "run make nightly",
)
_LOOK_AT_LOG = Text(
    "在 make dev 的 Runs 里看这次运行的日志；原因消除后再运行 make nightly",
    "read the run's log in make dev under Runs; when the cause is gone, run make nightly",
)
_START_AGAIN = Text(
    "再运行 make nightly，不需要清理；又中断时看终端或 cron 的输出，以及内存和磁盘",
    "run make nightly again, nothing needs to be cleaned up; if it breaks off again, look at its "
    "output and at memory and disk",
)
_RESTORE = Text(
    "运行 make nightly，它会说明怎么办；备份与恢复见 docs/runbook.md",
    "run make nightly, which says what to do; docs/runbook.md has backups and how to restore them",
)
_MEND_FILE = Text(
    "refused/ 里文件旁边的 .reason.txt 写明了原因；改好后以原名放回 landing/，"
    "不需要的就从 refused/ 删除",
    "the .reason.txt beside each file in refused/ says why; mend it and drop it into landing/ "
    "under its name again, or delete it from refused/ if nobody needs it",
)
_IS_SCHEDULER_ON = Text(
    "看 Dagster 守护进程或 cron 是否在运行（make status），再运行 make nightly",
    "see whether Dagster's daemon or cron is on (make status), then run make nightly",
)
_BRING_FILES = Text(
    "把新的导出文件放进 landing/，或检查 connections/ 里的连接（make connection NAME=…）",
    "drop new exports into landing/, or check the connections (make connection NAME=…)",
)
_LOOK_AT_WARNING = Text(
    "不妨碍发布；有空时在质量报告里看",
    "nothing was stopped by it; look at the quality pages when there is time",
)


def find_troubles(observed: Observed, fresh_hours: int) -> tuple[Trouble, ...]:
    """Everything that is wrong, the gravest first.

    Args:
        observed: what was seen.
        fresh_hours: after so many hours without a night the published marts are late.
    """
    return tuple(
        sorted(
            (
                *_of_night(observed.night),
                *_of_databases(observed.unreadable),
                *_of_rules(observed.rules),
                *_of_time(observed, fresh_hours),
                *_of_sources(observed.published),
                *_of_files(observed.refused),
            ),
            key=lambda trouble: (trouble.kind, trouble.key),
        )
    )


def _of_night(night: Night | None) -> Iterator[Trouble]:
    if night is None or night.outcome == Outcome.SUCCEEDED:
        return
    if night.outcome == Outcome.BROKE_OFF:
        why = night.error or "killed"
        yield Trouble(
            f"night broke off: {why}",
            Kind.FAILED,
            Text(f"夜间任务中断（{why}）", f"the night broke off ({why})"),
            _START_AGAIN,
        )
        return
    # A gate fails because of its rules, and these are named one by one.
    for step in night.failed_steps:
        yield Trouble(
            f"step failed: {step.step} ({step.error})",
            Kind.FAILED,
            Text(
                f"步骤 {step.step} 失败（{step.error}）", f"step {step.step} failed ({step.error})"
            ),
            _LOOK_AT_RULES if step.step.startswith("gate_") else _LOOK_AT_LOG,
        )
    if not night.failed_steps:
        yield Trouble(
            "run failed outside its steps",
            Kind.FAILED,
            Text("运行在步骤之外失败", "the run failed outside its steps"),
            _LOOK_AT_LOG,
        )


def _of_databases(paths: Sequence[str]) -> Iterator[Trouble]:
    for path in paths:
        yield Trouble(
            f"cannot be opened: {path}",
            Kind.FAILED,
            Text(f"打不开数据库 {path}", f"{path} cannot be opened"),
            _RESTORE,
        )


def _of_rules(rules: Sequence[BrokenRule]) -> Iterator[Trouble]:
    for rule in rules:
        if rule.severity == "info":
            continue  # for whoever opens the pages
        mild = rule.severity == "warning"
        count_zh = f"：{rule.rows:,} 行" if rule.rows is not None else ""
        count_en = f": {rule.rows:,} rows" if rule.rows is not None else ""
        named = f" [{'; '.join(rule.keys)}]" if rule.keys else ""
        reason = f". {rule.reason}" if rule.reason and not mild else ""
        yield Trouble(
            f"{rule.severity} rule: {rule.table} {rule.rule}",
            Kind.WARNING if mild else Kind.RULE,
            Text(
                f"{rule.table} 的规则 {rule.rule} 不成立{count_zh}{named}",
                f"{rule.table} breaks {rule.rule}{count_en}{named}{reason}",
            ),
            _LOOK_AT_WARNING if mild else _LOOK_AT_RULES,
        )


def _of_time(observed: Observed, fresh_hours: int) -> Iterator[Trouble]:
    """The case that no run happened at all, or none that reached the published marts."""
    reached = [
        moment
        for moment in (
            observed.confirmed_at,
            observed.published.built_at if observed.published else None,
        )
        if moment is not None
    ]
    if not reached or observed.now - max(reached) <= timedelta(hours=fresh_hours):
        return
    hours = int((observed.now - max(reached)).total_seconds() // 3600)
    yield Trouble(
        "no night reached the published marts",
        Kind.LATE,
        Text(
            f"已有 {hours} 小时没有夜间任务完成，已发布的表是旧的",
            f"no night has reached the published marts for {hours} hours",
        ),
        _IS_SCHEDULER_ON,
    )


def _of_sources(published: Published | None) -> Iterator[Trouble]:
    if published is None:
        return
    names = ", ".join(published.late_sources)
    if published.freshness in ("late", "stale"):
        yield Trouble(
            f"data is {published.freshness}",
            Kind.LATE,
            Text(
                f"没有任何来源带来新文件（{published.freshness}）：{names}",
                f"no source has brought a new file, the data is {published.freshness}: {names}",
            ),
            _BRING_FILES,
        )
        return
    for source in published.late_sources:
        yield Trouble(
            f"no new file from {source}",
            Kind.SOURCE_LATE,
            Text(f"来源 {source} 没有新文件", f"no new file from {source}"),
            _BRING_FILES,
        )


def _of_files(refused: Sequence[Refused]) -> Iterator[Trouble]:
    for file in refused:
        yield Trouble(
            f"file refused: {file.path} ({file.content})",
            Kind.REFUSED,
            Text(f"文件被拒收：{file.path}", f"refused: {file.path}"),
            _MEND_FILE,
        )
