"""The rolling horizon from Python: the same loop as in Rust, documents in and steps out."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

import eca

START = "2026-03-02T00:00:00Z"


def document(hour: int, prices: list[float], jobs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A site of 1 MW from an hour on; prices are carbon too."""
    return {
        "format": "eca-problem/1",
        "horizon": {"start": f"2026-03-02T{hour:02}:00:00Z", "step_min": 60, "periods": len(prices)},
        "regions": [
            {
                "id": "a",
                "it_capacity_mw": 1,
                "import_limit_mw": 2,
                "import_price_gbp_per_mwh": prices,
                "carbon_g_per_kwh": prices,
            }
        ],
        "jobs": jobs or [],
    }


def job(**fields: Any) -> dict[str, Any]:
    """Two hours at 1 MW that may pause."""
    points = [{"power_mw": 1, "gpu_hours_per_h": 1}]
    return {"id": "j", "gpu_hours": 2, "points": points, "preemptible": True, **fields}


def test_a_controller_runs_pauses_and_resumes() -> None:
    prices = [20.0, 90.0, 10.0]
    controller = eca.Controller()
    first = controller.step(document(0, prices, [job()]))
    assert (first.generation, first.source, first.late) == (1, "optimal", ())
    (run,) = first.actions
    assert (run.command, run.job, run.region, run.point, run.power_mw) == ("run", "j", "a", 0, 1.0)
    assert run.not_before == datetime(2026, 3, 2, tzinfo=timezone.utc)
    assert (run.expires - run.not_before).total_seconds() == 3600
    assert first.plan is not None and first.plan.totals.cost_gbp == 30.0 and bool(first.plan.check())
    state = {"region": "a", "point": 0, "done_gpu_hours": 1, "running_since": START}
    second = controller.step(document(1, prices[1:], [job(state=state)]))
    assert [action.command for action in second.actions] == ["pause"]
    state = {"region": "a", "done_gpu_hours": 1}
    third = controller.step(document(2, prices[2:], [job(state=state)]), now="2026-03-02T02:10:00Z")
    assert [action.command for action in third.actions] == ["resume"]


def test_what_was_sent_stays_and_is_repeated() -> None:
    controller = eca.Controller(committed_periods=1)
    first = controller.step(document(0, [90, 10, 20, 30], [job(preemptible=False)]))
    assert [(action.command, action.not_before.hour) for action in first.actions] == [("run", 1)]
    again = controller.step(document(0, [10, 10, 90, 90], [job(preemptible=False)]))
    assert [action.id for action in again.actions] == [action.id for action in first.actions]


def test_late_jobs_and_jobs_due_later_are_planned() -> None:
    late = job(deadline="2026-03-02T01:00:00Z")
    later = job(id="later", deadline="2026-03-04T00:00:00Z")
    step = eca.Controller().step(document(2, [50, 60], [late, later]))
    assert step.late == ("j",)
    assert [action.job for action in step.actions] == ["j"]


def test_without_a_plan_there_is_still_an_answer() -> None:
    bad = document(0, [10, 20], [job(tier=9, state={"region": "a", "point": 0})])
    step = eca.Controller().step(bad)
    assert step.source == "safe" and "tier = 9" in step.reason and step.plan is None and step.actions == ()


def test_protection_and_risk() -> None:
    controller = eca.Controller(risk={"budget": {"periods": 1, "width": 1, "rounds": 6}})
    one = job(gpu_hours=1)
    sd = {"import_price_sd_gbp_per_mwh": {"a": [40, 1]}}
    step = controller.step(document(0, [10, 12], [one]), uncertainty=sd)
    assert step.protection is not None
    assert step.protection["worst_gbp"] == pytest.approx(13)
    assert step.protection["trusting_worst_gbp"] == pytest.approx(50)
    with pytest.raises(eca.EcaValueError, match="level"):
        eca.Controller(risk={"quantile": {"level": 2}})
    with pytest.raises(eca.EcaDocumentError, match="unknown variant"):
        eca.Controller(risk={"luck": 1})


def test_a_shadow_keeps_a_ledger() -> None:
    shadow = eca.Shadow()
    prices = [60.0, 50.0, 20.0, 10.0]
    ledger: dict[str, eca.LedgerEntry] = {}
    for hour in range(4):
        step = shadow.step(document(hour, prices[hour:], [job()] if hour < 2 else []))
        assert step.actions == ()
        ledger = shadow.close(document(hour, prices[hour : hour + 1]), import_mwh={"a": 1.0 if hour < 2 else 0.0})
    assert ledger["eca"].cost_gbp == pytest.approx(30)
    assert ledger["run_at_once"].cost_gbp == pytest.approx(110)
    assert ledger["site"].cost_gbp == pytest.approx(110)
    assert ledger["eca"]["carbon_kg"] == pytest.approx(30)


def test_a_walk_through_a_world() -> None:
    world = document(0, [30.0, 90, 20, 10] * 12, [job()])
    assert eca.simulate(world, view_periods=24).entry.cost_gbp == pytest.approx(20)
    assert eca.simulate(world, policy="run_at_once").entry.cost_gbp == pytest.approx(120)

    seen: list[datetime] = []

    def upside_down(now: datetime, part: dict[str, Any]) -> dict[str, Any]:
        seen.append(now)
        region = part["regions"][0]
        region["import_price_gbp_per_mwh"] = [100 - price for price in region["import_price_gbp_per_mwh"]]
        return part

    wrong = eca.simulate(world, forecast=upside_down, view_periods=24)
    assert wrong.entry.cost_gbp == pytest.approx(180)
    assert seen[0] == datetime(2026, 3, 2, tzinfo=timezone.utc) and len(seen) == 48
    assert wrong.sources == {"optimal": 48} and wrong.open == ()
    with pytest.raises(ZeroDivisionError):
        eca.simulate(world, forecast=lambda now, part: {"a": 1 // 0})
    with pytest.raises(eca.EcaUnknownError, match="perfect, yesterday"):
        eca.simulate(world, forecast="tomorrow")


def test_bad_calls_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="did you mean 'committed_periods'"):
        eca.Controller(committed_period=1)  # type: ignore[call-arg]
    with pytest.raises(eca.EcaValueError, match="committed_periods"):
        eca.Controller(committed_periods=-1)
    with pytest.raises(eca.EcaUnknownError, match="known: auto"):
        eca.Controller(engine="warp")
    with pytest.raises(eca.EcaValueError, match="gap"):
        eca.Controller(gap=2)
    with pytest.raises(eca.EcaTimeError, match="first period is over"):
        eca.Controller().step(document(0, [10, 20]), now="2026-03-02T01:00:00Z")
    with pytest.raises(eca.EcaDocumentError):
        eca.Controller().step("[]")
