"""`python -m benches.phoenix.run DATA OUT`: the table, the points of all policies, and the plot."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from . import london
from .field import Field, read
from .policies import POLICIES
from .replay import Outcome, replay

MODELS = {"time_shared": True, "slots_15min": False}
#: A hundredth of a per cent over the target is rounding of plans to the watt.
OVER = 1.0001


def point(field: Field, target_w: float, outcome: Outcome) -> dict[str, str]:
    """What a plan or policy comes to, as text of a table."""
    if outcome.refused:
        return {"performance": "infeasible", "mean_w": "", "max_w": "", "tiers_broken": "", "meets_target": "no", "reason": outcome.refused}
    broken = field.broken(outcome.throughput)
    return {
        "performance": f"{field.performance(outcome.throughput):.6f}",
        "mean_w": f"{sum(outcome.power_w) / len(outcome.power_w):.2f}",
        "max_w": f"{max(outcome.power_w):.2f}",
        "tiers_broken": " ".join(broken),
        "meets_target": "yes" if max(outcome.power_w) <= target_w * OVER else "no",
        "reason": "",
    }


def table(field: Field) -> list[dict[str, str]]:
    """One row for each target and way to meet it."""
    rows = []
    for name, target_w in field.targets:
        for column, divisible in MODELS.items():
            outcome = replay(field, target_w, divisible=divisible)
            rows.append({"target": name, "target_w": f"{target_w:.2f}", "by": f"eca_{column}", **point(field, target_w, outcome)})
        for column, policy in POLICIES.items():
            outcome = policy(field, target_w)
            rows.append({"target": name, "target_w": f"{target_w:.2f}", "by": column, **point(field, target_w, outcome)})
    return rows


def summary(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """One row for each target: the columns of the reference table, then each policy with the tiers it breaks."""
    wide: dict[str, dict[str, str]] = {}
    for row in rows:
        line = wide.setdefault(row["target"], {"target": row["target"], "target_w": row["target_w"]})
        by = row["by"].removeprefix("eca_")
        line[by] = row["performance"]
        if by in MODELS:
            line[f"{by}_tiers_broken"] = row["tiers_broken"]
        else:
            line[f"{by}_meets_target"] = row["meets_target"]
            line[f"{by}_tiers_broken"] = row["tiers_broken"]
    return list(wide.values())


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Writes a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def plot(path: Path, field: Field, rows: list[dict[str, str]]) -> None:
    """Performance over the cut: ECA as a line, policies as points, hollow where they break a tier or miss the target."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.5, 4.5))
    marks = dict(zip(("fair_capping", "capping_pausing", "greedy_pausing", "pausing_resizing"), "osD^"))
    for by in ("eca_time_shared", "eca_slots_15min", *marks):
        kept = [row for row in rows if row["by"] == by and row["performance"] != "infeasible"]
        cut = [100 * (1 - float(row["target_w"]) / field.before_w) for row in kept]
        height = [float(row["performance"]) for row in kept]
        if by.startswith("eca"):
            axes.plot(cut, height, "-" if "shared" in by else "--", label=by.replace("_", " "))
            continue
        (line,) = axes.plot([], [], marks[by], label=by.replace("_", " "))
        for x, y, row in zip(cut, height, kept):
            whole = row["meets_target"] == "yes" and not row["tiers_broken"]
            axes.plot(x, y, marks[by], color=line.get_color(), fillstyle="full" if whole else "none")
    axes.set_xlabel("cut of power against the hour before, %")
    axes.set_ylabel("weighted performance in the event")
    axes.set_title("256 GPUs, 3 h; hollow: a tier is broken or the target missed", fontsize=10)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main(data: str, out: str) -> int:
    """Makes table and plot; says what is above what."""
    field = read(Path(data))
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"hour before {field.before_w:.2f} W, event {field.event_w:.2f} W ({100 * (field.event_w / field.before_w - 1):.2f} %)")
    rows = table(field)
    write(folder / "points.csv", rows)
    write(folder / "summary.csv", summary(rows))
    plot(folder / "phoenix.png", field, rows)
    print(f"{'target':<15} {'by':<17} {'performance':>11} {'mean W':>9}  tiers broken")
    for row in rows:
        note = row["tiers_broken"] or ("all kept" if row["performance"] != "infeasible" else row["reason"])
        note += "" if row["meets_target"] == "yes" or row["reason"] else "; misses the target"
        print(f"{row['target']:<15} {row['by']:<17} {row['performance']:>11} {row['mean_w']:>9}  {note}")
    print(london.write(folder / "london.csv", london.run(field)), f"(an answer takes {1e6 * london.timings(field):.0f} us)")
    print(f"written: {folder / 'summary.csv'}, {folder / 'points.csv'}, {folder / 'london.csv'}, {folder / 'phoenix.png'}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m benches.phoenix.run DATA OUT")
    sys.exit(main(sys.argv[1], sys.argv[2]))
