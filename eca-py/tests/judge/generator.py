"""Seeded random problems that cover every feature of the model, and what shows how often each one matters.

Data are round numbers, so ties and exact fits are frequent. Half of the problems are tight: capacity, import limits and
caps are drawn around what the load needs, so that promises give way.
"""

from __future__ import annotations

import copy
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from .document import Document, instant, read
from .judge_highspy import NoSchedule, TooBig, fits_alone, judge, schedules
from .linear import Infeasible

STARTS = (
    "2026-03-02T00:00:00Z",
    "2026-06-15T21:30:00Z",
    "2026-03-28T22:30:00Z",
    "2026-10-24T21:30:00Z",
    "2026-12-31T22:00:00Z",
)
PRICES = (-40, -20, -10, 0, 0, 10, 20, 20, 30, 40, 60, 60, 80, 120, 150)
CARBONS = (0, 20, 50, 50, 100, 100, 150, 200, 250, 300)


class Dice:
    """Draws from a seed; features that are switched off are never drawn."""

    def __init__(self, seed: int, features: Iterable[str] | None) -> None:
        self.rng = random.Random(seed)
        self.features = None if features is None else set(features)

    def on(self, feature: str, chance: float) -> bool:
        """Whether a feature is used this time; the draw is made even where it is switched off."""
        drawn = self.rng.random() < chance
        return drawn and (self.features is None or feature in self.features)

    def of(self, values: Iterable[Any]) -> Any:
        """One of some values."""
        return self.rng.choice(list(values))

    def many(self, values: Iterable[Any], number: int) -> list[Any]:
        """So many draws."""
        pool = list(values)
        return [self.rng.choice(pool) for _ in range(number)]


def random_problem(seed: int, size: str = "tiny", features: Iterable[str] | None = None) -> Document:
    """A problem document that passes validation.

    `features` limits the optional features (names as in the calls of `Dice.on`); None allows all.
    """
    dice = Dice(seed, features)
    tiny = size == "tiny"
    periods = dice.rng.randint(2, 4) if tiny else dice.rng.randint(4, 12)
    step_min = dice.of((15, 30, 30, 60, 60))
    start = dice.of(STARTS)
    if step_min == 60:
        start = start.replace(":30:00Z", ":00:00Z")
    tight = dice.on("tight", 0.5)
    names = ["london", "north", "wales"][: dice.rng.randint(1, 2) if tiny else dice.rng.randint(1, 3)]
    doc: Document = {
        "format": "eca-problem/1",
        "horizon": {"start": start, "step_min": step_min, "periods": periods},
        "regions": [_region(dice, name, periods, tight) for name in names],
        "batteries": [],
        "jobs": [],
        "services": [],
        "carbon_caps": [],
    }
    for number in range(dice.rng.choice((0, 0, 1, 1, 2)) if dice.on("battery", 0.8) else 0):
        doc["batteries"].append(_battery(dice, f"b{number}", dice.of(names)))
    wanted = dice.rng.choice((0, 1, 1, 2, 2)) if tiny else dice.rng.choice((1, 2, 2, 3, 4, 6))
    room = 300 if tiny else 500
    for number in range(wanted):
        room = _add_job(dice, doc, f"j{number}", names, room, tiny)
    if dice.on("service", 0.4):
        for number in range(dice.rng.choice((1, 1, 2))):
            doc["services"].append(_service(dice, f"s{number}", names, periods, step_min))
    if dice.on("cap", 0.5):
        _add_caps(dice, doc, names)
    return doc


