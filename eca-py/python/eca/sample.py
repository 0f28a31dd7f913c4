"""A day to try things on: made up by a seeded generator, shaped like a winter's day in Great Britain.

Nothing here is measured. The same seed gives the same numbers on every machine.

- *Wind* is a first-order autoregression around a level of the day. Much wind lowers price and carbon, in the north more.
- *Price* has a night valley, a morning shoulder, a midday dip and an evening peak; network charges follow three bands.
- *Carbon* rises in the evening; the north is mostly wind.
- *Work*: twelve batch jobs with windows, power levels, pauses, moves and prices for being late; two online services
  with a daily rhythm.

>>> import eca.sample
>>> eca.sample.problem("2026-03-02")
<eca.Problem 48 x 30 min from 2026-03-02T00:00:00Z: 2 regions, 1 battery, 12 jobs, 2 services, 1 carbon cap>
>>> eca.sample.history("2026-03-02", days=2).horizon().periods
96
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from ._parts import Battery, CarbonCap, Horizon, Job, JobPoint, Migration, Region, Service, ServicePoint
from ._problem import Problem
from .signals import Signals, parse_csv

#: The sample's regions: a dear, carbon-heavy one near the users, and a windy one far away.
REGIONS = ("london", "north-scotland")


def _bump(hour: float, centre: float, width: float) -> float:
    return math.exp(-(((hour - centre) / width) ** 2))


def _normal(rng: random.Random) -> float:
    """Standard normal by Box and Muller, so that the numbers do not depend on the Python version."""
    return math.sqrt(-2 * math.log(1 - rng.random())) * math.cos(2 * math.pi * rng.random())


def _hours(horizon: Horizon) -> list[float]:
    """Hours since London midnight at the middle of each period."""
    return [(t + 0.5) * horizon.step_h for t in range(horizon.periods)]


def signals(horizon: Horizon, *, seed: int = 1) -> dict[str, dict[str, list[float]]]:
    """Price, network charge, carbon and solar of the sample's regions: region, column, one value for each period."""
    rng = random.Random(seed)
    hours = _hours(horizon)
    keep = 0.97**horizon.step_h
    wind, level = [], 0.45 + 0.2 * rng.random()
    deviation = 0.0
    for _ in hours:
        deviation = keep * deviation + math.sqrt(1 - keep**2) * 0.22 * _normal(rng)
        wind.append(min(0.98, max(0.03, level + deviation)))
    made: dict[str, dict[str, list[float]]] = {}
    for name, shield, charges, base, windy in (
        ("london", 1.0, (3.0, 11.0, 46.0), 205.0, 90.0),
        ("north-scotland", 0.86, (3.0, 9.0, 30.0), 85.0, 80.0),
    ):
        shape = [
            64 + 26 * _bump(h, 8, 1.8) - 16 * _bump(h, 13.5, 2.5) + 74 * _bump(h, 18, 1.7) - 14 * _bump(h, 3.5, 2.5)
            for h in hours
        ]
        price = [shield * (p - 45 * (w - 0.5)) + 2.5 * _normal(rng) for p, w in zip(shape, wind, strict=True)]
        evening = [base * (1 + 0.28 * _bump(h, 18.5, 2.4) - 0.12 * _bump(h, 4, 3)) for h in hours]
        carbon = [max(4.0, e - windy * w + 3 * _normal(rng)) for e, w in zip(evening, wind, strict=True)]
        band = [charges[2 if 16 <= h < 19 else 1 if 7 <= h < 22 else 0] for h in hours]
        sun = [max(0.0, 0.7 * _bump(h, 12.6, 2.6) - 0.05) if name == "london" else 0.0 for h in hours]
        made[name] = {
            "import_price_gbp_per_mwh": [round(value, 2) for value in price],
            "network_charge_gbp_per_mwh": band,
            "carbon_g_per_kwh": [round(value, 1) for value in carbon],
            "solar_mw": [round(value, 3) for value in sun],
        }
    return made


def sites(regions: Sequence[str] = REGIONS) -> list[dict[str, Any]]:
    """Size of the site in each region, as keywords of :class:`eca.Region`; the first site is the largest."""
    return [
        {
            "it_capacity_mw": 12.0 if index == 0 else 8.0,
            "overhead_mw": 0.4 if index == 0 else 0.2,
            "pue_slope": 1.16 if index == 0 else 1.08,
            "import_limit_mw": 16.0 if index == 0 else 11.0,
        }
        for index, _ in enumerate(regions)
    ]


