"""What several tests use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bad_inputs
import pytest

import eca

#: Real data, which is not part of the project; tests that need it are skipped where it is absent.
DATA = Path(os.environ.get("ECA_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def data_file(name: str) -> Path:
    """A file of the real data; skips the test where it is absent."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"real data {name} is not at {DATA}; set ECA_TEST_DATA")
    return path


@pytest.fixture
def document() -> dict[str, Any]:
    """A small document with every kind of object."""
    return bad_inputs.good()


@pytest.fixture(scope="session")
def problem() -> eca.Problem:
    """The small document as a problem."""
    return eca.Problem.from_dict(bad_inputs.good())


@pytest.fixture(scope="session")
def plan(problem: eca.Problem) -> eca.Plan:
    """Its plan."""
    return problem.solve()


@pytest.fixture(scope="session")
def slow_problem() -> eca.Problem:
    """A problem with plans found at once and a proof that takes the engine ``exact`` for ever: a demand charge on jobs
    that hardly fit."""
    return eca.Problem(
        horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=48),
        regions=[
            eca.Region(
                "london",
                it_capacity_mw=7.3,
                import_limit_mw=9,
                demand_charge_gbp_per_mw=900,
                import_price_gbp_per_mwh=[60 + 40 * ((7 * t) % 48) / 48 for t in range(48)],
                carbon_g_per_kwh=200,
            )
        ],
        jobs=[
            eca.Job(
                f"job-{i}",
                gpu_hours=50 + 13 * (i % 7),
                points=[eca.JobPoint(power_mw=1.0 + 0.17 * (i % 5), gpu_hours_per_h=10 + i % 3)],
                preemptible=True,
                pause_cost_gbp=3 + i % 4,
                min_run_periods=3,
                deadline_kind="priced",
            )
            for i in range(24)
        ],
    )
