"""`make bench`: ECA and HiGHS on the compact model over the instances of the issue; five seeds, medians.

    python benches/bench_engine.py [--only 200x48x1 ...] [--tool eca ...] [--seeds 5] [--redo] [--list] [--summary]

Writes benches/results/engine.csv and engine.json; rows that are there are not measured again without --redo.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from table import ROOT, Row, Table, calm, load, machine, run, thin, time_to, times


@dataclass(frozen=True)
class Case:
    """One row of the table of targets: what is solved, and when which gap is wanted."""

    jobs: int
    periods: int
    regions: int
    tool: str
    engine: str
    gap: float
    limit_s: float
    flags: tuple[str, ...] = ()
    must: tuple[float | None, float] | None = None
    aim: tuple[float | None, float] | None = None

    @property
    def name(self) -> str:
        """`200x48x1`."""
        return f"{self.jobs}x{self.periods}x{self.regions}"


# `must` and `aim`: the gap wanted (None: any plan) and the seconds it may take.
CASES = [
    Case(1000, 48, 3, "eca first plan", "auto", 1.0, 5.0, (), (None, 0.05), (None, 0.01)),
    Case(200, 48, 1, "eca", "auto", 1e-5, 4.0, (), (1e-4, 1.0), (1e-5, 1.0)),
    Case(200, 48, 3, "eca", "auto", 1e-4, 6.0, (), (1e-3, 5.0), (1e-4, 5.0)),
    Case(50, 48, 3, "eca lumpy", "auto", 1e-4, 20.0, ("--lumpy",), (2e-2, 10.0), (1e-4, 60.0)),
    Case(1000, 96, 3, "eca", "auto", 1e-3, 10.0, (), (5e-3, 2.0), (1e-3, 5.0)),
    Case(1000, 96, 3, "eca every feature", "auto", 2e-3, 10.0, ("--every-feature",), (1e-2, 5.0), (2e-3, 10.0)),
    Case(20_000, 96, 3, "eca", "auto", 1e-3, 10.0, (), (5e-3, 4.0), (1e-3, 10.0)),
    Case(100_000, 336, 5, "eca", "auto", 5e-3, 30.0, (), (1e-2, 20.0), (5e-3, 10.0)),
    Case(1000, 96, 3, "eca re-plan cold", "auto", 5e-3, 20.0, ("--replan", "cold")),
    Case(1000, 96, 3, "eca re-plan warm", "auto", 5e-3, 20.0, ("--replan", "warm")),
    *(Case(jobs, 96, 3, "eca scaling", "auto", 1e-2, 40.0) for jobs in (1000, 3000, 10_000, 30_000, 100_000)),
    Case(200, 48, 1, "highs compact", "exact", 1e-5, 20.0),
    Case(200, 48, 3, "highs compact", "exact", 1e-4, 60.0),
    Case(50, 48, 3, "highs compact lumpy", "exact", 1e-4, 20.0, ("--lumpy",)),
]


def command(case: Case, seed: int, binary: Path) -> list[str]:
    """The process that measures one row."""
    # Re-planning draws one period more than it plans at a time.
    periods = case.periods + ("--replan" in case.flags)
    size = ["--jobs", str(case.jobs), "--periods", str(periods), "--regions", str(case.regions), "--seed", str(seed)]
    ask = ["--engine", case.engine, "--gap", str(case.gap), "--time-limit", str(case.limit_s)]
    return [str(binary), *size, *case.flags, *ask]


def measure(case: Case, seed: int, binary: Path) -> tuple[Row, Row]:
    """One row, and what has no column."""
    row: Row = {"jobs": case.jobs, "periods": case.periods, "regions": case.regions, "seed": seed, "tool": case.tool}
    busy = load()
    out, failure = run(command(case, seed, binary), 4.0 * case.limit_s + 120.0)
    if out is None:
        return {**row, "engine": case.engine, "check": f"no plan: {failure}"}, {"load": busy}
    steps = out.pop("steps")
    keep = ["engine", "build_s", "cpu_s", "objective_gbp", "bound_gbp", "gap", "peak_mib", "check"]
    row |= {name: out.pop(name) for name in keep} | times(steps)
    wanted = {str(want[0]): time_to(steps, want[0]) for want in (case.must, case.aim) if want}
    del out["wall_gap_s"], out["wall_first_s"]
    return row, {**out, "time_to": wanted, "limit_s": case.limit_s, "load": busy, "steps": thin(steps)}


def build() -> Path:
    """The release program, built where it is old."""
    subprocess.run(["cargo", "build", "-q", "--release", "-p", "eca-benches", "--bins"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "engine"


def versions(binary: Path) -> Row:
    """Of what was measured."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    rustc = subprocess.run(["rustc", "--version"], cwd=ROOT, capture_output=True, text=True).stdout
    return {"commit": commit.strip(), "rustc": rustc.strip(), "profile": binary.parent.name}


