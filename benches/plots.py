"""Draws benches/results/engine.png and peers.png from the tables: `python benches/plots.py`."""

from __future__ import annotations

from collections import defaultdict

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from table import RESULTS, Table, gap  # noqa: E402

LEAST = 1e-6
COLOURS = plt.get_cmap("tab10")


def curve(note: dict[str, object]) -> tuple[list[float], list[float]]:
    """Time and the proved gap."""
    found = [(wall, gap(best, bound)) for wall, best, bound in note.get("steps", [])]
    found = [(max(wall, 1e-3), max(g, LEAST)) for wall, g in found if g is not None]
    return [wall for wall, _ in found], [g for _, g in found]


def gaps(axis: plt.Axes, table: Table, name: str, tools: dict[str, int]) -> None:
    """Proved gap over time, one line for each seed."""
    shown = set()
    for key, note in table.notes["runs"].items():
        jobs, periods, regions, _, tool = key.split(" ", 4)
        if f"{jobs}x{periods}x{regions}" != name or tool not in tools:
            continue
        x, y = curve(note)
        if x:
            label = None if tool in shown else tool
            shown.add(tool)
            axis.step(x, y, where="post", color=COLOURS(tools[tool] % 10), alpha=0.75, lw=1.1, label=label)
            axis.plot(x[-1], y[-1], "o", ms=3, color=COLOURS(tools[tool] % 10))
    for tool in tools:
        if tool not in shown and any(
            k.split(" ", 4)[4] == tool and "x".join(k.split(" ")[:3]) == name for k in table.notes["runs"]
        ):
            axis.plot([], [], color=COLOURS(tools[tool] % 10), label=f"{tool}: no plan with a bound")
    axis.set(xscale="log", yscale="log", title=name, ylim=(LEAST / 2, 10))
    axis.axhline(1e-2, color="0.8", lw=0.6, zorder=0)
    axis.axhline(1e-3, color="0.8", lw=0.6, zorder=0)
    if shown:
        axis.legend(fontsize=6, loc="lower left")


def engine() -> None:
    """ECA and HiGHS on the compact model; growth with the number of jobs."""
    table = Table("engine")
    names = ["200x48x1", "200x48x3", "50x48x3", "1000x96x3", "20000x96x3", "100000x336x5"]
    tools = {
        name: i
        for i, name in enumerate(
            [
                "eca",
                "highs compact",
                "eca lumpy",
                "highs compact lumpy",
                "eca every feature",
                "eca re-plan cold",
                "eca re-plan warm",
            ]
        )
    }
    figure, axes = plt.subplots(2, 4, figsize=(15, 6.5))
    for axis, name in zip(axes.flat, names):
        gaps(axis, table, name, tools)
    grow = defaultdict(list)
    for row in table.rows.values():
        if row["tool"] == "eca scaling" and row["cpu_s"]:
            grow[int(row["jobs"])].append(row)
    for axis, column, title in (
        (axes[1, 2], "cpu_s", "CPU s to 1 %, n x 96 x 3"),
        (axes[1, 3], "peak_mib", "peak memory, MiB"),
    ):
        jobs = sorted(grow)
        middle = [sorted(float(row[column]) for row in grow[n])[len(grow[n]) // 2] for n in jobs]
        axis.plot(jobs, middle, "o-", color=COLOURS(0), label="ECA, median of seeds")
        if jobs:
            axis.plot(jobs, [max(middle[0], 1e-2) * n / jobs[0] for n in jobs], "--", color="0.6", label="linear")
            axis.legend(fontsize=7)
            axis.set(xscale="log", yscale="log")
        axis.set(title=title, xlabel="jobs")
    axes[0, 0].set_ylabel("proved gap")
    axes[1, 0].set(ylabel="proved gap", xlabel="wall s")
    save(figure, table, "engine")


def peers() -> None:
    """All tools on the same documents."""
    table = Table("peers")
    tools = {
        name: i for i, name in enumerate(["eca", "highspy", "cvxpy", "linopy", "pulp", "pyomo", "ortools", "pypsa"])
    }
    names = ["200x48x1", "200x48x3", "1000x96x3"]
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.8))
    for axis, name in zip(axes.flat, names):
        gaps(axis, table, name, tools)
        axis.set_xlabel("wall s")
    axes[0].set_ylabel("proved gap")
    bars = [(tool, table.median(500, 96, 2, f"{tool} build", "build_s")[0]) for tool in tools]
    bars = [(tool, value) for tool, value in bars if value is not None]
    axes[3].barh(
        [tool for tool, _ in bars], [value for _, value in bars], color=[COLOURS(tools[tool]) for tool, _ in bars]
    )
    axes[3].set(xscale="log", title="model build, 500x96x2, s")
    axes[3].invert_yaxis()
    save(figure, table, "peers")


def save(figure: plt.Figure, table: Table, name: str) -> None:
    """Writes the picture, and on it what it was measured on."""
    notes = table.notes.get("machine", {})
    figure.suptitle(f"{notes.get('cpu', '')}, {notes.get('cores', '?')} cores, {notes.get('date', '')}", fontsize=8)
    figure.tight_layout()
    figure.savefig(RESULTS / f"{name}.png", dpi=90, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    for draw, name in ((engine, "engine"), (peers, "peers")):
        if (RESULTS / f"{name}.json").exists():
            draw()
