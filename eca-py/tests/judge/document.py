"""Reads a problem document: defaults filled in, series expanded, times turned into periods.

The only code that judge and brute force share besides `linear`; it decides nothing about the model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Region:
    """A region; every series has one value for each period."""

    id: str
    it_capacity: list[float]
    overhead: list[float]
    pue_slope: list[float]
    import_limit: list[float]
    nonfirm: list[float]
    export_limit: list[float]
    demand_charge: float
    import_price: list[float]
    export_price: list[float]
    network_charge: list[float]
    congestion: list[float]
    congestion_limit: list[float]
    carbon: list[float]
    renewable_share: list[float] | None
    solar: list[float]


@dataclass(frozen=True)
class Battery:
    """A battery; `end_soc_min` is None where the end is free."""

    id: str
    region: int
    power: float
    energy: float
    charge_efficiency: float
    discharge_efficiency: float
    wear: float
    soc: float
    soc_min: float
    end_soc_min: float | None


@dataclass(frozen=True)
class State:
    """What a job did before the horizon; `before` is the length of its run so far in periods."""

    region: int
    point: int | None
    before: int
    can_stop: bool
    pauses: int


@dataclass(frozen=True)
class Job:
    """A batch job; `q` is the part of its work that a point does in one period, `w` the part still to do."""

    id: str
    count: int
    counts_inferences: bool
    work: float
    w: float
    power: list[float]
    q: list[float]
    earliest_period: int
    last_period: int
    hard: bool
    undone_penalty: float | None
    undone_max: float
    regions: list[int]
    preemptible: bool
    divisible: bool
    min_run: int
    max_pauses: int | None
    startup_cost: float
    pause_cost: float
    pause_energy: float
    migration: tuple[float, int, float] | None
    run_when: tuple[str, float] | None
    tier: int
    state: State | None


@dataclass(frozen=True)
class Service:
    """A service; `routes` are the pairs of region and point within its latency limit."""

    id: str
    demand: list[float]
    wh: list[float]
    routes: list[tuple[int, int]]
    routing_cost: list[float]
    shed_penalty: float


@dataclass(frozen=True)
class Cap:
    """A carbon cap; `windows` are half-open ranges of periods, `price` is None where it is strict."""

    id: str
    metric: str
    limit: float
    windows: list[tuple[int, int]]
    regions: list[int]
    price: float | None


@dataclass(frozen=True)
class Sold:
    """One commitment in one settlement period within the horizon; `penalty` is None where the default price holds."""

    id: str
    region: int
    periods: tuple[int, ...]
    committed_mwh: float
    due_mwh: float
    baseline_mwh: float
    imported_mwh: float
    ramp_h: float
    price: float
    penalty: float | None


@dataclass(frozen=True)
class Guard:
    """A settlement period in which a commitment may not raise the import above `most_mwh`."""

    id: str
    region: int
    periods: tuple[int, ...]
    most_mwh: float


@dataclass(frozen=True)
class Target:
    """A power target; `power` and `most` (rebound included) are None where nothing holds, `price` is None where it is strict."""

    region: int
    power: list[float | None]
    most: list[float | None]
    fall: float
    rise: float
    price: float | None


@dataclass(frozen=True)
class Problem:
    """A problem with everything spelt out."""

    start: datetime
    step_min: int
    periods: int
    regions: list[Region]
    batteries: list[Battery]
    jobs: list[Job]
    services: list[Service]
    caps: list[Cap]
    sold: list[Sold] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    @property
    def h(self) -> float:
        """Hours in a period."""
        return self.step_min / 60.0


def instant(text: str) -> datetime:
    """The UTC instant that a text names."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def last_sunday(year: int, month: int) -> datetime:
    """01:00 UTC on the last Sunday of a month of 31 days: British clocks change then in March and October."""
    day = datetime(year, month, 31, 1, tzinfo=timezone.utc)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def london_date(at: datetime) -> tuple[int, int, int]:
    """The date in London at an instant."""
    summer = last_sunday(at.year, 3) <= at < last_sunday(at.year, 10)
    local = at + timedelta(hours=1 if summer else 0)
    return (local.year, local.month, local.day)


def cap_windows(window: Any, start: datetime, step_min: int, periods: int) -> list[tuple[int, int]]:
    """The windows of a cap as half-open ranges of periods."""
    if window == "horizon":
        return [(0, periods)]
    if window == "day":
        dates = [london_date(start + timedelta(minutes=step_min * t)) for t in range(periods)]
        cuts = [0] + [t for t in range(1, periods) if dates[t] != dates[t - 1]] + [periods]
        return list(zip(cuts[:-1], cuts[1:]))
    length = round(float(window["rolling_h"]) * 60 / step_min)
    if length >= periods:
        return [(0, periods)]
    return [(t, t + length) for t in range(periods - length + 1)]


