"""Audits of DEG logs: the files of a log, judged by keys from outside it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

from . import _eca


class Fault(NamedTuple):
    """One thing that is not as it should be."""

    #: File, record or signature.
    place: str
    #: What is wrong with it.
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class Audit:
    """What an audit looked at, and what it found. True if everything held by keys from outside the log."""

    def __init__(self, text: str, passed: bool, trusted: bool, checked: list[str], faults: list[tuple[str, str]]) -> None:
        self._text = text
        #: Whether everything held, by keys from outside the log.
        self.passed = passed
        #: Whether such keys were given.
        self.trusted = trusted
        #: What was checked and held.
        self.checked = tuple(checked)
        #: What did not hold.
        self.faults = tuple(Fault(*fault) for fault in faults)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Audit {'passed' if self.passed else 'not passed'}, {len(self.faults)} faults>"


def audit(
    folder: str | PathLike[str], *, trust: str | PathLike[str] | None = None, since: str | PathLike[str] | None = None
) -> Audit:
    """Verifies the log in ``folder`` from its files alone, or all yearly shards of a log that stand there in folders.

    ``trust`` is a trust file with keys from outside the log; without it a log can only be found to agree with itself.
    ``since`` is an earlier signed head (a copy of the file ``checkpoint``): the log must be a continuation of it.
    """
    text = None if trust is None else Path(trust).read_text(encoding="utf-8")
    earlier = None if since is None else Path(since).read_text(encoding="utf-8")
    said, passed, checked, faults = _eca.audit(fspath(folder), text, earlier)
    return Audit(said, passed, trust is not None, checked, faults)


def run_audit(options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``audit LOGDIR``."""
    found = audit(options.folder, trust=options.trust, since=options.since)
    say(str(found))
    result = {
        "passed": found.passed,
        "trusted": found.trusted,
        "checked": list(found.checked),
        "faults": [fault._asdict() for fault in found.faults],
    }
    # Nothing found, but nothing proved either: not verifiable without keys.
    return {**result, "exit_code": 2} if not found.trusted and not found.faults else result
