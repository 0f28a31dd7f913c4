"""Whatever can be written with the classes comes back from its document unchanged."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import eca

PERIODS = 6
START = datetime(2026, 3, 2, tzinfo=timezone.utc)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def series(low: float, high: float) -> st.SearchStrategy[Any]:
    return st.one_of(numbers(low, high), st.lists(numbers(low, high), min_size=PERIODS, max_size=PERIODS))


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).filter(
    lambda s: s.strip() != ""
)


@st.composite
def regions(draw: st.DrawFn, name: str) -> eca.Region:
    return eca.Region(
        name,
        gsp_group=draw(optional(st.sampled_from(["_A", "_C", "_P"]))),
        it_capacity_mw=draw(series(2, 50)),
        overhead_mw=draw(series(0, 2)),
        pue_slope=draw(series(1, 2)),
        import_limit_mw=draw(series(0, 100)),
        export_limit_mw=draw(series(0, 10)),
        demand_charge_gbp_per_mw=draw(numbers(0, 100)),
        import_price_gbp_per_mwh=draw(series(-500, 3000)),
        export_price_gbp_per_mwh=draw(series(-500, 3000)),
        congestion_limit_mw=draw(optional(series(0, 100))),
        carbon_g_per_kwh=draw(series(0, 900)),
        renewable_share_frac=draw(series(0, 1)),
        solar_mw=draw(series(0, 3)),
    )


@st.composite
def jobs(draw: st.DrawFn, name: str, places: list[str]) -> eca.Job:
    gpu = draw(st.booleans())
    rate = "gpu_hours_per_h" if gpu else "inferences_per_h"
    points = [
        eca.JobPoint(power_mw=draw(numbers(0, 2)), **{rate: draw(numbers(1, 1e6))})
        for _ in range(draw(st.integers(1, 3)))
    ]
    work: dict[str, Any] = {"gpu_hours" if gpu else "inferences": draw(numbers(1, 1e9))}
    return eca.Job(
        name,
        **work,
        points=points,
        count=draw(st.integers(1, 3)),
        earliest_start=draw(optional(st.just(START + timedelta(minutes=draw(st.integers(0, 60)))))),
        deadline=draw(optional(st.just(START + timedelta(minutes=draw(st.integers(90, 180)))))),
        deadline_kind="priced",
        regions=draw(optional(st.lists(st.sampled_from(places), min_size=1, unique=True))),
        preemptible=True,
        min_run_periods=draw(st.integers(1, 3)),
        max_pauses=draw(optional(st.integers(0, 5))),
        pause_cost_gbp=draw(numbers(0, 50)),
        migration=draw(optional(st.builds(eca.Migration, cost_gbp=numbers(0, 9), periods=st.integers(0, 3)))),
        run_when=draw(optional(st.sampled_from([{"carbon_below_g_per_kwh": 100.0}, {"renewable_share_min": 0.8}]))),
        tier=draw(st.integers(0, 3)),
    )


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    places = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    ids = draw(st.lists(names, max_size=3, unique=True))
    return {
        "horizon": eca.Horizon(start=START, step_min=30, periods=PERIODS),
        "regions": [draw(regions(place)) for place in places],
        "jobs": [draw(jobs(name, places)) for name in ids],
        "services": [
            eca.Service(
                name,
                demand_inferences=draw(series(0, 1e7)),
                points=[eca.ServicePoint(wh_per_inference=draw(numbers(0.01, 1)), latency_ms=draw(numbers(0, 99)))],
                latency_limit_ms=draw(optional(numbers(200, 500))),
                network_latency_ms=draw(optional(st.just({place: 5.0 for place in places}))),
                routing_cost_gbp_per_million=draw(st.one_of(numbers(0, 5), st.just({places[0]: 1.5}))),
            )
            for name in ids[:1]
        ],
        "carbon_caps": [
            eca.CarbonCap(
                name,
                metric=draw(st.sampled_from(["kg", "g_per_kwh", "g_per_inference"])),
                limit=draw(numbers(0, 1e5)),
                window=draw(st.sampled_from(["horizon", "day", {"rolling_h": 2.0}])),
                regions=draw(optional(st.just(places[:1]))),
            )
            for name in ids[:1]
        ],
        "batteries": [
            eca.Battery(name, region=places[0], power_capacity_mw=1, energy_capacity_mwh=2, soc_mwh=draw(numbers(0, 2)))
            for name in ids[:1]
        ],
    }


@settings(max_examples=60, deadline=None)
@given(problems())
def test_documents_round_trip(parts: dict[str, Any]) -> None:
    problem = eca.Problem(**parts)
    for name, given_parts in parts.items():
        found = getattr(problem, name)
        assert found == (tuple(given_parts) if isinstance(given_parts, list) else given_parts)
    for again in (eca.Problem.from_json(problem.to_json()), eca.Problem.from_dict(problem.to_dict())):
        assert again.hash == problem.hash
        assert again.to_json() == problem.to_json()
    names = [name for name in parts if name != "horizon"]
    rebuilt = eca.Problem(horizon=problem.horizon, **{name: getattr(problem, name) for name in names})
    assert rebuilt.to_json() == problem.to_json()
