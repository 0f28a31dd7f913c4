"""A back-test in threads, processes and on a Dask cluster: the same bytes, also where a worker is killed on the way."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import eca
import eca.sample
from eca._backtest import runner
from eca._backtest.cases import Builder

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

DAYS = [f"2026-03-{day:02d}" for day in range(2, 8)]
SCENARIOS: dict[str, Any] = {
    "base": None,
    "dear": {"scale": {"import_price_gbp_per_mwh": 1.5}},
    "free": {"carbon_caps": []},
}
SETTINGS: dict[str, Any] = {"days": DAYS, "scenarios": SCENARIOS, "engine": "greedy", "keep_plans": True}


def frame() -> pd.DataFrame:
    """Six days of the sample, each with a seed of its own."""
    parts = []
    for seed, day in enumerate(DAYS):
        horizon = eca.Horizon.day(day)
        for region, columns in eca.sample.signals(horizon, seed=seed).items():
            parts.append(pd.DataFrame({"start": list(horizon.starts), "region": region, **columns}))
    return pd.concat(parts)


def answers(result: eca.BacktestResult) -> bytes:
    """Everything but how long it took, plan documents too."""
    return json.dumps([{name: case[name] for name in case if name != "wall_s"} for case in result]).encode()


@pytest.fixture(scope="module")
def signals() -> eca.Signals:
    return eca.Signals.from_frame(frame())


@pytest.fixture(scope="module")
def sequential(signals: eca.Signals) -> bytes:
    """The answers of one thread."""
    result = eca.backtest(eca.sample.problem(DAYS[0]), signals, workers=1, **SETTINGS)
    result.raise_if_failed()
    assert len(result) == 18
    return answers(result)


def processes(workers: int = 2, method: str = "spawn") -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context(method))


@pytest.fixture(scope="module")
def dask() -> Iterator[Any]:
    """A client of a cluster of two local processes."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def once(done: int, act: Callable[[], None]) -> Callable[[eca.BacktestProgress], None]:
    """A progress function that acts once, when so many cases are done and others are not."""
    acted = []

    def watch(progress: eca.BacktestProgress) -> None:
        if progress.done >= done and not acted:
            assert progress.done < progress.total
            acted.append(progress.done)
            act()

    return watch


# ---- the same bytes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: ThreadPoolExecutor(3), processes], ids=["threads", "processes"])
def test_an_executor_of_the_caller_gives_the_same_and_stays_open(
    make: Callable[[], Executor], signals: eca.Signals, sequential: bytes
) -> None:
    with make() as executor:
        result = eca.backtest(eca.sample.problem(DAYS[0]), signals, executor=executor, **SETTINGS)
        assert answers(result) == sequential
        assert executor.submit(len, "open").result(timeout=60) == 4


@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_gives_the_same(dask: Any, signals: eca.Signals, sequential: bytes) -> None:
    for executor in (dask, dask.get_executor()):
        assert answers(eca.backtest(eca.sample.problem(DAYS[0]), signals, executor=executor, **SETTINGS)) == sequential


def test_a_task_is_the_problem_and_little_more(signals: eca.Signals) -> None:
    template = eca.sample.problem(DAYS[0])
    settings = {"engine": "greedy", "solver": "auto", "gap": 0.0, "time_limit_s": None, "node_limit": None, "seed": 0}
    (first, *_) = Builder(template, signals, DAYS[:1], None, None, "error", settings).tasks(keep_plans=False)
    assert isinstance(first, runner.Task)
    packed = pickle.dumps(first)
    assert len(packed) < len(first.problem.encode()) + 500
    assert pickle.loads(packed) == first
    assert len(pickle.dumps(runner.solve(first))) < 2000


# ---- lost workers ---------------------------------------------------------------------------------------------------


@posix
def test_a_killed_process_is_made_up_for(signals: eca.Signals, sequential: bytes) -> None:
    with processes() as executor:

        def kill() -> None:
            os.kill(next(iter(executor._processes)), signal.SIGKILL)

        result = eca.backtest(
            eca.sample.problem(DAYS[0]), signals, executor=executor, progress=once(3, kill), **SETTINGS
        )
        # The caller's pool did break; the rest ran in a fresh one.
        with pytest.raises(BrokenProcessPool):
            executor.submit(len, "")
    assert answers(result) == sequential


