"""A back-test: the right problems, the right sums, and an error where there is none."""

from __future__ import annotations

import datetime
import json
import math
import os
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import data_file

import eca
from eca._backtest import stats

#: Ordinary, the clocks go forward, ordinary, the clocks go back.
DAYS = ["2026-03-02", "2026-03-29", "2026-07-01", "2026-10-25"]

LARGE = os.environ.get("ECA_TEST_SCALE") == "large"
MARCH = pd.date_range("2023-03-01", "2023-03-31")


def prices(days: list[str], regions: tuple[str, ...] = ("a",)) -> pd.DataFrame:
    """Hourly prices: 50, but 10 at 03:00 and 20 at 20:00 on the London clock; carbon 100, in region b 40."""
    rows = []
    for day in days:
        for start in eca.Horizon.day(day, step_min=60).starts:
            hour = pd.Timestamp(start).tz_convert("Europe/London").hour
            for index, region in enumerate(regions):
                price = {3: 10.0, 20: 20.0}.get(hour, 50.0) + 5 * index
                rows.append((start, region, price, 100.0 - 60.0 * index))
    return pd.DataFrame(rows, columns=["start", "region", "import_price_gbp_per_mwh", "carbon_g_per_kwh"])


def template(**changes: Any) -> eca.Problem:
    """One MW for one hour, between 02:00 and 22:00 of the London clock; facility power is IT power."""
    values: dict[str, Any] = {
        "horizon": eca.Horizon.day("2026-03-02", step_min=60),
        "regions": [
            eca.Region("a", it_capacity_mw=2, import_limit_mw=4, import_price_gbp_per_mwh=1, carbon_g_per_kwh=1)
        ],
        "jobs": [
            eca.Job(
                "j",
                gpu_hours=1,
                points=[eca.JobPoint(power_mw=1, gpu_hours_per_h=1)],
                earliest_start="2026-03-02T02:00:00Z",
                deadline="2026-03-02T22:00:00Z",
            )
        ],
    }
    return eca.Problem(**{**values, **changes})


def answers(result: eca.BacktestResult) -> str:
    """Everything but how long it took."""
    return json.dumps([{name: case[name] for name in case if name != "wall_s"} for case in result])


def test_sums_worked_by_hand() -> None:
    result = eca.backtest(template(), prices(DAYS[:1]), gap=0)
    (case,) = result
    assert (case.day, case.site, case.scenario, case.error) == ("2026-03-02", None, None, None)
    # At 03:00 it costs 10; at once, at 02:00, 50.
    assert (case.cost_gbp, case.run_at_once_cost_gbp, case.cheapest_start_cost_gbp) == (10, 50, 10)
    assert (case.penalty_gbp, case.carbon_kg, case.energy_mwh, case.outcome) == (0, 100, 1, "optimal")
    assert (case.saving("run_at_once"), case.saving("run_at_once", "carbon_kg")) == (40, 0)
    assert (result.total("saving_run_at_once_gbp").mean, result.total("saving_run_at_once_frac").mean) == (40, 0.8)
    total = result.total("cost_gbp")
    assert (total.days, total.total, total.mean, total.low, total.high) == (1, 10, 10, None, None)


def test_the_london_clock_is_kept_on_days_of_23_and_25_hours() -> None:
    result = eca.backtest(template(), prices(DAYS), days=DAYS, gap=0, keep_plans=True)
    result.raise_if_failed()
    assert [case.cost_gbp for case in result] == [10] * 4
    # At once means at 02:00 on the clock, on every one of them.
    assert [case.run_at_once_cost_gbp for case in result] == [50, 50, 50, 50]
    for case in result:
        problem_day = eca.Horizon.day(case.day, step_min=60)
        (job,) = result.plan(case.day).to_dict()["jobs"]
        (at,) = [t for t, region in enumerate(job["region"]) if region is not None]
        assert len(job["region"]) == problem_day.periods
        assert pd.Timestamp(problem_day.starts[at]).tz_convert("Europe/London").hour == 3


