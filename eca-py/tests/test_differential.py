"""ECA against the judge: the same optimum on random problems with every feature on."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest

from judge.document import read
from judge.generator import random_problem
from judge.judge_highspy import READINGS, judge, prices

eca = pytest.importorskip("eca")

LARGE = os.environ.get("ECA_TEST_SCALE") == "large"
PROBLEMS = 4_000 if LARGE else 200
CHUNK = 20
ROUNDING_GBP = 1e-5
OUTCOMES: Counter[str] = Counter()


def tolerance(objective: float, doc: dict[str, Any]) -> float:
    """1e-6 of the objective, and what rounding flows to the published quantum, half a watt, may add."""
    problem = read(doc)
    flows = problem.periods * (len(problem.regions) + len(problem.batteries))
    rounding = 0.5e-6 * problem.h * flows * prices(problem).energy
    return 1e-6 * max(1.0, abs(objective)) + ROUNDING_GBP + rounding


def other_readings(doc: dict[str, Any]) -> dict[str, float]:
    """What the judge finds where the rule for strict caps is read otherwise: says which reading ECA follows."""
    return {reading: judge(doc, reading).objective_gbp for reading in READINGS}


@pytest.mark.parametrize("first", range(0, PROBLEMS, CHUNK))
def test_eca_finds_the_optimum(first: int) -> None:
    """Three in four problems are tiny. Where the model leaves the answer open nothing is compared."""
    wrong = []
    for seed in range(20_000 + first, 20_000 + first + CHUNK):
        doc = random_problem(seed, "small" if seed % 4 == 0 else "tiny")
        judged = judge(doc)
        try:
            plan = eca.Problem.from_json(json.dumps(doc)).solve(gap=0)
        except eca.EcaError as error:
            wrong.append(f"seed {seed}: judge {judged.objective_gbp!r}, eca refuses: {error}\n{json.dumps(doc)}")
            continue
        if judged.unclear:
            OUTCOMES["unclear"] += 1
            continue
        OUTCOMES["compared"] += 1
        OUTCOMES["with slack"] += any(gbp > 1e-6 for gbp in judged.penalties_gbp.values())
        OUTCOMES["strict cap exceeded"] += judged.strict_fallback
        if abs(plan.objective_gbp - judged.objective_gbp) > tolerance(judged.objective_gbp, doc):
            strict = any(cap["kind"] == "strict" for cap in doc["carbon_caps"])
            readings = other_readings(doc) if strict else {}
            wrong.append(
                f"seed {seed}: eca {plan.objective_gbp!r}, judge {judged.objective_gbp!r} "
                f"{judged.penalties_gbp} {readings}\n{json.dumps(doc)}"
            )
    assert not wrong, "\n".join(wrong)


def test_most_problems_were_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """Runs last and prints what was compared."""
    if not OUTCOMES:
        pytest.skip("no problem was compared in this run")
    with capsys.disabled():
        print("\n" + ", ".join(f"{name} {number}" for name, number in sorted(OUTCOMES.items())))
    assert OUTCOMES["compared"] >= 0.95 * (OUTCOMES["compared"] + OUTCOMES["unclear"])