@posix
@pytest.mark.filterwarnings("default")
def test_a_killed_dask_worker_is_made_up_for(dask: Any, signals: eca.Signals, sequential: bytes) -> None:
    killed: list[int] = []

    def kill() -> None:
        pids = list(dask.run(os.getpid).values())
        killed.append(pids[0])
        os.kill(pids[0], signal.SIGKILL)

    result = eca.backtest(eca.sample.problem(DAYS[0]), signals, executor=dask, progress=once(3, kill), **SETTINGS)
    assert killed
    assert answers(result) == sequential


def deadly(task: runner.Task) -> runner.Answer:
    """Ends its process on one of the cases."""
    if task.name == f"{DAYS[2]} dear":
        os._exit(9)
    return honest(task)


honest = runner.solve


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")
def test_a_case_that_kills_its_worker_is_named_and_takes_no_other_along(
    signals: eca.Signals, sequential: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "solve", deadly)
    with processes(2, "fork") as executor:
        result = eca.backtest(eca.sample.problem(DAYS[0]), signals, executor=executor, **SETTINGS)
    (failed,) = result.failures
    assert (failed.day, failed.scenario) == (DAYS[2], "dear")
    assert (failed.error or "").startswith("its worker was lost 3 times: BrokenProcessPool: ")
    wanted = json.loads(sequential)
    found = json.loads(answers(result))
    assert [a for a, b in zip(found, wanted, strict=True) if a != b] == [found[list(result).index(failed)]]


class Refusing(ThreadPoolExecutor):
    """Loses the first answers, as a cluster does that drops a worker; then it works."""

    def __init__(self, losses: int) -> None:
        super().__init__(2)
        self.losses = losses

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        if not self.losses:
            return super().submit(fn, *args, **kwargs)
        self.losses -= 1
        lost: Future[Any] = Future()
        lost.set_exception(ConnectionError("the worker went away"))
        return lost


@pytest.mark.parametrize("losses", [1, 2, 6])
def test_a_lost_answer_is_asked_for_again(losses: int, signals: eca.Signals, sequential: bytes) -> None:
    with Refusing(losses) as executor:
        result = eca.backtest(eca.sample.problem(DAYS[0]), signals, executor=executor, **SETTINGS)
        assert executor.losses == 0
    assert answers(result) == sequential


def test_an_answer_that_is_always_lost_is_reported() -> None:
    with Refusing(10**9) as executor:
        result = eca.backtest(lambda day: eca.sample.problem(day), days=DAYS[:2], executor=executor)
    assert [case.error for case in result] == ["its worker was lost 3 times: ConnectionError: the worker went away"] * 2


# ---- stopping -------------------------------------------------------------------------------------------------------

class Remembering(ThreadPoolExecutor):
    """Keeps the futures that it gave."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.given.append(super().submit(fn, *args, **kwargs))
        return self.given[-1]


def test_what_was_not_begun_is_taken_back(slow_problem: eca.Problem) -> None:
    with Remembering() as executor:
        result = eca.backtest(
            lambda day: slow_problem,
            days=DAYS,
            engine="exact",
            gap=0,
            executor=executor,
            progress=lambda seen: False,
        )
        assert {case.error for case in result} == {"stopped before it was solved"}
        running, waiting = executor.given
        assert waiting.cancelled()
        assert running.result(timeout=60).error == "stopped before it was solved"


INTERRUPTED = """
import pathlib, sys, time
import eca
slow = eca.Problem.read(sys.argv[1])
def started(progress):
    pathlib.Path(sys.argv[2]).touch()
try:
    days = [f"2026-03-{d:02d}" for d in range(1, 29)]
    eca.backtest(lambda day: slow, days=days, engine="exact", gap=0, workers=2, progress=started)
except KeyboardInterrupt:
    print(time.time(), flush=True)
    print(len(eca._backtest.runner._STOPS))
"""


@posix
def test_ctrl_c_stops_what_runs_and_drops_the_rest(slow_problem: eca.Problem, tmp_path: Path) -> None:
    slow_problem.write(tmp_path / "slow.json")
    arguments = [str(tmp_path / name) for name in ("slow.json", "started")]
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, *arguments], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1.0)  # well inside the first solves, each of which would take minutes
    sent = time.time()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    stopped, left = out.splitlines()
    assert float(stopped) - sent < 5
    assert left == "0" and process.returncode == 0
