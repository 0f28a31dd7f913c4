"""``python -m eca demo``: a day from prices to a checked plan, with files to look at."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import sample, signals
from ._errors import EcaExtraError, EcaParseError, EcaTimeError
from ._frames import plan_columns, write_csv
from ._parts import Horizon, Region
from ._plan import Plan
from ._problem import Problem
from ._services import london_date

#: Seconds and proof asked of the demo's solve.
TIME_LIMIT_S = 20.0
GAP = 1e-3
#: Carbon cap of a real day, as a part of the mean intensity of its regions.
CAP_FRAC = 0.9


def demo(options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """Plans the sample day, a day of real data or today's; gives what ``--json`` prints."""
    if options.live:
        problem = live_day(options, say)
    elif options.data:
        problem = real_day(options)
    else:
        problem = sample.problem(options.date or "2026-03-02")
    say(describe(problem))
    plan = problem.solve(time_limit_s=TIME_LIMIT_S, gap=GAP, progress=True)
    for line in summary(plan):
        say(line)
    check = plan.check()
    say("check: passed; every limit, cost and gram was recomputed from the two documents" if check else "check: FAILED")
    for finding in check.findings:
        say(f"  {finding}")
    files, notes = write(problem, plan, Path(options.out))
    say("wrote " + ", ".join(files))
    for note in notes:
        say(note)
    return {
        "passed": bool(check),
        "findings": [dict(finding) for finding in check.findings],
        **facts(plan),
        "files": files,
        "notes": notes,
    }


def real_day(options: Namespace) -> Problem:
    """The sample's workload on the prices and carbon of one London day of a file."""
    found = signals.read_csv(options.data, map=dict(options.map), gbp_per_eur=options.gbp_per_eur)
    wanted = ("import_price_gbp_per_mwh", "carbon_g_per_kwh")
    usable = [region for region in found.regions if all(name in found.columns_of(region) for name in wanted)]
    if not usable:
        have = "; ".join(f"{region} has {', '.join(found.columns_of(region))}" for region in found.regions)
        unused = " ".join(f"{warning};" for warning in found.warnings)
        reason = f"no region has both {wanted[0]} and {wanted[1]} ({have}); {unused} use --map gb.{wanted[0]}=COLUMN"
        raise EcaParseError(f"{options.data}: {reason}", source_name="csv", line=0, message=reason)
    # The region that people of this market call home comes first; the others follow by name.
    usable.sort(key=lambda region: (region not in ("gb", "london"), region))
    if options.date is None:
        span = found.span(usable[0], wanted[0])
        reason = "is missing" + ("" if span is None else f"; the file holds {span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}")
        raise EcaTimeError(f"--date {reason}", field="--date", text="", reason=reason)
    return planned(found.align(Horizon.day(options.date, step_min=30), regions=usable), usable)


def live_day(options: Namespace, say: Callable[[str], None]) -> Problem:
    """The sample's workload on today's Agile rates of Octopus and carbon of NESO, or those of another London day."""
    date = options.date or str(london_date(datetime.now(timezone.utc)))
    horizon = Horizon.day(date, step_min=30)
    asking = {"cache": options.cache, "offline": options.offline, "base_url": options.base_url}
    found = None
    for region in sample.REGIONS:
        for source in ("octopus", "neso"):
            part = signals.fetch(source, date=date, region=region, product=options.product, **asking)
            column = "import_price_gbp_per_mwh" if source == "octopus" else "carbon_g_per_kwh"
            if region not in part.regions or part.span(region, column) is None:
                reason = f"{source} has no {column} of {region} on {date}"
                raise EcaTimeError(f"--live: {reason}; choose another --date", field="--date", text=date, reason=reason)
            for warning in part.warnings:
                say(f"note: {warning}")
            found = part if found is None else found.merge(part)
    assert found is not None
    # The rates of a day's last hour are published in its afternoon.
    columns = ("import_price_gbp_per_mwh", "carbon_g_per_kwh")
    return planned(found.align(horizon, gap="hold", columns=columns), list(sample.REGIONS))


def planned(ready: signals.Aligned, usable: list[str]) -> Problem:
    """The sample's workload in these regions, by these prices and this carbon."""
    sites = [Region(name, **site) for name, site in zip(usable, sample.sites(usable), strict=True)]
    carbon = [value for region in usable for value in ready.values(region, "carbon_g_per_kwh")]
    limit = round(CAP_FRAC * sum(carbon) / len(carbon))
    return Problem(ready, regions=sites, **sample.workload(ready.horizon, usable, carbon_limit_g_per_kwh=limit))


def describe(problem: Problem) -> str:
    """What is about to be planned, in one line."""
    horizon = problem.horizon
    jobs = sum(job.count for job in problem.jobs)
    where = ", ".join(region.id for region in problem.regions)
    return (
        f"planning {jobs} jobs, {len(problem.services)} services and {len(problem.batteries)} battery "
        f"in {where}: {horizon.periods} x {horizon.step_min} min from {horizon.start}"
    )


def facts(plan: Plan) -> dict[str, Any]:
    """What a plan says of itself, for ``--json``."""
    document = plan.to_dict()
    names = (
        "problem_hash",
        "outcome",
        "engine",
        "engine_reason",
        "objective_gbp",
        "bound_gbp",
        "gap",
        "totals",
        "references",
        "broken_limits",
    )
    return {
        **{name: document.get(name) for name in names},
        "savings": [dict(saving) for saving in plan.savings],
        "report": plan.report,
    }


def summary(plan: Plan) -> list[str]:
    """The plan beside the simple policies, for people."""
    lines = [f"{plan.outcome}: {plan.objective_gbp:,.2f} GBP with penalties, at most {plan.gap:.3%} above the best"]
    table = plan.table()
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  " + "   ".join(cells))
    for saving in plan.savings:
        name = saving.reference.replace("_", " ")
        parts = [
            _difference(saving.cost_gbp_per_inference, plan.totals.cost_gbp_per_inference, "GBP/inference"),
            _difference(saving.carbon_g_per_inference, plan.totals.carbon_g_per_inference, "gCO2/inference"),
        ]
        lines.append(f"against {name}: " + ", ".join(part for part in parts if part))
    lines += [f"limit not kept: {broken}" for broken in plan.broken_limits]
    return lines


def _difference(saved: float | None, ours: float | None, unit: str) -> str:
    if saved is None or ours is None:
        return ""
    before = saved + ours
    part = f" ({abs(saved) / before:.1%})" if before > 0 else ""
    return f"{'saves' if saved >= 0 else 'adds'} {abs(saved):.3g} {unit}{part}"


def write(problem: Problem, plan: Plan, out: Path) -> tuple[list[str], list[str]]:
    """Writes the documents, the table and the chart; gives their names, and what was left out and why."""
    out.mkdir(parents=True, exist_ok=True)
    problem.write(out / "problem.json")
    plan.write(out / "plan.json")
    write_csv(plan_columns(plan.to_dict(), problem, "schedule"), out / "plan.csv")
    names = ["problem.json", "plan.json", "plan.csv"]
    notes = []
    try:
        plan.plot(out / "plan.png")
        names.append("plan.png")
    except EcaExtraError as missing:
        notes.append(f"no chart: {missing}")
    return [str(out / name) for name in names], notes


def dump(facts: dict[str, Any]) -> str:
    """One JSON object on one line."""
    return json.dumps(facts, allow_nan=False)
