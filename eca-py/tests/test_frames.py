"""Tidy tables in and out, for pandas and polars."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import eca

KINDS = {
    "regions": ["start", "region", "it_mw", "facility_mw", "import_mw", "export_mw", "solar_used_mw"],
    "jobs": ["start", "job", "copy", "region", "point", "power_mw", "inferences"],
    "batteries": ["start", "battery", "region", "charge_mw", "discharge_mw", "soc_mwh"],
    "services": ["start", "service", "region", "inferences", "shed"],
    "schedule": ["start", "region", "action", "name", "power_mw", "inferences"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_tables_are_tidy_and_aware(plan: eca.Plan, kind: str) -> None:
    frame = plan.to_frame(kind)
    assert list(frame.columns)[: len(KINDS[kind])] == KINDS[kind]
    assert str(frame["start"].dt.tz) == "UTC" and len(frame) > 0
    other = plan.to_frame(kind, engine="polars")
    assert other.columns == list(frame.columns) and other.height == len(frame)
    assert other.schema["start"] == pl.Datetime("us", "UTC")
    for name in frame.columns:
        assert other[name].is_null().to_list() == frame[name].isna().tolist()
        if other[name].dtype.is_float():
            assert np.allclose(other[name].to_numpy(), frame[name].to_numpy())


def test_tables_add_up_to_the_totals(problem: eca.Problem, plan: eca.Plan) -> None:
    regions, jobs, services = (plan.to_frame(kind) for kind in ("regions", "jobs", "services"))
    step_h = problem.horizon.step_h
    assert regions["facility_mw"].sum() * step_h == pytest.approx(plan.totals.energy_mwh, abs=1e-5)
    carbon_kg = (regions["import_mw"] * regions["carbon_g_per_kwh"]).sum() * step_h
    assert carbon_kg == pytest.approx(plan.totals.carbon_kg, abs=1e-3)
    done = jobs["inferences"].sum() + services["inferences"].sum()
    assert done == pytest.approx(plan.totals.inferences, rel=1e-9)
    schedule = plan.to_frame("schedule")
    it_mw = schedule[schedule["action"].isin(["run", "serve"])]["power_mw"].sum()
    assert it_mw == pytest.approx(regions["it_mw"].sum(), abs=1e-4)


def test_shares_of_a_divisible_job_are_rows() -> None:
    problem = eca.Problem(
        horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=3),
        regions=[
            eca.Region(name, it_capacity_mw=5, import_limit_mw=5, import_price_gbp_per_mwh=price, carbon_g_per_kwh=100)
            for name, price in (("a", [10, 20, 30]), ("b", [15, 25, 35]))
        ],
        jobs=[eca.Job("fluid", inferences=25, points=[eca.JobPoint(power_mw=1, inferences_per_h=10)], divisible=True)],
    )
    jobs = problem.solve().to_frame("jobs")
    assert jobs["region"].tolist() == ["a", "b", "a"]
    assert jobs["power_mw"].tolist() == pytest.approx([1.0, 1.0, 0.5])
    assert jobs["inferences"].tolist() == pytest.approx([10.0, 10.0, 5.0])


def test_shed_inferences_are_rows_without_a_region(document: dict[str, Any]) -> None:
    document["services"][0]["demand_inferences"] = 40_000_000
    services = eca.Problem.from_dict(document).solve().to_frame("services")
    shed = services[services["region"].isna()]
    assert (shed["shed"] > 0).all() and (shed["inferences"] == 0).all()
    assert (services["inferences"] + services["shed"]).sum() == pytest.approx(4 * 40e6)


def test_unknown_tables_and_engines_are_refused(plan: eca.Plan) -> None:
    with pytest.raises(eca.EcaValueError, match="kind = 'job', must be one of regions, jobs, batteries, services"):
        plan.to_frame("job")
    with pytest.raises(eca.EcaValueError, match="engine = 'arrow', must be pandas or polars"):
        plan.to_frame(engine="arrow")


@pytest.mark.parametrize(
    ("package", "call", "extra"),
    [
        ("pandas", "plan.to_frame()", "pandas"),
        ("polars", "plan.to_frame(engine='polars')", "polars"),
        ("matplotlib", "plan.plot()", "plot"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(package: str, call: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "import bad_inputs, eca\n"
        "plan = eca.Problem.from_dict(bad_inputs.good()).solve()\n"
        f"try: {call}\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=__file__.rpartition("/")[0]
    )
    assert run.stdout.startswith("EcaExtraError") and run.stdout.strip().endswith(f"pip install eca[{extra}]")