def _region(dice: Dice, name: str, periods: int, tight: bool) -> Document:
    flat = dice.rng.random() < 0.2
    region: Document = {
        "id": name,
        "it_capacity_mw": dice.of((1, 2, 2, 3)) if tight else dice.of((4, 6, 10)),
        "import_limit_mw": dice.of((1, 2, 3, 4)) if tight else dice.of((15, 20, 40)),
        "import_price_gbp_per_mwh": dice.of((20, 50)) if flat else dice.many(PRICES, periods),
        "carbon_g_per_kwh": 100 if flat else dice.many(CARBONS, periods),
    }
    if not dice.on("negative_price", 0.6) and not flat:
        region["import_price_gbp_per_mwh"] = [abs(v) for v in region["import_price_gbp_per_mwh"]]
    if dice.on("closed", 0.15):
        region["it_capacity_mw"] = [dice.of((0, region["it_capacity_mw"])) for _ in range(periods)]
    if dice.on("overhead", 0.4):
        region["overhead_mw"] = dice.of((0.2, 0.5, dice.many((0, 0.25, 0.5), periods)))
    if dice.on("pue_slope", 0.5):
        region["pue_slope"] = dice.of((1.1, 1.25, 1.5, dice.many((1.1, 1.2, 1.4), periods)))
    if dice.on("nonfirm", 0.3):
        region["nonfirm_import_mw"] = dice.many((0, 0, 1, 2), periods)
    if dice.on("export", 0.5):
        region["export_limit_mw"] = dice.of((1, 2, 5, dice.many((0, 1, 3), periods)))
        region["export_price_gbp_per_mwh"] = dice.of((0, 40, dice.many(PRICES, periods)))
    if dice.on("demand_charge", 0.3):
        region["demand_charge_gbp_per_mw"] = dice.of((5, 20, 100))
    if dice.on("network_charge", 0.4):
        region["network_charge_gbp_per_mwh"] = dice.many((0, 4, 12, 30), periods)
    if dice.on("congestion", 0.3):
        region["congestion_gbp_per_mwh"] = dice.many((0, 0, 25, 60, -10), periods)
    if dice.on("congestion_limit", 0.25):
        region["congestion_limit_mw"] = dice.many((1, 2, 4, 30, 30), periods)
    if dice.on("renewable_share", 0.5):
        region["renewable_share_frac"] = dice.many((0.2, 0.5, 0.8, 0.8, 1.0), periods)
    if dice.on("solar", 0.35):
        region["solar_mw"] = dice.many((0, 0, 0.5, 1, 3), periods)
    return region


def _battery(dice: Dice, name: str, region: str) -> Document:
    energy = dice.of((1, 2, 4))
    battery: Document = {
        "id": name,
        "region": region,
        "power_capacity_mw": dice.of((0.5, 1, 2)),
        "energy_capacity_mwh": energy,
        "soc_mwh": dice.of((0, 0.5, 1, energy)),
    }
    if dice.on("efficiency", 0.7):
        battery["charge_efficiency"] = dice.of((0.9, 0.8, 0.5))
        battery["discharge_efficiency"] = dice.of((0.9, 0.95, 1.0))
    if dice.on("wear", 0.5):
        battery["wear_gbp_per_mwh"] = dice.of((1, 2, 10))
    if dice.on("soc_min", 0.4):
        battery["soc_min_mwh"] = dice.of((0.25, 0.5, 1))
    if dice.on("end_soc", 0.5):
        battery["end_soc_min_mwh"] = dice.of((0.5, 1, energy))
    return battery


def _add_job(dice: Dice, doc: Document, name: str, names: list[str], room: int, tiny: bool) -> int:
    """Adds a job that alone can be scheduled; returns how many combinations may still be added."""
    for _ in range(12):
        job = _job(dice, doc, name, names, tiny)
        problem = read({**doc, "jobs": [job], "services": [], "carbon_caps": []})
        one = problem.jobs[0]
        if one.divisible:
            most = sum(
                max((one.q[k] for k in range(len(one.q)) if one.power[k] <= region.it_capacity[t]), default=0.0)
                for r, region in enumerate(problem.regions)
                for t in range(one.earliest_period, one.last_period)
                if r in one.regions and one.run_when is None
            )
            if one.hard and most < one.w:
                continue
            doc["jobs"].append(job)
            return room
        try:
            found = schedules(problem, one)
        except TooBig:
            continue
        if one.hard:
            found = [option for option in found if fits_alone(problem, one, option)] and found
        if not any(option.power for option in found):
            continue
        if tiny:
            combinations = math.comb(len(found) + one.count - 1, one.count)
            if combinations > room:
                continue
            doc["jobs"].append(job)
            return room // combinations
        if len(found) <= min(room, 250):
            doc["jobs"].append(job)
            return room - len(found)
    return room


