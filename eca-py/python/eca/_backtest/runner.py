"""Has tasks solved by any executor: none lost, none twice in the result, in an order that changes nothing.

A task is a problem as text with its settings; its answer is the totals of the plan. Both are small and travel to
processes and other machines. An error inside a task is its answer. What remains are lost workers: a task whose worker
was lost is tried again; after a process pool broke, those that were under way run one at a time in a fresh pool, so
that one that breaks it again is found and named, and takes no other with it.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Union

from .._errors import bad_value
from .._problem import Problem
from .._progress import Bar

#: How often a task whose worker was lost is tried in all.
TRIES = 3
#: Seconds between two looks at the clock while nothing ends.
POLL_S = 0.2
#: Tasks handed to an executor that does not say how many workers it has.
MANY = 1000
#: Reason of a case that was not solved because the back-test was ended.
STOPPED = "stopped before it was solved"

#: Set where a back-test of this process is ended, by its name: its running solves stop.
_STOPS: dict[str, threading.Event] = {}


@dataclass(frozen=True)
class Task:
    """One problem to solve."""

    number: int
    name: str
    problem: str
    settings: dict[str, Any]
    keep_plan: bool
    run: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of a task: the values of its plan, or why there are none."""

    values: dict[str, Any]
    error: str | None = None


@dataclass(frozen=True)
class BacktestProgress:
    """How far a back-test has come."""

    #: Cases that have an answer.
    done: int
    #: Cases in all.
    total: int
    #: Cases that failed.
    failed: int
    #: Seconds since it began.
    elapsed_s: float

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        left = self.elapsed_s / self.done * (self.total - self.done) if self.done else 0.0
        after = f", {left:,.0f} s left" if left else ""
        return f"{self.done}/{self.total} done{failed}, {self.elapsed_s:,.0f} s{after}"


def solve(task: Task) -> Answer:
    """Solves a task: in a thread, in another process, or on another machine."""
    begun = time.perf_counter()
    stop = _STOPS.get(task.run)
    if stop is not None and stop.is_set():
        return Answer({}, STOPPED)
    try:
        problem = Problem.from_json(task.problem)
        plan = problem.solve(**task.settings, progress=None if stop is None else lambda _: not stop.is_set())
    except Exception as error:  # whatever it is belongs to this case, and to no other
        return Answer({}, f"{type(error).__name__}: {error}")
    if stop is not None and stop.is_set():
        return Answer({}, STOPPED)
    values: dict[str, Any] = {name: plan.totals[name] for name in ("cost_gbp", "penalty_gbp", "carbon_kg")}
    values |= {name: plan.totals[name] for name in ("energy_mwh", "inferences")}
    values["broken_limits"] = len(plan.broken_limits)
    if (references := plan.references) is not None:
        for policy in references:
            for name in ("cost_gbp", "penalty_gbp", "carbon_kg"):
                values[f"{policy}_{name}"] = references[policy][name]
    values |= {"outcome": plan.outcome, "gap": plan.gap, "engine": plan.engine}
    values["plan"] = plan.to_json() if task.keep_plan else None
    values["wall_s"] = time.perf_counter() - begun
    return Answer(values)


Progress = Union[None, bool, Callable[[BacktestProgress], object]]


def run(
    tasks: Iterator[Task | tuple[int, str, str]], total: int, executor: Any, workers: int | None, progress: Progress
) -> list[Answer]:
    """The answers, in the order of the tasks."""
    bar = Bar() if progress is True else None
    begun = time.monotonic()

    def tell(done: int, failed: int) -> bool:
        seen = BacktestProgress(done, total, failed, time.monotonic() - begun)
        if bar is not None:
            bar.show(seen.done / total, str(seen))
        return progress(seen) is not False if callable(progress) else True

    pool = Pool(executor, workers)
    name = uuid.uuid4().hex
    stop = _STOPS[name] = threading.Event()
    named = (replace(each, run=name) if isinstance(each, Task) else each for each in tasks)
    runner = Runner(pool, named, tell)
    waits = False
    try:
        runner.go()
        waits = True
    finally:
        stop.set()
        # After Ctrl-C nobody waits: what runs ends by itself as soon as its solver looks up.
        pool.close(wait=waits)
        del _STOPS[name]
        if bar is not None:
            bar.end()
    return [runner.answers.get(number, Answer({}, STOPPED)) for number in range(total)]


