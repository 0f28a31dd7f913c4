"""The judge against enumeration on tiny random problems, and how much those problems cover."""

from __future__ import annotations

import json
import os

import pytest

from judge.brute_force import TooMany, brute_force
from judge.generator import ABLATIONS, random_problem, statistics, table
from judge.judge_highspy import judge

LARGE = os.environ.get("ECA_TEST_SCALE") == "large"
PROBLEMS = 3_000 if LARGE else 320
CHUNK = 40
MEASURED = 400 if LARGE else 48


@pytest.mark.parametrize("first", range(0, PROBLEMS, CHUNK))
def test_judge_agrees_with_brute_force(first: int) -> None:
    """Objective and excess; at most one in twenty may be too big or have no settled answer."""
    compared = 0
    for seed in range(first, first + CHUNK):
        doc = random_problem(seed, "tiny")
        judged = judge(doc)
        if judged.unclear:
            continue
        try:
            counted = brute_force(doc)
        except TooMany:
            continue
        where = f"seed {seed}: {json.dumps(doc)}"
        assert judged.objective_gbp == pytest.approx(counted.objective_gbp, rel=1e-6, abs=1e-6), where
        assert judged.strict_excess_kg == pytest.approx(counted.strict_excess_kg, rel=1e-6, abs=1e-5), where
        compared += 1
    assert compared >= CHUNK * 0.95


def test_every_feature_occurs_and_matters(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints how often each feature occurs, and how often the optimum is another one without it."""
    docs = [random_problem(10_000 + seed, "small" if seed % 8 == 0 else "tiny") for seed in range(MEASURED)]
    occurs, binding, slacks = statistics(docs)
    with capsys.disabled():
        print("\n" + table(occurs, binding, slacks, len(docs)))
    missing = [name for name in ABLATIONS if not occurs[name]]
    assert not missing, f"features that never occur: {missing}"
    idle = [name for name in ABLATIONS if not binding[name]]
    assert len(idle) <= (0 if LARGE else 8), f"features that never matter: {idle}"
    assert 0.3 * len(docs) <= slacks["none"] <= 0.8 * len(docs)
