"""Real data with answers that others computed: the numbers must come out through the public API.

Prices in EUR are taken at a rate of 1, so that they can be compared.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import data_file

import eca


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a file of the real data."""
    with open(data_file(name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


# ---- nightly jobs ---------------------------------------------------------------------------------------------------


def carbon_2020() -> dict[datetime, float]:
    """NESO actuals of January to June 2020; half hours without a value are not there."""
    found: dict[datetime, float] = {}
    for month in range(1, 7):
        for row in rows(f"grid/neso_gb_carbon_2020_{month:02}.csv"):
            names = {name.strip().lower(): value for name, value in row.items() if name}
            start = next(value for name, value in names.items() if name.startswith("datetime"))
            actual = next(value for name, value in names.items() if name.startswith("actual"))
            if actual:
                when = datetime.fromisoformat(start.strip().replace("Z", "")).replace(tzinfo=timezone.utc)
                found.setdefault(when, float(actual))
    return found


@pytest.mark.parametrize(("width", "saving"), [(4, 6.2923), (8, 7.8654), (16, 12.1930)])
def test_nightly_jobs_move_to_the_cleanest_half_hour(width: int, saving: float) -> None:
    carbon = carbon_2020()
    first, last = min(carbon), max(carbon)
    half_hour = timedelta(minutes=30)
    horizon = eca.Horizon(start=first, step_min=30, periods=(last - first) // half_hour + 1)
    nights = [start for start in sorted(carbon) if (start.hour, start.minute) == (1, 0)]
    assert len(nights) == 181
    jobs = [
        eca.Job(
            f"{night:%Y-%m-%d}",
            gpu_hours=0.5,
            points=[eca.JobPoint(power_mw=1, gpu_hours_per_h=1)],
            earliest_start=max(first, night - width * half_hour),
            deadline=min(last, night + width * half_hour) + half_hour,
        )
        for night in nights
    ]
    region = eca.Region(
        "gb",
        # A half hour without a value is never chosen; else there is room for every job.
        it_capacity_mw=[1000 if start in carbon else 0 for start in horizon.starts],
        import_limit_mw=1000,
        import_price_gbp_per_mwh=[carbon.get(start, 0) for start in horizon.starts],
        carbon_g_per_kwh=[carbon.get(start, 0) for start in horizon.starts],
    )
    plan = eca.Problem(horizon=horizon, regions=[region], jobs=jobs).solve(gap=0, references=False)
    assert plan.outcome == "optimal" and plan.check()
    baseline = sum(carbon[night] for night in nights) / len(nights)
    assert baseline == pytest.approx(160.8564, abs=5e-5)
    chosen = plan.totals.carbon_kg / plan.totals.energy_mwh
    assert plan.totals.energy_mwh == pytest.approx(181 * 0.5)
    assert 100 * (1 - chosen / baseline) == pytest.approx(saving, abs=0.005)


# ---- two regions and a daily carbon cap -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "eur_per_mwh", "g_per_kwh", "relaxed"),
    [(None, 72.1847, 285.35, 0), (200, 81.3927, 201.03, 39), (170, 86.2373, 185.66, 65), (150, 90.6840, 175.48, 85)],
)
def test_a_daily_cap_moves_work_between_two_regions(
    cap: float | None, eur_per_mwh: float, g_per_kwh: float, relaxed: int
) -> None:
    found = rows("grid/gb_de_fr_hourly_2023h1.csv")
    cost = carbon = energy = 0.0
    broken = 0
    for day in range(0, len(found), 24):
        hours = found[day : day + 24]
        regions = [
            eca.Region(
                name,
                it_capacity_mw=1,
                import_limit_mw=1,
                import_price_gbp_per_mwh=[float(hour[f"{name}_day_ahead_eur_per_mwh"]) for hour in hours],
                carbon_g_per_kwh=[float(hour[f"{name}_carbon_lifecycle_g_per_kwh"]) for hour in hours],
            )
            for name in ("gb", "de")
        ]
        job = eca.Job("work", gpu_hours=8, points=[eca.JobPoint(power_mw=1, gpu_hours_per_h=1)], divisible=True)
        # A strict cap that cannot be kept is exceeded by as little as can be: that is the relaxed cap of the oracle.
        caps = [] if cap is None else [eca.CarbonCap("day", metric="g_per_kwh", limit=cap)]
        horizon = eca.Horizon(start=hours[0]["utc_start"], step_min=60, periods=24)
        plan = eca.Problem(horizon=horizon, regions=regions, jobs=[job], carbon_caps=caps).solve(
            gap=0, references=False
        )
        cost += plan.totals.cost_gbp
        carbon += plan.totals.carbon_kg
        energy += plan.totals.energy_mwh
        broken += any(limit.rule == "carbon_cap" for limit in plan.broken_limits)
    assert energy == pytest.approx(8 * 181)
    assert cost / energy == pytest.approx(eur_per_mwh, abs=0.001)
    assert carbon / energy == pytest.approx(g_per_kwh, abs=0.05)
    assert broken == relaxed


# ---- a battery ------------------------------------------------------------------------------------------------------


def battery_value(start: str, step_min: int, prices: list[float], **choices: Any) -> float:
    """What a battery of 1 MW and 2 MWh earns over all prices, in their currency."""
    battery: dict[str, Any] = {
        "power_capacity_mw": 1,
        "energy_capacity_mwh": 2,
        "charge_efficiency": 0.9**0.5,
        "discharge_efficiency": 0.9**0.5,
        **choices,
    }
    problem = eca.Problem(
        horizon=eca.Horizon(start=start, step_min=step_min, periods=len(prices)),
        regions=[
            eca.Region(
                "gb",
                it_capacity_mw=0,
                import_limit_mw=1,
                export_limit_mw=1,
                import_price_gbp_per_mwh=prices,
                export_price_gbp_per_mwh=prices,
                carbon_g_per_kwh=0,
            )
        ],
        batteries=[eca.Battery("b", region="gb", **battery)],
    )
    plan = problem.solve(gap=0, references=False)
    assert plan.check()
    frame = plan.to_frame("batteries")
    assert ((frame["charge_mw"] > 0) & (frame["discharge_mw"] > 0)).sum() == 0
    return -plan.objective_gbp


@pytest.mark.parametrize(("zone", "negative", "best"), [("gb", 2, 26_980.02), ("de", 86, 32_853.36)])
def test_a_battery_on_day_ahead_prices(zone: str, negative: int, best: float) -> None:
    found = rows("grid/gb_de_fr_hourly_2023h1.csv")
    prices = [float(row[f"{zone}_day_ahead_eur_per_mwh"]) for row in found]
    assert (len(prices), sum(price < 0 for price in prices)) == (4344, negative)
    assert battery_value(found[0]["utc_start"], 60, prices) == pytest.approx(best, abs=0.01)


def test_a_battery_on_system_prices() -> None:
    found = rows("grid/gb_system_price_hh_2023h1.csv")
    starts = next(name for name in found[0] if "start" in name)
    column = next(name for name in found[0] if name.startswith("system_price"))
    prices = [float(row[column]) for row in found]
    assert (len(prices), sum(price < 0 for price in prices)) == (8688, 218)
    assert battery_value(found[0][starts], 30, prices) == pytest.approx(105_014.95, abs=0.01)


@pytest.mark.parametrize(
    ("choices", "best"),
    [
        ({"soc_mwh": 2}, 27_097.75),
        ({"charge_efficiency": 0.95, "discharge_efficiency": 0.95}, 27_219.59),
        ({"soc_mwh": 1, "end_soc_min_mwh": 1}, 26_950.25),
    ],
)
def test_a_battery_under_other_conventions(choices: dict[str, float], best: float) -> None:
    found = rows("grid/gb_de_fr_hourly_2023h1.csv")
    prices = [float(row["gb_day_ahead_eur_per_mwh"]) for row in found]
    assert battery_value(found[0]["utc_start"], 60, prices, **choices) == pytest.approx(best, abs=0.01)
