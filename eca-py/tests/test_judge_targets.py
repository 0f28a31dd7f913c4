"""Power targets by a second MILP: hand-computed cases, and random problems on which both agree, also on what has no plan."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest
from test_judge_rules import job, problem, region

import eca
from judge.generator import random_problem
from judge.judge_highspy import NoSchedule, TooBig, judge
from judge.linear import Infeasible

LARGE = os.environ.get("ECA_TEST_SCALE") == "large"
PROBLEMS = 1500 if LARGE else 60


def target(power: Any, **fields: Any) -> dict[str, Any]:
    """A target at the region of these cases."""
    return {"id": "t", "region": "a", "power_mw": power, **fields}


def check(doc: dict[str, Any], gbp: float) -> None:
    """Both find the same optimum."""
    assert judge(doc).objective_gbp == pytest.approx(gbp, abs=1e-6)
    assert eca.Problem.from_dict(doc).solve(gap=0).objective_gbp == pytest.approx(gbp, abs=1e-5)


def test_a_target_moves_a_job() -> None:
    check(problem(2, region([10, 30]), jobs=[job()], targets=[target([0.5, None])]), 30)
    check(problem(2, region([10, 30]), jobs=[job()], targets=[target([1.0, None])]), 10)


def test_a_priced_target_is_paid_where_that_is_cheaper() -> None:
    priced = {"kind": "priced", "price_gbp_per_mwh": 15}
    check(problem(2, region([10, 30]), jobs=[job()], targets=[target([0.5, None], **priced)]), 10 + 7.5)


def test_the_rebound_limit_holds_after_the_hold() -> None:
    """Hour 0 has no target before it and no limit, hour 2 has."""
    jobs = [job(2, preemptible=True), {**job(), "id": "k"}]
    plain = problem(3, region([30, 10, 20]), jobs=jobs, targets=[target([None, 1.0, None])])
    check(plain, 10 + 2 * 20)
    check({**plain, "targets": [target([None, 1.0, None], rebound_max_mw=1.0)]}, 10 + 20 + 30)


def test_a_ramp_limits_the_fall_by_the_response_and_the_rise_by_the_period() -> None:
    """60 MW/h in an hour up is no limit; 1 MW within 60 s down is."""
    wide = [job(1, points=[{"power_mw": 3, "inferences_per_h": 1_000_000}])]
    doc = problem(2, region([10, 30]), jobs=wide, targets=[target([None, 0.0], ramp_mw_per_min=1, response_s=60)])
    with pytest.raises(Infeasible):
        judge(doc)
    with pytest.raises(eca.EcaInfeasibleError, match="target `t`"):
        eca.Problem.from_dict(doc).solve()
    doc["targets"] = [target([0.0, None], ramp_mw_per_min=0.05)]
    check(doc, 90)


def with_target(seed: int) -> dict[str, Any]:
    """A random problem with one or two targets and, at times, tiers."""
    doc: dict[str, Any] = random_problem(seed, "small" if seed % 4 == 0 else "tiny")
    draw = random.Random(seed)
    periods = doc["horizon"]["periods"]
    doc["targets"] = []
    for number in range(draw.choice((1, 1, 2))):
        site = draw.choice(doc["regions"])
        overhead = site.get("overhead_mw", 0.0)
        peak = max(overhead) if isinstance(overhead, list) else overhead
        wide = draw.uniform(0.2, 8.0)
        power = [round(peak + draw.uniform(0, wide), 3) if draw.random() < 0.5 else None for _ in range(periods)]
        made: dict[str, Any] = {"id": f"t{number}", "region": site["id"], "power_mw": power}
        if draw.random() < 0.4:
            made.update(ramp_mw_per_min=round(draw.uniform(0.01, 0.3), 4), response_s=draw.choice((0, 300, 900)))
        if draw.random() < 0.4:
            made["rebound_max_mw"] = round(peak + draw.uniform(0, wide), 3)
        if draw.random() < 0.5:
            made.update(kind="priced", price_gbp_per_mwh=round(draw.uniform(0, 400), 2))
        doc["targets"].append(made)
    for each in doc["jobs"]:
        if each.get("deadline_kind") == "priced" and draw.random() < 0.5:
            each["undone_max_frac"] = round(draw.uniform(0, 1), 3)
    # Carbon caps have an order of their own, judged elsewhere.
    doc["carbon_caps"] = [cap for cap in doc["carbon_caps"] if cap["kind"] == "priced"]
    return doc


def test_random_targets_are_met_or_refused_as_the_judge_says() -> None:
    wrong, met, refused = [], 0, 0
    for seed in range(70_000, 70_000 + PROBLEMS):
        doc = with_target(seed)
        judged: float | None
        try:
            judged = judge(doc).objective_gbp
        except (Infeasible, NoSchedule):
            judged = None
        except TooBig:
            continue
        found: float | None
        try:
            plan = eca.Problem.from_json(json.dumps(doc)).solve(gap=0)
            found = plan.objective_gbp
        except (eca.EcaInfeasibleError, eca.EcaValueError, eca.EcaCannotFitError):
            found = None
        met += judged is not None
        refused += judged is None
        room = 1e-4 * max(1.0, abs(judged or 0.0)) + 0.05
        if (found is None) != (judged is None) or (found is not None and judged is not None and abs(found - judged) > room):
            wrong.append(f"seed {seed}: judge {judged!r}, eca {found!r}\n{json.dumps(doc)}")
    assert not wrong, "\n".join(wrong[:3])
    assert met > PROBLEMS // 3 and refused > PROBLEMS // 30, (met, refused)
