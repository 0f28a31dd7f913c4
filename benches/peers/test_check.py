"""The judge of all tools: one answer worked out by hand, and a fault planted in every part of it."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from peers import check, problem  # noqa: E402
from peers.answer import Answer, steps  # noqa: E402

DOCUMENT = {
    "format": "eca-problem/1",
    "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": 30, "periods": 4},
    "regions": [
        {
            "id": "a",
            "it_capacity_mw": 1.0,
            "overhead_mw": 0.1,
            "pue_slope": 1.2,
            "import_limit_mw": 3.0,
            "import_price_gbp_per_mwh": [100.0, 40.0, 60.0, 100.0],
            "network_charge_gbp_per_mwh": 5.0,
            "carbon_g_per_kwh": [200.0, 100.0, 100.0, 200.0],
            "export_limit_mw": 1.0,
            "export_price_gbp_per_mwh": 30.0,
            "solar_mw": [0.0, 0.0, 0.2, 0.0],
        },
        {
            "id": "b",
            "it_capacity_mw": 1.0,
            "import_limit_mw": 3.0,
            "import_price_gbp_per_mwh": 80.0,
            "carbon_g_per_kwh": 50.0,
        },
    ],
    "batteries": [
        {
            "id": "bat",
            "region": "a",
            "power_capacity_mw": 0.5,
            "energy_capacity_mwh": 0.5,
            "charge_efficiency": 0.8,
            "discharge_efficiency": 1.0,
            "wear_gbp_per_mwh": 2.0,
            "soc_mwh": 0.1,
            "end_soc_min_mwh": 0.1,
        }
    ],
    "jobs": [
        {
            "id": "solid",
            "inferences": 100.0,
            "points": [{"power_mw": 0.5, "inferences_per_h": 100.0}],
            "regions": ["a"],
            "earliest_start": "2026-03-02T00:30:00Z",
        },
        {
            "id": "pausing",
            "gpu_hours": 10.0,
            "points": [{"power_mw": 0.4, "gpu_hours_per_h": 10.0}],
            "deadline_kind": "priced",
            "undone_penalty_gbp": 100.0,
            "preemptible": True,
            "max_pauses": 1,
            "pause_cost_gbp": 3.0,
        },
    ],
    "services": [
        {
            "id": "chat",
            "demand_inferences": 1e6,
            "points": [{"wh_per_inference": 0.1}],
            "network_latency_ms": {"b": 5.0},
            "routing_cost_gbp_per_million": 0.5,
            "shed_penalty_gbp_per_million": 1000.0,
        }
    ],
    "carbon_caps": [
        {"id": "day", "metric": "g_per_kwh", "limit": 50.0, "window": "day", "kind": "priced", "price_gbp_per_kg": 0.1}
    ],
}


@pytest.fixture
def p(tmp_path: Path) -> problem.Problem:
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(DOCUMENT))
    return problem.read(path)


# By hand. Load at a: solid 0.5 MW in periods 1 and 2, pausing 0.4 MW in 0 and 2 (one pause); overhead 0.1 MW.
# Facility at a: 0.1 + 1.2 * (0.4, 0.5, 0.9, 0) = 0.58, 0.7, 1.18, 0.1. Charge 0.25 MW in period 1: 0.1 MWh stored;
# discharge 0.2 MW in period 3: 0.1 MWh taken. Solar 0.2 MW in period 2.
# Import: 0.58, 0.95, 0.98, -0.1: the last is an export of 0.1 MW. At b: 0.2 MW throughout.
ENERGY = 0.5 * (0.58 * 105 + 0.95 * 45 + 0.98 * 65 - 0.1 * 30) + 4 * 0.5 * 0.2 * 80
WEAR = 0.5 * 2.0 * (0.25 + 0.2)
# Carbon 0.5 * (0.58 * 200 + 95 + 98) + 4 * 0.5 * 0.2 * 50 = 174.5 kg; 50 g/kWh of 0.5 * 2.56 + 0.4 MWh = 84 kg allowed.
EXCESS = 0.1 * (174.5 - 84.0)
OBJECTIVE = ENERGY + WEAR + EXCESS + 3.0 + 4 * 0.5


@pytest.fixture
def answer() -> Answer:
    flows = {
        "import": np.array([[0.58, 0.95, 0.98, 0.0], [0.2] * 4]),
        "export": np.array([[0.0, 0.0, 0.0, 0.1], [0.0] * 4]),
        "solar": np.array([[0.0, 0.0, 0.2, 0.0], [0.0] * 4]),
        "charge": np.array([[0.0, 0.25, 0.0, 0.0], [0.0] * 4]),
        "discharge": np.array([[0.0, 0.0, 0.0, 0.2], [0.0] * 4]),
    }
    served = np.zeros((1, 2, 4))
    served[0, 1] = 1.0
    return Answer(OBJECTIVE, OBJECTIVE - 1.0, "", [(0, [1, 2]), (0, [0, 2])], flows, served)


def test_the_answer_worked_out_by_hand_passes(p: problem.Problem, answer: Answer) -> None:
    assert check.judge(p, answer) == "ok"
    assert check.objective(p, answer) == pytest.approx(OBJECTIVE, abs=1e-9)


def run(job: int, region: int, periods: list[int]) -> Callable[[Answer], None]:
    def plant(answer: Answer) -> None:
        answer.runs[job] = (region, periods)

    return plant


def flow(name: str, r: int, t: int, mw: float) -> Callable[[Answer], None]:
    def plant(answer: Answer) -> None:
        answer.flows[name][r, t] += mw

    return plant


def serve(s: int, r: int, t: int, millions: float) -> Callable[[Answer], None]:
    def plant(answer: Answer) -> None:
        answer.served[s, r, t] += millions

    return plant


def money(objective: float, bound: float) -> Callable[[Answer], None]:
    def plant(answer: Answer) -> None:
        answer.objective, answer.bound = objective, bound

    return plant


FAULTS = {
    "region that is not allowed": (run(0, 1, [1, 2]), "solid: region"),
    "in two regions at once": (run(1, -1, [0, 2]), "pausing: region"),
    "before its window": (run(0, 0, [0, 1]), "outside its window"),
    "twice in one period": (run(1, 0, [2, 2]), "works twice"),
    "more than it needs": (run(1, 0, [0, 1, 2]), "needs 2"),
    "a hard deadline missed": (run(0, 0, [1]), "hard deadline"),
    "a pause that is not allowed": (run(0, 0, [1, 3]), "pauses or stops"),
    "work that moved without its power": (run(1, 0, [0, 3]), "does not balance"),
    "an export beyond its limit": (flow("export", 0, 3, 1.0), "export"),
    "a negative import": (flow("import", 1, 0, -0.5), "does not balance"),
    "more solar than there is": (flow("solar", 0, 0, 0.1), "solar"),
    "charging beyond the battery's power": (flow("charge", 0, 1, 0.3), "charge"),
    "charging and discharging at once": (flow("discharge", 0, 1, 0.1), "at once"),
    "importing and exporting at once": (flow("import", 0, 3, 0.1), "at once"),
    "energy that was not stored": (flow("discharge", 0, 2, 0.25), "stored energy"),
    "power from nowhere": (flow("import", 0, 0, -0.1), "does not balance"),
    "served in a region that is too far": (serve(0, 0, 0, 0.5), "does not balance"),
    "a cost too low": (money(OBJECTIVE - 0.01, OBJECTIVE - 1.0), "costs"),
    "a bound above the objective": (money(OBJECTIVE, OBJECTIVE + 0.01), "bound"),
    "a flow that is not a number": (flow("solar", 0, 2, float("nan")), "not a number"),
    "a bound that is not a number": (money(OBJECTIVE, float("nan")), "bound"),
    "no cost at all": (money(float("nan"), 0.0), "costs"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(p: problem.Problem, answer: Answer, name: str) -> None:
    plant, says = FAULTS[name]
    plant(answer)
    assert says in check.judge(p, answer)


def balanced(p: problem.Problem, answer: Answer) -> Answer:
    """The same answer with imports that fit its load."""
    f = answer.flows
    need = p.overhead + p.pue * check.it_load(p, answer) + f["charge"] + f["export"] - f["solar"] - f["discharge"]
    f["import"] = np.maximum(need, 0.0)
    return answer


def test_what_has_a_price_is_paid(p: problem.Problem, answer: Answer) -> None:
    """Undone work, shed inferences, a second pause, an overload: the cost moves by what they cost."""
    without = copy.deepcopy(answer)
    without.runs[1] = (0, [0])
    undone = check.objective(p, balanced(p, without)) - OBJECTIVE
    # One period of 0.4 MW * 1.2 less in period 2 at 65 GBP/MWh, no pause, half of 100 GBP undone, 0.1 GBP/kg of 24 kg
    # less emitted and 12 kg less allowed.
    assert undone == pytest.approx(-0.5 * 0.48 * 65 - 3.0 + 50.0 - 0.1 * (24.0 - 12.0), abs=1e-9)
    shed = copy.deepcopy(answer)
    shed.served[0, 1, 0] = 0.0
    less = check.objective(p, balanced(p, shed)) - OBJECTIVE
    assert less == pytest.approx(1000.0 - 0.5 - 0.5 * 0.2 * 80 - 0.1 * (5.0 - 5.0), abs=1e-9)
    p.capacity[0, 2] = 0.8
    over = check.objective(p, answer) - OBJECTIVE
    assert over == pytest.approx(0.5 * 0.1 * p.overload_price, abs=1e-6)


def test_served_where_it_may_not_be_and_more_than_asked_for(p: problem.Problem, answer: Answer) -> None:
    far = copy.deepcopy(answer)
    far.served[0, 0, 0], far.served[0, 1, 0] = 1.0, 0.0
    assert "served where" in check.judge(p, balanced(p, far))
    more = copy.deepcopy(answer)
    more.served[0, 1, 0] = 2.0
    assert "more served" in check.judge(p, balanced(p, more))


def test_documents_beyond_what_all_can_express_are_refused(tmp_path: Path) -> None:
    for field, value in (
        ("min_run_periods", 2),
        ("migration", {"periods": 1}),
        ("startup_cost_gbp", 1.0),
        ("divisible", True),
    ):
        document = copy.deepcopy(DOCUMENT)
        document["jobs"][1][field] = value
        path = tmp_path / "problem.json"
        path.write_text(json.dumps(document))
        with pytest.raises(problem.Refused):
            problem.read(path)


def test_the_log_of_highs_says_what_was_known_when(tmp_path: Path) -> None:
    log = tmp_path / "highs.log"
    log.write_text(
        "Src  Proc. InQueue |  Leaves   Expl. | BestBound   BestSol      Gap |  Cuts   InLp Confl. | LpIters     Time\n"
        "\n"
        "         0       0         0   0.00%   -443.287875     inf          inf     0      0      0       0     0.1s\n"
        " L       0       0         0   0.00%   678.7388044     1113.3015 39.03%   157     24      0     610     0.4s\n"
        "  Status            Optimal\n"
    )
    assert steps(log, 1.0) == [(1.1, None, -443.287875), (1.4, 1113.3015, 678.7388044)]
