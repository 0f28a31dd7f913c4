"""Inputs that must be refused, and what the refusal must say: one table for every test that needs it.

Each case is ``(name, mutate, exception class, fragments of the message)``; `mutate` spoils a copy of :func:`good`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Document = dict[str, Any]
Mutate = Callable[[Document], None]
Case = tuple[str, Mutate, str, tuple[str, ...]]


def good() -> Document:
    """A small document that uses every kind of object, and is accepted."""
    return {
        "format": "eca-problem/1",
        "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": 30, "periods": 4},
        "regions": [
            {
                "id": "london",
                "gsp_group": "_C",
                "it_capacity_mw": 12.0,
                "overhead_mw": 0.4,
                "pue_slope": 1.15,
                "import_limit_mw": 15.0,
                "nonfirm_import_mw": 0.0,
                "export_limit_mw": 2.0,
                "import_price_gbp_per_mwh": [142.0, 96.5, 61.2, 88.0],
                "export_price_gbp_per_mwh": 20.0,
                "network_charge_gbp_per_mwh": [12.0, 12.0, 4.0, 4.0],
                "carbon_g_per_kwh": [231.0, 187.0, 98.0, 120.0],
                "solar_mw": 0.0,
            },
            {
                "id": "north-scotland",
                "it_capacity_mw": 6.0,
                "overhead_mw": 0.2,
                "pue_slope": 1.10,
                "import_limit_mw": 8.0,
                "import_price_gbp_per_mwh": [118.0, 90.0, 58.0, 71.0],
                "carbon_g_per_kwh": [22.0, 19.0, 25.0, 31.0],
                "solar_mw": [0.0, 0.0, 0.2, 0.4],
            },
        ],
        "batteries": [
            {
                "id": "rack",
                "region": "london",
                "power_capacity_mw": 4.0,
                "energy_capacity_mwh": 8.0,
                "charge_efficiency": 0.95,
                "discharge_efficiency": 0.95,
                "wear_gbp_per_mwh": 2.0,
                "soc_mwh": 3.0,
                "soc_min_mwh": 0.8,
                "end_soc_min_mwh": 3.0,
            }
        ],
        "jobs": [
            {
                "id": "embed",
                "count": 1,
                "inferences": 9_000_000,
                "points": [
                    {"power_mw": 5.0, "inferences_per_h": 15_500_000},
                    {"power_mw": 3.4, "inferences_per_h": 13_400_000},
                ],
                "earliest_start": "2026-03-02T00:00:00Z",
                "deadline": "2026-03-02T02:00:00Z",
                "regions": ["london", "north-scotland"],
                "preemptible": True,
                "max_pauses": 2,
                "pause_cost_gbp": 4.0,
                "pause_energy_mwh": 0.1,
                "migration": {"cost_gbp": 10.0, "periods": 1, "energy_mwh": 0.2},
                "tier": 2,
            },
            {
                "id": "tune",
                "gpu_hours": 200,
                "points": [{"power_mw": 0.5, "gpu_hours_per_h": 400}],
                "deadline_kind": "priced",
                "undone_penalty_gbp": 5000.0,
                "preemptible": True,
                "state": {"region": "london", "point": None, "done_gpu_hours": 50},
            },
        ],
        "services": [
            {
                "id": "chat",
                "demand_inferences": [4_000_000, 3_600_000, 3_000_000, 3_100_000],
                "points": [{"wh_per_inference": 0.3, "latency_ms": 40}],
                "latency_limit_ms": 80,
                "network_latency_ms": {"london": 5, "north-scotland": 14},
                "shed_penalty_gbp_per_million": 20_000.0,
            }
        ],
        "carbon_caps": [
            {
                "id": "day",
                "metric": "g_per_kwh",
                "limit": 120.0,
                "window": "horizon",
                "kind": "priced",
                "price_gbp_per_kg": 0.5,
            }
        ],
    }


def _walk(document: Document, path: str) -> tuple[Any, str | int]:
    """The container and the last key of a path such as ``jobs[0].points[1].power_mw``."""
    keys: list[str | int] = [int(k) if k.isdigit() else k for k in re.findall(r"[A-Za-z_]+|\d+", path)]
    place: Any = document
    for key in keys[:-1]:
        place = place[key]
    return place, keys[-1]


def put(path: str, value: Any) -> Mutate:
    """Sets the value at a path."""

    def mutate(document: Document) -> None:
        place, key = _walk(document, path)
        place[key] = value

    return mutate


def drop(path: str) -> Mutate:
    """Removes the value at a path."""

    def mutate(document: Document) -> None:
        place, key = _walk(document, path)
        del place[key]

    return mutate


def double(name: str) -> Mutate:
    """Repeats the first object of a list."""
    return lambda document: document[name].append(dict(document[name][0]))


def both(*changes: Mutate) -> Mutate:
    """Several changes."""

    def mutate(document: Document) -> None:
        for change in changes:
            change(document)

    return mutate


DOCUMENT, VALUE, LENGTH = "EcaDocumentError", "EcaValueError", "EcaLengthError"
DUPLICATE, UNKNOWN, UNSUPPORTED = "EcaDuplicateError", "EcaUnknownError", "EcaUnsupportedError"
CANNOT_FIT, TIME = "EcaCannotFitError", "EcaTimeError"

CASES: list[Case] = [
    # The form of the document.
    ("other format", put("format", "eca-problem/2"), DOCUMENT, ("format", "eca-problem/2")),
    ("no horizon", drop("horizon"), DOCUMENT, ("horizon",)),
    ("no regions", drop("regions"), DOCUMENT, ("regions",)),
    ("regions empty", put("regions", []), VALUE, ("regions", "at least one")),
    ("regions no list", put("regions", {}), DOCUMENT, ("regions",)),
    ("unknown field of the problem", put("region", []), DOCUMENT, ("`region`",)),
    ("unknown field of a region", put("regions[0].price", 3), DOCUMENT, ("regions[0]", "`price`")),
    ("unknown field of a point", put("jobs[0].points[1].power_kw", 3), DOCUMENT, ("jobs[0].points[1]", "power_kw")),
    ("null in a series", put("regions[0].carbon_g_per_kwh[2]", None), DOCUMENT, ("carbon_g_per_kwh[2]", "null")),
    ("text in a series", put("regions[1].solar_mw[1]", "0.2"), DOCUMENT, ("regions[1].solar_mw",)),
    ("yes as a number", put("batteries[0].soc_mwh", True), DOCUMENT, ("batteries[0].soc_mwh",)),
    ("negative count", put("jobs[0].count", -1), DOCUMENT, ("jobs[0].count",)),
    ("count with a fraction", put("jobs[0].count", 1.5), DOCUMENT, ("jobs[0].count",)),
    ("unknown deadline kind", put("jobs[0].deadline_kind", "soft"), DOCUMENT, ("deadline_kind", "`soft`")),
    ("unknown cap metric", put("carbon_caps[0].metric", "tonnes"), DOCUMENT, ("metric", "`tonnes`")),
    ("unknown cap window", put("carbon_caps[0].window", "week"), DOCUMENT, ("window", "`week`")),
    ("unknown cap kind", put("carbon_caps[0].kind", "soft"), DOCUMENT, ("kind", "`soft`")),
    (
        "two conditions",
        put("jobs[0].run_when", {"carbon_below_g_per_kwh": 1, "renewable_share_min": 1}),
        DOCUMENT,
        ("run_when",),
    ),
    ("time without offset", put("jobs[0].deadline", "2026-03-02T02:00:00"), DOCUMENT, ("jobs[0].deadline", "write Z")),
    ("date as a time", put("horizon.start", "2026-03-02"), DOCUMENT, ("horizon.start", "no time of day")),
    ("opportunities", put("opportunities", [{"id": "x"}]), DOCUMENT, ("opportunities[0]", "missing field")),
    ("commitments", put("commitments", [{"id": "x"}]), DOCUMENT, ("commitments[0]", "missing field")),
    ("targets", put("targets", [{"id": "x"}]), DOCUMENT, ("targets[0]", "power_mw")),
    # Horizon.
    ("step of 7 min", put("horizon.step_min", 7), VALUE, ("horizon", "step_min = 7", "5, 15, 30 or 60")),
    ("no periods", put("horizon.periods", 0), VALUE, ("horizon", "periods = 0")),
    ("too many periods", put("horizon.periods", 20_001), VALUE, ("horizon", "20001", "20000")),
    ("start off the grid", put("horizon.start", "2026-03-02T00:10:00Z"), TIME, ("00:10:00Z", "grid", "00:00:00Z")),
    # Regions.
    ("region twice", double("regions"), DUPLICATE, ("region", "`london`")),
    ("region without a name", put("regions[0].id", ""), VALUE, ("region", "id")),
    (
        "series too short",
        put("regions[0].carbon_g_per_kwh", [1.0, 2.0]),
        LENGTH,
        ("`london`", "carbon_g_per_kwh", "2 values", "4 periods"),
    ),
    ("series too long", put("regions[1].solar_mw", [0.0] * 5), LENGTH, ("`north-scotland`", "solar_mw", "5 values")),
    ("series empty", put("regions[0].pue_slope", []), LENGTH, ("`london`", "pue_slope")),
    ("negative capacity", put("regions[0].it_capacity_mw", -1), VALUE, ("`london`", "it_capacity_mw", "-1")),
    ("negative import limit", put("regions[0].import_limit_mw", -1), VALUE, ("`london`", "import_limit_mw")),
    ("negative export limit", put("regions[0].export_limit_mw", -1), VALUE, ("`london`", "export_limit_mw")),
    ("negative overhead", put("regions[0].overhead_mw", -0.1), VALUE, ("`london`", "overhead_mw", "-0.1")),
    ("pue below one", put("regions[0].pue_slope", 0.9), VALUE, ("`london`", "pue_slope", "0.9")),
    (
        "negative solar in a period",
        put("regions[1].solar_mw[2]", -0.2),
        VALUE,
        ("`north-scotland`", "solar_mw[2]", "-0.2"),
    ),
    ("negative carbon", put("regions[0].carbon_g_per_kwh[3]", -5), VALUE, ("`london`", "carbon_g_per_kwh[3]", "g/kWh")),
    (
        "negative demand charge",
        put("regions[0].demand_charge_gbp_per_mw", -5),
        VALUE,
        ("`london`", "demand_charge_gbp_per_mw"),
    ),
    (
        "negative congestion limit",
        put("regions[0].congestion_limit_mw", -5),
        VALUE,
        ("`london`", "congestion_limit_mw"),
    ),
    ("share above one", put("regions[0].renewable_share_frac", 80), VALUE, ("`london`", "renewable_share_frac", "80")),
    # Batteries.
    ("battery twice", double("batteries"), DUPLICATE, ("battery", "`rack`")),
    ("battery nowhere", put("batteries[0].region", "paris"), UNKNOWN, ("battery `rack`", "`paris`", "london")),
    ("negative battery power", put("batteries[0].power_capacity_mw", -4), VALUE, ("`rack`", "power_capacity_mw", "-4")),
    ("negative battery energy", put("batteries[0].energy_capacity_mwh", -8), VALUE, ("`rack`", "energy_capacity_mwh")),
    ("efficiency of zero", put("batteries[0].charge_efficiency", 0), VALUE, ("`rack`", "charge_efficiency")),
    (
        "efficiency in per cent",
        put("batteries[0].discharge_efficiency", 95),
        VALUE,
        ("`rack`", "discharge_efficiency", "95"),
    ),
    ("negative wear", put("batteries[0].wear_gbp_per_mwh", -2), VALUE, ("`rack`", "wear_gbp_per_mwh", "-2")),
    ("fuller than full", put("batteries[0].soc_mwh", 9), VALUE, ("`rack`", "soc_mwh", "9")),
    ("reserve above capacity", put("batteries[0].soc_min_mwh", 9), VALUE, ("`rack`", "soc_min_mwh", "9")),
    ("end above capacity", put("batteries[0].end_soc_min_mwh", 9), VALUE, ("`rack`", "end_soc_min_mwh", "9")),
    # Jobs.
    ("job twice", double("jobs"), DUPLICATE, ("job", "`embed`")),
    ("job without points", put("jobs[0].points", []), VALUE, ("job `embed`", "points")),
    ("job without work", drop("jobs[0].inferences"), VALUE, ("job `embed`", "inferences", "gpu_hours")),
    ("two kinds of work", put("jobs[0].gpu_hours", 5), VALUE, ("job `embed`", "inferences", "gpu_hours")),
    ("no work at all", put("jobs[0].inferences", 0), VALUE, ("job `embed`", "inferences")),
    (
        "point of the other kind",
        put("jobs[1].points[0]", {"power_mw": 1, "inferences_per_h": 5}),
        VALUE,
        ("job `tune`", "points[0]", "gpu_hours_per_h"),
    ),
    (
        "point without progress",
        put("jobs[0].points[0].inferences_per_h", 0),
        VALUE,
        ("job `embed`", "points[0]", "inferences_per_h"),
    ),
    ("negative power", put("jobs[0].points[0].power_mw", -5), VALUE, ("job `embed`", "points[0]", "power_mw", "-5")),
    ("no copies", put("jobs[0].count", 0), VALUE, ("job `embed`", "count")),
    ("job nowhere", put("jobs[0].regions", ["london", "paris"]), UNKNOWN, ("job `embed`", "`paris`", "london")),
    ("job in no region", put("jobs[0].regions", []), VALUE, ("job `embed`", "regions")),
    ("deadline before start", put("jobs[0].deadline", "2026-03-01T23:00:00Z"), TIME, ("job `embed`", "deadline")),
    (
        "deadline after the horizon",
        put("jobs[0].deadline", "2026-03-03T00:00:00Z"),
        TIME,
        ("job `embed`", "deadline", "02:00:00Z"),
    ),
    (
        "start after deadline",
        put("jobs[0].earliest_start", "2026-03-02T02:00:00Z"),
        TIME,
        ("job `embed`", "earliest_start"),
    ),
    ("too much work", put("jobs[0].inferences", 9e9), CANNOT_FIT, ("job `embed`", "MWh", "02:00")),
    ("too short a window", put("jobs[0].deadline", "2026-03-02T00:30:00Z"), CANNOT_FIT, ("job `embed`", "00:30")),
    (
        "too large a job",
        both(put("jobs[0].points[0].power_mw", 50), put("jobs[0].points[1].power_mw", 40)),
        CANNOT_FIT,
        ("job `embed`",),
    ),
    ("runs of no length", put("jobs[0].min_run_periods", 0), VALUE, ("job `embed`", "min_run_periods")),
    ("tier 4", put("jobs[0].tier", 4), VALUE, ("job `embed`", "tier", "4")),
    ("negative pause cost", put("jobs[0].pause_cost_gbp", -4), VALUE, ("job `embed`", "pause_cost_gbp", "-4")),
    ("negative move cost", put("jobs[0].migration.cost_gbp", -4), VALUE, ("job `embed`", "migration", "-4")),
    ("negative startup cost", put("jobs[0].startup_cost_gbp", -4), VALUE, ("job `embed`", "startup_cost_gbp")),
    ("negative penalty", put("jobs[1].undone_penalty_gbp", -4), VALUE, ("job `tune`", "undone_penalty_gbp")),
    ("state nowhere", put("jobs[1].state.region", "paris"), UNKNOWN, ("job `tune`", "`paris`")),
    ("state at no point", put("jobs[1].state.point", 3), VALUE, ("job `tune`", "point", "3")),
    (
        "renewables unknown",
        put("jobs[0].run_when", {"renewable_share_min": 0.8}),
        UNKNOWN,
        ("job `embed`", "renewable_share_frac", "`london`"),
    ),
    ("divisible with pauses", put("jobs[0].divisible", True), UNSUPPORTED, ("job `embed`", "divisible")),
    # Services.
    ("service twice", double("services"), DUPLICATE, ("service", "`chat`")),
    ("service without points", put("services[0].points", []), VALUE, ("service `chat`", "points")),
    (
        "inferences for nothing",
        put("services[0].points[0].wh_per_inference", -0.1),
        VALUE,
        ("service `chat`", "wh_per_inference"),
    ),
    (
        "negative demand",
        put("services[0].demand_inferences[1]", -1),
        VALUE,
        ("service `chat`", "demand_inferences[1]", "-1"),
    ),
    ("demand too short", put("services[0].demand_inferences", [1, 2, 3]), LENGTH, ("service `chat`", "3 values")),
    ("latency to nowhere", put("services[0].network_latency_ms.paris", 9), UNKNOWN, ("service `chat`", "`paris`")),
    (
        "routing to nowhere",
        put("services[0].routing_cost_gbp_per_million", {"paris": 9}),
        UNKNOWN,
        ("service `chat`", "`paris`"),
    ),
    (
        "negative shed penalty",
        put("services[0].shed_penalty_gbp_per_million", -1),
        VALUE,
        ("service `chat`", "shed_penalty"),
    ),
    # Carbon caps.
    ("cap twice", double("carbon_caps"), DUPLICATE, ("cap", "`day`")),
    ("negative cap", put("carbon_caps[0].limit", -1), VALUE, ("cap `day`", "limit", "-1")),
    ("priced without a price", drop("carbon_caps[0].price_gbp_per_kg"), VALUE, ("cap `day`", "price_gbp_per_kg")),
    ("negative price of a cap", put("carbon_caps[0].price_gbp_per_kg", -1), VALUE, ("cap `day`", "price_gbp_per_kg")),
    ("cap nowhere", put("carbon_caps[0].regions", ["paris"]), UNKNOWN, ("cap `day`", "`paris`")),
    ("rolling over nothing", put("carbon_caps[0].window", {"rolling_h": 0}), VALUE, ("cap `day`", "rolling_h")),
]
