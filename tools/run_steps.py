"""Runs make targets one after another and adds up what their test runners report.

    python tools/run_steps.py NAME[?PATH] ...

A step with `?PATH` is skipped while PATH is not there. Each step's output is shown as it comes and kept in
out/steps/NAME.log. A step that runs no test runner (a lint) counts as one. The last line is `N passed, N failed`
(and `, N skipped`); the exit status is 1 when anything failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "out" / "steps"

COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;")
PYTEST = re.compile(r"^=*\s*((?:\d+ [a-z]+(?:, )?)+) in [0-9.]+s\b")
CTEST = re.compile(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)")
PYTEST_WORDS = {
    "passed": "passed",
    "xfailed": "passed",
    "failed": "failed",
    "error": "failed",
    "errors": "failed",
    "xpassed": "failed",
    "skipped": "skipped",
}


@dataclass
class Count:
    """Results of one step or of all."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Count) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def count_line(line: str) -> Count | None:
    """What a closing line of cargo test, pytest or ctest says; None for any other line."""
    line = COLOUR.sub("", line).strip()
    if found := CARGO.match(line):
        return Count(*(int(number) for number in found.groups()))
    if found := CTEST.match(line):
        failed, total = int(found[1]), int(found[2])
        return Count(passed=total - failed, failed=failed)
    if found := PYTEST.match(line):
        count = Count()
        for number, word in re.findall(r"(\d+) ([a-z]+)", found[1]):
            if word in PYTEST_WORDS:
                field = PYTEST_WORDS[word]
                setattr(count, field, getattr(count, field) + int(number))
        return count
    return None


def run(name: str) -> tuple[Count, bool]:
    """Runs `make NAME`; gives the count and whether it went well."""
    total = Count()
    runners = 0
    make = os.environ.get("MAKE", "make")
    with (LOGS / f"{name}.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [make, "--no-print-directory", name],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            log.write(line)
            count = count_line(line)
            if count is not None:
                runners += 1
                total.add(count)
        status = process.wait()
    if runners == 0:
        total.add(Count(passed=1) if status == 0 else Count(failed=1))
    elif status != 0 and total.failed == 0:
        # For example a test file that does not compile: the runner never came to its count.
        total.failed += 1
    elif runners and total.passed + total.failed + total.skipped == 0:
        print(f"{name}: the test runner found no test")
        total.failed += 1
    return total, status == 0 and total.failed == 0


def main(arguments: list[str]) -> int:
    LOGS.mkdir(parents=True, exist_ok=True)
    total = Count()
    rows = []
    for argument in arguments:
        name, _, path = argument.partition("?")
        print(f"\n---- {name}", flush=True)
        if path and not (ROOT / path).exists():
            print(f"skipped: no such part yet ({path})")
            total.add(Count(skipped=1))
            rows.append((name, "skipped", Count(skipped=1), 0.0))
            continue
        start = time.monotonic()
        count, good = run(name)
        total.add(count)
        rows.append((name, "ok" if good else "FAILED", count, time.monotonic() - start))
    print()
    for name, verdict, count, seconds in rows:
        print(f"{name:<16} {verdict:<8} {seconds:7.1f} s   {count}")
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