def test_series_of_the_template_follow_the_clock() -> None:
    capacity = [float(hour) for hour in range(24)]
    region = eca.Region(
        "a", it_capacity_mw=capacity, import_limit_mw=40, import_price_gbp_per_mwh=1, carbon_g_per_kwh=1
    )
    seen: list[eca.Problem] = []

    def keep(problem: eca.Problem) -> eca.Problem:
        seen.append(problem)
        return problem

    days = ["2026-03-29", "2026-10-25", "2026-07-01"]
    eca.backtest(template(regions=[region]), prices(days), days=days, scenarios={"s": keep}, engine="greedy")
    for problem in seen:
        hours = [pd.Timestamp(start).tz_convert("Europe/London").hour for start in problem.horizon.starts]
        assert list(problem.regions[0].it_capacity_mw) == hours
        job = problem.jobs[0]
        assert pd.Timestamp(job.earliest_start).tz_convert("Europe/London").hour == 2
        assert pd.Timestamp(job.deadline).tz_convert("Europe/London").hour == 22
    assert [problem.horizon.periods for problem in seen] == [23, 25, 24]


def test_sites_and_scenarios() -> None:
    tight = eca.CarbonCap("cap", metric="kg", limit=50, window="horizon", kind="priced", price_gbp_per_kg=1)
    scenarios: dict[str, Any] = {
        "as it is": None,
        "dear": {"scale": {"import_price_gbp_per_mwh": 2}},
        "capped": {"carbon_caps": [tight], "engine": "exact"},
        "late": {"regions": {"a": {"it_capacity_mw": [0.0] * 12 + [2.0] * 12}}},
        "twice": lambda problem: eca.Problem.from_dict(
            {**problem.to_dict(), "jobs": [{**problem.jobs[0].to_dict(), "count": 2}]}
        ),
    }
    result = eca.backtest(
        template(), prices(DAYS[:2], ("a", "b")), days=DAYS[:2], sites=["a", "b"], scenarios=scenarios, gap=0
    )
    result.raise_if_failed()
    assert len(result) == 2 * 2 * 5
    order = [(case.site, case.scenario) for case in result[:6]]
    assert order == [*(("a", name) for name in scenarios), ("b", "as it is")]
    found = {(case.site, case.scenario): case for case in result[:10]}
    costs = {key: case.cost_gbp for key, case in found.items()}
    assert costs["a", "as it is"] == 10 and costs["b", "as it is"] == 15
    assert costs["a", "dear"] == 20 and costs["b", "dear"] == 30
    assert costs["a", "late"] == 20 and costs["b", "late"] == 25
    assert costs["a", "twice"] == 20 and costs["b", "twice"] == 30
    assert (found["a", "capped"].penalty_gbp, found["b", "capped"].penalty_gbp) == (50, 0)
    # Both days are alike: the sum over sites is 25 a day, with no spread.
    both = result.total("cost_gbp", scenario="as it is")
    assert (both.site, both.days, both.total, both.mean, both.low, both.high) == ("all", 2, 50, 25, 25, 25)
    assert result.total("cost_gbp", scenario="dear", site="b").total == 60
    # The cap costs 50 GBP of penalties in a, whoever plans, and nothing in b.
    capped = {each.measure: each for each in result.differences("as it is") if each.scenario == "capped"}
    assert (capped["extra_cost_gbp"].mean, capped["extra_penalty_gbp"].mean) == (0, 50)
    assert (capped["extra_objective_gbp"].total, capped["extra_objective_gbp"].days) == (100, 2)
    assert {each.scenario for each in result.differences("dear")} == set(scenarios) - {"dear"}
    case = found["a", "capped"]
    saved = [case.saving("run_at_once", name) for name in ("cost_gbp", "objective_gbp", "carbon_kg")]
    assert saved == [40, 40, 0]
    assert result.total("saving_run_at_once_objective_frac", scenario="capped", site="a").mean == 40 / 100
    with pytest.raises(eca.EcaValueError, match="against = 'base', must be one of the scenarios: as it is, dear"):
        result.differences("base")


