"""The tables of results: one row for each instance, seed and tool, each measured in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benches" / "results"
COLUMNS = [
    "jobs",
    "periods",
    "regions",
    "seed",
    "tool",
    "engine",
    "build_s",
    "wall_first_s",
    "wall_1pct_s",
    "wall_05pct_s",
    "wall_01pct_s",
    "wall_1e4_s",
    "cpu_s",
    "objective_gbp",
    "bound_gbp",
    "gap",
    "peak_mib",
    "check",
]
KEY = ["jobs", "periods", "regions", "seed", "tool"]
GAPS = {"wall_1pct_s": 1e-2, "wall_05pct_s": 5e-3, "wall_01pct_s": 1e-3, "wall_1e4_s": 1e-4}
Row = dict[str, Any]
Step = tuple[float, float | None, float | None]


def gap(objective: float | None, bound: float | None) -> float | None:
    """`(objective - bound) / max(1, |objective|)`; None where one of them is not known."""
    if objective is None or bound is None:
        return None
    return max(0.0, objective - bound) / max(1.0, abs(objective))


def time_to(steps: Iterable[Step], wanted: float | None) -> float | None:
    """Seconds until a gap was proved, or (None) until there was a first plan; None where that never came."""
    for wall, incumbent, bound in steps:
        proved = gap(incumbent, bound)
        if incumbent is not None and (wanted is None or (proved is not None and proved <= wanted)):
            return wall
    return None


def times(steps: list[Step]) -> Row:
    """The columns that say when what was proved."""
    return {"wall_first_s": time_to(steps, None), **{name: time_to(steps, wanted) for name, wanted in GAPS.items()}}


def thin(steps: list[Step], most: int = 60) -> list[list[float | None]]:
    """At most so many steps, the first and the last among them, to three digits of time and nine of money."""
    if len(steps) > most:
        keep = {round(i * (len(steps) - 1) / (most - 1)) for i in range(most)}
        steps = [step for i, step in enumerate(steps) if i in keep]
    short = lambda x, digits: None if x is None else float(f"{x:.{digits}g}")  # noqa: E731
    return [[short(wall, 3), short(incumbent, 9), short(bound, 9)] for wall, incumbent, bound in steps]


def run(command: list[str], limit_s: float, env: dict[str, str] | None = None) -> tuple[Row | None, str]:
    """Runs a process that prints one JSON object in its last line; what it said on failure."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit_s, cwd=ROOT, env={**os.environ, **(env or {})}
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {limit_s:.0f} s"
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return json.loads(done.stdout.strip().splitlines()[-1]), ""


class Table:
    """A CSV of rows by key with a JSON file beside it: machine, versions, and what columns have no room for."""

    def __init__(self, name: str):
        self.csv = RESULTS / f"{name}.csv"
        self.json = RESULTS / f"{name}.json"
        self.rows: dict[tuple[str, ...], Row] = {}
        self.notes: Row = {"runs": {}}
        if self.csv.exists():
            with self.csv.open(newline="") as file:
                for row in csv.DictReader(file):
                    self.rows[self.key(row)] = dict(row)
        if self.json.exists():
            self.notes = json.loads(self.json.read_text())

    @staticmethod
    def key(row: Row) -> tuple[str, ...]:
        """What names a row."""
        return tuple(str(row[name]) for name in KEY)

    def has(self, row: Row) -> bool:
        """Whether the row has been measured."""
        return self.key(row) in self.rows

    def put(self, row: Row, note: Row) -> None:
        """Adds or replaces a row, and writes both files: an interrupted run goes on where it was."""
        self.rows[self.key(row)] = {name: text(row.get(name)) for name in COLUMNS}
        self.notes["runs"][" ".join(self.key(row))] = note
        self.write()

    def write(self) -> None:
        """Writes both files."""
        RESULTS.mkdir(parents=True, exist_ok=True)

        def order(row: Row) -> tuple[Any, ...]:
            return (*(int(row[name]) for name in KEY[:3]), row["tool"], int(row["seed"]))

        with self.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(sorted(self.rows.values(), key=order))
        self.notes["runs"] = dict(sorted(self.notes["runs"].items()))
        self.json.write_text(json.dumps(self.notes, indent=1, sort_keys=True) + "\n")

    def median(self, jobs: int, periods: int, regions: int, tool: str, column: str) -> tuple[float | None, int]:
        """The median over seeds and how many there are; a seed without a value counts as infinite."""
        found = [
            row
            for row in self.rows.values()
            if (row["jobs"], row["periods"], row["regions"]) == (str(jobs), str(periods), str(regions))
            and row["tool"] == tool
        ]
        if not found:
            return None, 0
        middle = statistics.median(float(row[column]) if row[column] else float("inf") for row in found)
        return (None if middle == float("inf") else middle), len(found)


def text(value: Any) -> str:
    """A cell: nothing for None, six digits for times, nine for the rest."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.9g}"
    return str(value)


def machine() -> Row:
    """What it was measured on."""
    cpu = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def calm(most: float | None, patience_s: float = 600.0) -> None:
    """Waits until fewer processes than `most` wanted a core in the last minute, for so long."""
    until = time.monotonic() + patience_s
    while most is not None and (load() or 0.0) > most and time.monotonic() < until:
        time.sleep(2.0)


def load() -> float | None:
    """Processes that wanted a core in the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
