"""cvxpy: matrix expressions with sparse matrices that collect starts and periods into cells and jobs."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from .answer import Answer, runs
from .problem import Problem


def collect(row: np.ndarray, col: np.ndarray, value: object, shape: tuple[int, int]) -> sp.csr_array:
    """A sparse matrix from triplets."""
    return sp.csr_array((np.broadcast_to(np.asarray(value, float), np.shape(row)), (row, col)), shape=shape)


class Model:
    """The model and the variables by which the answer is read."""

    def __init__(self, p: Problem):
        self.p = p
        R, T, S, h, b = p.R, p.T, p.S, p.h, p.battery
        n = R * T
        flat = np.ravel
        each = lambda name: np.repeat(b[name], T)  # noqa: E731
        var = lambda upper=None: cp.Variable(n, nonneg=True) if upper is None else cp.Variable(n, bounds=[0, upper])  # noqa: E731
        self.imp, self.exp, self.sol = var(flat(p.import_limit)), var(flat(p.export_limit)), var(flat(p.solar))
        self.ch, self.dis, soc = var(each("power")), var(each("power")), var(each("energy"))
        over, self.iover, short = var(), var(), cp.Variable(R, nonneg=True)
        jobs = p.jobs
        power = np.array([job.power for job in jobs])
        need = np.array([float(job.need) for job in jobs])
        late = np.array([job.undone_gbp_per_period for job in jobs])
        pause = np.array([job.pause_gbp for job in jobs])
        hard = np.array([job.hard for job in jobs])
        solid = np.array([j for j, job in enumerate(jobs) if not job.preemptible], int)
        may = np.array([j for j, job in enumerate(jobs) if job.preemptible], int)
        rank = np.zeros(len(jobs), int)
        rank[solid], rank[may] = np.arange(len(solid)), np.arange(len(may))
        load, cost, rules = [], [], []
        self.start = self.work = None
        if len(solid):
            k = len(p.starts["job"])
            self.start = cp.Variable(k, boolean=True)
            never = cp.Variable(len(solid), bounds=[0, np.where(hard[solid], 0.0, 1.0)])
            again = np.repeat(np.arange(k), p.starts["length"])
            t = (
                p.starts["t"][again]
                + np.arange(len(again))
                - (np.cumsum(p.starts["length"]) - p.starts["length"])[again]
            )
            cells = p.starts["region"][again] * T + t
            load.append(collect(cells, again, power[p.starts["job"][again]], (n, k)) @ self.start)
            rules.append(collect(rank[p.starts["job"]], np.arange(k), 1.0, (len(solid), k)) @ self.start + never == 1)
            cost += [p.starts["cost"] @ self.start, (need * late)[solid] @ never]
        if len(may):
            k = len(p.cells["job"])
            of, place = rank[p.cells["job"]], p.cells["place"]
            places = int(place.max()) + 1
            self.work = cp.Variable(k, boolean=True)
            segment, begun = cp.Variable(k, bounds=[0, 1]), cp.Variable(len(may), bounds=[0, 1])
            undone = cp.Variable(len(may), bounds=[0, np.where(hard[may], 0.0, need[may])])
            spot = cp.Variable(places, boolean=True)
            by_job = collect(of, np.arange(k), 1.0, (len(may), k))
            owner = np.zeros(places, int)
            owner[place] = of
            had = np.flatnonzero(p.cells["before"] >= 0)
            before = collect(had, p.cells["before"][had], 1.0, (k, k))
            limited = np.array([i for i, j in enumerate(may) if jobs[j].most_pauses is not None], int)
            most = np.array([jobs[may[i]].most_pauses + 1.0 for i in limited])
            load.append(
                collect(p.cells["region"] * T + p.cells["t"], np.arange(k), power[p.cells["job"]], (n, k)) @ self.work
            )
            rules += [
                by_job @ self.work + undone == need[may],
                self.work <= collect(np.arange(k), place, 1.0, (k, places)) @ spot,
                collect(owner, np.arange(places), 1.0, (len(may), places)) @ spot <= 1,
                segment - self.work + before @ self.work >= 0,
                begun <= by_job @ segment,
            ]
            if len(limited):
                rules.append(by_job[limited] @ segment <= most)
            cost += [pause[p.cells["job"]] @ segment, late[may] @ undone, -(pause[may] @ begun)]
        routes = [(s, r, t) for s in range(S) for r in range(R) if p.served[s, r] for t in range(T)]
        self.route = np.array(routes, int).reshape(-1, 3)
        self.serve = None
        if S:
            s, r, t = self.route.T
            k = len(routes)
            self.serve, shed = cp.Variable(k, nonneg=True), cp.Variable(S * T, nonneg=True)
            load.append(collect(r * T + t, np.arange(k), p.mw_per_million[s], (n, k)) @ self.serve)
            rules.append(collect(s * T + t, np.arange(k), 1.0, (S * T, k)) @ self.serve + shed == flat(p.demand))
            cost += [p.routing[s, r] @ self.serve, np.repeat(p.shed_price, T) @ shed]
        it = sum(load[1:], load[0])
        facility = cp.multiply(flat(p.pue), it)
        first = np.arange(R) * T
        later = np.setdiff1d(np.arange(n), first)
        rise = soc - cp.multiply(h * each("charge"), self.ch) + cp.multiply(h / each("discharge"), self.dis)
        rules += [
            self.imp + self.iover - self.exp + self.sol + self.dis - self.ch == facility + flat(p.overhead),
            it - over <= flat(p.capacity),
            rise[first] == b["soc"],
            rise[later] == soc[later - 1],
            soc[first + T - 1] + short >= b["end"],
        ]
        for cap in p.caps:
            here = np.isin(np.arange(n) % T, cap.periods).astype(float)
            excess = cp.Variable(nonneg=True)
            emitted = (h * flat(p.carbon) * here) @ (self.imp + self.iover)
            allowed = cap.limit * h * (here @ (facility + flat(p.overhead))) if cap.per_kwh else cap.limit
            rules.append(emitted - excess <= allowed)
            cost.append(cap.price * excess)
        price = h * flat(p.import_price)
        cost += [
            price @ (self.imp + self.iover) - (h * flat(p.export_price)) @ self.exp,
            (h * each("wear")) @ (self.ch + self.dis),
            h * p.overload_price * cp.sum(over + self.iover),
            p.end_soc_price * cp.sum(short),
        ]
        self.m = cp.Problem(cp.Minimize(sum(cost[1:], cost[0])), rules)
        # Canonicalisation is cvxpy's building; solving would do it otherwise.
        self.data, self.chain, self.inverse = self.m.get_problem_data(cp.HIGHS)


def build(p: Problem) -> Model:
    """The model down to the arrays for the solver."""
    return Model(p)


def size(model: Model) -> tuple[int, int, int]:
    """Columns, rows, nonzeros."""
    a = model.data["A"]
    return a.shape[1], a.shape[0], a.nnz


def solve(model: Model, limit_s: float, gap: float, threads: int, log: str) -> Answer:
    """From the data that building gave."""
    p, m = model.p, model.m
    options = {
        "time_limit": limit_s,
        "mip_rel_gap": gap,
        "threads": threads,
        "log_file": log,
        "output_flag": True,
        "log_to_console": False,
    }
    found = model.chain.solve_via_data(m, model.data, verbose=False, solver_opts=options)
    answer = Answer(status=str(found.get("model_status", found.get("status"))))
    info = found.get("info")
    answer.bound = getattr(info, "mip_dual_bound", None)
    try:
        m.unpack_results(found, model.chain, model.inverse)
    except cp.error.SolverError:
        return answer
    answer.status = m.status
    if m.value is None or model.imp.value is None or not np.isfinite(m.value):
        return answer
    answer.objective = float(m.value)
    if answer.bound is not None:
        answer.bound += answer.objective - info.objective_function_value
    table = lambda variable: np.asarray(variable.value).reshape(p.R, p.T)  # noqa: E731
    none = np.zeros(0)
    answer.runs = runs(
        p, none if model.start is None else model.start.value, none if model.work is None else model.work.value
    )
    answer.flows = {
        "import": table(model.imp) + table(model.iover),
        "export": table(model.exp),
        "solar": table(model.sol),
        "charge": table(model.ch),
        "discharge": table(model.dis),
    }
    answer.served = np.zeros((p.S, p.R, p.T))
    if model.serve is not None:
        s, r, t = model.route.T
        answer.served[s, r, t] = model.serve.value
    return answer