def workload(
    horizon: Horizon, regions: Sequence[str] = REGIONS, *, carbon_limit_g_per_kwh: float = 65.0
) -> dict[str, Any]:
    """Batteries, jobs, services and the carbon cap of the sample, as keywords of :class:`eca.Problem`.

    The first of `regions` is the one near the users. Carbon above the limit costs 0.30 GBP/kg.
    """
    home, far = regions[0], regions[-1]

    def at(hour: float) -> Any:
        edges = (*horizon.starts, horizon.end)
        return edges[min(round(hour / horizon.step_h), horizon.periods)]

    def points(*levels: tuple[float, float], gpu: bool = False) -> list[JobPoint]:
        if gpu:
            return [JobPoint(power_mw=mw, gpu_hours_per_h=rate) for mw, rate in levels]
        return [JobPoint(power_mw=mw, inferences_per_h=rate * 1e6) for mw, rate in levels]

    def window(first: float, last: float) -> dict[str, Any]:
        return {"earliest_start": at(first), "deadline": at(last)}

    move = Migration(cost_gbp=12, periods=max(1, round(0.5 / horizon.step_h)), energy_mwh=0.1)
    half_hours = max(1, round(0.5 / horizon.step_h))
    pausing: dict[str, Any] = {"preemptible": True, "pause_cost_gbp": 4, "pause_energy_mwh": 0.05}
    late: dict[str, Any] = {"deadline_kind": "priced"}
    return {
        "batteries": [
            Battery(
                "ups",
                region=home,
                power_capacity_mw=3,
                energy_capacity_mwh=6,
                charge_efficiency=0.95,
                discharge_efficiency=0.95,
                wear_gbp_per_mwh=3,
                soc_mwh=3,
                soc_min_mwh=1,
                end_soc_min_mwh=3,
            )
        ],
        "jobs": [
            Job(
                "night-embeddings",
                inferences=36e6,
                points=points((3.0, 9.0), (2.1, 7.2)),
                **window(0, 8),
                **pausing,
                max_pauses=2,
                migration=move,
                tier=1,
            ),
            Job("search-index", inferences=20e6, points=points((2.0, 6.0)), **window(0, 7), regions=[home]),
            Job(
                "legal-tuning",
                gpu_hours=2400,
                points=points((1.5, 800), gpu=True),
                **window(6, 22),
                tier=1,
            ),
            Job(
                "health-tuning",
                gpu_hours=3200,
                points=points((2.0, 1000), (1.4, 820), gpu=True),
                **window(8, 24),
                **pausing,
                max_pauses=1,
                min_run_periods=2 * half_hours,
                tier=2,
            ),
            Job("video-captions", inferences=18e6, points=points((2.5, 7.5), (1.75, 6.1)), **window(9, 20)),
            Job("evaluations", count=2, inferences=6e6, points=points((1.0, 4.0)), **window(12, 18)),
            Job(
                "synthetic-data",
                inferences=40e6,
                points=points((3.0, 10.0), (2.1, 8.2)),
                **window(0, 24),
                **late,
                **pausing,
                max_pauses=3,
                migration=move,
                tier=3,
            ),
            Job("summaries", inferences=12e6, points=points((1.2, 4.0), (0.8, 3.1)), **window(10, 19)),
            Job(
                "speech-backlog",
                inferences=15e6,
                points=points((1.5, 5.0)),
                **window(0, 24),
                **late,
                run_when={"carbon_below_g_per_kwh": 2 * carbon_limit_g_per_kwh},
                tier=3,
            ),
            Job(
                "safety-filter",
                inferences=10e6,
                points=points((1.0, 3.0)),
                **window(0, 24),
                **late,
                divisible=True,
                tier=2,
            ),
            Job(
                "rank-training",
                gpu_hours=1800,
                points=points((1.2, 600), gpu=True),
                **window(14, 24),
                startup_cost_gbp=15,
                tier=1,
            ),
            Job(
                "archive-scan",
                inferences=14e6,
                points=points((1.0, 3.5)),
                **window(0, 24),
                **late,
                **pausing,
                max_pauses=3,
                regions=[far],
                tier=3,
            ),
        ],
        "services": [
            _service("chat", horizon, 11e6, [(0.30, 40), (0.24, 90)], 110, regions),
            _service("code-assistant", horizon, 4e6, [(0.34, 60)], 400, regions),
        ],
        "carbon_caps": [
            CarbonCap(
                "day",
                metric="g_per_kwh",
                limit=carbon_limit_g_per_kwh,
                window="day",
                kind="priced",
                price_gbp_per_kg=0.3,
            )
        ],
    }


def _service(
    name: str,
    horizon: Horizon,
    peak_per_h: float,
    points: Sequence[tuple[float, float]],
    limit_ms: float,
    regions: Sequence[str],
) -> Service:
    rhythm = [0.35 + 0.4 * _bump(h, 11, 3.5) + 0.6 * _bump(h, 19.5, 3.2) for h in _hours(horizon)]
    return Service(
        name,
        demand_inferences=[float(round(peak_per_h * horizon.step_h * share)) for share in rhythm],
        points=[ServicePoint(wh_per_inference=wh, latency_ms=ms) for wh, ms in points],
        latency_limit_ms=limit_ms,
        network_latency_ms={region: 5 if index == 0 else 22 for index, region in enumerate(regions)},
        routing_cost_gbp_per_million={region: 0 if index == 0 else 0.4 for index, region in enumerate(regions)},
    )


