"""What limits are worth and what would mend a conflict, from Python and from the command line."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

import eca
from eca.__main__ import main


def problem(cap_kg: float = 1000.0) -> eca.Problem:
    return eca.Problem(
        horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=2),
        regions=[
            eca.Region(
                "london",
                it_capacity_mw=2,
                import_limit_mw=9,
                import_price_gbp_per_mwh=[50.0, 70.0],
                carbon_g_per_kwh=[100.0, 100.0],
            )
        ],
        jobs=[eca.Job("embed", inferences=4e6, points=[eca.JobPoint(power_mw=2, inferences_per_h=4e6)])],
        carbon_caps=[eca.CarbonCap("day", metric="kg", limit=cap_kg, kind="strict")],
    )


def test_a_plan_explains_itself() -> None:
    found = problem().solve().explain()
    assert found["format"] == "eca-explanation/1"
    assert found["regions"][0]["it_energy_gbp_per_mwh"][0] == 50.0
    assert found["jobs"][0]["saved_without_gbp"] == 100.0
    assert "`embed` 100.00 GBP" in str(found)
    assert json.loads(found.to_json()) == found.to_dict()
    assert "limits bind" in repr(found) and found._repr_html_().startswith("<table>")


def test_prices_are_a_tidy_table() -> None:
    pytest.importorskip("pandas")
    frame = problem().solve().explain().to_frame()
    assert list(frame["region"]) == ["london", "london"]
    assert frame["site_energy_gbp_per_mwh"][0] == 50.0


def test_a_conflict_has_a_repair() -> None:
    assert problem().conflict() is None
    conflict = problem(150.0).conflict()
    assert conflict is not None and conflict["proved"]
    assert str(conflict) == (
        "carbon cap `day` cannot be kept; what would mend it: 50 kg more for carbon cap `day`"
    )
    assert "50 kg more" in conflict._repr_html_() and "1 limits" in repr(conflict)
    mended = conflict.repaired()
    assert mended.carbon_caps[0].limit == 200.0
    assert not mended.solve().broken_limits


def test_a_conflict_with_a_commitment_and_a_target() -> None:
    points = [eca.JobPoint(power_mw=4, gpu_hours_per_h=1)]
    half_hour = eca.Job("J7", gpu_hours=0.5, deadline="2026-03-02T00:30:00Z", points=points)
    region = eca.Region(
        "london", it_capacity_mw=9, import_limit_mw=9, import_price_gbp_per_mwh=50.0, carbon_g_per_kwh=100.0
    )
    horizon = eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4)
    parts: dict[str, Any] = {"horizon": horizon, "regions": [region], "jobs": [half_hour]}
    sold = eca.Commitment(
        "dfs-1",
        route="neso_dfs",
        region="london",
        settlement_periods=[("2026-03-02", 1)],
        committed_mw=4.0,
        baseline_mw=4.0,
    )
    conflict = eca.Problem(**parts, commitments=[sold]).conflict()
    assert conflict is not None and conflict["proved"]
    assert str(conflict) == (
        "the deadline of job `J7` and commitment `dfs-1` (2 MWh, 2026-03-02 SP1) cannot all be kept; what would mend it: "
        "commitment `dfs-1` falls 2 MWh short in 2026-03-02 SP1, "
        "or 1 period more for job `J7` (until 2026-03-02T01:00:00Z)"
    )
    less, later = conflict["repairs"]
    assert (less["currency"], less["amount"], later["currency"]) == ("mwh", 2.0, "periods")
    assert less["changes"][0]["settlement_period"] == {"settlement_date": "2026-03-02", "settlement_period": 1}
    for index in range(2):
        assert not conflict.repaired(index).solve().broken_limits
    target = eca.PowerTarget("dso", region="london", power_mw=[1.5, None, None, None])
    refused = eca.Problem(**parts, targets=[target])
    with pytest.raises(eca.EcaInfeasibleError, match="dso"):
        refused.solve()
    conflict = refused.conflict()
    assert conflict is not None and "2.5 MW more for power target `dso`" in str(conflict)
    assert not conflict.repaired().solve().broken_limits


def test_the_command_line_explains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(problem().to_json())
    bad.write_text(problem(150.0).to_json())
    assert main(["explain", str(good)]) == 0
    assert "without a job" in capsys.readouterr().out
    assert main(["explain", str(bad), "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["conflict"]["repairs"][0]["changes"][0]["to"] == 200.0
    assert printed["explanation"]["carbon_caps"][0]["windows"][0]["excess_kg"] == 50.0


def least_kg(capacity_mw: float, overhead_mw: float, pue: float, g_per_kwh: list[float], jobs_mw: list[float]) -> float:
    """Over every way to give each job of one hour its hour."""
    hours = range(len(g_per_kwh))
    best = float("inf")
    for at in itertools.product(hours, repeat=len(jobs_mw)):
        load = [sum(mw for mw, hour in zip(jobs_mw, at) if hour == t) for t in hours]
        if max(load) <= capacity_mw + 1e-9:
            best = min(best, sum((overhead_mw + pue * mw) * g for mw, g in zip(load, g_per_kwh)))
    return best


def test_lowest_carbon_equals_enumeration_and_is_where_caps_begin_to_break() -> None:
    dice = random.Random(7)
    for _ in range(25):
        hours = dice.randint(2, 4)
        jobs_mw = [round(dice.uniform(0.2, 1.0), 2) for _ in range(dice.randint(1, 4))]
        grams = [float(dice.randint(20, 400)) for _ in range(hours)]
        capacity, overhead, pue = max(max(jobs_mw), sum(jobs_mw) / hours * 1.5), 0.1, round(dice.uniform(1, 1.5), 2)
        expected = least_kg(capacity, overhead, pue, grams, jobs_mw)
        if expected == float("inf"):
            continue
        parts = dict(
            horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=hours),
            regions=[
                eca.Region(
                    "london",
                    it_capacity_mw=capacity,
                    overhead_mw=overhead,
                    pue_slope=pue,
                    import_limit_mw=99,
                    import_price_gbp_per_mwh=[float(dice.randint(-20, 200)) for _ in range(hours)],
                    carbon_g_per_kwh=grams,
                    demand_charge_gbp_per_mw=50.0,
                )
            ],
            jobs=[
                eca.Job(f"j{n}", inferences=1e6, points=[eca.JobPoint(power_mw=mw, inferences_per_h=1e6)])
                for n, mw in enumerate(jobs_mw)
            ],
        )
        lowest = eca.Problem(**parts).lowest_carbon(gap=0.0)
        assert lowest.keeps_promises
        assert lowest.carbon_kg == pytest.approx(expected, abs=1e-6)
        assert lowest.carbon_bound_kg == pytest.approx(expected, abs=1e-3)
        energy = overhead * hours + pue * sum(jobs_mw)
        assert lowest.carbon_g_per_kwh == pytest.approx(expected / energy, abs=1e-6)
        for kg, broken in [(expected * (1 + 1e-6), False), (expected * 0.99, True)]:
            cap = eca.CarbonCap("day", metric="kg", limit=kg, kind="strict")
            assert bool(eca.Problem(**parts, carbon_caps=[cap]).solve(gap=0.0).broken_limits) == broken


def test_lowest_carbon_refuses_by_name() -> None:
    with pytest.raises(eca.EcaValueError, match="lowest_carbon.*gap"):
        problem().lowest_carbon(gap=-1)
    assert "no plan emits less than" in str(problem().lowest_carbon())
