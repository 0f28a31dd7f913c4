"""Beckn messages: which dialect and action they are, and whether they would be taken."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import _eca


def run_message(options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``message FILE...``."""
    messages = []
    for name in options.files:
        read, refused = _eca.read_message(Path(name).read_bytes())
        dialect, action, schema = read or ("unknown", "unknown", "unchecked")
        reason = None if refused is None else refused[1]
        say(f"{name}: {dialect} {action} schema={schema} accepted={'yes' if reason is None else f'no: {reason}'}")
        messages.append(
            {
                "file": str(name),
                "dialect": dialect,
                "action": action,
                "schema": schema,
                "accepted": reason is None,
                "code": None if refused is None else refused[0],
                "reason": reason,
            }
        )
    return {"passed": all(message["accepted"] for message in messages), "messages": messages}