def test_sites_with_problems_of_their_own_and_functions() -> None:
    def of_a_day(day: str) -> eca.Problem:
        return template(
            horizon=eca.Horizon.day(day, step_min=60),
            jobs=[eca.Job("j", gpu_hours=1, points=[eca.JobPoint(power_mw=1, gpu_hours_per_h=1)])],
        )

    days = [datetime.date(2026, 3, 2), pd.Timestamp("2026-03-03"), np.datetime64("2026-03-04")]
    result = eca.backtest(None, prices(DAYS[:1]), days=days[:1], sites={"x": template(), "y": of_a_day}, gap=0)
    assert [(case.site, case.cost_gbp) for case in result] == [("x", 10), ("y", 1)]
    named: list[tuple[str, str]] = []

    def of_a_site(day: str, site: str) -> eca.Problem:
        named.append((day, site))
        return of_a_day(day)

    result = eca.backtest(of_a_site, days=days, sites=["x", "y"], engine="greedy")
    assert not result.failures
    assert named == [(f"2026-03-0{d}", site) for d in (2, 3, 4) for site in ("x", "y")]


def test_without_days_every_whole_day_of_the_signals() -> None:
    frame = prices(["2026-03-01", "2026-03-02", "2026-03-03"]).iloc[1:]
    result = eca.backtest(template(), frame, engine="greedy")
    assert [case.day for case in result] == ["2026-03-02", "2026-03-03"]


def test_a_case_that_fails_is_named_and_loses_no_other() -> None:
    frame = prices(["2026-03-02", "2026-03-03", "2026-03-04"])
    frame.loc[30:33, "import_price_gbp_per_mwh"] = float("nan")

    def broken(problem: eca.Problem) -> eca.Problem:
        raise ZeroDivisionError("mine")

    scenarios: dict[str, Any] = {"good": None, "bad": broken, "none": {"engine": "greedy"}}
    result = eca.backtest(template(), frame, scenarios=scenarios, gap=0)
    failed = {(case.day, case.scenario): case.error for case in result.failures}
    assert set(failed) == {(f"2026-03-0{d}", "bad") for d in (2, 3, 4)} | {("2026-03-03", s) for s in ("good", "none")}
    assert failed["2026-03-02", "bad"] == "ZeroDivisionError: mine"
    gap = failed["2026-03-03", "good"] or ""
    assert gap.startswith("EcaGapError: import_price_gbp_per_mwh of a has no value for 4 of 24 periods")
    assert [case.cost_gbp for case in result if case.scenario == "good"] == [10, None, 10]
    assert (result.total("cost_gbp", scenario="good").days, result.total("cost_gbp", scenario="good").total) == (2, 20)
    with pytest.raises(eca.EcaError, match="5 of 9 cases .* failed: 2026-03-02 bad: ZeroDivisionError: mine"):
        result.raise_if_failed()
    assert "5 failed" in repr(result)
    held = eca.backtest(template(), frame, missing="hold", engine="greedy")
    assert not held.failures


def test_a_day_on_which_one_site_failed_does_not_count_for_all_of_them() -> None:
    frame = prices(["2026-03-02", "2026-03-03"], ("a", "b"))
    frame.loc[(frame["region"] == "b") & (frame["start"] >= "2026-03-03T05:00Z"), "carbon_g_per_kwh"] = float("nan")
    days = ["2026-03-02", "2026-03-03"]
    result = eca.backtest(template(), frame, sites=["a", "b"], days=days, scenarios={"x": None, "y": {}}, gap=0)
    assert [(case.day, case.site) for case in result.failures[::2]] == [("2026-03-03", "b")]
    totals = {site: result.total("cost_gbp", scenario="x", site=site) for site in ("a", "b", "all")}
    assert {site: (total.days, total.total) for site, total in totals.items()} == {
        "a": (2, 20),
        "b": (1, 15),
        "all": (1, 25),
    }
    assert {each.days for each in result.differences("x")} == {1}


