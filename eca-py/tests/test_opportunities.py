"""Opportunities in Python: taken where they pay, named, and sold."""

import json

import pytest

import eca

FIRST = [("2026-03-02", 1)]


def problem() -> eca.Problem:
    """Half an hour at 4 MW: 20 GBP in the first half hour, 40 GBP in the second."""
    site = eca.Region(
        "a", it_capacity_mw=10, import_limit_mw=20, import_price_gbp_per_mwh=[10, 20, 50, 50], carbon_g_per_kwh=100
    )
    job = eca.Job("j", gpu_hours=0.5, points=[eca.JobPoint(power_mw=4, gpu_hours_per_h=1)])
    horizon = eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4)
    return eca.Problem(horizon=horizon, regions=[site], jobs=[job])


def offer(price: float) -> eca.Opportunity:
    return eca.Opportunity(
        "o", route="dso_flex", region="a", settlement_periods=FIRST, max_mw=4, baseline_mw=4, price_gbp_per_mwh=price
    )


def test_an_opportunity_is_taken_where_it_pays_and_becomes_a_commitment() -> None:
    asked = problem().add_opportunity(offer(12))
    assert [(one.id, one.max_mw, one.price_gbp_per_mwh) for one in asked.opportunities] == [("o", 4.0, 12.0)]
    plan = asked.solve(gap=0)
    assert plan.opportunities == ({"id": "o", "taken": True, "committed_mw": [4.0], "revenue_gbp": 24.0},)
    assert plan.objective_gbp == pytest.approx(16)
    assert plan.check()
    assert any("opportunity `o` is taken with 4 MW" in each["text"] for each in plan.explain().to_dict()["binding"])
    sold = asked.accept(plan)
    assert not sold.opportunities
    assert [(one.id, one.committed_mw) for one in sold.commitments] == [("o", (4.0,))]
    assert sold.solve(gap=0).objective_gbp == pytest.approx(16)
    assert "1 opportunity" in repr(asked)


def test_what_may_come_back_and_what_a_meter_proves_decide_too() -> None:
    def taken(**limits: object) -> bool:
        one = eca.Opportunity(
            "o", route="dso_flex", region="a", settlement_periods=FIRST, max_mw=4, baseline_mw=4, price_gbp_per_mwh=45,
            **limits,  # type: ignore[arg-type]
        )  # fmt: skip
        asked = problem().add_opportunity(one)
        assert eca.Problem.from_json(asked.to_json()).to_json() == asked.to_json()
        return bool(asked.solve(gap=0).opportunities[0]["taken"])

    later = [("2026-03-02", number) for number in (2, 3, 4)]
    assert taken(rebound=eca.Rebound(settlement_periods=later, baseline_mw=0, max_frac=1))
    assert not taken(rebound=eca.Rebound(settlement_periods=later, baseline_mw=0, max_frac=0.5))
    assert taken(meter_interval_min=15)
    assert not taken(meter_interval_min=60)


def test_one_that_does_not_pay_is_left() -> None:
    document = json.loads(problem().to_json())
    document["opportunities"] = [offer(9).to_dict()]
    plan = eca.Problem.from_json(json.dumps(document)).solve(gap=0)
    assert not plan.opportunities[0]["taken"]
    assert plan.objective_gbp == pytest.approx(20)


def test_what_is_none_is_refused_by_name() -> None:
    with pytest.raises(eca.EcaValueError, match="max_mw"):
        problem().add_opportunity(
            eca.Opportunity("o", route="dso_flex", region="a", settlement_periods=FIRST, max_mw=0, baseline_mw=4)
        )
    with pytest.raises(eca.EcaValueError, match=r"must be an eca\.Opportunity"):
        problem().add_opportunity("o")  # type: ignore[arg-type]


