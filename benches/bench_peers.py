"""`make bench-peers`: linopy, Pyomo, PuLP, cvxpy, OR-Tools, PyPSA, HiGHS itself and ECA on the same documents.

    .venv-peers/bin/python benches/bench_peers.py [--only 200x48x1 ...] [--tool linopy ...] [--seeds 3] [--redo]

Each tool formulates the same compact MILP in its own idiom (benches/peers/), solves it with HiGHS on two threads within
the same time limit and gap, in a process of its own, tools in turn; one judge recomputes limits and cost of all.
Writes benches/results/peers.csv and peers.json; rows that are there are not measured again without --redo.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench_engine import build, versions
from table import ROOT, Row, Table, calm, load, machine, run, thin, times

PEERS = ["highspy", "cvxpy", "linopy", "pulp", "pyomo", "ortools", "pypsa"]
GAP = 1e-4
THREADS = 2
BUILDS = 5


@dataclass(frozen=True)
class Case:
    """One instance; without a limit only building is measured."""

    jobs: int
    periods: int
    regions: int
    limit_s: float | None
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        """`200x48x1`."""
        return f"{self.jobs}x{self.periods}x{self.regions}"


# Least runs have no compact form that all would write alike; everything else of a plain fleet is there.
CASES = [
    Case(500, 96, 2, None, ("--plain",)),
    Case(200, 48, 1, 20.0, ("--plain", "--carbon-cap")),
    Case(200, 48, 3, 30.0, ("--plain", "--carbon-cap")),
    Case(1000, 96, 3, 30.0, ("--plain", "--carbon-cap")),
]


def document(case: Case, seed: int, binary: Path, folder: Path) -> Path:
    """The problem that all read."""
    size = ["--jobs", str(case.jobs), "--periods", str(case.periods), "--regions", str(case.regions)]
    path = folder / f"{case.name}-{seed}.json"
    if not path.exists():
        with path.open("w") as file:
            subprocess.run(
                [str(binary.parent / "instance"), *size, "--seed", str(seed), *case.flags], stdout=file, check=True
            )
    return path


def peer(tool: str, case: Case, problem: Path, extra: list[str]) -> tuple[Row | None, str]:
    """One peer in a process of its own."""
    limit = case.limit_s or 1.0
    ask = ["--time-limit", str(limit), "--gap", str(GAP), "--threads", str(THREADS), *extra]
    command = [sys.executable, "-m", "peers.run", tool, str(problem), *ask]
    return run(command, 4.0 * limit + 300.0, {"PYTHONPATH": str(ROOT / "benches")})


def eca(case: Case, problem: Path, binary: Path, folder: Path) -> tuple[Row | None, str]:
    """ECA in a process of its own; its plan goes to the judge of all."""
    plan = folder / "plan.json"
    engine, limit = ("auto", case.limit_s) if case.limit_s else ("exact", 1.0)
    command = [str(binary), "--problem", str(problem), "--plan", str(plan), "--engine", engine, "--gap", str(GAP)]
    out, failure = run([*command, "--time-limit", str(limit)], 4.0 * limit + 300.0)
    if out is None or not case.limit_s:
        return out, failure
    judged, failure = peer("eca", case, problem, ["--plan", str(plan)])
    out["own_check"], out["check"] = out["check"], judged["check"] if judged else failure
    return out, ""


def measure(tool: str, case: Case, seed: int, problem: Path, binary: Path, folder: Path) -> tuple[Row, Row]:
    """One row, and what has no column."""
    key = {"jobs": case.jobs, "periods": case.periods, "regions": case.regions, "seed": seed}
    row: Row = {**key, "tool": tool if case.limit_s else f"{tool} build"}
    busy = load()
    out, failure = None, ""
    # Building takes milliseconds: the best of some processes is what it costs, the rest is what else the machine did.
    for _ in range(1 if case.limit_s else BUILDS):
        if tool == "eca":
            one, failure = eca(case, problem, binary, folder)
        else:
            one, failure = peer(tool, case, problem, [] if case.limit_s else ["--build-only"])
        if out is None or (one is not None and one["build_s"] < out["build_s"]):
            out = one
    row["engine"] = out.pop("engine", "highs") if out else "highs"
    if out is None:
        return {**row, "check": f"failed: {failure}"}, {"load": busy}
    steps = out.pop("steps", [])
    if not case.limit_s:
        row |= {"build_s": out["build_s"], "peak_mib": out["peak_mib"], "check": "build only"}
        return row, {name: out[name] for name in ("columns", "rows", "nonzeros")} | {"load": busy}
    row |= {
        name: out.pop(name, None) for name in ("build_s", "cpu_s", "objective_gbp", "bound_gbp", "peak_mib", "check")
    }
    if row["objective_gbp"] is not None and row["bound_gbp"] is not None:
        row["gap"] = max(0.0, row["objective_gbp"] - row["bound_gbp"]) / max(1.0, abs(row["objective_gbp"]))
    row |= times([(wall, best, bound) for wall, best, bound in steps])
    out.pop("wall_gap_s", None)
    return row, {**out, "limit_s": case.limit_s, "load": busy, "steps": thin(steps)}


def hardness(case: Case, problem: Path) -> Row:
    """The compact LP: how far below the best that is known its optimum is, is what a search must close."""
    out, failure = peer("highspy", case, problem, ["--relax"])
    return {"lp_gbp": out["objective_gbp"], "lp_s": out["wall_s"]} if out else {"lp_gbp": None, "why": failure}


def summary(table: Table) -> str:
    """Medians over seeds."""
    lines = [
        f"{'instance':12} {'tool':16} seeds {'build s':>8} {'first s':>8} {'1 % s':>8} {'0.1 % s':>8} {'gap':>9} "
        f"{'cpu s':>7} {'MiB':>6}  checks"
    ]
    for case in CASES:
        for tool in ["eca", *PEERS]:
            name = tool if case.limit_s else f"{tool} build"
            cell = lambda column: table.median(case.jobs, case.periods, case.regions, name, column)  # noqa: B023, E731
            seeds = cell("build_s")[1]
            if not seeds:
                continue
            shown = [
                f"{value:.3g}" if (value := cell(column)[0]) is not None else "-"
                for column in ("build_s", "wall_first_s", "wall_1pct_s", "wall_01pct_s", "gap", "cpu_s", "peak_mib")
            ]
            checks = sorted(
                {
                    row["check"]
                    for row in table.rows.values()
                    if row["tool"] == name
                    and (row["jobs"], row["periods"], row["regions"])
                    == (str(case.jobs), str(case.periods), str(case.regions))
                }
            )
            lines.append(
                f"{case.name:12} {name:16} {seeds:5} {shown[0]:>8} {shown[1]:>8} {shown[2]:>8} {shown[3]:>8} "
                f"{shown[4]:>9} {shown[5]:>7} {shown[6]:>6}  {', '.join(checks)[:60]}"
            )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="instances, such as 200x48x1")
    parser.add_argument("--tool", nargs="*", help="tools, such as linopy")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--redo", action="store_true", help="measure rows again that are there")
    parser.add_argument("--summary", action="store_true", help="only print the medians of what is there")
    parser.add_argument("--calm", type=float, help="wait before each row until the load is below this")
    parser.add_argument("--binary", type=Path, help="an engine program that is built already")
    ask = parser.parse_args()
    table = Table("peers")
    if ask.summary:
        print(summary(table))
        return 0
    binary = ask.binary or build()
    found = {name: importlib.metadata.version(name) for name in (*PEERS, "numpy", "scipy", "pandas")}
    table.notes |= {"machine": machine(), "versions": versions(binary) | found, "threads": THREADS, "gap": GAP}
    table.notes.setdefault("instances", {})
    tools = [tool for tool in ["eca", *PEERS] if not ask.tool or tool in ask.tool]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(1, ask.seeds + 1):
            for case in CASES:
                if ask.only and case.name not in ask.only:
                    continue
                problem = document(case, seed, binary, folder)
                if case.limit_s and f"{case.name} {seed}" not in table.notes["instances"]:
                    table.notes["instances"][f"{case.name} {seed}"] = hardness(case, problem)
                for tool in tools:
                    key = {
                        "jobs": case.jobs,
                        "periods": case.periods,
                        "regions": case.regions,
                        "seed": seed,
                        "tool": tool if case.limit_s else f"{tool} build",
                    }
                    if table.has(key) and not ask.redo:
                        continue
                    calm(ask.calm)
                    row, note = measure(tool, case, seed, problem, binary, folder)
                    table.put(row, note)
                    print(
                        f"{case.name} seed {seed} {row['tool']}: build {row.get('build_s')}, gap {row.get('gap')}, "
                        f"check {row['check']}",
                        flush=True,
                    )
    table.write()
    print(summary(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
