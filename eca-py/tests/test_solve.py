"""A solve reports progress, can be stopped, and leaves the rest of the process alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import bad_inputs
import pytest

import eca


def test_a_plan_says_how_good_it_is(problem: eca.Problem, plan: eca.Plan) -> None:
    assert (plan.outcome, plan.engine) == ("optimal", "exact")
    assert plan.bound_gbp <= plan.objective_gbp + 1e-6
    assert plan.gap <= 1e-6
    assert plan.objective_gbp == pytest.approx(plan.totals.cost_gbp + plan.totals.penalty_gbp)
    assert plan.report["solver"].startswith("highs") and plan.report["wall_s"] > 0
    assert plan.problem == problem and plan.problem_hash == problem.hash
    assert plan.engine_reason and plan.provenance["eca_version"] == eca.__version__
    assert plan.check() and plan.check().findings == ()
    plan.check().raise_if_failed()
    references = plan.references
    assert references is not None
    for reference in (references.run_at_once, references.cheapest_start):
        assert plan.objective_gbp <= reference.cost_gbp + reference.penalty_gbp + 1e-6


def test_the_comparison_can_be_left_out(problem: eca.Problem, plan: eca.Plan) -> None:
    alone = problem.solve(references=False)
    assert alone.references is None and alone.savings == ()
    assert alone.totals == plan.totals and len(alone.table()) == 2


def test_the_same_problem_gives_the_same_bytes(problem: eca.Problem, plan: eca.Plan) -> None:
    assert problem.solve().to_json() == plan.to_json()


def test_another_solver_has_the_same_optimum(problem: eca.Problem, plan: eca.Plan) -> None:
    try:
        other = problem.solve(solver="microlp", gap=0)
    except eca.EcaSolverError as missing:
        pytest.skip(str(missing))
    assert other.objective_gbp == pytest.approx(plan.objective_gbp, abs=1e-4)


def test_broken_limits_are_reported_with_their_price(document: dict[str, Any]) -> None:
    document["services"][0]["demand_inferences"] = 40_000_000
    plan = eca.Problem.from_dict(document).solve()
    shed = [broken for broken in plan.broken_limits if broken.rule == "shed"]
    assert shed and shed[0].object == "chat" and shed[0].unit == "inferences" and shed[0].price_gbp > 0
    assert str(shed[0]).startswith("shed `chat` in period 0: ")
    assert plan.check()


@pytest.mark.parametrize(
    ("keywords", "cls", "message"),
    [
        ({"gap": -1}, eca.EcaValueError, "solve has gap = -1.0, must be at least 0"),
        ({"gap": float("nan")}, eca.EcaValueError, "solve has gap = nan"),
        ({"time_limit_s": 0}, eca.EcaValueError, "solve has time_limit_s = 0 s, must be above 0"),
        ({"time_limit_s": "5"}, eca.EcaValueError, "time_limit_s = '5', must be a number"),
        ({"node_limit": 0}, eca.EcaValueError, "node_limit = 0, must be 1 to 2147483647"),
        ({"seed": -1}, eca.EcaValueError, "seed = -1, must be 0 to 2147483647"),
        ({"seed": 1.5}, eca.EcaValueError, "seed = 1.5, must be a whole number"),
        ({"engine": "fast"}, eca.EcaUnknownError, "`fast` in engine, which does not exist; known: auto, greedy, exact"),
        ({"solver": "cplex"}, eca.EcaUnknownError, "known: auto, highs, microlp"),
        ({"progress": 3}, eca.EcaValueError, "progress = 3, must be True, None or a function"),
    ],
)
def test_settings_are_checked(problem: eca.Problem, keywords: Any, cls: type[eca.EcaError], message: str) -> None:
    with pytest.raises(cls) as caught:
        problem.solve(**keywords)
    assert message in str(caught.value)


def test_each_engine_of_the_list_plans_or_says_that_it_cannot(problem: eca.Problem) -> None:
    assert eca.ENGINES == ("auto", "greedy", "exact", "columns", "fleet")
    assert eca.SOLVERS == ("auto", "highs", "microlp")
    for engine in eca.ENGINES:
        try:
            plan = problem.solve(engine=engine, time_limit_s=20)
        except eca.EcaUnsupportedError as error:
            assert f"`{engine}`" in str(error)
            assert engine not in ("auto", "greedy", "exact")
        else:
            assert plan.check() and plan.bound_gbp <= plan.objective_gbp
            assert engine in ("auto", plan.engine) and plan.engine_reason
            assert plan.report["engine"] == plan.engine


def test_a_time_limit_gives_the_best_plan_so_far(slow_problem: eca.Problem) -> None:
    start = time.monotonic()
    plan = slow_problem.solve(engine="exact", time_limit_s=3, gap=0, references=False)
    assert time.monotonic() - start < 10
    assert plan.outcome == "limit" and plan.gap > 0
    assert plan.check()


def test_progress_is_told_and_can_stop_the_solve(slow_problem: eca.Problem) -> None:
    seen: list[eca.Progress] = []

    def watch(progress: eca.Progress) -> bool:
        seen.append(progress)
        return progress.incumbent_gbp is None

    start = time.monotonic()
    plan = slow_problem.solve(engine="exact", gap=0, progress=watch, references=False)
    assert time.monotonic() - start < 60
    assert plan.outcome == "limit"
    last = seen[-1]
    assert last.incumbent_gbp is not None and last.elapsed_s > 0 and "best" in str(last)
    assert [p.elapsed_s for p in seen] == sorted(p.elapsed_s for p in seen)


def test_progress_is_told_at_least_once(problem: eca.Problem, plan: eca.Plan) -> None:
    seen: list[eca.Progress] = []
    assert problem.solve(progress=seen.append) == plan
    assert (seen[-1].incumbent_gbp, seen[-1].bound_gbp, seen[-1].gap) == (plan.objective_gbp, plan.bound_gbp, plan.gap)


def test_an_error_in_the_progress_function_ends_the_solve(slow_problem: eca.Problem) -> None:
    def watch(_: eca.Progress) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        slow_problem.solve(engine="exact", gap=0, progress=watch, references=False)


def test_progress_true_writes_to_stderr(slow_problem: eca.Problem, capsys: pytest.CaptureFixture[str]) -> None:
    slow_problem.solve(engine="exact", time_limit_s=2, gap=0, progress=True, references=False)
    out, err = capsys.readouterr()
    assert out == "" and " s  " in err


def test_other_threads_run_during_a_solve(slow_problem: eca.Problem) -> None:
    ticks = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.01)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        slow_problem.solve(engine="exact", time_limit_s=2, gap=0, references=False)
    finally:
        stop.set()
        thread.join()
    # Half of what an idle machine would give: a solve that held the GIL would give one or two.
    assert len(ticks) > 50
    assert max(b - a for a, b in zip(ticks, ticks[1:], strict=False)) < 1.0


def test_two_solves_at_once(problem: eca.Problem, plan: eca.Plan) -> None:
    plans: list[eca.Plan] = []
    threads = [threading.Thread(target=lambda: plans.append(problem.solve())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.to_json() for each in plans] == [plan.to_json()] * 4


INTERRUPTED = """
import pathlib, sys, time
import eca
problem = eca.Problem.read(sys.argv[1])
def started(progress):
    pathlib.Path(sys.argv[2]).touch()