class Pool:
    """An executor, ours or the caller's."""

    def __init__(self, executor: Any, workers: int | None) -> None:
        # A Dask client has submit too, but futures of its own kind.
        if hasattr(executor, "get_executor"):
            executor = executor.get_executor()
        if executor is not None and not isinstance(executor, Executor):
            limit = "must be a concurrent.futures.Executor or a Dask Client"
            raise bad_value("backtest", "executor", type(executor).__name__, limit)
        self._ours = executor is None
        self._executor: Executor = executor or ThreadPoolExecutor(workers or _cores(), "eca-backtest")
        known = getattr(self._executor, "_max_workers", None)
        #: Tasks under way at once: enough that no worker waits, few enough that a break concerns few.
        self.window = 2 * known if isinstance(known, int) else MANY

    def submit(self, task: Task) -> Future[Answer]:
        """Hands a task over."""
        return self._executor.submit(solve, task)

    def renew(self) -> bool:
        """Replaces a process pool that broke by a fresh one like it; False where that cannot be done."""
        if not isinstance(self._executor, ProcessPoolExecutor):
            return False
        if self._ours:
            self._executor.shutdown(wait=False, cancel_futures=True)
        like = {
            name: getattr(self._executor, f"_{name}", None)
            for name in ("max_workers", "mp_context", "initializer", "initargs")
        }
        self._executor = ProcessPoolExecutor(**{name: value for name, value in like.items() if value is not None})
        self._ours = True
        return True

    def close(self, wait: bool) -> None:
        """Ends an executor of ours; the caller's stays as it is."""
        if self._ours:
            self._executor.shutdown(wait=wait, cancel_futures=True)


class Runner:
    """Keeps an executor busy until every task has its answer."""

    def __init__(
        self,
        pool: Pool,
        tasks: Iterator[Task | tuple[int, str, str]],
        tell: Callable[[int, int], bool],
    ) -> None:
        self._pool, self._tasks, self._tell = pool, tasks, tell
        #: The answers so far, by the number of the task.
        self.answers: dict[int, Answer] = {}
        self._failed = 0
        self._pending: dict[Future[Answer], Task] = {}
        #: Tasks whose worker was lost, how often, and why the last time.
        self._suspects: deque[Task] = deque()
        self._lost: dict[int, int] = {}

    def go(self) -> None:
        """Runs them all, or until `tell` says that it is enough."""
        try:
            self._fill()
            while self._tell(len(self.answers), self._failed) and self._pending:
                done, _ = wait(self._pending, timeout=POLL_S, return_when=FIRST_COMPLETED)
                broken = [self._collect(future) for future in done]
                if any(broken):
                    self._after_a_break()
                self._fill()
        finally:
            for future in self._pending:
                future.cancel()

    def _fill(self) -> None:
        while len(self._pending) < (1 if self._suspects else self._pool.window):
            task = self._suspects.popleft() if self._suspects else next(self._tasks, None)
            if task is None:
                return
            if not isinstance(task, Task):
                number, _, reason = task
                self._answer(number, Answer({}, reason))
                continue
            try:
                self._pending[self._pool.submit(task)] = task
            except BrokenProcessPool:
                # It broke before this task came to it.
                self._suspects.append(task)
                self._after_a_break()

    def _answer(self, number: int, answer: Answer) -> None:
        self.answers[number] = answer
        self._failed += answer.error is not None

    def _collect(self, future: Future[Answer]) -> bool:
        """Takes an answer in; says whether the executor broke."""
        task = self._pending.pop(future)
        try:
            self._answer(task.number, future.result())
        except BrokenProcessPool as error:
            self._again(task, error)
            return True
        except (Exception, CancelledError) as error:
            self._again(task, error)
        return False

    def _again(self, task: Task, error: BaseException) -> None:
        """Tries a task again whose worker was lost, unless that has been done often enough."""
        lost = self._lost[task.number] = self._lost.get(task.number, 0) + 1
        # Dask has tried it on several workers before it says so.
        if lost < TRIES and type(error).__name__ != "KilledWorker":
            self._suspects.append(task)
            return
        times = "once" if lost == 1 else f"{lost} times"
        reason = f"its worker was lost {times}: {type(error).__name__}: {error}"
        self._answer(task.number, Answer({}, " ".join(reason.split())))

    def _after_a_break(self) -> None:
        """All that was under way is lost with the pool; what had ended before is not."""
        wait(self._pending)
        for future in list(self._pending):
            self._collect(future)
        if not self._pool.renew():
            while self._suspects:
                task = self._suspects.popleft()
                self._answer(task.number, Answer({}, "the executor broke and cannot be made anew"))


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