def test_a_problem_that_cannot_be_planned_is_one_line() -> None:
    # Without the right to be late, 40 hours of work do not fit into a day.
    job = eca.Job("long", gpu_hours=40, points=[eca.JobPoint(power_mw=1, gpu_hours_per_h=1)])
    result = eca.backtest(template(), prices(DAYS[:1]), scenarios={"fits": None, "not": lambda p: _with(p, job)})
    assert result[0].error is None
    assert (result[1].error or "").startswith("EcaCannotFitError: job `long` needs 40.000 MWh")


def test_what_is_sold_and_what_may_be_move_with_the_day() -> None:
    """Two MW are always on. At 21:00 a battery of 1 MWh is worth 50 GBP/MWh, a buyer of 2 MW for half an hour pays 500."""
    half_hours = eca.Horizon.day("2026-03-02", step_min=30)

    def asked(hour: int) -> eca.Problem:
        region = eca.Region(
            "a", it_capacity_mw=2, import_limit_mw=9, overhead_mw=2, import_price_gbp_per_mwh=50, carbon_g_per_kwh=1
        )
        battery = eca.Battery(
            "b", region="a", power_capacity_mw=4, energy_capacity_mwh=4, soc_mwh=1, charge_efficiency=1,
            discharge_efficiency=1, end_soc_min_mwh=1,
        )  # fmt: skip
        one = eca.Opportunity(
            "o", route="dso_flex", region="a", settlement_periods=[("2026-03-02", 2 * hour + 1)], max_mw=2, baseline_mw=2,
            price_gbp_per_mwh=500,
        )  # fmt: skip
        return eca.Problem(horizon=half_hours, regions=[region], batteries=[battery], opportunities=[one])

    result = eca.backtest(asked(21), days=DAYS, gap=0, keep_plans=True)
    for case, hours in zip(result, (24, 23, 24, 25)):
        # A MWh comes back at the price of a MWh: 500 GBP less, whatever the day.
        assert case["cost_gbp"] == pytest.approx(2 * hours * 50 - 500), case
        moved = json.loads(case["plan"])["opportunities"]
        assert [each["committed_mw"] for each in moved] == [[2.0]]
    # 2026-03-29 has no 01:00: the case says so.
    lost = eca.backtest(asked(1), days=DAYS[:2], gap=0)
    assert lost[0].error is None
    assert "opportunity `o` has settlement_periods = 3, must be of an hour that 2026-03-29 has" in (lost[1].error or "")


def _sold(numbers: list[int], power_mw: list[float | None]) -> eca.Problem:
    """A load of 4 MW and a battery for what is sold: 1 MW at 17:00, 2 MW at 17:30, and a target by the clock."""
    periods = [("2026-03-02", number) for number in numbers]
    region = eca.Region(
        "a", it_capacity_mw=2, import_limit_mw=9, overhead_mw=4, import_price_gbp_per_mwh=50, carbon_g_per_kwh=1
    )
    battery = eca.Battery("b", region="a", power_capacity_mw=4, energy_capacity_mwh=8, soc_mwh=8)
    sold = eca.Commitment(
        "c", route="dso_flex", region="a", settlement_periods=periods, committed_mw=[1.0, 2.0], baseline_mw=[4.0, 4.0],
        price_gbp_per_mwh=[100.0, 200.0], guard={"settlement_periods": [("2026-03-02", 34)], "import_mw": 4.0},
        rebound={"settlement_periods": [("2026-03-02", 37)], "baseline_mw": 4.0, "max_frac": 1.0}, kind="strict",
    )  # fmt: skip
    half_hours = eca.Horizon.day("2026-03-02", step_min=30)
    target = eca.PowerTarget("t", region="a", power_mw=power_mw)
    return eca.Problem(horizon=half_hours, regions=[region], batteries=[battery], commitments=[sold], targets=[target])


