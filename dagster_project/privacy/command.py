"""The command `forget`: says whom it found, asks, erases, rebuilds, proves."""

from __future__ import annotations

import sys
from collections.abc import Callable

from dagster_project.privacy import forget
from dagster_project.privacy.person import (
    NoSuchCustomer,
    NothingBuilt,
    Person,
    SeveralCustomers,
    is_telling,
)
from dagster_project.privacy.trace import Trace
from dagster_project.settings import Settings
from dagster_project.work_lock import WorkDatabaseError, hold_work_database


def run(
    settings: Settings,
    asked: str,
    yes: bool,
    check: bool,
    rebuild: Callable[[], int] | None,
) -> int:
    """Erase one customer, or only look for them.

    Args:
        settings: where everything lives.
        asked: customer id, account name, e-mail address or phone.
        yes: do not ask.
        check: search and change nothing.
        rebuild: builds and publishes the marts anew; None leaves that to the next night.

    Returns:
        0 when nothing of the person was found at the end, 1 when something was or nobody is known
        by that, 2 when it could not begin.
    """
    if not asked.strip():
        print("error: CUSTOMER is empty / 没有写客户", file=sys.stderr)
        return 2
    try:
        hold_work_database(settings)
        if check:
            return _check(settings, asked)
        person = forget.unfinished(settings)
        if person is not None:
            print("an erasure was begun and not finished; finishing it / 上次的删除没有完成，继续")
            status = _erase(settings, person, rebuild)
            if status or person.asked == asked.strip():
                return status
        person = forget.whom(settings, asked)
    except WorkDatabaseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except NothingBuilt as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except SeveralCustomers as error:
        print(
            f"error: several customers are called so: {error}; name one of these ids "
            "/ 有多个客户符合，请写其中一个编号",
            file=sys.stderr,
        )
        return 2
    except NoSuchCustomer:
        print(f"error: no such customer: {asked} / 没有这个客户", file=sys.stderr)
        return 1
    _describe(person)
    if not yes and not sys.stdin.isatty():
        print(
            "error: nobody can be asked here; add --yes to erase (make: OPTIONS=--yes) "
            "/ 无法询问，请加 --yes",
            file=sys.stderr,
        )
        return 2
    if not yes and input("erase this person for good? / 确定永久删除？ [y/N] ").lower() != "y":
        print("nothing was changed / 没有任何改动")
        return 1
    return _erase(settings, person, rebuild)


def _describe(person: Person) -> None:
    print(f"customer / 客户: {', '.join(person.customers) or '(in no mart)'}")
    print(
        f"{len(person.accounts):,} accounts, {len(person.contacts):,} contacts, "
        f"{len(person.orders):,} orders, {person.rows:,} rows in {len(person.files):,} files "
        f"/ {len(person.accounts):,} 个账号，{len(person.orders):,} 个订单，{person.rows:,} 行"
    )
    for name in person.files:
        print(f"  {name}")
    if person.shared_values:
        print(
            f"{person.shared_values} values were given by other customers too and stay with them "
            "/ 与其他客户共用的信息保留在其他客户名下"
        )


def _erase(settings: Settings, person: Person, rebuild: Callable[[], int] | None) -> int:
    erasure = forget.erase(settings, person, print)
    if rebuild is not None and rebuild() != 0:
        print(
            "error: the marts could not be built anew, so the published ones still hold the "
            "person; mend what failed and run this command again / 集市重建失败，请修复后重新运行",
            file=sys.stderr,
        )
        return 1
    forget.scrub_after_run(settings, person)
    trace = forget.prove(settings, person)
    print(
        f"erased {erasure.rows:,} rows; rewrote {erasure.files:,} files and "
        f"{erasure.history_files:,} of the history"
    )
    for name in erasure.unread:
        print(f"left, because it cannot be read: {name}")
    status = _tell(settings, trace)
    if status == 0 and not erasure.unread:
        forget.finish(settings)
        return 0
    if rebuild is None:
        print("the marts were not built anew: run this command again without --no-rebuild")
    return 1


def _check(settings: Settings, asked: str) -> int:
    person = forget.unfinished(settings)
    try:
        person = person or forget.whom(settings, asked)
        _describe(person)
    except (NoSuchCustomer, NothingBuilt, SeveralCustomers):
        text = asked.strip()
        person = Person(text, customers=(text,), needles=(text.lower(),) * is_telling(text))
    return _tell(settings, forget.prove(settings, person))


def _tell(settings: Settings, trace: Trace) -> int:
    print(
        f"searched {trace.files:,} files and {trace.tables:,} tables inside them "
        f"/ 检查了 {trace.files:,} 个文件、{trace.tables:,} 张表"
    )
    for place in trace.found:
        print(f"found / 仍在: {place}")
    refused = settings.refused_dir.name + "/"
    if any(place.startswith(refused) for place in trace.found):
        print(
            f"files in {refused} were never read: delete them by hand "
            "/ 被拒收的文件没有被读取过，请手动删除"
        )
    if not trace.found:
        print("nothing of the person was found / 没有找到任何痕迹")
    return 1 if trace.found else 0
