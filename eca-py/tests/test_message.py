"""``python -m eca message``: what a message is, and whether it would be taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eca.__main__ import main

CONTEXT = {
    "action": "select",
    "version": "2.0.0",
    "bapId": "a",
    "bppId": "b",
    "transactionId": "t",
    "messageId": "m",
    "timestamp": "2026-11-23T17:00:00Z",
}


def test_one_line_for_each_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, late = tmp_path / "good.json", tmp_path / "twice.json"
    good.write_text(json.dumps({"context": CONTEXT, "message": {"contract": {}}}))
    late.write_text('{"context": {"action": "a", "action": "b"}, "message": {}}')
    assert main(["message", str(good)]) == 0
    said = f"{good}: v2.0.0-lts select schema=invalid at message/contract (has no `commitments`) accepted=yes\n"
    assert capsys.readouterr().out == said
    assert main(["message", str(good), str(late), "--json"]) == 1
    messages = json.loads(capsys.readouterr().out)["messages"]
    assert [message["accepted"] for message in messages] == [True, False]
    assert messages[1]["code"] == "SCH_INVALID_JSON" and "`action` stands twice" in messages[1]["reason"]
    assert main(["message", str(tmp_path / "none.json")]) == 2
