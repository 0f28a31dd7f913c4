"""highspy with arrays: the least that any tool can need for building. Rows are written as index and value arrays."""

from __future__ import annotations

import highspy
import numpy as np

from .answer import Answer, runs
from .problem import Problem

INF = highspy.kHighsInf


class Columns:
    """Columns by name, each a block of consecutive indices."""

    def __init__(self) -> None:
        self.n = 0
        self.lower: list[np.ndarray] = []
        self.upper: list[np.ndarray] = []
        self.cost: list[np.ndarray] = []
        self.whole: list[np.ndarray] = []

    def add(self, shape: tuple[int, ...], cost: object = 0.0, upper: object = INF, whole: bool = False) -> np.ndarray:
        size = int(np.prod(shape))
        self.lower.append(np.zeros(size))
        self.upper.append(np.broadcast_to(np.asarray(upper, float), shape).ravel())
        self.cost.append(np.broadcast_to(np.asarray(cost, float), shape).ravel())
        self.whole.append(np.full(size, whole))
        index = np.arange(self.n, self.n + size).reshape(shape)
        self.n += size
        return index


class Rows:
    """Rows as triplets; each block has its own numbers."""

    def __init__(self) -> None:
        self.n = 0
        self.row: list[np.ndarray] = []
        self.col: list[np.ndarray] = []
        self.value: list[np.ndarray] = []
        self.lower: list[np.ndarray] = []
        self.upper: list[np.ndarray] = []

    def block(self, shape: tuple[int, ...], lower: object, upper: object) -> np.ndarray:
        size = int(np.prod(shape))
        self.lower.append(np.broadcast_to(np.asarray(lower, float), shape).ravel())
        self.upper.append(np.broadcast_to(np.asarray(upper, float), shape).ravel())
        index = np.arange(self.n, self.n + size).reshape(shape)
        self.n += size
        return index

    def put(self, row: np.ndarray, col: np.ndarray, value: object) -> None:
        row, col, value = np.broadcast_arrays(row, col, np.asarray(value, float))
        self.row.append(row.ravel())
        self.col.append(col.ravel())
        self.value.append(value.ravel())


