"""PuLP: variables in dictionaries, rows as sums; HiGHS in the same process."""

from __future__ import annotations

import highspy
import numpy as np
import pulp

from .answer import Answer, runs
from .problem import Problem


class Model:
    """The model and the variables by which the answer is read."""

    def __init__(self, p: Problem):
        self.p = p
        self.m = m = pulp.LpProblem("fleet", pulp.LpMinimize)
        h, b = p.h, p.battery
        cells = [(r, t) for r in range(p.R) for t in range(p.T)]

        def var(name: str, upper: float | None = None, kind: str = pulp.LpContinuous) -> pulp.LpVariable:
            return pulp.LpVariable(name, 0, upper, kind)

        def flow(name: str, upper: object = None) -> dict[tuple[int, int], pulp.LpVariable]:
            return {(r, t): var(f"{name}_{r}_{t}", None if upper is None else float(upper[r, t])) for r, t in cells}

        wide = lambda name: np.repeat(b[name][:, None], p.T, axis=1)  # noqa: E731
        self.imp, self.exp, self.sol = (
            flow("import", p.import_limit),
            flow("export", p.export_limit),
            flow("solar", p.solar),
        )
        self.ch, self.dis = flow("charge", wide("power")), flow("discharge", wide("power"))
        soc, over, self.iover = flow("soc", wide("energy")), flow("over"), flow("iover")
        it: dict[tuple[int, int], list[object]] = {cell: [] for cell in cells}
        cost = []
        by_job: dict[int, list[int]] = {}
        self.start = []
        for k, (j, r, t, length, gbp) in enumerate(
            zip(*(p.starts[n] for n in ("job", "region", "t", "length", "cost")))
        ):
            start = var(f"start_{k}", 1, pulp.LpBinary)
            self.start.append(start)
            by_job.setdefault(int(j), []).append(k)
            cost.append(float(gbp) * start)
            for s in range(t, t + length):
                it[r, s].append(p.jobs[j].power * start)
        for j, job in enumerate(p.jobs):
            if not job.preemptible:
                all_of_it = [self.start[k] for k in by_job.get(j, [])]
                if not job.hard:
                    never = var(f"never_{j}", 1)
                    all_of_it.append(never)
                    cost.append(job.need * job.undone_gbp_per_period * never)
                m += pulp.lpSum(all_of_it) == 1
        self.work = []
        segments: dict[int, list[object]] = {}
        works: dict[int, list[object]] = {}
        places: dict[tuple[int, int], object] = {}
        for k, (j, r, t, before) in enumerate(zip(*(p.cells[n] for n in ("job", "region", "t", "before")))):
            work, segment = var(f"work_{k}", 1, pulp.LpBinary), var(f"segment_{k}", 1)
            self.work.append(work)
            if (j, r) not in places:
                places[j, r] = var(f"place_{j}_{r}", 1, pulp.LpBinary)
            m += work - places[j, r] <= 0
            m += segment - work + (self.work[before] if before >= 0 else 0) >= 0
            it[r, t].append(p.jobs[j].power * work)
            cost.append(p.jobs[j].pause_gbp * segment)
            works.setdefault(int(j), []).append(work)
            segments.setdefault(int(j), []).append(segment)
        for j, job in enumerate(p.jobs):
            if job.preemptible:
                undone, begun = var(f"undone_{j}", 0 if job.hard else job.need), var(f"begun_{j}", 1)
                cost += [job.undone_gbp_per_period * undone, -job.pause_gbp * begun]
                m += pulp.lpSum(works[j]) + undone == job.need
                m += pulp.lpSum(places[j, r] for r in job.regions) <= 1
                m += pulp.lpSum(segments[j]) - begun >= 0
                if job.most_pauses is not None:
                    m += pulp.lpSum(segments[j]) <= job.most_pauses + 1
        self.serve = {}
        for s in range(p.S):
            for t in range(p.T):
                shed = var(f"shed_{s}_{t}")
                cost.append(float(p.shed_price[s]) * shed)
                for r in np.flatnonzero(p.served[s]):
                    served = self.serve[s, int(r), t] = var(f"serve_{s}_{r}_{t}")
                    it[r, t].append(float(p.mw_per_million[s]) * served)
                    cost.append(float(p.routing[s, r]) * served)
                m += pulp.lpSum(self.serve[s, int(r), t] for r in np.flatnonzero(p.served[s])) + shed == float(
                    p.demand[s, t]
                )
        facility = {}
        for r, t in cells:
            cell = (r, t)
            load = pulp.lpSum(it[cell])
            facility[cell] = float(p.pue[cell]) * load
            m += self.imp[cell] + self.iover[cell] - self.exp[cell] + self.sol[cell] + self.dis[cell] - self.ch[
                cell
            ] - facility[cell] == float(p.overhead[cell])
            m += load - over[cell] <= float(p.capacity[cell])
            gain = h * float(b["charge"][r]) * self.ch[cell] - h / float(b["discharge"][r]) * self.dis[cell]
            m += soc[cell] - gain - (soc[r, t - 1] if t else 0) == (0.0 if t else float(b["soc"][r]))
            price, dear = float(p.import_price[cell]), p.overload_price
            cost += [
                h * price * self.imp[cell],
                h * (price + dear) * self.iover[cell],
                h * dear * over[cell],
                -h * float(p.export_price[cell]) * self.exp[cell],
                h * float(b["wear"][r]) * self.ch[cell],
                h * float(b["wear"][r]) * self.dis[cell],
            ]
        for r in range(p.R):
            short = var(f"short_{r}")
            cost.append(p.end_soc_price * short)
            m += soc[r, p.T - 1] + short >= float(b["end"][r])
        for k, cap in enumerate(p.caps):
            excess = var(f"excess_{k}")
            cost.append(cap.price * excess)
            here = [(r, t) for r in range(p.R) for t in cap.periods]
            emitted = pulp.lpSum(h * float(p.carbon[c]) * flow for c in here for flow in (self.imp[c], self.iover[c]))
            fixed = cap.limit * (h * sum(float(p.overhead[c]) for c in here) if cap.per_kwh else 1.0)
            energy = cap.limit * h * pulp.lpSum(facility[c] for c in here) if cap.per_kwh else 0
            m += emitted - energy - excess <= fixed
        m += pulp.lpSum(cost)


