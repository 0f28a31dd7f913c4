"""OR-Tools: MathOpt, its modelling layer of today, with HiGHS in the same process."""

from __future__ import annotations

import datetime
import math
import os
import sys

import numpy as np
from ortools.math_opt.python import mathopt

from .answer import Answer, runs
from .problem import Problem


class Model:
    """The model and the variables by which the answer is read."""

    def __init__(self, p: Problem):
        self.p = p
        self.m = m = mathopt.Model(name="fleet")
        h, b, jobs = p.h, p.battery, p.jobs
        cells = [(r, t) for r in range(p.R) for t in range(p.T)]
        total = mathopt.fast_sum
        add = m.add_linear_constraint
        var = lambda upper=math.inf: m.add_variable(lb=0.0, ub=upper)  # noqa: E731

        def flow(upper: np.ndarray | None = None) -> dict[tuple[int, int], mathopt.Variable]:
            return {(r, t): var(math.inf if upper is None else float(upper[r, t])) for r, t in cells}

        wide = lambda name: np.repeat(b[name][:, None], p.T, axis=1)  # noqa: E731
        self.imp, self.exp, self.sol = flow(p.import_limit), flow(p.export_limit), flow(p.solar)
        self.ch, self.dis = flow(wide("power")), flow(wide("power"))
        soc, over, self.iover = flow(wide("energy")), flow(), flow()
        it: dict[tuple[int, int], list[object]] = {cell: [] for cell in cells}
        cost: list[object] = []
        of_start: dict[int, list[object]] = {}
        self.start = []
        for j, r, t, length, gbp in zip(*(p.starts[n].tolist() for n in ("job", "region", "t", "length", "cost"))):
            start = m.add_binary_variable()
            self.start.append(start)
            of_start.setdefault(j, []).append(start)
            if gbp:
                cost.append(gbp * start)
            for s in range(t, t + length):
                it[r, s].append(jobs[j].power * start)
        self.work = []
        of_work: dict[int, list[object]] = {}
        of_segment: dict[int, list[object]] = {}
        places: dict[tuple[int, int], object] = {}
        for j, r, t, before in zip(*(p.cells[n].tolist() for n in ("job", "region", "t", "before"))):
            work, segment = m.add_binary_variable(), var(1.0)
            self.work.append(work)
            place = places.get((j, r)) or places.setdefault((j, r), m.add_binary_variable())
            add(work <= place)
            add(segment >= work - self.work[before] if before >= 0 else segment >= work)
            it[r, t].append(jobs[j].power * work)
            cost.append(jobs[j].pause_gbp * segment)
            of_work.setdefault(j, []).append(work)
            of_segment.setdefault(j, []).append(segment)
        for j, job in enumerate(jobs):
            if not job.preemptible:
                never = var(0.0 if job.hard else 1.0)
                cost.append(job.need * job.undone_gbp_per_period * never)
                add(total(of_start.get(j, [])) + never == 1.0)
                continue
            undone, begun = var(0.0 if job.hard else float(job.need)), var(1.0)
            cost += [job.undone_gbp_per_period * undone, -job.pause_gbp * begun]
            add(total(of_work[j]) + undone == float(job.need))
            add(total([places[j, r] for r in job.regions]) <= 1.0)
            add(total(of_segment[j]) >= begun)
            if job.most_pauses is not None:
                add(total(of_segment[j]) <= job.most_pauses + 1.0)
        self.serve = {}
        for s in range(p.S):
            for t in range(p.T):
                shed = var()
                cost.append(float(p.shed_price[s]) * shed)
                here = []
                for r in np.flatnonzero(p.served[s]).tolist():
                    served = self.serve[s, r, t] = var()
                    here.append(served)
                    it[r, t].append(float(p.mw_per_million[s]) * served)
                    cost.append(float(p.routing[s, r]) * served)
                add(total(here) + shed == float(p.demand[s, t]))
        facility = {}
        for cell in cells:
            r, t = cell
            load = total(it[cell])
            facility[cell] = float(p.pue[cell]) * load
            site = self.imp[cell] + self.iover[cell] - self.exp[cell] + self.sol[cell] + self.dis[cell] - self.ch[cell]
            add(site - facility[cell] == float(p.overhead[cell]))
            add(load - over[cell] <= float(p.capacity[cell]))
            before = soc[r, t - 1] if t else float(b["soc"][r])
            add(
                soc[cell]
                == before + h * float(b["charge"][r]) * self.ch[cell] - h / float(b["discharge"][r]) * self.dis[cell]
            )
            price, dear, wear = float(p.import_price[cell]), p.overload_price, float(b["wear"][r])
            cost += [
                h * price * self.imp[cell],
                h * (price + dear) * self.iover[cell],
                h * dear * over[cell],
                -h * float(p.export_price[cell]) * self.exp[cell],
                h * wear * self.ch[cell],
                h * wear * self.dis[cell],
            ]
        for r in range(p.R):
            short = var()
            cost.append(p.end_soc_price * short)
            add(soc[r, p.T - 1] + short >= float(b["end"][r]))
        for cap in p.caps:
            excess = var()
            cost.append(cap.price * excess)
            here = [(r, t) for r in range(p.R) for t in cap.periods]
            emitted = total([h * float(p.carbon[c]) * flow[c] for c in here for flow in (self.imp, self.iover)])
            if cap.per_kwh:
                fixed = h * sum(float(p.overhead[c]) for c in here)
                add(emitted - excess - cap.limit * h * total([facility[c] for c in here]) <= cap.limit * fixed)
            else:
                add(emitted - excess <= cap.limit)
        m.minimize(total(cost))


def build(p: Problem) -> Model:
    """The model as MathOpt holds it."""
    return Model(p)


def size(model: Model) -> tuple[int, int, int]:
    """Columns, rows, nonzeros."""
    m = model.m
    return m.get_num_variables(), m.get_num_linear_constraints(), sum(1 for _ in m.linear_constraint_matrix_entries())


def solve(model: Model, limit_s: float, gap: float, threads: int, log: str) -> Answer:
    """HiGHS by MathOpt, which takes no number of threads for it and writes its log to standard output."""
    p = model.p
    options = mathopt.SolveParameters(
        time_limit=datetime.timedelta(seconds=limit_s), relative_gap_tolerance=gap, enable_output=True
    )
    sys.stdout.flush()
    console = os.dup(1)
    with open(log, "w") as file:
        os.dup2(file.fileno(), 1)
        try:
            found = mathopt.solve(model.m, mathopt.SolverType.HIGHS, params=options)
        finally:
            os.dup2(console, 1)
            os.close(console)
    answer = Answer(status=str(found.termination.reason))
    bounds = found.termination.objective_bounds
    answer.bound = bounds.dual_bound if math.isfinite(bounds.dual_bound) else None
    if not found.has_primal_feasible_solution():
        return answer
    answer.objective = found.objective_value()
    values = found.variable_values()
    table = lambda flow: np.array([[values[flow[r, t]] for t in range(p.T)] for r in range(p.R)])  # noqa: E731
    answer.runs = runs(p, np.array([values[x] for x in model.start]), np.array([values[x] for x in model.work]))
    answer.flows = {
        "import": table(model.imp) + table(model.iover),
        "export": table(model.exp),
        "solar": table(model.sol),
        "charge": table(model.ch),
        "discharge": table(model.dis),
    }
    answer.served = np.zeros((p.S, p.R, p.T))
    for (s, r, t), variable in model.serve.items():
        answer.served[s, r, t] = values[variable]
    return answer