class Model:
    """The compact MILP."""

    def __init__(self, p: Problem):
        self.p = p
        c, m = Columns(), Rows()
        R, T, S, h, b = p.R, p.T, p.S, p.h, p.battery
        each = lambda x: np.asarray(x)[:, None]  # noqa: E731
        self.imp = c.add((R, T), h * p.import_price, p.import_limit)
        self.exp = c.add((R, T), -h * p.export_price, p.export_limit)
        self.sol = c.add((R, T), 0.0, p.solar)
        self.ch = c.add((R, T), h * each(b["wear"]), each(b["power"]))
        self.dis = c.add((R, T), h * each(b["wear"]), each(b["power"]))
        self.soc = c.add((R, T), 0.0, each(b["energy"]))
        self.over = c.add((R, T), h * p.overload_price)
        self.iover = c.add((R, T), h * (p.overload_price + p.import_price))
        self.short = c.add((R,), p.end_soc_price)
        self.serve = c.add((S, R, T), p.routing[:, :, None], np.where(p.served, INF, 0.0)[:, :, None])
        self.shed = c.add((S, T), each(p.shed_price))
        self.excess = c.add((len(p.caps),), [cap.price for cap in p.caps])
        self.start = c.add((len(p.starts["job"]),), p.starts["cost"], 1.0, True)
        cells = len(p.cells["job"])
        jobs = p.jobs
        pause = np.array([job.pause_gbp for job in jobs])
        self.work = c.add((cells,), 0.0, 1.0, True)
        self.seg = c.add((cells,), pause[p.cells["job"]], 1.0)
        places = int(p.cells["place"].max()) + 1 if cells else 0
        self.place = c.add((places,), 0.0, 1.0, True)
        may = np.array([j for j, job in enumerate(jobs) if job.preemptible], int)
        rank = np.full(len(jobs), -1)
        rank[may] = np.arange(len(may))
        need = np.array([job.need for job in jobs], float)
        hard = np.array([job.hard for job in jobs], bool)
        undone_price = np.array([job.undone_gbp_per_period for job in jobs])
        self.begun = c.add((len(may),), -pause[may], 1.0)
        self.undone = c.add((len(may),), undone_price[may], np.where(hard[may], 0.0, need[may]))

        power = np.array([job.power for job in jobs])
        it: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        if len(self.start):
            again = np.repeat(np.arange(len(self.start)), p.starts["length"])
            ends = np.cumsum(p.starts["length"])
            t = p.starts["t"][again] + np.arange(len(again)) - (ends - p.starts["length"])[again]
            it.append((p.starts["region"][again] * T + t, self.start[again], power[p.starts["job"][again]]))
        it.append((p.cells["region"] * T + p.cells["t"], self.work, power[p.cells["job"]]))
        cell_of = np.broadcast_to(np.arange(R * T).reshape(1, R, T), (S, R, T))
        it.append(
            (cell_of.ravel(), self.serve.ravel(), np.broadcast_to(p.mw_per_million[:, None, None], (S, R, T)).ravel())
        )

        balance = m.block((R, T), p.overhead, p.overhead)
        for col, sign in ((self.imp, 1), (self.exp, -1), (self.sol, 1), (self.dis, 1), (self.ch, -1), (self.iover, 1)):
            m.put(balance, col, sign)
        capacity = m.block((R, T), -INF, p.capacity)
        m.put(capacity, self.over, -1.0)
        for cell, col, mw in it:
            m.put(balance.ravel()[cell], col, -p.pue.ravel()[cell] * mw)
            m.put(capacity.ravel()[cell], col, mw)
        first = np.zeros((R, T))
        first[:, 0] = b["soc"]
        soc = m.block((R, T), first, first)
        m.put(soc, self.soc, 1.0)
        m.put(soc[:, 1:], self.soc[:, :-1], -1.0)
        m.put(soc, self.ch, -h * each(b["charge"]))
        m.put(soc, self.dis, h / each(b["discharge"]))
        end = m.block((R,), b["end"], INF)
        m.put(end, self.soc[:, -1], 1.0)
        m.put(end, self.short, 1.0)
        demand = m.block((S, T), p.demand, p.demand)
        m.put(demand[:, None, :], self.serve, 1.0)
        m.put(demand, self.shed, 1.0)
        for k, cap in enumerate(p.caps):
            t = np.array(cap.periods)
            limit = cap.limit if cap.per_kwh else 0.0
            fixed = limit * h * p.overhead[:, t].sum() if cap.per_kwh else cap.limit
            row = m.block((1,), -INF, fixed)
            m.put(row, self.imp[:, t], h * p.carbon[:, t])
            m.put(row, self.iover[:, t], h * p.carbon[:, t])
            m.put(row, self.excess[k], -1.0)
            inside = np.isin(np.arange(R * T) % T, t)
            for cell, col, mw in it if cap.per_kwh else ():
                here = inside[cell]
                m.put(row, col[here], -limit * h * p.pue.ravel()[cell[here]] * mw[here])

        solid = np.array([j for j, job in enumerate(jobs) if not job.preemptible], int)
        once_of = np.full(len(jobs), -1)
        never = c.add((len(solid),), need[solid] * undone_price[solid], np.where(hard[solid], 0.0, 1.0))
        once = m.block((len(solid),), 1.0, 1.0)
        once_of[solid] = once
        m.put(once, never, 1.0)
        m.put(once_of[p.starts["job"]], self.start, 1.0)
        if cells:
            job_of = rank[p.cells["job"]]
            total = m.block((len(may),), need[may], need[may])
            m.put(total[job_of], self.work, 1.0)
            m.put(total, self.undone, 1.0)
            here = m.block((cells,), -INF, 0.0)
            m.put(here, self.work, 1.0)
            m.put(here, self.place[p.cells["place"]], -1.0)
            one = m.block((len(may),), -INF, 1.0)
            where = np.zeros(places, int)
            where[p.cells["place"]] = job_of
            m.put(one[where], self.place, 1.0)
            rise = m.block((cells,), 0.0, INF)
            m.put(rise, self.seg, 1.0)
            m.put(rise, self.work, -1.0)
            had = p.cells["before"] >= 0
            m.put(rise[had], self.work[p.cells["before"][had]], 1.0)
            begun = m.block((len(may),), 0.0, INF)
            m.put(begun[job_of], self.seg, 1.0)
            m.put(begun, self.begun, -1.0)
            most = np.array([INF if jobs[j].most_pauses is None else jobs[j].most_pauses + 1.0 for j in may])
            pauses = m.block((len(may),), -INF, most)
            m.put(pauses[job_of], self.seg, 1.0)
        self.lp = self.to_lp(c, m)

    @staticmethod
    def to_lp(c: Columns, m: Rows) -> highspy.HighsLp:
        """Triplets to rows, in the order of the rows."""
        row, col, value = np.concatenate(m.row), np.concatenate(m.col), np.concatenate(m.value)
        order = np.lexsort((col, row))
        row, col, value = row[order], col[order], value[order]
        # A start stands in a cap's row once for each of its periods.
        new = np.flatnonzero(np.concatenate(([True], (np.diff(row) != 0) | (np.diff(col) != 0))))
        row, col, value = row[new], col[new], np.add.reduceat(value, new)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = c.n, m.n
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = map(np.concatenate, (c.cost, c.lower, c.upper))
        lp.row_lower_, lp.row_upper_ = np.concatenate(m.lower), np.concatenate(m.upper)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.searchsorted(row, np.arange(m.n + 1)).astype(np.int32)
        lp.a_matrix_.index_ = col.astype(np.int32)
        lp.a_matrix_.value_ = value
        whole = np.concatenate(c.whole)
        kinds = np.array([highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger])
        lp.integrality_ = list(kinds[whole.astype(int)])
        return lp


def build(p: Problem) -> Model:
    """The model as arrays."""
    return Model(p)


def size(model: Model) -> tuple[int, int, int]:
    """Columns, rows, nonzeros."""
    return model.lp.num_col_, model.lp.num_row_, len(model.lp.a_matrix_.value_)


def solve(model: Model, limit_s: float, gap: float, threads: int, log: str, relax: bool = False) -> Answer:
    """Passes the model and solves it."""
    solver = highspy.Highs()
    options = {"output_flag": False, "time_limit": limit_s, "mip_rel_gap": gap, "threads": threads}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.setOptionValue("output_flag", True)
    solver.setOptionValue("log_to_console", False)
    solver.setOptionValue("log_file", log)
    if relax:
        model.lp.integrality_ = []
    if solver.passModel(model.lp) != highspy.HighsStatus.kOk:
        raise ValueError("HiGHS refuses the model")
    solver.run()
    info = solver.getInfo()
    answer = Answer(status=solver.modelStatusToString(solver.getModelStatus()))
    answer.bound = info.objective_function_value if relax else info.mip_dual_bound
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return answer
    x = np.asarray(solver.getSolution().col_value)
    answer.objective = info.objective_function_value
    answer.runs = runs(model.p, x[model.start], x[model.work])
    answer.flows = {
        "import": x[model.imp] + x[model.iover],
        "export": x[model.exp],
        "solar": x[model.sol],
        "charge": x[model.ch],
        "discharge": x[model.dis],
    }
    answer.served = x[model.serve]
    return answer
