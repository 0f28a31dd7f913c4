"""The judge of every tool's answer, ECA's too: recomputes limits and cost from docs/model.md.

It shares no code with any formulation.

It takes runs of jobs, inferences served and flows of energy, and derives the rest: IT load, facility power, state of
charge, overloads, carbon, cost. What a tool says about its own cost is only compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .answer import Answer
from .problem import Problem

MW = 1e-5
MWH = 1e-4
MILLIONS = 1e-6
# Of the objective: sums of rounded flows.
COST = 2e-6


def judge(p: Problem, answer: Answer) -> str:
    """`ok`, or the first thing that is wrong."""
    fault = runs_fault(p, answer) or flows_fault(p, answer)
    if fault:
        return fault
    cost = objective(p, answer)
    if answer.objective is None or not abs(cost - answer.objective) <= COST * max(1.0, abs(cost)):
        return f"costs {cost:.4f} GBP, said {answer.objective}"
    if answer.bound is not None and not answer.bound <= answer.objective + COST * max(1.0, abs(cost)):
        return f"bound {answer.bound:.4f} above the objective {answer.objective:.4f} GBP"
    return "ok"


def runs_fault(p: Problem, answer: Answer) -> str | None:
    """What is wrong with the runs."""
    if len(answer.runs) != len(p.jobs):
        return f"{len(answer.runs)} of {len(p.jobs)} jobs"
    for job, run in zip(p.jobs, answer.runs):
        region, periods = run if run is not None else (job.regions[0], [])
        done = len(periods)
        if region not in job.regions:
            return f"{job.id}: region {region} is not allowed, or it is in two at once"
        if sorted(set(periods)) != list(periods) or any(not job.first <= t < job.end for t in periods):
            return f"{job.id}: works twice at once or outside its window"
        if done > job.need:
            return f"{job.id}: works {done} periods, needs {job.need}"
        if job.hard and done < job.need:
            return f"{job.id}: {job.need - done} periods undone at a hard deadline"
        gaps = pauses(periods)
        if not job.preemptible and (gaps or (0 < done < job.need and periods[-1] != job.end - 1)):
            return f"{job.id}: pauses or stops early"
        if job.preemptible and job.most_pauses is not None and gaps > job.most_pauses:
            return f"{job.id}: {gaps} pauses, allowed {job.most_pauses}"
    return None


def pauses(periods: list[int]) -> int:
    """Gaps between working periods."""
    return sum(1 for a, b in zip(periods, periods[1:]) if b > a + 1)


def it_load(p: Problem, answer: Answer) -> np.ndarray:
    """IT power by region and period, MW."""
    it = np.zeros((p.R, p.T))
    for job, run in zip(p.jobs, answer.runs):
        if run is not None:
            it[run[0], run[1]] += job.power
    if p.S:
        it += np.einsum("srt,s->rt", answer.served, p.mw_per_million)
    return it


def stored(p: Problem, answer: Answer) -> np.ndarray:
    """Stored energy at the end of each period, MWh."""
    b = p.battery
    change = answer.flows["charge"] * b["charge"][:, None] - answer.flows["discharge"] / b["discharge"][:, None]
    return b["soc"][:, None] + p.h * np.cumsum(change, axis=1)


def flows_fault(p: Problem, answer: Answer) -> str | None:
    """What is wrong with energy and services."""
    f, b = answer.flows, p.battery
    if not all(np.isfinite(values).all() for values in (*f.values(), answer.served)):
        return "a flow is not a number"
    for name, most in (
        ("export", p.export_limit),
        ("solar", p.solar),
        ("charge", b["power"][:, None]),
        ("discharge", b["power"][:, None]),
    ):
        if f[name].shape != (p.R, p.T) or (f[name] < -MW).any() or (f[name] > most + MW).any():
            return f"{name}: outside its limits"
    for one, other in (("import", "export"), ("charge", "discharge")):
        if (np.minimum(f[one], f[other]) > MW).any():
            return f"{one} and {other} at once"
    soc = stored(p, answer)
    if (soc < -MWH).any() or (soc > b["energy"][:, None] + MWH).any():
        return "stored energy: outside its limits"
    facility = p.overhead + p.pue * it_load(p, answer)
    wrong = f["import"] - f["export"] + f["solar"] + f["discharge"] - f["charge"] - facility
    if (np.abs(wrong) > MW).any():
        return f"power does not balance: {np.abs(wrong).max():.6f} MW"
    if (f["import"] < -MW).any():
        return "import: below zero"
    if (answer.served < -MILLIONS).any() or (answer.served[~p.served] > MILLIONS).any():
        return "inferences: served where they may not be"
    if (p.demand - answer.served.sum(axis=1) < -MILLIONS).any():
        return "inferences: more served than asked for"
    return None


def objective(p: Problem, answer: Answer) -> float:
    """Money and penalties, GBP."""
    f, h, b = answer.flows, p.h, p.battery
    it = it_load(p, answer)
    cost = h * float((f["import"] * p.import_price - f["export"] * p.export_price).sum())
    cost += h * float((b["wear"][:, None] * (f["charge"] + f["discharge"])).sum())
    if p.S:
        cost += float((answer.served * p.routing[:, :, None]).sum())
        shed = np.maximum(0.0, p.demand - answer.served.sum(axis=1))
        cost += float((shed * p.shed_price[:, None]).sum())
    for job, run in zip(p.jobs, answer.runs):
        periods = run[1] if run is not None else []
        cost += pauses(list(periods)) * job.pause_gbp + (job.need - len(periods)) * job.undone_gbp_per_period
    over = np.maximum(0.0, it - p.capacity) + np.maximum(0.0, f["import"] - p.import_limit)
    cost += h * p.overload_price * float(np.where(over > MW, over, 0.0).sum())
    short = np.maximum(0.0, b["end"] - stored(p, answer)[:, -1])
    cost += p.end_soc_price * float(np.where(short > MWH, short, 0.0).sum())
    for cap in p.caps:
        t = list(cap.periods)
        carbon = h * float((f["import"][:, t] * p.carbon[:, t]).sum())
        facility = h * float((p.overhead + p.pue * it)[:, t].sum())
        cost += cap.price * max(0.0, carbon - cap.limit * (facility if cap.per_kwh else 1.0))
    return cost


def from_plan(p: Problem, plan: dict[str, Any]) -> Answer:
    """ECA's plan document in the terms of all others."""
    answer = Answer(objective=plan["objective_gbp"], bound=plan["bound_gbp"], status=plan["outcome"])
    planned = {job["id"]: job for job in plan["jobs"]}
    for job in p.jobs:
        where = planned[job.id]["region"]
        periods = [t for t, region in enumerate(where) if region is not None]
        used = {where[t] for t in periods}
        place = p.regions.index(used.pop()) if len(used) == 1 else -1
        answer.runs.append((place, periods) if periods else None)
    by_region = {region["id"]: region for region in plan["regions"]}
    by_battery = {battery["id"]: battery for battery in plan["batteries"]}
    for name, key in (("import", "import_mw"), ("export", "export_mw"), ("solar", "solar_used_mw")):
        answer.flows[name] = np.array([by_region[r][key] for r in p.regions])
    for name, key in (("charge", "charge_mw"), ("discharge", "discharge_mw")):
        answer.flows[name] = np.zeros((p.R, p.T))
        for battery in p.document["batteries"]:
            answer.flows[name][p.regions.index(battery["region"])] = by_battery[battery["id"]][key]
    answer.served = np.zeros((p.S, p.R, p.T))
    services = {service["id"]: service for service in plan["services"]}
    for s, service in enumerate(p.document.get("services", [])):
        for region, values in services[service["id"]]["inferences"].items():
            answer.served[s, p.regions.index(region)] = np.array(values) / 1e6
    return answer
