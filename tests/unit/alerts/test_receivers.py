"""What each service is sent, and which of its answers mean that it took the message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from dagster_project.alerts.message import Message
from dagster_project.alerts.receivers import email_of, problem_of_answer, webhook_request
from dagster_project.alerts.troubles import Text

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1,700,000,000 seconds after 1970
URL = "https://robot.example/send?access_token=abc%2Fd"
MESSAGE = Message(Text("标题", "Title"), Text("正文 <a&b>", "Body <a&b>"))


def test_dingtalk_is_signed_in_the_url() -> None:
    url, body = webhook_request("dingtalk", URL, "SECabc", MESSAGE, NOW)
    query = parse_qs(urlsplit(url).query)
    # printf '1700000000000\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64
    assert query == {
        "access_token": ["abc/d"],
        "timestamp": ["1700000000000"],
        "sign": ["jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM="],
    }
    assert body == {
        "msgtype": "text",
        "text": {"content": "标题\n\n正文 <a&b>\n\nTitle\n\nBody <a&b>"},
    }
    assert webhook_request("dingtalk", URL, None, MESSAGE, NOW)[0] == URL


def test_feishu_is_signed_in_the_body_and_has_a_text_for_each_language() -> None:
    url, body = webhook_request("feishu", URL, "SECabc", MESSAGE, NOW)
    assert url == URL
    assert body == {
        # The key is time and secret, the text is empty: openssl dgst -sha256 -mac HMAC -macopt
        # hexkey:… -binary < /dev/null | base64
        "timestamp": "1700000000",
        "sign": "XprR1de+0SSBnwWyU/4k6x2TL+Q2SJlM5NNEdAv7MWg=",
        "msg_type": "post",
        "content": {
            "post": {
                "zh_cn": {"title": "标题", "content": [[{"tag": "text", "text": "正文 <a&b>"}]]},
                "en_us": {"title": "Title", "content": [[{"tag": "text", "text": "Body <a&b>"}]]},
            }
        },
    }
    assert "sign" not in webhook_request("feishu", URL, None, MESSAGE, NOW)[1]


def test_slack_gets_text_in_which_nothing_calls_a_channel() -> None:
    url, body = webhook_request("slack", URL, None, MESSAGE, NOW)
    assert url == URL
    assert body["text"] == "标题\n\n正文 &lt;a&amp;b&gt;\n\nTitle\n\nBody &lt;a&amp;b&gt;"
    assert (
        "<!channel>"
        not in webhook_request(
            "slack", URL, None, Message(Text("", ""), Text("<!channel>", "")), NOW
        )[1]["text"]
    )


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "slack"])
def test_a_long_message_fits_into_what_a_robot_takes(kind: str) -> None:
    long = Message(Text("标题", "Title"), Text("很长的正文 " * 3000, "long " * 9000))
    _, body = webhook_request(kind, URL, "SECabc", long, NOW)
    size = 2 if kind == "feishu" else 1  # a text for each language
    assert len(json.dumps(body, ensure_ascii=False).encode()) < 16_000 * size
    assert "标题" in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize(
    ("kind", "status", "text", "taken"),
    [
        ("dingtalk", 200, '{"errcode":0,"errmsg":"ok"}', True),
        ("dingtalk", 200, '{"errcode":310000,"errmsg":"sign not match"}', False),
        ("dingtalk", 200, '{"errcode":"130101"}', False),
        ("dingtalk", 200, "<html>a proxy's page</html>", False),
        ("dingtalk", 200, "[]", False),
        ("dingtalk", 500, '{"errcode":0}', False),
        ("feishu", 200, '{"code":0,"msg":"success","data":{}}', True),
        ("feishu", 200, '{"StatusCode":0,"StatusMessage":"success"}', True),
        ("feishu", 200, '{"code":19021,"msg":"sign match fail"}', False),
        ("feishu", 400, '{"code":9499,"msg":"Bad Request"}', False),
        ("slack", 200, "ok", True),
        ("slack", 200, "", False),
        ("slack", 403, "invalid_token", False),
        ("slack", 302, "ok", False),
    ],
)
def test_only_a_robots_own_yes_counts(kind: str, status: int, text: str, taken: bool) -> None:
    problem = problem_of_answer(kind, status, text)
    assert (problem is None) == taken
    # A service may repeat what it was sent, with the token in it.
    assert problem is None or "match" not in problem


def test_the_mail_is_one_that_a_machine_wrote() -> None:
    mail = email_of(MESSAGE, "shop@shop.cn", ("a@shop.cn", "b@shop.cn"), NOW)
    assert mail["Subject"] == "标题 / Title"
    assert mail["To"] == "a@shop.cn, b@shop.cn"
    assert mail["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@shop.cn>")
    assert mail.get_content() == "正文 <a&b>\n\nBody <a&b>\n"
