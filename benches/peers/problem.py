"""A problem document as arrays: what every peer formulates, and nothing of how.

Only the part of docs/model.md that every peer can express is read; anything else is refused by name. Periods, regions,
jobs and services are indices; power MW, energy MWh, money GBP, carbon kg, inferences in millions.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

LONDON = ZoneInfo("Europe/London")
DONE = 1e-9


class Refused(Exception):
    """The document has what not every peer can express."""


@dataclass(frozen=True)
class Job:
    """Work of `need` periods at one power in the window `first <= t < end`, in one of some regions."""

    id: str
    power: float
    need: int
    first: int
    end: int
    regions: tuple[int, ...]
    preemptible: bool
    hard: bool
    undone_gbp_per_period: float
    pause_gbp: float
    most_pauses: int | None


@dataclass(frozen=True)
class Cap:
    """A priced carbon cap over some periods and all regions: `limit` in kg, or in g/kWh of facility energy."""

    periods: tuple[int, ...]
    per_kwh: bool
    limit: float
    price: float


@dataclass
class Problem:
    """Arrays are by region and period, or by battery (one in each region at most), or by service and so on."""

    document: dict[str, Any]
    T: int
    h: float
    regions: list[str]
    capacity: np.ndarray
    overhead: np.ndarray
    pue: np.ndarray
    import_limit: np.ndarray
    export_limit: np.ndarray
    import_price: np.ndarray
    export_price: np.ndarray
    carbon: np.ndarray
    solar: np.ndarray
    battery: dict[str, np.ndarray]
    demand: np.ndarray
    mw_per_million: np.ndarray
    served: np.ndarray
    routing: np.ndarray
    shed_price: np.ndarray
    jobs: list[Job]
    caps: list[Cap]
    overload_price: float = 0.0
    end_soc_price: float = 0.0
    starts: dict[str, np.ndarray] = field(default_factory=dict)
    cells: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def R(self) -> int:
        """Number of regions."""
        return len(self.regions)

    @property
    def S(self) -> int:
        """Number of services."""
        return len(self.shed_price)


def read(path: Path | str) -> Problem:
    """Reads a document, and lists the starts of jobs that may not pause and the periods of those that may."""
    document = json.loads(Path(path).read_text())
    horizon = document["horizon"]
    T, h = horizon["periods"], horizon["step_min"] / 60.0
    names = [region["id"] for region in document["regions"]]

    def series(region: dict[str, Any], name: str, default: float = 0.0) -> np.ndarray:
        value = region.get(name, default)
        return np.full(T, float(value)) if isinstance(value, (int, float)) else np.asarray(value, float)

    def all_of(name: str, default: float = 0.0) -> np.ndarray:
        return np.array([series(region, name, default) for region in document["regions"]])

    for region in document["regions"]:
        refuse(region, ["nonfirm_import_mw", "demand_charge_gbp_per_mw", "congestion_limit_mw"])
    services = document.get("services", [])
    served = np.zeros((len(services), len(names)), bool)
    routing = np.zeros((len(services), len(names)))
    for s, service in enumerate(services):
        if len(service["points"]) != 1 or service.get("latency_limit_ms") is not None:
            raise Refused(f"service {service['id']}: several points or a latency limit")
        costs = service.get("routing_cost_gbp_per_million", 0.0)
        for r, name in enumerate(names):
            served[s, r] = service.get("network_latency_ms") is None or name in service["network_latency_ms"]
            routing[s, r] = costs if isinstance(costs, (int, float)) else costs.get(name, 0.0)
    wh = np.array([service["points"][0]["wh_per_inference"] for service in services])
    p = Problem(
        document=document,
        T=T,
        h=h,
        regions=names,
        capacity=all_of("it_capacity_mw"),
        overhead=all_of("overhead_mw"),
        pue=all_of("pue_slope", 1.0),
        import_limit=all_of("import_limit_mw"),
        export_limit=all_of("export_limit_mw"),
        import_price=all_of("import_price_gbp_per_mwh")
        + all_of("network_charge_gbp_per_mwh")
        + all_of("congestion_gbp_per_mwh"),
        export_price=all_of("export_price_gbp_per_mwh"),
        carbon=all_of("carbon_g_per_kwh"),
        solar=all_of("solar_mw"),
        battery=batteries(document, names),
        demand=np.array([series(service, "demand_inferences") for service in services]).reshape(len(services), T) / 1e6,
        mw_per_million=wh / h,
        served=served,
        routing=routing,
        shed_price=np.array([service["shed_penalty_gbp_per_million"] for service in services]),
        jobs=[job(document, each, names, T, h) for each in document["jobs"]],
        caps=[window for cap in document.get("carbon_caps", []) for window in windows(document, cap, T)],
    )
    prices(p, wh)
    list_starts(p)
    list_cells(p)
    return p


def refuse(thing: dict[str, Any], fields: list[str]) -> None:
    """Refuses a document in which one of these fields says something."""
    for name in fields:
        value = thing.get(name)
        if value not in (None, 0, 0.0, False, []):
            raise Refused(f"{thing.get('id', '')}: {name}")


def batteries(document: dict[str, Any], names: list[str]) -> dict[str, np.ndarray]:
    """Batteries by region; a region without one has one of no size."""
    fields = {
        "power": "power_capacity_mw",
        "energy": "energy_capacity_mwh",
        "charge": "charge_efficiency",
        "discharge": "discharge_efficiency",
        "wear": "wear_gbp_per_mwh",
        "soc": "soc_mwh",
        "end": "end_soc_min_mwh",
    }
    out = {name: np.full(len(names), 1.0 if name in ("charge", "discharge") else 0.0) for name in fields}
    for battery in document.get("batteries", []):
        refuse(battery, ["soc_min_mwh"])
        r = names.index(battery["region"])
        if out["energy"][r]:
            raise Refused(f"two batteries in {battery['region']}")
        for name, key in fields.items():
            out[name][r] = battery.get(key) or 0.0
    return out


def instant(text: str) -> datetime:
    """A UTC instant."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def job(document: dict[str, Any], each: dict[str, Any], names: list[str], T: int, h: float) -> Job:
    """One job in periods."""
    refuse(each, ["divisible", "startup_cost_gbp", "pause_energy_mwh", "migration", "run_when", "state"])
    if len(each["points"]) != 1 or each.get("count", 1) != 1 or each.get("min_run_periods", 1) != 1:
        raise Refused(f"{each['id']}: several points, copies or a least run")
    start, step = instant(document["horizon"]["start"]), timedelta(hours=h)
    point = each["points"][0]
    counts = each.get("inferences") is not None
    work = each["inferences"] if counts else each["gpu_hours"]
    rate = point["inferences_per_h"] if counts else point["gpu_hours_per_h"]
    need = math.ceil(work / (rate * h) - DONE)
    if abs(need * rate * h - work) > 1e-6 * work:
        raise Refused(f"{each['id']}: work is not a whole number of periods")
    first = max(0, -((start - instant(each["earliest_start"])) // step)) if each.get("earliest_start") else 0
    end = min(T, (instant(each["deadline"]) - start) // step) if each.get("deadline") else T
    hard = each.get("deadline_kind", "hard") == "hard"
    if not hard and each.get("undone_penalty_gbp") is None:
        raise Refused(f"{each['id']}: priced deadline without a price")
    return Job(
        id=each["id"],
        power=point["power_mw"],
        need=need,
        first=first,
        end=end,
        regions=tuple(range(len(names)) if each.get("regions") is None else (names.index(r) for r in each["regions"])),
        preemptible=each.get("preemptible", False),
        hard=hard,
        undone_gbp_per_period=0.0 if hard else each["undone_penalty_gbp"] / need,
        pause_gbp=each.get("pause_cost_gbp", 0.0),
        most_pauses=each.get("max_pauses"),
    )


def windows(document: dict[str, Any], cap: dict[str, Any], T: int) -> list[Cap]:
    """One cap for each window."""
    if cap.get("kind", "strict") != "priced" or cap.get("regions") is not None or cap["metric"] == "g_per_inference":
        raise Refused(f"cap {cap['id']}: strict, for some regions, or for each inference")
    start = instant(document["horizon"]["start"])
    step = timedelta(minutes=document["horizon"]["step_min"])
    if cap.get("window", "horizon") == "horizon":
        spans = [tuple(range(T))]
    elif cap["window"] == "day":
        days: dict[Any, list[int]] = {}
        for t in range(T):
            days.setdefault((start + t * step).astimezone(UTC).astimezone(LONDON).date(), []).append(t)
        spans = [tuple(span) for span in days.values()]
    else:
        raise Refused(f"cap {cap['id']}: rolling")
    return [Cap(span, cap["metric"] == "g_per_kwh", cap["limit"], cap["price_gbp_per_kg"]) for span in spans]


def prices(p: Problem, wh: np.ndarray) -> None:
    """The default prices of docs/model.md for what has none."""
    e = np.zeros((p.R, p.T))
    for r, region in enumerate(p.document["regions"]):
        for name in (
            "import_price_gbp_per_mwh",
            "network_charge_gbp_per_mwh",
            "congestion_gbp_per_mwh",
            "export_price_gbp_per_mwh",
        ):
            e[r] += np.abs(np.asarray(region.get(name, 0.0), float))
    e += p.carbon * sum(cap["price_gbp_per_kg"] for cap in p.document.get("carbon_caps", []))
    most = max(1.0, float((p.pue * e).max()))
    undone = [j.undone_gbp_per_period * j.need / (j.power * p.h * j.need) for j in p.jobs if not j.hard]
    shed = [price / max(1e-3, w) for price, w in zip(p.shed_price, wh)]
    p.end_soc_price = 2.0 * most
    p.overload_price = 2.0 * max([2.0 * most, *undone, *shed])


def list_starts(p: Problem) -> None:
    """Every start of a job that may not pause: a late one is cut off by a priced deadline and pays for what is left."""
    rows = [
        (j, r, t, min(job.need, job.end - t), (job.need - min(job.need, job.end - t)) * job.undone_gbp_per_period)
        for j, job in enumerate(p.jobs)
        if not job.preemptible
        for r in job.regions
        for t in range(job.first, job.end - job.need + 1 if job.hard else job.end)
    ]
    columns = list(zip(*rows)) if rows else [()] * 5
    for name, column, kind in zip(("job", "region", "t", "length", "cost"), columns, (int, int, int, int, float)):
        p.starts[name] = np.array(column, kind)


def list_cells(p: Problem) -> None:
    """Every region and period in which a job that may pause could work; `before` is the row a period before, or -1."""
    rows, place = [], -1
    for j, job in enumerate(p.jobs):
        for r in job.regions if job.preemptible else ():
            place += 1
            for t in range(job.first, job.end):
                rows.append((j, r, t, place, len(rows) - 1 if t > job.first else -1))
    columns = list(zip(*rows)) if rows else [()] * 5
    for name, column in zip(("job", "region", "t", "place", "before"), columns):
        p.cells[name] = np.array(column, int)
