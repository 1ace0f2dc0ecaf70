"""Exported lists that hold an erased person go; the others stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.privacy.exports import erase_exports


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffmessage_id,customer_id\nm1,17\n",
        'message_id,customer_id\nm1,"17",x\n',
        "message_id,customer_id\nm1,'17\n",
        '{"message_id":"m1","customer_id":"17","email":null}\n',
        "message_id,email\nm1,Ming@Mail.example\n",
    ],
)
def test_a_list_that_holds_the_person_goes(text: str, tmp_path: Path) -> None:
    (tmp_path / "vip.csv").write_text(text, encoding="utf-8")
    assert erase_exports(tmp_path, ["17"], ["ming@mail.example"]) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_others_stays(tmp_path: Path) -> None:
    text = "message_id,customer_id,reason\nm17,1717,17 purchases of 17.00\nm2,a17,last on 17\n"
    (tmp_path / "vip.csv").write_text(text, encoding="utf-8")
    assert erase_exports(tmp_path, ["17"], ["ming@mail.example"]) == 0
    assert (tmp_path / "vip.csv").read_text(encoding="utf-8") == text
    assert erase_exports(tmp_path, [], []) == 0


def test_without_a_folder_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert erase_exports(tmp_path / "none", ["17"], []) == 0