def problem(settlement_date: str | date = "2026-03-02", *, seed: int = 1, step_min: int = 30) -> Problem:
    """The sample: one Europe/London day in two regions."""
    horizon = Horizon.day(settlement_date, step_min=step_min)
    made: dict[str, dict[str, Any]] = {**signals(horizon, seed=seed)}
    regions = [
        Region(name, gsp_group=group, **made[name], **site)
        for name, group, site in zip(REGIONS, ("_C", "_P"), sites(), strict=True)
    ]
    return Problem(horizon=horizon, regions=regions, **workload(horizon))


def history(first: str | date = "2026-03-02", days: int = 7, *, seed: int = 1, step_min: int = 30) -> Signals:
    """Signals of the sample's regions over consecutive Europe/London days, each day with a seed of its own."""
    begin = date.fromisoformat(str(first))
    columns = ("import_price_gbp_per_mwh", "network_charge_gbp_per_mwh", "carbon_g_per_kwh", "solar_mw")
    lines = [",".join(("start", "region", *columns))]
    for number in range(days):
        horizon = Horizon.day(begin + timedelta(days=number), step_min=step_min)
        for region, made in signals(horizon, seed=seed + number).items():
            lines += [
                ",".join((start.isoformat(), region, *(repr(made[column][t]) for column in columns)))
                for t, start in enumerate(horizon.starts)
            ]
    return parse_csv("\n".join(lines), source="sample", step_min=step_min)


#: What the sample's hall used in a half hour of the days before its event, MWh; the second and fifth are event days.
_DAYS_BEFORE = {
    "2026-02-18": 6.2,
    "2026-02-17": 3.1,
    "2026-02-16": 5.8,
    "2026-02-13": 6.1,
    "2026-02-12": 3.4,
    "2026-02-11": 6.0,
    "2026-02-10": 5.9,
    "2026-02-09": 6.3,
    "2026-02-06": 5.7,
    "2026-02-05": 6.4,
    "2026-02-04": 5.6,
    "2026-02-03": 6.0,
}
#: What it used in the two half hours of the event and the two behind it, MWh.
_EVENING = {35: 3.4, 36: 3.8, 37: 6.5, 38: 6.5}


def event() -> tuple[dict[str, Any], str, str]:
    """An evening of flexibility to settle: the event document, a meter file and a price file.

    5 MW sold for an hour on 19 February 2026: the event that ``docs/settlement.md`` works through on paper.
    """
    lines = ["meter_id,start,end,import_wh,export_wh,quality"]
    for day, mwh in sorted({**_DAYS_BEFORE, "2026-02-19": 6.0}.items()):
        for number, start in enumerate(Horizon.day(day, step_min=15).starts):
            used = _EVENING.get(number // 2 + 1, mwh) if day == "2026-02-19" else mwh
            end = start + timedelta(minutes=15)
            lines.append(f"hall-a,{start:%Y-%m-%dT%H:%M:%SZ},{end:%Y-%m-%dT%H:%M:%SZ},{round(used * 5e5)},0,A")
    prices = (
        "start,system_price_gbp_per_mwh,import_price_gbp_per_mwh,carbon_g_per_kwh,marginal_carbon_g_per_kwh\n"
        "2026-02-19T17:00:00Z,180,140,210,350\n"
        "2026-02-19T17:30:00Z,210,150,205,350\n"
        "2026-02-19T18:00:00Z,150,120,200,350\n"
        "2026-02-19T18:30:00Z,140,110,195,350\n"
    )
    document = {
        "format": "eca-event/1",
        "event_id": "evening-2026-02-19",
        "site": {"site_id": "london-1", "meter_id": "hall-a", "bm_unit": "V__CABCD001", "gsp_group": "_C"},
        "route": "wholesale_p415",
        "direction": "down",
        "periods": [
            {
                "settlement_date": "2026-02-19",
                "settlement_period": number,
                "committed_mwh": 2.5,
                "price_gbp_per_mwh": price,
                "counterfactual_mwh": 6.0,
            }
            for number, price in ((35, 120), (36, 135))
        ],
        "rebound_periods": [{"settlement_date": "2026-02-19", "settlement_period": number} for number in (37, 38)],
        "baseline": {
            "method": "bl01",
            "event_days": [{"settlement_date": day, "kind": "market"} for day in ("2026-02-12", "2026-02-17")],
        },
        "submissions": [
            {"flow": "wman", "status": "accepted", "sent_at": "2026-02-19T12:00:00Z"},
            {"flow": "ecvn", "status": "accepted", "sent_at": "2026-02-19T12:05:00Z"},
            {"flow": "delivered_volume", "status": "accepted", "sent_at": "2026-02-20T09:00:00Z"},
        ],
        "terms": {
            "supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": 87.21}],
            "supplier_final_demand_frac": 0.04,
        },
        "sharing": {"site_frac": 0.8, "social_tariff_frac": 0.05},
        "operations": {"inferences_before": 40000000, "inferences_after": 34000000},
    }
    return document, "\n".join(lines) + "\n", prices