def _moved(problem: eca.Problem, day: str) -> eca.Problem:
    seen: list[eca.Problem] = []

    def keep(problem: eca.Problem) -> eca.Problem:
        seen.append(problem)
        return problem

    result = eca.backtest(problem, days=[day], scenarios={"s": keep}, gap=0, keep_plans=True)
    result.raise_if_failed()
    (moved,) = seen
    # The problem that was solved: what is due comes, and the target is kept.
    plan = moved.solve(gap=0)
    assert plan.check() and not plan.broken_limits
    assert [round(mwh, 6) for mwh in plan.commitments[0]["shortfall_mwh"]] == [0.0, 0.0]
    return moved


def _local(moved: eca.Problem, number: int) -> str:
    """The London clock at the start of a settlement period of the day."""
    start = pd.Timestamp(moved.horizon.starts[0]) + pd.Timedelta(minutes=30 * (number - 1))
    return start.tz_convert("Europe/London").strftime("%H:%M")


@pytest.mark.parametrize(("day", "periods", "first"), [("2026-03-29", 46, 33), ("2026-10-25", 50, 37)])
def test_commitments_keep_their_clock_times_on_days_of_46_and_50_periods(day: str, periods: int, first: int) -> None:
    moved = _moved(_sold([35, 36], [None] * 48), day)
    assert moved.horizon.periods == periods
    (sold,) = moved.commitments
    assert sold.settlement_periods == ((day, first), (day, first + 1))
    assert [_local(moved, number) for _, number in sold.settlement_periods] == ["17:00", "17:30"]
    assert sold.committed_mw == (1.0, 2.0) and sold.price_gbp_per_mwh == (100.0, 200.0) and sold.kind == "strict"
    assert sold.guard is not None and sold.guard.settlement_periods == ((day, first - 1),)
    assert sold.rebound is not None and sold.rebound.settlement_periods == ((day, first + 2),)


@pytest.mark.parametrize(("day", "periods"), [("2026-03-29", 46), ("2026-10-25", 50), ("2026-07-01", 48)])
def test_power_targets_keep_their_clock_times_on_days_of_46_and_50_periods(day: str, periods: int) -> None:
    # So many MW as the hour of the clock says, and nothing asked from 20:00 on.
    asked = [4.0 + hour / 10 if hour < 20 else None for hour in range(24) for _ in range(2)]
    moved = _moved(_sold([35, 36], asked), day)
    (target,) = moved.targets
    hours = [int(_local(moved, number)[:2]) for number in range(1, periods + 1)]
    assert list(target.power_mw) == [4.0 + hour / 10 if hour < 20 else None for hour in hours]
    # The hour that is left out, and the one that comes twice.
    assert hours.count(1) == {46: 0, 48: 2, 50: 4}[periods]


def test_commitments_in_an_hour_that_a_day_of_46_periods_lacks_are_refused_by_name() -> None:
    lost = eca.backtest(_sold([3, 4], [None] * 48), days=["2026-03-29", "2026-10-25"], gap=0)
    limit = "commitment `c` has settlement_periods = 3, must be of an hour that 2026-03-29 has"
    assert limit in (lost[0].error or "") and lost[1].error is None


def test_calls_that_were_made_move_with_the_day() -> None:
    one = eca.Opportunity(
        "o", route="dso_flex", region="a", settlement_periods=[("2026-03-02", 35), ("2026-03-02", 36)], max_mw=2,
        baseline_mw=4, price_gbp_per_mwh=500, divisible=True, max_calls_per_day=1, called=[("2026-03-02", 41)],
    )  # fmt: skip
    asked = eca.Problem.from_dict({**_sold([35, 36], [None] * 48).to_dict(), "commitments": []}).add_opportunity(one)
    result = eca.backtest(asked, days=DAYS, gap=0, keep_plans=True)
    result.raise_if_failed()
    # The one call of the day was made at 20:00.
    assert [json.loads(case["plan"])["opportunities"][0]["taken"] for case in result] == [False] * 4


def _with(problem: eca.Problem, job: eca.Job) -> eca.Problem:
    return eca.Problem.from_dict({**problem.to_dict(), "jobs": [job.to_dict()]})