def _job(dice: Dice, doc: Document, name: str, names: list[str], tiny: bool) -> Document:
    horizon = doc["horizon"]
    periods, step_min = horizon["periods"], horizon["step_min"]
    h, start = step_min / 60.0, instant(horizon["start"])
    unit = "inferences" if dice.rng.random() < 0.7 else "gpu_hours"
    scale = 1_000_000 if unit == "inferences" else 100

    def at(period: float) -> str:
        return (start + timedelta(minutes=step_min * period)).strftime("%Y-%m-%dT%H:%M:%SZ")

    points = []
    for power, rate in dice.of((((1, 1),), ((1, 1),), ((2, 2),), ((3, 3),), ((2, 3), (1, 2)), ((2, 2), (1, 1)))):
        points.append({"power_mw": power, f"{unit}_per_h": rate * scale})
    if not dice.on("points", 0.7):
        points = points[:1]
    best = max(point[f"{unit}_per_h"] for point in points)
    length = dice.rng.randint(1, periods)
    lumpy = dice.of((0.0, 0.0, 0.0, 0.5, 0.25))
    work = round(best * h * (length - lumpy))
    job: Document = {"id": name, unit: max(work, 1), "points": points, "tier": dice.of((0, 1, 2, 3))}
    if dice.on("earliest_start", 0.3):
        job["earliest_start"] = at(dice.of((0.5, 1, 1, 2)))
    if dice.on("deadline", 0.4):
        job["deadline"] = at(dice.rng.randint(max(2, periods // 2), periods) + dice.of((0, 0, -0.5)))
    if dice.on("job_regions", 0.3):
        job["regions"] = [dice.of(names)]
    if dice.on("run_when", 0.25):
        if dice.rng.random() < 0.5:
            job["run_when"] = {"carbon_below_g_per_kwh": dice.of((100, 150, 250))}
        elif all("renewable_share_frac" in region for region in doc["regions"]):
            job["run_when"] = {"renewable_share_min": dice.of((0.5, 0.8))}
    if dice.on("priced", 0.4):
        job["deadline_kind"] = "priced"
        if dice.rng.random() < 0.5:
            job["undone_penalty_gbp"] = dice.of((0, 20, 50, 100, 500))
    if dice.on("count", 0.2):
        job["count"] = dice.of((2, 3))
    if dice.on("divisible", 0.12):
        job["divisible"] = True
        return job
    if dice.on("preemptible", 0.6):
        job["preemptible"] = True
        if dice.on("max_pauses", 0.3):
            job["max_pauses"] = dice.of((0, 1, 1, 2))
    if dice.on("pause_cost", 0.5):
        job["pause_cost_gbp"] = dice.of((1, 4, 20))
    if dice.on("pause_energy", 0.4):
        job["pause_energy_mwh"] = dice.of((0.1, 0.25))
    if dice.on("min_run", 0.35):
        job["min_run_periods"] = dice.of((2, 2, 3))
    if dice.on("startup_cost", 0.4):
        job["startup_cost_gbp"] = dice.of((2, 5, 15))
    if len(names) > 1 and dice.on("migration", 0.5):
        job["migration"] = {
            "cost_gbp": dice.of((0, 2, 10)),
            "periods": dice.of((0, 1, 1, 2)),
            "energy_mwh": dice.of((0, 0, 0.1, 0.2)),
        }
    if dice.on("state", 0.35):
        _add_state(dice, job, unit, names, best * h, at)
    return job


def _add_state(
    dice: Dice, job: Document, unit: str, names: list[str], a_period: float, at: Callable[[float], str]
) -> None:
    """Gives a job a past: it runs, or it is paused (then it may pause), and has done some of its work."""
    state: Document = {"region": dice.of(job.get("regions", names))}
    done = dice.of((0, a_period / 2, a_period, 2 * a_period))
    if done < job[unit]:
        state[f"done_{unit}"] = done
    if dice.rng.random() < 0.65:
        state["point"] = dice.rng.randrange(len(job["points"]))
        job.pop("earliest_start", None)
        if dice.on("running_since", 0.5):
            state["running_since"] = at(-dice.of((1, 2, 3)))
        if dice.on("can_stop", 0.35):
            state["can_stop"] = False
    else:
        job["preemptible"] = True
    if job.get("preemptible") and dice.rng.random() < 0.3:
        state["pauses"] = dice.of((0, 1)) if job.get("max_pauses") == 1 else 1
        if job.get("max_pauses") == 0:
            state["pauses"] = 0
    job["state"] = state


def _service(dice: Dice, name: str, names: list[str], periods: int, step_min: int) -> Document:
    unit = 500_000 * step_min // 60
    service: Document = {
        "id": name,
        "demand_inferences": [unit * v for v in dice.many((0, 1, 2, 2, 4), periods)],
        "points": [{"wh_per_inference": dice.of((0.5, 1, 1))}],
    }
    if dice.on("service_points", 0.4):
        service["points"].append({"wh_per_inference": 0.25, "latency_ms": 60})
    if dice.on("latency", 0.5):
        service["network_latency_ms"] = {other: dice.of((5, 20, 50)) for other in names[: dice.of((1, 3, 3))]}
        service["latency_limit_ms"] = max(dice.of((40, 80)), *service["network_latency_ms"].values(), 0)
    if dice.on("routing_cost", 0.4):
        service["routing_cost_gbp_per_million"] = dice.of((3, {names[-1]: 8}))
    if dice.on("shed_penalty", 0.6):
        service["shed_penalty_gbp_per_million"] = dice.of((0, 30, 100, 500))
    return service


def _round(number: float) -> float:
    """Three significant digits."""
    return float(f"{number:.3g}")


def _add_caps(dice: Dice, doc: Document, names: list[str]) -> None:
    """Caps around what the plan without caps emits."""
    try:
        base = judge(doc)
    except (NoSchedule, TooBig, Infeasible):
        return
    hours = doc["horizon"]["periods"] * doc["horizon"]["step_min"] / 60.0
    for number in range(dice.of((1, 1, 2))):
        window: Any = "horizon"
        share = 1.0
        if dice.on("cap_day", 0.3):
            window, share = "day", 0.6
        elif dice.on("cap_rolling", 0.4):
            step_h = doc["horizon"]["step_min"] / 60.0
            length = dice.of((1, 2, 3, 24)) * step_h
            window, share = {"rolling_h": length}, min(1.0, 1.5 * length / hours)
        metric = "kg"
        factor = dice.of((0.0, 0.5, 0.8, 0.9, 1.0, 1.2))
        limit = base.carbon_kg * share * factor
        if dice.on("cap_g_per_kwh", 0.3) and base.facility_mwh > 0.0:
            metric, limit = "g_per_kwh", base.carbon_kg / base.facility_mwh * factor
        elif dice.on("cap_g_per_inference", 0.4) and base.inferences > 0.0:
            metric, limit = "g_per_inference", base.carbon_kg * 1000.0 / base.inferences * factor
        cap: Document = {"id": f"c{number}", "metric": metric, "limit": _round(limit), "window": window}
        if dice.on("cap_regions", 0.3):
            cap["regions"] = [dice.of(names)]
        if dice.on("cap_strict", 0.4):
            cap["kind"] = "strict"
        else:
            cap.update(kind="priced", price_gbp_per_kg=dice.of((0.05, 0.1, 0.25, 1.0)))
        doc["carbon_caps"].append(cap)


# ---- which features occur, and which of them matter ------------------------------------------------------------------

Ablation = Callable[[Document], bool]


def _drop(where: str, field: str, value: Any = None, keep: Callable[[Any], bool] | None = None) -> Ablation:
    """Puts a field of all objects back to a neutral value (None: absent); says whether that changed anything."""

    def apply(doc: Document) -> bool:
        changed = False
        for thing in doc[where]:
            if field not in thing or thing[field] == value or (keep is not None and keep(thing[field])):
                continue
            changed = True
            if value is None:
                del thing[field]
            else:
                thing[field] = value
        return changed

    return apply


def _in(where: str, inner: str, ablation: Ablation) -> Ablation:
    """An ablation of an inner object."""

    def apply(doc: Document) -> bool:
        return ablation({inner: [thing[inner] for thing in doc[where] if thing.get(inner)]})

    return apply


def _remove(where: str, which: Callable[[Document], bool] = lambda thing: True) -> Ablation:
    """Removes objects of a kind."""

    def apply(doc: Document) -> bool:
        kept = [thing for thing in doc[where] if not which(thing)]
        changed = len(kept) < len(doc[where])
        doc[where] = kept
        return changed

    return apply


def _scale(field: str) -> Ablation:
    """Makes a limit of regions so high that it cannot bind."""

    def apply(doc: Document) -> bool:
        for region in doc["regions"]:
            values = region[field]
            region[field] = [v and 1000 for v in values] if isinstance(values, list) else 1000
        return True

    return apply


def _first_point(where: str) -> Ablation:
    """Leaves only the first operating point."""

    def apply(doc: Document) -> bool:
        changed = False
        for thing in doc[where]:
            changed |= len(thing["points"]) > 1
            thing["points"] = thing["points"][:1]
            if thing.get("state", {}).get("point"):
                thing["state"]["point"] = 0
        return changed

    return apply


def _no_negative_price(doc: Document) -> bool:
    changed = False
    for region in doc["regions"]:
        prices = region["import_price_gbp_per_mwh"]
        if isinstance(prices, list) and min(prices) < 0:
            region["import_price_gbp_per_mwh"] = [max(0, price) for price in prices]
            changed = True
    return changed


def _metric(name: str) -> Ablation:
    return _remove("carbon_caps", lambda cap: cap["metric"] == name)


ABLATIONS: dict[str, Ablation] = {
    "it_capacity": _scale("it_capacity_mw"),
    "import_limit": _scale("import_limit_mw"),
    "negative_price": _no_negative_price,
    "overhead": _drop("regions", "overhead_mw", 0),
    "pue_slope": _drop("regions", "pue_slope", 1),
    "nonfirm_import": _drop("regions", "nonfirm_import_mw", 0),
    "export": _drop("regions", "export_limit_mw", 0),
    "demand_charge": _drop("regions", "demand_charge_gbp_per_mw", 0),
    "network_charge": _drop("regions", "network_charge_gbp_per_mwh", 0),
    "congestion_price": _drop("regions", "congestion_gbp_per_mwh", 0),
    "congestion_limit": _drop("regions", "congestion_limit_mw"),
    "solar": _drop("regions", "solar_mw", 0),
    "battery": _remove("batteries"),
    "battery_efficiency": _drop("batteries", "charge_efficiency", 1),
    "battery_wear": _drop("batteries", "wear_gbp_per_mwh", 0),
    "soc_min": _drop("batteries", "soc_min_mwh", 0),
    "end_soc": _drop("batteries", "end_soc_min_mwh"),
    "job_points": _first_point("jobs"),
    "earliest_start": _drop("jobs", "earliest_start"),
    "deadline": _drop("jobs", "deadline"),
    "job_regions": _drop("jobs", "regions"),
    "run_when": _drop("jobs", "run_when"),
    "undone_penalty": _drop("jobs", "undone_penalty_gbp"),
    "count": _drop("jobs", "count", 1),
    "divisible": _drop("jobs", "divisible", False),
    "preemptible": _drop("jobs", "preemptible", False),
    "max_pauses": _drop("jobs", "max_pauses"),
    "pause_cost": _drop("jobs", "pause_cost_gbp", 0),
    "pause_energy": _drop("jobs", "pause_energy_mwh", 0),
    "min_run": _drop("jobs", "min_run_periods", 1),
    "startup_cost": _drop("jobs", "startup_cost_gbp", 0),
    "migration": _drop("jobs", "migration"),
    "migration_cost": _in("jobs", "migration", _drop("migration", "cost_gbp", 0)),
    "migration_periods": _in("jobs", "migration", _drop("migration", "periods", 0)),
    "migration_energy": _in("jobs", "migration", _drop("migration", "energy_mwh", 0)),
    "state": _drop("jobs", "state"),
    "state_running": _in("jobs", "state", _drop("state", "point")),
    "state_done": _in("jobs", "state", _drop("state", "done_inferences", 0)),
    "running_since": _in("jobs", "state", _drop("state", "running_since")),
    "can_stop": _in("jobs", "state", _drop("state", "can_stop", True)),
    "state_pauses": _in("jobs", "state", _drop("state", "pauses", 0)),
    "service": _remove("services"),
    "service_points": _first_point("services"),
    "latency": _drop("services", "latency_limit_ms"),
    "network_latency": _drop("services", "network_latency_ms"),
    "routing_cost": _drop("services", "routing_cost_gbp_per_million"),
    "cap_kg": _metric("kg"),
    "cap_g_per_kwh": _metric("g_per_kwh"),
    "cap_g_per_inference": _metric("g_per_inference"),
    "cap_strict": _remove("carbon_caps", lambda cap: cap["kind"] == "strict"),
    "cap_priced": _remove("carbon_caps", lambda cap: cap["kind"] == "priced"),
    "cap_day": _drop("carbon_caps", "window", "horizon", keep=lambda window: window != "day"),
    "cap_rolling": _drop("carbon_caps", "window", "horizon", keep=lambda window: window == "day"),
    "cap_regions": _drop("carbon_caps", "regions"),
}


def features_of(doc: Document) -> list[str]:
    """The features that a problem has."""
    return [name for name, ablation in ABLATIONS.items() if ablation(copy.deepcopy(doc))]


def statistics(docs: Iterable[Document]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each feature occurs, how often it is binding, and how often each slack is used.

    A feature is binding where the optimum is another one, or none exists, without it.
    """
    occurs: Counter[str] = Counter()
    binding: Counter[str] = Counter()
    slacks: Counter[str] = Counter()
    for doc in docs:
        base = judge(doc)
        used = [kind for kind, gbp in base.penalties_gbp.items() if gbp > 1e-6]
        slacks.update(used)
        slacks["none"] += not used
        slacks["strict_cap_gives_way"] += base.strict_fallback
        for name, ablation in ABLATIONS.items():
            other = copy.deepcopy(doc)
            if not ablation(other):
                continue
            occurs[name] += 1
            try:
                without = judge(other)
                same = abs(without.objective_gbp - base.objective_gbp) <= 1e-6 * max(1.0, abs(base.objective_gbp))
                binding[name] += not same
            except (NoSchedule, Infeasible):
                binding[name] += 1
            except TooBig:
                pass
    return occurs, binding, slacks


def table(occurs: Counter[str], binding: Counter[str], slacks: Counter[str], problems: int) -> str:
    """The statistics as text."""
    lines = [f"{problems} problems", f"{'feature':<22}{'occurs':>8}{'binding':>9}"]
    lines += [f"{name:<22}{occurs[name]:>8}{binding[name]:>9}" for name in ABLATIONS]
    lines += ["slack used: " + ", ".join(f"{kind} {number}" for kind, number in sorted(slacks.items()))]
    return "\n".join(lines)
