"""Hand-computed cases: one or more for each rule of `docs/model.md`. One-hour periods unless a case says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from judge.brute_force import brute_force
from judge.generator import random_problem
from judge.judge_highspy import NoSchedule, TooBig, judge

Document = dict[str, Any]


def region(price: Any = 10, name: str = "a", **fields: Any) -> Document:
    """A roomy region without carbon."""
    base = {"id": name, "it_capacity_mw": 10, "import_limit_mw": 20, "carbon_g_per_kwh": 0}
    return {**base, "import_price_gbp_per_mwh": price, **fields}


def job(periods: float = 1, **fields: Any) -> Document:
    """A job of 1 MW that needs so many periods."""
    point = {"power_mw": 1, "inferences_per_h": 1_000_000}
    return {"id": "j", "inferences": periods * 1_000_000, "points": [point], **fields}


def problem(periods: int, *regions: Document, start: str = "2026-03-02T00:00:00Z", **parts: Any) -> Document:
    """A problem with one-hour periods."""
    horizon = {"start": start, "step_min": 60, "periods": periods}
    return {"format": "eca-problem/1", "horizon": horizon, "regions": list(regions), **parts}


def cost(doc: Document) -> float:
    """The optimum, on which judge and brute force agree."""
    found = judge(doc).objective_gbp
    assert brute_force(doc, most=10_000).objective_gbp == pytest.approx(found, abs=1e-6)
    return found


def check(doc: Document, gbp: float) -> None:
    """The optimum is so many GBP."""
    assert cost(doc) == pytest.approx(gbp, abs=1e-6)


def cap(metric: str, limit: float, **fields: Any) -> Document:
    """A priced cap at 1 GBP/kg."""
    return {"id": "c", "metric": metric, "limit": limit, "kind": "priced", "price_gbp_per_kg": 1, **fields}


STRICT = {"kind": "strict", "price_gbp_per_kg": None}


# ---- energy ----------------------------------------------------------------------------------------------------------


def test_facility_is_affine_in_it_power() -> None:
    check(problem(1, region(overhead_mw=0.5, pue_slope=1.2), jobs=[job()]), 17)


def test_import_and_export_exclude_each_other_at_a_money_pump() -> None:
    check(problem(1, region(-20, export_limit_mw=5, export_price_gbp_per_mwh=10)), 0)


def test_solar_is_used_exported_and_curtailed() -> None:
    check(problem(1, region(overhead_mw=1, solar_mw=3, export_limit_mw=1, export_price_gbp_per_mwh=10)), -10)
    check(problem(1, region(overhead_mw=1, solar_mw=3, export_limit_mw=1, export_price_gbp_per_mwh=-10)), 0)


def test_demand_charge_spreads_load() -> None:
    two = {"count": 2}
    check(problem(2, region(demand_charge_gbp_per_mw=100), jobs=[job(**two)]), 20 + 100)


def test_congestion_and_network_charge_move_load() -> None:
    other = region(15, "b")
    check(problem(1, region(), other, jobs=[job()]), 10)
    check(problem(1, region(congestion_gbp_per_mwh=20), other, jobs=[job()]), 15)
    check(problem(1, region(network_charge_gbp_per_mwh=4), other, jobs=[job()]), 14)
    check(problem(1, region(congestion_limit_mw=0), other, jobs=[job()]), 15)


def test_nonfirm_import_adds_to_the_firm_limit() -> None:
    """Without it 1 MWh is overloaded at 2 * 2 * M, M = 10."""
    load = {"import_limit_mw": 1, "overhead_mw": 2}
    check(problem(1, region(nonfirm_import_mw=1, **load)), 20)
    check(problem(1, region(**load)), 20 + 40)
    check(problem(1, region(nonfirm_import_mw=5, congestion_limit_mw=1.5, **load)), 20 + 20)


def test_it_overload_has_its_default_price() -> None:
    """Two hard jobs where one fits; M = 1.5 * (10 + 5 + 2 + 3 + 4) with all terms of e."""
    charges = {"network_charge_gbp_per_mwh": 5, "congestion_gbp_per_mwh": -2, "demand_charge_gbp_per_mw": 4}
    one = region(-10, it_capacity_mw=1, pue_slope=1.5, export_price_gbp_per_mwh=3, **charges)
    energy = 3 * (-10 + 5 - 2) + 3 * 4
    check(problem(1, one, jobs=[job(count=2)]), energy + 2 * 2 * 1.5 * 24)


def test_overload_costs_more_than_priced_jobs_and_services() -> None:
    """A priced job of 1000 GBP and 1 MWh makes 1 MWh of overload cost 2000 GBP."""
    jobs = [job(id="h"), job(deadline_kind="priced", undone_penalty_gbp=1000)]
    check(problem(1, region(it_capacity_mw=1), jobs=jobs), 10 + 1000)
    check(problem(1, region(it_capacity_mw=1), jobs=[job(id="h", count=2), jobs[1]]), 20 + 2000 + 1000)


# ---- batteries -------------------------------------------------------------------------------------------------------


def battery(**fields: Any) -> Document:
    """A battery of 1 MW and 2 MWh, empty and without losses."""
    return {"id": "b", "region": "a", "power_capacity_mw": 1, "energy_capacity_mwh": 2, **fields}


def test_battery_does_not_burn_energy_at_negative_prices() -> None:
    """It is full after one period; charging and discharging at once would earn 7.50 more."""
    lossy = battery(energy_capacity_mwh=0.5, charge_efficiency=0.5, discharge_efficiency=0.5)
    check(problem(2, region(-10), batteries=[lossy]), -10)


def test_battery_shifts_energy_with_losses_and_wear() -> None:
    lossy = battery(charge_efficiency=0.9, discharge_efficiency=0.9, wear_gbp_per_mwh=1)
    check(problem(2, region([0, 100], overhead_mw=1), batteries=[lossy]), 1 + 0.81 + 19)


def test_battery_keeps_its_reserve_and_may_start_below_it() -> None:
    load = region([10, 10], overhead_mw=1)
    check(problem(2, load, batteries=[battery(soc_mwh=2)]), 0)
    check(problem(2, load, batteries=[battery(soc_mwh=2, soc_min_mwh=1.5)]), 15)
    check(problem(2, load, batteries=[battery(soc_mwh=1, soc_min_mwh=1.5)]), 20)


def test_end_soc_shortfall_is_priced() -> None:
    check(problem(1, region(), batteries=[battery(power_capacity_mw=0.5, end_soc_min_mwh=1)]), 5 + 0.5 * 2 * 10)


# ---- jobs ------------------------------------------------------------------------------------------------------------


def test_job_runs_no_longer_than_its_work_needs() -> None:
    check(problem(3, region(-10), jobs=[job()]), -10)
    check(problem(3, region(-10), jobs=[job(1.5)]), -20)


def test_operating_points_are_chosen_by_price() -> None:
    slow = {"power_mw": 0.4, "inferences_per_h": 500_000}
    points = [{"power_mw": 1, "inferences_per_h": 1_000_000}, slow]
    check(problem(2, region(10), jobs=[job(points=points)]), 8)
    check(problem(2, region([10, 90]), jobs=[job(points=points)]), 10)
    check(problem(2, region([10, 90], it_capacity_mw=[0.5, 1]), jobs=[job(points=points)]), 40)


def test_window_is_rounded_inwards() -> None:
    prices = region([1, 20, 30, 2])
    late = {"earliest_start": "2026-03-02T00:20:00Z", "deadline": "2026-03-02T03:40:00Z"}
    check(problem(4, prices, jobs=[job(**late)]), 20)


def test_run_when_is_strict_below_and_at_least() -> None:
    prices = region([10, 20], carbon_g_per_kwh=[100, 99], renewable_share_frac=[0.79, 0.8])
    check(problem(2, prices, jobs=[job(run_when={"carbon_below_g_per_kwh": 100})]), 20)
    check(problem(2, prices, jobs=[job(run_when={"renewable_share_min": 0.8})]), 20)


def test_pause_costs_money_and_energy_at_resume() -> None:
    prices = region([10, 100, 10])
    paused = {"preemptible": True, "pause_energy_mwh": 0.1}
    check(problem(3, prices, jobs=[job(2, pause_cost_gbp=4, **paused)]), 10 + 11 + 4)
    check(problem(3, prices, jobs=[job(2, pause_cost_gbp=200, **paused)]), 110)
    check(problem(3, prices, jobs=[job(2)]), 110)


def test_max_pauses_counts_those_made_before() -> None:
    prices = region([10, 100, 10, 100, 10])
    check(problem(5, prices, jobs=[job(3, preemptible=True)]), 30)
    check(problem(5, prices, jobs=[job(3, preemptible=True, max_pauses=1)]), 120)
    state = {"region": "a", "pauses": 1}
    check(problem(5, prices, jobs=[job(2, preemptible=True, max_pauses=2, state=state)]), 110)
    check(problem(5, prices, jobs=[job(2, preemptible=True, max_pauses=3, state=state)]), 20)


def test_live_move_is_no_pause_and_a_longer_stop_is_both() -> None:
    a, b = region([10, 100, 100], "a"), region([100, 100, 10], "b")
    fees = {"pause_cost_gbp": 50, "pause_energy_mwh": 0.5, "min_run_periods": 2}

    def move(periods: int, preemptible: bool = True) -> Document:
        migration = {"cost_gbp": 5, "periods": periods, "energy_mwh": 0.2}
        return problem(3, a, b, jobs=[job(2, migration=migration, preemptible=preemptible, **fees)])

    check(move(1), 10 + 12 + 5)
    check(move(1, preemptible=False), 10 + 12 + 5)
    check(move(2), 110)
    late = move(0)
    late["jobs"][0]["min_run_periods"] = 1
    check(late, 10 + 17 + 5 + 50)
    check(move(0), 110)


def test_moving_periods_count_towards_the_length_of_a_run() -> None:
    """Works at 0 in `a`, at 2 in `b`, pauses, works at 4: its first run is 3 periods long."""
    a, b = region([1, 99, 99, 99, 99], "a"), region([99, 99, 1, 99, 1], "b")
    moves = {"migration": {"periods": 1}, "preemptible": True}
    check(problem(5, a, b, jobs=[job(3, min_run_periods=3, **moves)]), 3)
    check(problem(5, a, b, jobs=[job(3, min_run_periods=4, **moves)]), 101)


def test_only_the_run_that_finishes_may_be_short() -> None:
    short = {"preemptible": True, "min_run_periods": 2}
    check(problem(4, region([10, 20, 90, 10]), jobs=[job(3, **short)]), 40)
    check(problem(4, region([10, 90, 20, 20]), jobs=[job(3, **short)]), 120)
    priced = {"deadline_kind": "priced", "undone_penalty_gbp": 90}
    check(problem(3, region([10, 99, 99]), jobs=[job(3, **short, **priced)]), 90)


def test_a_run_that_may_not_pause_ends_at_the_end_of_the_window() -> None:
    priced = {"deadline_kind": "priced", "undone_penalty_gbp": 300}
    check(problem(3, region([10, 10, 150]), jobs=[job(3, **priced)]), 170)
    check(problem(3, region([10, 10, 150]), jobs=[job(3, preemptible=True, **priced)]), 120)
    due = {"deadline": "2026-03-02T02:00:00Z"}
    check(problem(3, region([10, 10, 150]), jobs=[job(3, **priced, **due)]), 120)


def test_startup_is_paid_once_and_not_after_a_state() -> None:
    check(problem(1, region(), jobs=[job(startup_cost_gbp=7)]), 17)
    after = {"preemptible": True, "pause_cost_gbp": 4, "state": {"region": "a"}}
    check(problem(1, region(), jobs=[job(startup_cost_gbp=7, **after)]), 14)
    late = {"deadline_kind": "priced", "undone_penalty_gbp": 5}
    check(problem(1, region(), jobs=[job(startup_cost_gbp=7, **late)]), 5)


def test_running_job_may_be_stopped_only_where_its_state_says_so() -> None:
    prices = region([100, 10])

    def running(**state: Any) -> Document:
        past = {"region": "a", "point": 0, **state}
        return problem(2, prices, jobs=[job(preemptible=True, pause_cost_gbp=4, min_run_periods=3, state=past)])

    check(running(running_since="2026-03-01T21:00:00Z"), 14)
    check(running(running_since="2026-03-01T22:00:00Z"), 100)
    check(running(), 100)
    check(running(running_since="2026-03-01T21:00:00Z", can_stop=False), 100)
    check(running(running_since="2026-03-01T21:00:00Z", done_inferences=500_000), 14)


def test_running_job_may_move_from_the_first_period_on() -> None:
    a, b = region([100, 100, 100], "a"), region([99, 10, 50], "b")
    state = {"region": "a", "point": 0}
    fees = {"pause_cost_gbp": 40, "migration": {"cost_gbp": 5, "periods": 1}, "state": state}
    check(problem(3, a, b, jobs=[job(**fees)]), 15)
    check(problem(3, a, region([99, 99, 10], "b"), jobs=[job(preemptible=True, **fees)]), 55)
    check(problem(3, a, b, jobs=[job(**{**fees, "migration": None})]), 100)
    check(problem(3, a, b, jobs=[job(**{**fees, "state": {**state, "can_stop": False}})]), 100)


def test_running_job_has_started_whatever_its_earliest_start() -> None:
    late = {"earliest_start": "2026-03-02T01:00:00Z", "preemptible": True}
    check(problem(2, region([10, 100]), jobs=[job(**late, state={"region": "a", "point": 0})]), 10)
    check(problem(2, region([10, 100]), jobs=[job(**late, state={"region": "a"})]), 100)


def test_running_job_that_may_not_be_stopped_runs_to_its_end() -> None:
    prices = region([10, 100, 10])
    state = {"region": "a", "point": 0, "can_stop": False}
    check(problem(3, prices, jobs=[job(2, preemptible=True, state=state)]), 110)
    check(problem(3, prices, jobs=[job(2, preemptible=True, state={**state, "can_stop": True})]), 20)


def test_paused_job_that_resumes_elsewhere_pays_both() -> None:
    a, b = region(100, "a"), region(10, "b")
    fees = {"pause_cost_gbp": 4, "pause_energy_mwh": 0.5, "preemptible": True, "state": {"region": "a"}}
    move = {"migration": {"cost_gbp": 5, "periods": 3, "energy_mwh": 0.2}}
    check(problem(1, a, b, jobs=[job(**fees, **move)]), 10 + 7 + 4 + 5)
    check(problem(1, a, b, jobs=[job(**fees)]), 150 + 4)


def test_copies_have_their_own_schedules() -> None:
    check(problem(2, region([10, 20], it_capacity_mw=1), jobs=[job(count=2)]), 30)


def test_default_undone_penalty_and_work_done_before() -> None:
    """2 * (4 - 1) * (M * E + 3 + 2 + 5) for a period of E = 1 MWh, M = 10; a half-done job needs the period too.

    The default is the price of leaving all that is left undone.
    """
    fees = {"startup_cost_gbp": 3, "pause_cost_gbp": 2, "migration": {"cost_gbp": 5}, "preemptible": True}
    closed = region(it_capacity_mw=0)
    check(problem(1, closed, jobs=[job(deadline_kind="priced", tier=1, **fees)]), 120)
    half = {"region": "a", "done_inferences": 500_000}
    check(problem(1, closed, jobs=[job(deadline_kind="priced", tier=1, state=half, **fees)]), 120)


def test_hard_job_that_cannot_keep_its_deadline_is_refused() -> None:
    with pytest.raises(NoSchedule):
        judge(problem(1, region(), jobs=[job(2)]))


def test_divisible_job_runs_in_two_regions_at_once() -> None:
    both = problem(1, region(), region(20, "b"), jobs=[job(2, divisible=True)])
    check(both, 30)
    check(problem(2, region([10, 30], it_capacity_mw=4), jobs=[job(1.5, divisible=True)]), 10 + 15)
    check(problem(1, region(), jobs=[job(1.5, divisible=True, deadline_kind="priced", undone_penalty_gbp=90)]), 40)


# ---- services --------------------------------------------------------------------------------------------------------


def service(**fields: Any) -> Document:
    """A million inferences of 1 Wh in each period."""
    return {"id": "s", "demand_inferences": 1_000_000, "points": [{"wh_per_inference": 1}], **fields}


def test_service_sheds_before_it_overloads() -> None:
    one = region(it_capacity_mw=0.5)
    check(problem(1, one, services=[service(shed_penalty_gbp_per_million=30)]), 5 + 15)
    check(problem(1, one, services=[service(shed_penalty_gbp_per_million=500)]), 5 + 250)
    check(problem(1, one, jobs=[job(points=[{"power_mw": 0.5, "inferences_per_h": 1_000_000}])]), 5)
    with pytest.raises(NoSchedule):
        judge(problem(1, one, jobs=[job()]))


def test_service_keeps_its_latency_and_pays_for_routing() -> None:
    points = [{"wh_per_inference": 1, "latency_ms": 40}]
    near = {"a": 50, "b": 40}
    slow = service(points=points, latency_limit_ms=80, network_latency_ms=near)
    check(problem(1, region(10), region(30, "b"), services=[slow]), 30)
    check(problem(1, region(10), region(30, "b"), services=[service(points=points)]), 10)
    check(problem(1, region(10), region(30, "b"), services=[service(network_latency_ms={"b": 5})]), 30)
    routed = service(routing_cost_gbp_per_million={"a": 25})
    check(problem(1, region(10), region(30, "b"), services=[routed]), 30)


# ---- carbon caps -----------------------------------------------------------------------------------------------------


def test_day_cap_is_cut_at_london_midnight() -> None:
    """22:00Z and 23:00Z are two London days in summer and one in winter."""
    one = region(overhead_mw=1, carbon_g_per_kwh=100)
    caps = [cap("kg", 120, window="day")]
    check(problem(2, one, start="2026-06-15T22:00:00Z", carbon_caps=caps), 20)
    check(problem(2, one, start="2026-01-15T22:00:00Z", carbon_caps=caps), 20 + 80)
    check(problem(2, one, start="2026-03-28T23:00:00Z", carbon_caps=caps), 20)
    check(problem(2, one, start="2026-03-29T22:00:00Z", carbon_caps=caps), 20)
    check(problem(2, one, start="2026-10-24T22:00:00Z", carbon_caps=caps), 20)
    check(problem(2, one, start="2026-10-25T22:00:00Z", carbon_caps=caps), 20 + 80)


def test_rolling_windows_are_those_inside_the_horizon() -> None:
    one = region(overhead_mw=1, carbon_g_per_kwh=100)
    check(problem(3, one, carbon_caps=[cap("kg", 150, window={"rolling_h": 2})]), 30 + 2 * 50)
    check(problem(3, one, carbon_caps=[cap("kg", 150, window={"rolling_h": 24})]), 30 + 150)


def test_g_per_kwh_counts_facility_energy() -> None:
    half_solar = region(overhead_mw=2, solar_mw=1, carbon_g_per_kwh=100)
    check(problem(1, half_solar, carbon_caps=[cap("g_per_kwh", 50)]), 10)
    check(problem(1, half_solar, carbon_caps=[cap("g_per_kwh", 40)]), 10 + 20)


def test_g_per_inference_may_place_inferences_in_working_periods() -> None:
    """150 % of a period: full then half would leave 100 kg too much in the second window."""
    one = region(carbon_g_per_kwh=[100, 200])
    hourly = {"window": {"rolling_h": 1}}
    check(problem(2, one, jobs=[job(1.5)], carbon_caps=[cap("g_per_inference", 0.2, **hourly)]), 20)
    check(problem(2, one, jobs=[job(1.5)], carbon_caps=[cap("g_per_inference", 0.16, **hourly)]), 20 + 60)


def test_cap_counts_its_regions_only() -> None:
    a, b = region(10, "a", carbon_g_per_kwh=100), region(30, "b", carbon_g_per_kwh=100)
    check(problem(1, a, b, jobs=[job()], carbon_caps=[cap("kg", 0, regions=["a"])]), 30)
    check(problem(1, a, b, jobs=[job()], carbon_caps=[cap("kg", 0)]), 110)


def test_strict_cap_is_kept_or_least_exceeded() -> None:
    one = region([10, 50], carbon_g_per_kwh=[200, 100])
    check(problem(2, one, jobs=[job()], carbon_caps=[cap("kg", 150, **STRICT)]), 50)
    beyond = problem(2, one, jobs=[job()], carbon_caps=[cap("kg", 60, **STRICT)])
    check(beyond, 50)
    assert judge(beyond).strict_excess_kg == pytest.approx(40)


def test_strict_cap_sheds_nothing_that_would_be_served_without_it() -> None:
    one = region(carbon_g_per_kwh=200)
    doc = problem(1, one, services=[service(shed_penalty_gbp_per_million=100)], carbon_caps=[cap("kg", 50, **STRICT)])
    check(doc, 10)
    assert judge(doc).strict_excess_kg == pytest.approx(150)


def test_carbon_price_of_caps_raises_default_prices() -> None:
    """M = 10 + 200 * 1, so 1 MWh overloaded costs 4 * 210."""
    one = region(overhead_mw=2, import_limit_mw=1, carbon_g_per_kwh=200)
    check(problem(1, one, carbon_caps=[cap("kg", 1000)]), 20 + 840)


# ---- the judge itself ------------------------------------------------------------------------------------------------


def test_judge_refuses_what_it_would_not_finish() -> None:
    with pytest.raises(TooBig):
        judge(problem(24, region(), jobs=[job(12, preemptible=True)]))


def test_generator_repeats_itself() -> None:
    assert random_problem(7, "small") == random_problem(7, "small")
    assert random_problem(7) != random_problem(8)