def test_the_number_of_workers_changes_nothing() -> None:
    frame = prices(DAYS, ("a", "b"))
    found = {
        answers(eca.backtest(template(), frame, days=DAYS, sites=["a", "b"], workers=workers, keep_plans=True))
        for workers in (1, 2, 7)
    }
    assert len(found) == 1


def test_tables() -> None:
    pytest.importorskip("polars")
    frame = prices(DAYS)
    frame.loc[30:33, "import_price_gbp_per_mwh"] = float("nan")
    result = eca.backtest(template(), frame, days=DAYS, gap=0)
    table = result.to_frame()
    assert list(table.columns[:5]) == ["start", "day", "site", "scenario", "cost_gbp"]
    assert str(table["start"].dtype).startswith("datetime64") and str(table["start"].dt.tz) == "UTC"
    assert table["cost_gbp"].dtype == float and math.isnan(table["cost_gbp"][1])
    assert table["saving_run_at_once_gbp"].tolist()[0] == 40 and table["saving_run_at_once_frac"].tolist()[0] == 0.8
    assert table["error"].notna().tolist() == [False, True, False, False]
    other = result.to_frame(engine="polars")
    assert other.columns == list(table.columns) and other["cost_gbp"].null_count() == 1
    totals = result.to_frame("totals")
    assert totals.loc[totals["measure"] == "cost_gbp", "mean"].tolist() == [10]
    with pytest.raises(eca.EcaValueError, match="kind = 'plans', must be cases or totals"):
        result.to_frame("plans")


def test_the_chart_is_drawn(tmp_path: Any) -> None:
    result = eca.backtest(template(), prices(DAYS), days=DAYS, engine="greedy", scenarios={"x": None, "y": None})
    result.plot(tmp_path / "chart.png", policy="run_at_once")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert result.plot(measure="carbon_kg")._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(eca.EcaValueError, match="policy = 'best', must be one of run_at_once, cheapest_start"):
        result.plot(policy="best")
    with pytest.raises(eca.EcaValueError, match="measure = 'gbp', must be one of cost_gbp, objective_gbp, carbon_kg"):
        result.plot(measure="gbp")


def test_progress_counts_and_can_end_it() -> None:
    seen: list[eca.BacktestProgress] = []
    result = eca.backtest(template(), prices(DAYS), days=DAYS, engine="greedy", progress=seen.append)
    assert (seen[-1].done, seen[-1].total, seen[-1].failed) == (4, 4, 0) and not result.failures
    assert [each.done for each in seen] == sorted(each.done for each in seen)

    def enough(progress: eca.BacktestProgress) -> bool:
        return progress.done < 2

    days = [f"2026-03-{d:02d}" for d in range(1, 29)]
    result = eca.backtest(template(), prices(days), days=days, workers=1, engine="greedy", progress=enough)
    solved = [case for case in result if case.error is None]
    assert 2 <= len(solved) < len(days) == len(result)
    assert {case.error for case in result.failures} == {"stopped before it was solved"}


def test_progress_true_writes_lines(capsys: pytest.CaptureFixture[str]) -> None:
    eca.backtest(template(), prices(DAYS), days=DAYS, engine="greedy", progress=True)
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].startswith("4/4 done, ")


GOOD: dict[str, Any] = {"problem": template(), "signals": prices(DAYS[:1])}