def test_what_a_commitment_owes_besides_its_energy_has_the_names_of_the_document() -> None:
    rebound = eca.Rebound(settlement_periods=[("2026-03-02", 3)], baseline_mw=6, max_frac=0.25)
    sold = eca.Commitment(
        "c", route="dso_flex", region="a", settlement_periods=FIRST, committed_mw=1, baseline_mw=4,
        rebound=rebound, reserve="b", direction="up",
    )  # fmt: skip
    document = sold.to_dict()
    assert document["rebound"] == {
        "settlement_periods": [{"settlement_date": "2026-03-02", "settlement_period": 3}],
        "baseline_mw": 6.0,
        "max_frac": 0.25,
    }
    assert (document["reserve"], document["direction"]) == ("b", "up")
    assert eca.Region("a", p511_export_max_mw=2, it_capacity_mw=1, import_limit_mw=1).to_dict()["p511_export_max_mw"] == 2


def test_terms_are_given_as_such_or_as_a_mapping_and_nothing_else() -> None:
    def sold(**terms: object) -> eca.Commitment:
        return eca.Commitment(
            "c", route="dso_flex", region="a", settlement_periods=FIRST, committed_mw=1, baseline_mw=4,
            **terms,  # type: ignore[arg-type]
        )  # fmt: skip

    window = {"settlement_periods": FIRST, "import_mw": 2.0}
    assert sold(guard=window) == sold(guard=eca.BaselineGuard(**window))  # type: ignore[arg-type]
    assert sold(penalty={"tolerance_frac": 0.1}) == sold(penalty=eca.Penalty(tolerance_frac=0.1))
    for name, wanted in [("penalty", "Penalty"), ("guard", "BaselineGuard"), ("rebound", "Rebound")]:
        with pytest.raises(eca.EcaValueError, match=rf"commitment `c` has {name} = int, must be an eca\.{wanted}"):
            sold(**{name: 5})
    with pytest.raises(eca.EcaValueError, match=r"baseline guard has settlement_periods = .*must be settlement periods"):
        sold(guard={**window, "settlement_periods": "2026-03-02"})


def test_calls_gates_and_days_that_a_baseline_needs_decide_too() -> None:
    def taken(route: str = "dso_flex", **limits: object) -> bool:
        one = eca.Opportunity(
            "o", route=route, region="a", settlement_periods=FIRST, max_mw=4, baseline_mw=4, price_gbp_per_mwh=45,
            divisible=True, **limits,  # type: ignore[arg-type]
        )  # fmt: skip
        asked = problem().add_opportunity(one)
        assert eca.Problem.from_json(asked.to_json()).to_json() == asked.to_json()
        return bool(asked.solve(gap=0).opportunities[0]["taken"])

    called = [("2026-03-02", 3), {"settlement_date": "2026-03-02", "settlement_period": 4}]
    assert taken(max_calls_per_day=1)
    assert not taken(max_calls_per_day=1, called=called)
    assert taken(max_calls_per_day=2, called=called)
    assert taken(event_days_left=1)
    assert not taken(event_days_left=0)
    assert not taken("wholesale_p415")
    with pytest.raises(eca.EcaValueError, match=r"called\[1\] = `2026-03-02 SP3`, must be after `2026-03-02 SP4`"):
        taken(called=called[::-1])


def test_a_strict_commitment_is_held_or_refused_with_what_is_missing() -> None:
    def sold(mw: float) -> eca.Problem:
        one = eca.Commitment(
            "c", route="dso_flex", region="a", settlement_periods=FIRST, committed_mw=mw, baseline_mw=4, kind="strict"
        )
        asked = problem()
        return eca.Problem(horizon=asked.horizon, regions=asked.regions, jobs=asked.jobs, commitments=[one])

    plan = sold(4).solve(gap=0)
    assert plan.objective_gbp == pytest.approx(40)
    assert plan.commitments[0]["shortfall_mwh"] == [0.0]
    assert sold(4).commitments[0].kind == "strict"
    missing = r"commitment `c`: 0.500000 of 2.500000 MWh due in 2026-03-02 SP1 are missing"
    with pytest.raises(eca.EcaInfeasibleError, match=missing) as refused:
        sold(5).solve(gap=0)
    assert len(refused.value.rules) == 2