try:
    problem.solve(engine="exact", gap=0, progress=started, references=False)
except KeyboardInterrupt:
    print(time.time(), flush=True)
    # The interpreter goes on as if nothing had happened.
    small = eca.Problem.read(sys.argv[3]).solve()
    print(small.outcome, bool(small.check()))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_stops_a_solve_within_half_a_second(slow_problem: eca.Problem, tmp_path: Path) -> None:
    slow_problem.write(tmp_path / "slow.json")
    eca.Problem.from_dict(bad_inputs.good()).write(tmp_path / "small.json")
    arguments = [str(tmp_path / name) for name in ("slow.json", "started", "small.json")]
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, *arguments], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1.0)  # well inside the search
    sent = time.time()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    stopped, after = out.splitlines()
    assert float(stopped) - sent < 0.5
    assert after == "optimal True"
    assert process.returncode == 0


INTERRUPTED_OFFERS = """
import pathlib, sys, time
import eca
problem = eca.Problem.read(sys.argv[1])
asked = dict(region="london", route="dso_flex", settlement_periods=[("2026-03-02", 20)], engine="exact", gap=0)
pathlib.Path(sys.argv[2]).touch()
try:
    problem.offers(mw=[0.5, 1.0], **asked)
except KeyboardInterrupt:
    print(time.time(), flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_stops_offers_within_half_a_second(slow_problem: eca.Problem, tmp_path: Path) -> None:
    slow_problem.write(tmp_path / "slow.json")
    arguments = [str(tmp_path / name) for name in ("slow.json", "started")]
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED_OFFERS, *arguments], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1.0)  # well inside the first plan
    sent = time.time()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert float(out) - sent < 0.5
    assert process.returncode == 0


def _solve_in_child(text: str, queue: Any) -> None:
    queue.put(eca.Problem.from_json(text).solve().to_json())


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child_can_solve(problem: eca.Problem, plan: eca.Plan) -> None:
    # The parent has solved already: nothing it started may be missed in the child.
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=_solve_in_child, args=(problem.to_json(), queue)) for _ in range(2)]
    for child in children:
        child.start()
    try:
        answers = [queue.get(timeout=60) for _ in children]
    finally:
        for child in children:
            child.join(10)
            child.kill()
    assert answers == [plan.to_json()] * 2