@pytest.mark.parametrize(
    ("changes", "cls", "message"),
    [
        ({"problem": 3}, eca.EcaValueError, "problem = int, must be an eca.Problem, or a function from a day to one"),
        ({"signals": None}, eca.EcaValueError, "days = None, must be given where there are no signals"),
        ({"signals": prices(DAYS[:1]).iloc[2:]}, eca.EcaValueError, "the signals cover no whole Europe/London day"),
        ({"signals": prices(DAYS[:1]).replace("a", "z")}, eca.EcaUnknownError, "region `a` has no series in the signals"),
        ({"days": []}, eca.EcaValueError, "days = [], must name at least one day"),
        ({"days": ["2026-03-02", "2026-03-02"]}, eca.EcaValueError, "days = 2026-03-02, is named twice"),
        ({"days": ["2 March"]}, eca.EcaValueError, "days[0] = '2 March', must be a date, such as '2025-01-31'"),
        ({"days": [pd.Timestamp("2026-03-02 12:00")]}, eca.EcaValueError, "must be a date, or midnight of one"),
        ({"days": 7}, eca.EcaValueError, "days = 7, must be a list of dates"),
        ({"sites": "a"}, eca.EcaValueError, "sites = 'a', must be a list of names, for example ['a']"),
        ({"sites": []}, eca.EcaValueError, "sites = [], must name at least one site"),
        ({"sites": ["z"]}, eca.EcaUnknownError, "region `z` has no series in the signals; known: a"),
        ({"sites": {"x": template()}}, eca.EcaValueError, "problem = Problem, must be None where sites have their own"),
        ({"problem": None, "sites": {"x": 1}}, eca.EcaValueError, "sites['x'] = int, must be an eca.Problem"),
        ({"scenarios": {}}, eca.EcaValueError, "scenarios = {}, must be a mapping from names to changes"),
        ({"scenarios": {"s": 1}}, eca.EcaValueError, "scenario `s` has change = int, must be a mapping, None, or"),
        ({"scenarios": {"s": {"caps": []}}}, eca.EcaUnknownError, "scenario `s` names change `caps`"),
        ({"scenarios": {"s": {"jobs": [1]}}}, eca.EcaValueError, "scenario `s` has jobs[0] = int, must be an eca.Job"),
        ({"scenarios": {"s": {"regions": {"z": {}}}}}, eca.EcaUnknownError, "scenario `s` names region `z`"),
        ({"scenarios": {"s": {"scale": {"price": 2}}}}, eca.EcaUnknownError, "scenario `s` scales `price`, which no"),
        ({"scenarios": {"s": {"scale": {"solar_mw": "2"}}}}, eca.EcaValueError, "scale['solar_mw'] = '2', must be a"),
        ({"scenarios": {"s": {"engine": "fast"}}}, eca.EcaUnknownError, "names engine `fast`"),
        ({"missing": "zero"}, eca.EcaValueError, "missing = 'zero', must be one of error, hold, forecast"),
        ({"engine": "fast"}, eca.EcaUnknownError, "known: auto, greedy, exact, columns, fleet"),
        ({"gap": -1}, eca.EcaValueError, "gap = -1, must be at least 0"),
        ({"time_limit_s": 0}, eca.EcaValueError, "time_limit_s = 0 s, must be above 0"),
        ({"workers": 0}, eca.EcaValueError, "workers = 0, must be at least 1"),
        ({"executor": 4}, eca.EcaValueError, "executor = int, must be a concurrent.futures.Executor or a Dask Client"),
        ({"progress": 3}, eca.EcaValueError, "progress = 3, must be True, None or a function"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(changes: Any, cls: type[eca.EcaError], message: str) -> None:
    with pytest.raises(cls) as caught:
        eca.backtest(**{**GOOD, **changes})
    assert message in str(caught.value)


def test_other_refusals() -> None:
    two = template(
        regions=[
            eca.Region(name, it_capacity_mw=2, import_limit_mw=4, import_price_gbp_per_mwh=1, carbon_g_per_kwh=1)
            for name in ("a", "b")
        ]
    )
    with pytest.raises(eca.EcaValueError, match="regions of the template = 2, must be 1 where sites are names"):
        eca.backtest(two, prices(DAYS[:1], ("a", "b")), sites=["a"])
    with pytest.raises(eca.EcaTimeError, match="it must be one Europe/London day of 24 hours"):
        eca.backtest(template(horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=48)), prices(DAYS))
    with pytest.raises(eca.EcaTimeError, match="the template covers 23 x 60 min"):
        eca.backtest(template(horizon=eca.Horizon.day("2026-03-29", step_min=60), jobs=[]), prices(DAYS))
    with pytest.raises(eca.EcaValueError, match="signals = DataFrame, must be left out where problems come from"):
        eca.backtest(lambda day: template(), prices(DAYS), days=DAYS)
    with pytest.raises(TypeError, match="eca.backtest has no keyword 'day'; did you mean 'days'?"):
        eca.backtest(template(), prices(DAYS), day="2026-03-02")  # type: ignore[call-arg]
    result = eca.backtest(lambda day: 3, days=["2026-03-02"])  # type: ignore[arg-type,return-value]
    assert "the function's answer = int, must be an eca.Problem" in (result[0].error or "")


def test_half_a_year_of_real_prices() -> None:
    """Great Britain and Germany, hourly: every day has an answer, the two when the clocks change too."""
    found = eca.signals.read_csv(
        data_file("grid/gb_de_fr_hourly_2023h1.csv"),
        map={f"{name}.import_price_gbp_per_mwh": f"{name}_day_ahead_eur_per_mwh" for name in ("gb", "de")},
        gbp_per_eur=0.88,
    )
    regions = [eca.Region(name, it_capacity_mw=3, import_limit_mw=4) for name in ("gb", "de")]
    job = eca.Job("j", gpu_hours=6, points=[eca.JobPoint(power_mw=2, gpu_hours_per_h=1)])
    one = eca.Problem(found, horizon=eca.Horizon.day("2023-03-15", step_min=60), regions=regions, jobs=[job])
    result = eca.backtest(one, found, engine="greedy", missing="hold", days=None if LARGE else MARCH)
    result.raise_if_failed()
    assert len(result) == (181 if LARGE else 31)
    # Without penalties here, the better of the two policies is at most as dear as either.
    for case in result:
        assert case.penalty_gbp == 0
        assert (case.saving("run_at_once") or 0) >= -1e-6 and (case.saving("cheapest_start") or 0) >= -1e-6
    judged = found.align(eca.Horizon.day("2023-03-26", step_min=60), gap="hold", columns=["import_price_gbp_per_mwh"])
    prices = [judged.values(name, "import_price_gbp_per_mwh") for name in ("gb", "de")]
    (changed,) = (case for case in result if case.day == "2023-03-26")
    # Six hours of 2 MW in one run, wherever and whenever they cost least.
    cheapest = min(2 * sum(values[t : t + 6]) for values in prices for t in range(23 - 5))
    assert changed.cheapest_start_cost_gbp == pytest.approx(cheapest, abs=1e-3)


# ---- statistics -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    # Published tables of Student's t, 97.5 %.
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (10, 2.228), (30, 2.042), (120, 1.980)],
)
def test_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert stats.t_quantile(degrees) == pytest.approx(quantile, abs=5.1e-4)


