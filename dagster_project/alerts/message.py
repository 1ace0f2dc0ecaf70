"""Troubles in words, Chinese first: pure.

A message holds names of rules, steps, files and sources, counts and keys of rows. It never holds
the text of an error or the reason of a refusal, in which a row of an export may stand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dagster_project.alerts.memory import Occasion
from dagster_project.alerts.observed import Night, Observed, Outcome
from dagster_project.alerts.troubles import Kind, Text, Trouble

# Of one sort; the report has the others.
SHOWN = 10
# Names of files and keys come from outside.
_LONGEST = 300


@dataclass(frozen=True)
class Places:
    """Where a person looks next.

    Attributes:
        host: name of the machine.
        warehouse: its folder there.
        quality: the quality pages.
        refused: the folder of refused files.
    """

    host: str
    warehouse: Path
    quality: Path
    refused: Path


@dataclass(frozen=True)
class Message:
    """What is sent, whatever the receiver.

    Attributes:
        title: one line.
        body: lines without markup.
    """

    title: Text
    body: Text


_HEADINGS = {
    Kind.FAILED: Text("失败", "Failed"),
    Kind.RULE: Text("不成立的关键规则", "Critical rules that do not hold"),
    Kind.LATE: Text("数据延迟", "Late"),
    Kind.REFUSED: Text("被拒收的文件", "Refused files"),
    Kind.SOURCE_LATE: Text("没有新文件的来源", "Sources without a new file"),
    Kind.WARNING: Text("警告（不妨碍发布）", "Warnings (they stop nothing)"),
}


def write_message(
    occasion: Occasion,
    troubles: Sequence[Trouble],
    before: Collection[str],
    observed: Observed,
    places: Places,
    timezone: str,
) -> Message:
    """The one message of a night.

    Args:
        occasion: why it is said.
        troubles: that there are, the gravest first; none when all is well again.
        before: keys of the troubles of the last message.
        observed: where they were found.
        places: where to look.
        timezone: the shop's, for times in the text.
    """
    zone = ZoneInfo(timezone)
    gone = sorted(set(before) - {trouble.key for trouble in troubles})
    return Message(
        _title(occasion, troubles, observed, zone),
        Text(
            "\n".join(_lines(occasion, troubles, gone, observed, places, zone, "zh")),
            "\n".join(_lines(occasion, troubles, gone, observed, places, zone, "en")),
        ),
    )


def _title(
    occasion: Occasion, troubles: Sequence[Trouble], observed: Observed, zone: ZoneInfo
) -> Text:
    night = observed.night
    day = f"{(night.began_at if night else observed.now).astimezone(zone):%F}"
    if occasion == Occasion.OVER:
        return Text(f"数据仓库 {day}：恢复正常", f"Data warehouse {day}: all is well again")
    worst = troubles[0].kind
    if worst <= Kind.RULE:
        what = Text("夜间任务失败", "the night failed")
    elif worst == Kind.LATE:
        what = Text("数据延迟", "the data is late")
    else:
        what = Text("已发布，有事要看", "published, with things to look at")
    if worst == Kind.RULE and night is not None and night.outcome == Outcome.SUCCEEDED:
        what = Text("有关键检查不成立", "a critical check does not hold")
    again = Text("（提醒）", " (reminder)") if occasion == Occasion.REMINDER else Text("", "")
    return Text(
        f"数据仓库 {day}：{what.zh}{again.zh}", f"Data warehouse {day}: {what.en}{again.en}"
    )


def _lines(
    occasion: Occasion,
    troubles: Sequence[Trouble],
    gone: Sequence[str],
    observed: Observed,
    places: Places,
    zone: ZoneInfo,
    language: str,
) -> Iterator[str]:
    def say(text: Text) -> str:
        return text.zh if language == "zh" else text.en

    for text in _circumstances(observed, zone):
        yield say(text)
    for kind, heading in _HEADINGS.items():
        of_kind = [trouble for trouble in troubles if trouble.kind == kind]
        if not of_kind:
            continue
        yield ""
        yield f"{say(heading)} ({len(of_kind)})"
        for trouble in of_kind[:SHOWN]:
            yield f"- {_plain(say(trouble.what))}"
        if len(of_kind) > SHOWN:
            yield say(Text(f"- 另有 {len(of_kind) - SHOWN} 项", f"- {len(of_kind) - SHOWN} more"))
        for step in dict.fromkeys(trouble.next for trouble in of_kind):
            yield f"→ {say(step)}"
    if gone and occasion in (Occasion.CHANGED, Occasion.OVER):
        yield ""
        yield say(Text("上次说到、现在没有了", "Over since the last message")) + f" ({len(gone)})"
        for key in gone[:SHOWN]:
            yield f"- {_plain(key)}"
        if len(gone) > SHOWN:
            yield say(Text(f"- 另有 {len(gone) - SHOWN} 项", f"- {len(gone) - SHOWN} more"))
    yield ""
    yield say(Text("仓库", "Warehouse")) + f": {places.host}:{places.warehouse}"
    if any(t.kind in (Kind.FAILED, Kind.RULE, Kind.WARNING) for t in troubles):
        yield say(Text("质量报告", "Quality pages")) + f": {places.quality}"
    if any(trouble.kind == Kind.REFUSED for trouble in troubles):
        yield say(Text("被拒收的文件在", "Refused files are in")) + f": {places.refused}"


def _circumstances(observed: Observed, zone: ZoneInfo) -> Iterator[Text]:
    if observed.night is not None:
        yield _night(observed.night, zone)
    published = observed.published
    if published is None:
        yield Text("还没有发布过任何表", "nothing has been published yet")
    else:
        built = f"{published.built_at.astimezone(zone):%F %R}"
        day = published.as_of or "–"
        yield Text(
            f"读者看到的表：截至 {day}，构建于 {built}",
            f"What readers see: as of {day}, built {built}",
        )


def _night(night: Night, zone: ZoneInfo) -> Text:
    began = f"{night.began_at.astimezone(zone):%F %R} {zone.key}"
    day_zh = f"，数据日 {night.as_of}" if night.as_of else ""
    day_en = f", as of {night.as_of}" if night.as_of else ""
    run_zh = f"，运行 {night.run_id}" if night.run_id else ""
    run_en = f", run {night.run_id}" if night.run_id else ""
    ended = {
        Outcome.SUCCEEDED: Text("成功", "succeeded"),
        Outcome.FAILED: Text("失败", "failed"),
        Outcome.BROKE_OFF: Text(
            "中断，已发布的表是旧的或新的，不会混在一起",
            "broke off; the published tables are the old ones or the new ones, never a mixture",
        ),
    }[night.outcome]
    return Text(
        f"夜间任务 {began}{day_zh}{run_zh}：{ended.zh}",
        f"The night of {began}{day_en}{run_en}: {ended.en}",
    )


def _plain(text: str) -> str:
    """One line, no control characters, of bounded length."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def test_message(places: Places, now: datetime, timezone: str) -> Message:
    """What `make alert OPTIONS=--test` sends."""
    moment = f"{now.astimezone(ZoneInfo(timezone)):%F %R} {timezone}"
    return Message(
        Text("数据仓库：测试消息", "Data warehouse: a test message"),
        Text(
            f"{moment}，来自 {places.host}:{places.warehouse}。收到这条消息，说明告警能送达。",
            f"{moment}, from {places.host}:{places.warehouse}. Alerts arrive here.",
        ),
    )


def one_text(texts: Iterable[str]) -> str:
    """Parts of a message under each other."""
    return "\n\n".join(texts)