def read(doc: Document) -> Problem:
    """Reads a problem document."""
    horizon = doc["horizon"]
    start, step_min, periods = instant(horizon["start"]), int(horizon["step_min"]), int(horizon["periods"])
    index = {region["id"]: r for r, region in enumerate(doc["regions"])}

    def series(value: Any) -> list[float]:
        values = [float(v) for v in value] if isinstance(value, list) else [float(value)] * periods
        if len(values) != periods:
            raise ValueError(f"{len(values)} values for {periods} periods")
        return values

    def region(d: Document) -> Region:
        limit, share = d.get("congestion_limit_mw"), d.get("renewable_share_frac")
        return Region(
            id=d["id"],
            it_capacity=series(d["it_capacity_mw"]),
            overhead=series(d.get("overhead_mw", 0.0)),
            pue_slope=series(d.get("pue_slope", 1.0)),
            import_limit=series(d["import_limit_mw"]),
            nonfirm=series(d.get("nonfirm_import_mw", 0.0)),
            export_limit=series(d.get("export_limit_mw", 0.0)),
            demand_charge=float(d.get("demand_charge_gbp_per_mw", 0.0)),
            import_price=series(d["import_price_gbp_per_mwh"]),
            export_price=series(d.get("export_price_gbp_per_mwh", 0.0)),
            network_charge=series(d.get("network_charge_gbp_per_mwh", 0.0)),
            congestion=series(d.get("congestion_gbp_per_mwh", 0.0)),
            congestion_limit=[math.inf] * periods if limit is None else series(limit),
            carbon=series(d["carbon_g_per_kwh"]),
            renewable_share=None if share is None else series(share),
            solar=series(d.get("solar_mw", 0.0)),
        )

    def battery(d: Document) -> Battery:
        end = d.get("end_soc_min_mwh")
        return Battery(
            id=d["id"],
            region=index[d["region"]],
            power=float(d["power_capacity_mw"]),
            energy=float(d["energy_capacity_mwh"]),
            charge_efficiency=float(d.get("charge_efficiency", 1.0)),
            discharge_efficiency=float(d.get("discharge_efficiency", 1.0)),
            wear=float(d.get("wear_gbp_per_mwh", 0.0)),
            soc=float(d.get("soc_mwh", 0.0)),
            soc_min=float(d.get("soc_min_mwh", 0.0)),
            end_soc_min=None if end is None else float(end),
        )

    def state(d: Document | None) -> State | None:
        if d is None:
            return None
        point, since = d.get("point"), d.get("running_since")
        before = 1
        if since is not None:
            before = int((start - instant(since)) / timedelta(minutes=step_min))
        return State(index[d["region"]], point, before, bool(d.get("can_stop", True)), int(d.get("pauses", 0)))

    def job(d: Document) -> Job:
        counts = d.get("inferences") is not None
        unit = "inferences" if counts else "gpu_hours"
        work = float(d[unit])
        given = d.get("state")
        done = float(given.get(f"done_{unit}", 0.0)) if given else 0.0
        was = state(given)
        first, last = 0, periods
        if d.get("earliest_start") is not None and not (was and was.point is not None):
            first = max(0, math.ceil((instant(d["earliest_start"]) - start) / timedelta(minutes=step_min)))
        if d.get("deadline") is not None:
            last = min(periods, max(0, math.floor((instant(d["deadline"]) - start) / timedelta(minutes=step_min))))
        move, when, scope = d.get("migration"), d.get("run_when"), d.get("regions")
        return Job(
            id=d["id"],
            count=int(d.get("count", 1)),
            counts_inferences=counts,
            work=work,
            w=1.0 - done / work,
            power=[float(p["power_mw"]) for p in d["points"]],
            q=[float(p[f"{unit}_per_h"]) * (step_min / 60.0) / work for p in d["points"]],
            earliest_period=first,
            last_period=last,
            hard=d.get("deadline_kind", "hard") == "hard",
            undone_penalty=d.get("undone_penalty_gbp"),
            undone_max=math.inf if d.get("undone_max_frac") is None else float(d["undone_max_frac"]),
            regions=list(range(len(index))) if scope is None else sorted(index[r] for r in scope),
            preemptible=bool(d.get("preemptible", False)),
            divisible=bool(d.get("divisible", False)),
            min_run=int(d.get("min_run_periods", 1)),
            max_pauses=d.get("max_pauses"),
            startup_cost=float(d.get("startup_cost_gbp", 0.0)),
            pause_cost=float(d.get("pause_cost_gbp", 0.0)),
            pause_energy=float(d.get("pause_energy_mwh", 0.0)),
            migration=None
            if move is None
            else (float(move.get("cost_gbp", 0.0)), int(move.get("periods", 0)), float(move.get("energy_mwh", 0.0))),
            run_when=None if when is None else next((k, float(v)) for k, v in when.items()),
            tier=int(d.get("tier", 0)),
            state=was,
        )

    def service(d: Document) -> Service:
        network, limit = d.get("network_latency_ms"), d.get("latency_limit_ms")
        routing = d.get("routing_cost_gbp_per_million", 0.0)
        routes = []
        for name, r in index.items():
            if network is not None and name not in network:
                continue
            there = 0.0 if network is None else float(network[name])
            for k, point in enumerate(d["points"]):
                if limit is None or there + float(point.get("latency_ms", 0.0)) <= float(limit):
                    routes.append((r, k))
        return Service(
            id=d["id"],
            demand=series(d["demand_inferences"]),
            wh=[float(point["wh_per_inference"]) for point in d["points"]],
            routes=routes,
            routing_cost=[float(routing.get(n, 0.0) if isinstance(routing, dict) else routing) for n in index],
            shed_penalty=float(d.get("shed_penalty_gbp_per_million", 20_000.0)),
        )

    def of(value: Any, i: int) -> float:
        return float(value[i] if isinstance(value, list) else value)

    starts = [start + timedelta(minutes=step_min * t) for t in range(periods)]

    def half_hour(named: Document) -> tuple[datetime, datetime]:
        """A half hour of a London day counts from its midnight in UTC."""
        year, month, day = (int(part) for part in named["settlement_date"].split("-"))
        midnight = datetime(year, month, day, tzinfo=timezone.utc)
        if london_date(midnight - timedelta(hours=1)) == (year, month, day):
            midnight -= timedelta(hours=1)
        begin = midnight + timedelta(minutes=30 * (int(named["settlement_period"]) - 1))
        return begin, begin + timedelta(minutes=30)

    def guards(d: Document) -> list[Guard]:
        guard, found = d.get("guard"), []
        for i, named in enumerate(guard["settlement_periods"] if guard else []):
            begin, end = half_hour(named)
            if begin >= start and end <= start + timedelta(minutes=step_min * periods):
                most = of(guard["import_mw"], i) * (1.0 + guard.get("room_frac", 0.0)) + guard.get("room_mw", 0.0)
                inside = tuple(t for t, at in enumerate(starts) if begin <= at < end)
                found.append(Guard(d["id"], index[d["region"]], inside, 0.5 * most))
        return found

    def sold(d: Document) -> list[Sold]:
        fine = d.get("penalty", {})
        found = []
        for i, named in enumerate(d["settlement_periods"]):
            begin, end = half_hour(named)
            if end <= start or end > start + timedelta(minutes=step_min * periods):
                continue
            committed, price = 0.5 * of(d["committed_mw"], i), fine.get("price_gbp_per_mwh")
            found.append(
                Sold(
                    id=d["id"],
                    region=index[d["region"]],
                    periods=tuple(t for t, at in enumerate(starts) if begin <= at < end),
                    committed_mwh=committed,
                    due_mwh=committed - float(fine.get("tolerance_frac", 0.0)) * committed,
                    baseline_mwh=0.5 * of(d["baseline_mw"], i),
                    imported_mwh=float(d.get("imported_mwh") or 0.0) if begin < start else 0.0,
                    ramp_h=float(d.get("ramp_min", 0.0)) / 60.0,
                    price=of(d.get("price_gbp_per_mwh", 0.0), i),
                    penalty=None if price is None else of(price, i),
                )
            )
        return found

    def cap(d: Document) -> Cap:
        scope = d.get("regions")
        return Cap(
            id=d["id"],
            metric=d["metric"],
            limit=float(d["limit"]),
            windows=cap_windows(d.get("window", "horizon"), start, step_min, periods),
            regions=list(range(len(index))) if scope is None else sorted(index[r] for r in scope),
            price=float(d["price_gbp_per_kg"]) if d.get("kind", "strict") == "priced" else None,
        )

    def target(d: Document) -> Target:
        given = d["power_mw"]
        power = [float(given)] * periods if not isinstance(given, list) else [None if v is None else float(v) for v in given]
        rebound = d.get("rebound_max_mw")
        asked = [t for t in range(periods) if power[t] is not None]
        most = [rebound if v is None and asked and t > asked[0] else v for t, v in enumerate(power)]
        ramp, response = d.get("ramp_mw_per_min"), float(d.get("response_s", 0.0))
        return Target(
            region=index[d.get("region") or d["site"]],
            power=power,
            most=most,
            fall=math.inf if ramp is None else float(ramp) * (response / 60.0 if response > 0.0 else step_min),
            rise=math.inf if ramp is None else float(ramp) * step_min,
            price=float(d["price_gbp_per_mwh"]) if d.get("kind", "strict") == "priced" else None,
        )

    return Problem(
        start=start,
        step_min=step_min,
        periods=periods,
        regions=[region(d) for d in doc["regions"]],
        batteries=[battery(d) for d in doc.get("batteries", [])],
        jobs=[job(d) for d in doc.get("jobs", [])],
        services=[service(d) for d in doc.get("services", [])],
        caps=[cap(d) for d in doc.get("carbon_caps", [])],
        sold=[one for d in doc.get("commitments", []) for one in sold(d)],
        guards=[one for d in doc.get("commitments", []) for one in guards(d)],
        targets=[target(d) for d in doc.get("targets", [])],
    )