def test_an_interval_worked_by_hand() -> None:
    # Mean 4, variance 16/3, three degrees of freedom.
    middle, low, high = stats.mean([2.0, 2.0, 6.0, 6.0])
    error = math.sqrt((16 / 3) / 4)
    assert (middle, low, high) == pytest.approx((4, 4 - 3.18245 * error, 4 + 3.18245 * error), abs=1e-4)
    assert stats.mean([5.0]) == (5, None, None)
    # The same part of every whole: no spread, whatever the days.
    assert stats.ratio([1.0, 2.0, 4.0], [10.0, 20.0, 40.0]) == pytest.approx((0.1, 0.1, 0.1))
    assert stats.ratio([1.0], [0.0]) is None
    reach = 12.7062 * 0.1
    assert stats.ratio([1.0, 3.0], [10.0, 10.0]) == pytest.approx((0.2, 0.2 - reach, 0.2 + reach), abs=1e-4)


def test_intervals_cover_what_they_promise() -> None:
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(1000):
        _, low, high = stats.mean(list(rng.normal(3.0, 2.0, size=8)))
        inside += low is not None and high is not None and low <= 3.0 <= high
    # 95 % of 1000, four standard errors to either side.
    assert abs(inside - 950) < 4 * math.sqrt(1000 * 0.95 * 0.05)
