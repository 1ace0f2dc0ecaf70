"""Rules that hold for every line of the package, read from its syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from dagster_project.settings import PROJECT_DIR
from dagster_project.sql_text import sql_literal, sql_name

PACKAGE = PROJECT_DIR / "dagster_project"
REVIEWED = Path(__file__).with_name("reviewed_sql_parts.yml")

_BEGINS_LIKE_SQL = re.compile(
    r"\s*(select|with|insert|update|delete|create|drop|alter|attach|detach|copy|use|load|set|"
    r"comment|describe|pragma|from|grant|union|case|cast|where|exists|left join|inner join|"
    r"order by|group by|coalesce|read_csv|read_json|read_parquet|read_xlsx)\b",
    re.IGNORECASE,
)
# Quoted by the one place for it, or a constant of a module.
_SAFE = re.compile(r"(sql_literal|sql_name)\(.*\)|_?[A-Z][A-Z0-9_]*|int\(.*\)")
_SAFE_LOADERS = {"BaseLoader", "SafeLoader", "CSafeLoader"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def parts_of_sql(tree: ast.AST) -> set[str]:
    """What is put into texts that begin like SQL, and is neither quoted nor a constant."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        text = "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
        if _BEGINS_LIKE_SQL.match(text):
            values = [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
            found |= {part for part in map(ast.unparse, values) if not _SAFE.fullmatch(part)}
    return found


def test_every_part_of_sql_is_bound_quoted_or_reviewed() -> None:
    reviewed = {module: set(p) for module, p in yaml.safe_load(REVIEWED.read_text("utf-8")).items()}
    present = {module: parts for module, tree in modules() if (parts := parts_of_sql(tree))}
    assert present == reviewed, (
        "Bind the value (execute(…, [value])), or quote it with sql_literal or sql_name. What can "
        f"only be a name or SQL of this package goes into {REVIEWED.name}, after a second look."
    )


def test_no_sql_is_put_together_by_other_means() -> None:
    for module, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.BinOp | ast.Call):
                continue
            if isinstance(node, ast.BinOp):
                text = node.left if isinstance(node.op, ast.Mod) else None
            else:
                formats = isinstance(node.func, ast.Attribute) and node.func.attr == "format"
                text = node.func.value if formats else None  # type: ignore[attr-defined]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                assert not _BEGINS_LIKE_SQL.match(text.value), f"{module}: {text.value[:60]}"


def test_the_check_sees_what_it_is_for() -> None:
    bad = "c.execute(f\"select * from t where title = '{title}'\")"
    assert parts_of_sql(ast.parse(bad)) == {"title"}
    good = "c.execute(f'attach {sql_literal(path)} as {_NAME}')"
    assert parts_of_sql(ast.parse(good)) == set()


def test_quoting() -> None:
    assert sql_literal("o'brien; drop table x; --") == "'o''brien; drop table x; --'"
    assert sql_literal(Path("/a'b")) == "'/a''b'"
    assert "\0" not in sql_literal("a\0b")
    assert sql_name('a"b; drop table x') == '"a""b; drop table x"'


def test_yaml_is_only_read_by_loaders_that_make_no_objects() -> None:
    loads = 0
    for module, tree in modules():
        safe = set(_SAFE_LOADERS)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                safe |= {node.name} if bases & _SAFE_LOADERS else set()
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("yaml.")):
                continue
            name = ast.unparse(node.func).removeprefix("yaml.")
            assert "unsafe" not in name, module
            assert "full_load" not in name, module
            if name in ("load", "load_all", "parse", "compose"):
                loads += 1
                (loader,) = [k.value for k in node.keywords if k.arg == "Loader"]
                shown = ast.unparse(loader).rpartition(".")[2]
                # `loader` is the parameter of read_plain, whose type says the same.
                assert shown in safe or (module, shown) == ("owner_yaml.py", "loader"), module
    assert loads >= 5


def test_nothing_runs_a_shell_or_unpickles() -> None:
    forbidden = {"os.system", "os.popen", "eval", "exec", "pickle.load", "pickle.loads"}
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in forbidden, module
                shell = [k for k in node.keywords if k.arg == "shell"]
                assert not shell, module