def summary(table: Table) -> str:
    """The table of targets with medians over seeds."""
    head = f"{'instance':14} {'tool':20} seeds {'must':>14} {'aim':>14} {'first s':>8} {'1 % s':>8} {'0.1 % s':>8} "
    head += f"{'gap':>9} {'cpu s':>7} {'MiB':>6}"
    lines = [head]
    for case in CASES:
        cell = lambda column, case=case: table.median(case.jobs, case.periods, case.regions, case.tool, column)  # noqa: E731
        seeds = cell("cpu_s")[1]
        if not seeds:
            continue
        shown = [
            f"{value:.3g}" if (value := cell(column)[0]) is not None else "-"
            for column in ("wall_first_s", "wall_1pct_s", "wall_01pct_s", "gap", "cpu_s", "peak_mib")
        ]
        lines.append(
            f"{case.name:14} {case.tool:20} {seeds:5} {verdict(table, case, case.must):>14} "
            f"{verdict(table, case, case.aim):>14} {shown[0]:>8} {shown[1]:>8} {shown[2]:>8} {shown[3]:>9} "
            f"{shown[4]:>7} {shown[5]:>6}"
        )
    return "\n".join(lines)


def verdict(table: Table, case: Case, want: tuple[float | None, float] | None) -> str:
    """`yes 0.31 s` or `no 4.2 s`: the median time until what is wanted."""
    if want is None:
        return ""
    found = []
    for name, note in table.notes["runs"].items():
        key = name.split(" ", 4)
        if key[:3] == [str(case.jobs), str(case.periods), str(case.regions)] and key[4] == case.tool:
            value = note.get("time_to", {}).get(str(want[0]))
            found.append(float("inf") if value is None else value)
    found.sort()
    middle = found[len(found) // 2] if found else float("inf")
    return f"{'yes' if middle <= want[1] else 'no'} {middle:.3g} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="instances, such as 200x48x1")
    parser.add_argument("--tool", nargs="*", help="tools, such as eca")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--redo", action="store_true", help="measure rows again that are there")
    parser.add_argument("--list", action="store_true", help="say what would be measured")
    parser.add_argument("--summary", action="store_true", help="only print the medians of what is there")
    parser.add_argument("--calm", type=float, help="wait before each row until the load is below this")
    parser.add_argument("--binary", type=Path, help="an engine program that is built already")
    ask = parser.parse_args()
    table = Table("engine")
    if ask.summary:
        print(summary(table))
        return 0
    cases = [c for c in CASES if (not ask.only or c.name in ask.only) and (not ask.tool or c.tool in ask.tool)]
    if ask.list:
        print("\n".join(f"{c.name:14} {c.tool:22} engine {c.engine}, {c.limit_s:g} s" for c in cases))
        return 0
    binary = ask.binary or build()
    table.notes |= {"machine": machine(), "versions": versions(binary)}
    for seed in range(1, ask.seeds + 1):
        for case in cases:
            key = {"jobs": case.jobs, "periods": case.periods, "regions": case.regions, "seed": seed, "tool": case.tool}
            if table.has(key) and not ask.redo:
                continue
            calm(ask.calm)
            row, note = measure(case, seed, binary)
            table.put(row, note)
            print(
                f"{case.name} seed {seed} {case.tool}: engine {row['engine']}, gap {row.get('gap')}, "
                f"cpu {row.get('cpu_s')} s, check {row['check']}",
                flush=True,
            )
    print(summary(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