def build(p: Problem) -> Model:
    """The model as PuLP holds it."""
    return Model(p)


def size(model: Model) -> tuple[int, int, int]:
    """Columns, rows, nonzeros."""
    rows = model.m.constraints.values()
    return len(model.m.variables()), len(rows), sum(len(row) for row in rows)


def solve(model: Model, limit_s: float, gap: float, threads: int, log: str) -> Answer:
    """HiGHS in process."""
    p, m = model.p, model.m
    m.solve(
        pulp.HiGHS(
            msg=False,
            timeLimit=limit_s,
            gapRel=gap,
            threads=threads,
            output_flag=True,
            log_to_console=False,
            log_file=log,
        )
    )
    solver = m.solverModel
    info = solver.getInfo()
    answer = Answer(status=pulp.LpStatus[m.status], bound=info.mip_dual_bound)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return answer
    answer.objective = info.objective_function_value
    number = lambda variable: 0.0 if variable.varValue is None else variable.varValue  # noqa: E731
    table = lambda flow: np.array([[number(flow[r, t]) for t in range(p.T)] for r in range(p.R)])  # noqa: E731
    answer.runs = runs(p, np.array([number(x) for x in model.start]), np.array([number(x) for x in model.work]))
    answer.flows = {
        "import": table(model.imp) + table(model.iover),
        "export": table(model.exp),
        "solar": table(model.sol),
        "charge": table(model.ch),
        "discharge": table(model.dis),
    }
    answer.served = np.zeros((p.S, p.R, p.T))
    for (s, r, t), variable in model.serve.items():
        answer.served[s, r, t] = number(variable)
    return answer
