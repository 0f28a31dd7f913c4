"""ECA against the judge where flexibility is sold: commitments of every kind on top of random problems."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from judge.document import instant, london_date
from judge.generator import random_problem
from judge.judge_highspy import judge
from test_differential import tolerance

eca = pytest.importorskip("eca")

LARGE = os.environ.get("ECA_TEST_SCALE") == "large"
PROBLEMS = 2_000 if LARGE else 100
CHUNK = 20
OUTCOMES: Counter[str] = Counter()


def settlement_period(at: Any) -> dict[str, Any]:
    """The half hour of a London day that contains an instant."""
    year, month, day = london_date(at)
    first = at
    while london_date(first - timedelta(minutes=30)) == (year, month, day):
        first -= timedelta(minutes=30)
    number = int((at - first) / timedelta(minutes=30)) + 1
    return {"settlement_date": f"{year:04}-{month:02}-{day:02}", "settlement_period": number}


def with_commitments(seed: int) -> dict[str, Any] | None:
    """A random problem with one to three commitments; None where its step hides settlement periods."""
    doc = random_problem(seed, "small" if seed % 5 == 0 else "tiny")
    if doc["horizon"]["step_min"] == 60:
        return None
    dice = random.Random(seed)
    start, step, periods = instant(doc["horizon"]["start"]), doc["horizon"]["step_min"], doc["horizon"]["periods"]
    begin = start - timedelta(minutes=(start.minute % 30))
    # One settlement period may be over, and one may end after the horizon.
    last = int(timedelta(minutes=step * periods) / timedelta(minutes=30)) + 1
    for region in doc["regions"]:
        # No site of the generator may export more.
        region["p511_export_max_mw"] = 10.0
    doc["commitments"] = []
    for number in range(dice.choice((1, 1, 2, 3))):
        chosen = sorted(dice.sample(range(-1, last + 1), dice.randint(1, min(3, last + 2))))
        named = [settlement_period(begin + timedelta(minutes=30 * k)) for k in chosen]

        def some(values: tuple[float, ...], named: list[Any] = named) -> Any:
            return [dice.choice(values) for _ in named] if dice.random() < 0.5 else dice.choice(values)

        one: dict[str, Any] = {
            "id": f"c{number}",
            "route": dice.choice(("wholesale_p415", "balancing_mechanism", "neso_dfs", "dso_flex")),
            "region": dice.choice([region["id"] for region in doc["regions"]]),
            "settlement_periods": named,
            "committed_mw": some((0.5, 1.0, 2.0)),
            "baseline_mw": some((1.0, 2.0, 4.0, 6.0)),
            "price_gbp_per_mwh": some((0.0, 50.0, -20.0, 300.0)),
            "ramp_min": dice.choice((0.0, 0.0, 10.0, 15.0)),
        }
        if dice.random() < 0.8:
            one["penalty"] = {"price_gbp_per_mwh": some((0.0, 40.0, 180.0, 2000.0))}
            if dice.random() < 0.3:
                one["penalty"]["tolerance_frac"] = 0.05
        if dice.random() < 0.3:
            window = sorted(dice.sample(range(0, last), dice.randint(1, min(2, last))))
            one["guard"] = {
                "settlement_periods": [settlement_period(begin + timedelta(minutes=30 * k)) for k in window],
                "import_mw": dice.choice((0.0, 1.0, 2.0)),
                "room_frac": dice.choice((0.0, 0.1)),
                "room_mw": dice.choice((0.0, 0.5)),
            }
        if begin < start:
            one["imported_mwh"] = dice.choice((0.0, 0.25, 1.0))
        doc["commitments"].append(one)
    return doc


@pytest.mark.parametrize("first", range(0, PROBLEMS, CHUNK))
def test_eca_finds_the_optimum_with_commitments(first: int) -> None:
    """Where the model leaves the answer open nothing is compared."""
    wrong = []
    for seed in range(70_000 + first, 70_000 + first + CHUNK):
        doc = with_commitments(seed)
        if doc is None:
            continue
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
        OUTCOMES["falls short"] += judged.penalties_gbp.get("shortfall", 0.0) > 1e-6
        OUTCOMES["promises first"] += judged.strict_fallback
        if abs(plan.objective_gbp - judged.objective_gbp) > tolerance(judged.objective_gbp, doc):
            wrong.append(
                f"seed {seed}: eca {plan.objective_gbp!r}, judge {judged.objective_gbp!r} {judged.penalties_gbp}"
                f"\n{json.dumps(doc)}"
            )
    assert not wrong, "\n".join(wrong)


def test_most_problems_with_commitments_were_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """Runs last and prints what was compared."""
    if not OUTCOMES:
        pytest.skip("no problem was compared in this run")
    with capsys.disabled():
        print("\n" + ", ".join(f"{name} {number}" for name, number in sorted(OUTCOMES.items())))
    assert OUTCOMES["compared"] >= 0.9 * (OUTCOMES["compared"] + OUTCOMES["unclear"])
    assert OUTCOMES["falls short"] >= 5
