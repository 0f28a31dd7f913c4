"""Enumeration for tiny problems: judges the judge.

Each copy of each job takes every sequence of (region, point) or idle that a declarative checker of the finished
sequence accepts; for each combination the energy side is an LP, and where an optimum charges and discharges, or imports
and exports, at once, both ways out are tried. Nothing but the reader of documents is shared with the judge.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import highspy

from .document import Document, Job, Problem, read
from .linear import Infeasible, Linear, run, solver

Spot = tuple[int, int] | None
Grid = dict[tuple[int, int], float]


class TooMany(Exception):
    """There are more combinations than brute force tries."""


@dataclass(frozen=True)
class Segment:
    """Working periods `first..last` in one region."""

    region: int
    first: int
    last: int


@dataclass(frozen=True)
class Fixed:
    """What one copy of a job does, once its schedule is fixed."""

    it: Grid
    most_inferences: Grid
    full_inferences: Grid
    inferences: float
    gbp: float
    undone: float


def sequences(p: Problem, job: Job) -> Iterator[Sequence[Spot]]:
    """Every sequence of places and points, lawful or not."""
    places: list[Spot] = [None, *itertools.product(range(len(p.regions)), range(len(job.q)))]
    yield from itertools.product(places, repeat=p.periods)


def allowed(p: Problem, job: Job, t: int, spot: tuple[int, int]) -> bool:
    """Window, region, capacity and `run_when`."""
    r, k = spot
    region = p.regions[r]
    if t < job.earliest_period or t >= job.last_period or r not in job.regions:
        return False
    if region.it_capacity[t] == 0.0 or job.power[k] > region.it_capacity[t]:
        return False
    if job.run_when is None:
        return True
    name, bound = job.run_when
    if name == "renewable_share_min":
        assert region.renewable_share is not None
        return not region.renewable_share[t] < bound
    return region.carbon[t] < bound


def segments_of(job: Job, sequence: Sequence[Spot]) -> list[Segment]:
    """The segments, those before the horizon included (of a paused job: one that ended long ago)."""
    found: list[Segment] = []
    if job.state is not None:
        if job.state.point is None:
            found.append(Segment(job.state.region, -10_001, -10_000))
        else:
            found.append(Segment(job.state.region, -job.state.before, -1))
    for t, spot in enumerate(sequence):
        if spot is None:
            continue
        if found and found[-1].region == spot[0] and found[-1].last == t - 1:
            found[-1] = Segment(spot[0], found[-1].first, t)
        else:
            found.append(Segment(spot[0], t, t))
    return found


def interpret(p: Problem, job: Job, sequence: Sequence[Spot]) -> Fixed | None:
    """What a sequence does and costs, or None where a rule forbids it."""
    state = job.state
    working = [(t, spot) for t, spot in enumerate(sequence) if spot is not None]
    if not all(allowed(p, job, t, spot) for t, spot in working):
        return None
    amount = sum(job.q[k] for _, (_, k) in working)
    done = amount >= job.w - 1e-9
    if done and working and amount - job.q[working[-1][1][1]] >= job.w - 1e-9:
        return None
    if job.hard and not done:
        return None
    gbp = job.startup_cost if working and state is None else 0.0
    it: Grid = {(t, r): job.power[k] for t, (r, k) in working}
    segments = segments_of(job, sequence)
    runs: list[list[Segment]] = [[segments[0]]] if segments else []
    pauses = state.pauses if state is not None else 0
    for left, right in zip(segments[:-1], segments[1:]):
        gap = right.first - left.last - 1
        moved, paused = left.region != right.region, True
        if moved:
            if job.migration is None or gap < job.migration[1]:
                return None
            paused = gap > job.migration[1]
            gbp += job.migration[0]
            it[right.first, right.region] += job.migration[2] / p.h
        if paused:
            gbp += job.pause_cost
            it[right.first, right.region] += job.pause_energy / p.h
            pauses += 1
            runs.append([right])
        else:
            runs[-1].append(right)
    if job.max_pauses is not None and pauses > job.max_pauses:
        return None
    if state is not None and state.point is None:
        runs = runs[1:]
    steady = not job.preemptible
    if state is not None and not state.can_stop:
        steady = True
        if state.point is not None and sequence[0] is None:
            return None
    for number, one in enumerate(runs):
        final = number == len(runs) - 1
        if one[-1].last - one[0].first + 1 < job.min_run and not (final and done):
            return None
        if steady and not (final and (done or one[-1].last + 1 == job.last_period)):
            return None
    part = min(job.w, amount) * job.work if job.counts_inferences else 0.0
    most = {(t, r): job.q[k] * job.work for t, (r, k) in working} if job.counts_inferences else {}
    full, left_over = {}, part
    for key, number_most in most.items():
        full[key] = min(number_most, left_over)
        left_over -= full[key]
    return Fixed(it, most, full, part, gbp, max(0.0, job.w - amount))


@dataclass
class EnergySide:
    """The LP of the energy side; job power enters by right-hand sides only."""

    p: Problem
    free: bool
    copies: list[int]
    lp: Linear = field(default_factory=Linear)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    balance: dict[tuple[int, int], int] = field(default_factory=dict)
    capacity: dict[tuple[int, int], int] = field(default_factory=dict)
    caps: list[tuple[int, int, int, int]] = field(default_factory=list)
    strict: list[int] = field(default_factory=list)
    inferences: dict[tuple[int, int, int], int] = field(default_factory=dict)
    totals: dict[int, int] = field(default_factory=dict)
    kinds: dict[str, dict[int, float]] = field(default_factory=lambda: {"undone": {}, "shed": {}, "overload": {}})


def overload_price(p: Problem) -> tuple[float, float, list[float]]:
    """Overload price, end-of-horizon price and undone penalties of all jobs, by the table of the document."""
    carbon = math.fsum(c.price for c in p.caps if c.price is not None)
    m = max(
        [1.0]
        + [
            g.pue_slope[t]
            * (
                abs(g.import_price[t])
                + g.network_charge[t]
                + abs(g.congestion[t])
                + abs(g.export_price[t])
                + g.demand_charge / p.h
                + g.carbon[t] * carbon
            )
            for g in p.regions
            for t in range(p.periods)
        ]
    )
    worst, penalties = [2 * m], []
    for j in p.jobs:
        mwh = [mw * p.h * math.ceil(j.w / q - 1e-9) for mw, q in zip(j.power, j.q)]
        fees = j.startup_cost + j.pause_cost + (0.0 if j.migration is None else j.migration[0])
        penalty = j.undone_penalty if j.undone_penalty is not None else 2 * (4 - j.tier) * (m * max(mwh) + fees) / j.w
        penalties.append(penalty)
        if not j.hard:
            worst.append(penalty * j.w / min(mwh))
    worst += [s.shed_penalty / max(1e-3, min(s.wh)) for s in p.services]
    return 2 * max(worst), 2 * m, penalties


def energy_side(p: Problem, copies: list[int]) -> EnergySide:
    """Builds the LP; `copies` names the job of each indivisible copy."""
    side = EnergySide(p, any(c.metric == "g_per_inference" for c in p.caps), copies)
    lp, h, spots = side.lp, p.h, list(itertools.product(range(p.periods), range(len(p.regions))))
    over, end_price, penalties = overload_price(p)
    it: dict[tuple[int, int], dict[int, float]] = {spot: {} for spot in spots}
    made: dict[tuple[int, int], dict[int, float]] = {spot: {} for spot in spots}
    net: dict[tuple[int, int], dict[int, float]] = {spot: {} for spot in spots}

    for s in p.services:
        for t in range(p.periods):
            dropped = lp.column(s.shed_penalty, 0.0, s.demand[t] / 1e6)
            side.kinds["shed"][dropped] = s.shed_penalty
            parts = {dropped: 1.0}
            for r, k in s.routes:
                y = lp.column(s.routing_cost[r])
                parts[y] = 1.0
                it[t, r][y] = s.wh[k] / h
                made[t, r][y] = 1e6
            lp.row(parts, s.demand[t] / 1e6, s.demand[t] / 1e6)
    for j, job in enumerate(p.jobs):
        for _ in range(job.count if job.divisible else 0):
            work = {}
            for t, r in spots:
                here = {}
                for k in range(len(job.q)):
                    if allowed(p, job, t, (r, k)):
                        f = lp.column(0.0, 0.0, 1.0)
                        here[f] = 1.0
                        work[f] = job.q[k]
                        it[t, r][f] = job.power[k]
                        if job.counts_inferences:
                            made[t, r][f] = job.q[k] * job.work
                lp.row(here, upper=1.0)
            if not job.hard:
                undone = lp.column(penalties[j])
                side.kinds["undone"][undone] = penalties[j]
                work[undone] = 1.0
            lp.row(work, job.w, job.w)
    for b in p.batteries:
        sofar: dict[int, float] = {}
        for t in range(p.periods):
            c, d = lp.column(h * b.wear, 0.0, b.power), lp.column(h * b.wear, 0.0, b.power)
            side.pairs.append((c, d))
            net[t, b.region].update({c: -1.0, d: 1.0})
            sofar = {**sofar, c: h * b.charge_efficiency, d: -h / b.discharge_efficiency}
            lp.row(sofar, min(b.soc, b.soc_min) - b.soc, b.energy - b.soc)
        if b.end_soc_min is not None:
            lp.row({**sofar, lp.column(end_price): 1.0}, b.end_soc_min - b.soc)
    if side.free:
        for n, j in enumerate(copies):
            if p.jobs[j].counts_inferences:
                mine = {}
                for t, r in spots:
                    i = side.inferences[n, t, r] = lp.column(0.0, 0.0, 0.0)
                    mine[i] = 1.0
                    made[t, r][i] = 1e6
                side.totals[n] = lp.row(mine, 0.0, 0.0)

    buys: dict[tuple[int, int], int] = {}
    for r, g in enumerate(p.regions):
        peak = lp.column(g.demand_charge)
        for t in range(p.periods):
            over_it = lp.column(h * over)
            over_import = lp.column(h * over)
            side.kinds["overload"].update({over_it: h * over, over_import: h * over})
            buy = buys[t, r] = lp.column(h * (g.import_price[t] + g.network_charge[t] + g.congestion[t]))
            sell = lp.column(-h * g.export_price[t], 0.0, g.export_limit[t])
            sun = lp.column(0.0, 0.0, g.solar[t])
            side.pairs.append((buy, sell))
            side.capacity[t, r] = lp.row({**it[t, r], over_it: -1.0}, upper=g.it_capacity[t])
            load = {c: -g.pue_slope[t] * v for c, v in it[t, r].items()}
            terms = {buy: 1.0, sell: -1.0, sun: 1.0, **net[t, r], **load}
            side.balance[t, r] = lp.row(terms, g.overhead[t], g.overhead[t])
            lp.row({buy: 1.0, over_import: -1.0}, upper=min(g.import_limit[t] + g.nonfirm[t], g.congestion_limit[t]))
            lp.row({peak: 1.0, buy: -1.0}, 0.0)
    for number, cap in enumerate(p.caps):
        for first, end in cap.windows:
            excess = lp.column(cap.price or 0.0)
            if cap.price is None:
                side.strict.append(excess)
            row = {excess: -1.0}
            for t, r in itertools.product(range(first, end), cap.regions):
                g = p.regions[r]
                row[buys[t, r]] = row.get(buys[t, r], 0.0) + h * g.carbon[t]
                if cap.metric == "g_per_kwh":
                    for c, v in it[t, r].items():
                        row[c] = row.get(c, 0.0) - cap.limit * h * g.pue_slope[t] * v
                if cap.metric == "g_per_inference":
                    for c, v in made[t, r].items():
                        row[c] = row.get(c, 0.0) - cap.limit / 1000.0 * v
            side.caps.append((lp.row(row), number, first, end))
    return side


@dataclass
class Bench:
    """An LP held in a solver whose right-hand sides are changed from combination to combination."""

    side: EnergySide
    highs: highspy.Highs = field(default_factory=solver)

    def __post_init__(self) -> None:
        self.side.lp.pass_to(self.highs, self.side.lp.cost, False)

    def fix(self, combination: Sequence[Fixed]) -> None:
        """Puts the jobs of a combination into the right-hand sides."""
        side, p = self.side, self.side.p
        it: Grid = {}
        for one in combination:
            for key, mw in one.it.items():
                it[key] = it.get(key, 0.0) + mw
        for (t, r), row in side.balance.items():
            need = p.regions[r].overhead[t] + p.regions[r].pue_slope[t] * it.get((t, r), 0.0)
            self.highs.changeRowBounds(row, need, need)
        for (t, r), row in side.capacity.items():
            self.highs.changeRowBounds(row, -highspy.kHighsInf, p.regions[r].it_capacity[t] - it.get((t, r), 0.0))
        for row, number, first, end in side.caps:
            cap = p.caps[number]
            allowance = cap.limit if cap.metric == "kg" else 0.0
            for t, r in itertools.product(range(first, end), cap.regions):
                g = p.regions[r]
                if cap.metric == "g_per_kwh":
                    allowance += cap.limit * p.h * (g.overhead[t] + g.pue_slope[t] * it.get((t, r), 0.0))
                if cap.metric == "g_per_inference" and not side.free:
                    allowance += cap.limit / 1000.0 * sum(one.full_inferences.get((t, r), 0.0) for one in combination)
            self.highs.changeRowBounds(row, -highspy.kHighsInf, allowance)
        for (n, t, r), column in side.inferences.items():
            self.highs.changeColBounds(column, 0.0, combination[n].most_inferences.get((t, r), 0.0) / 1e6)
        for n, row in side.totals.items():
            self.highs.changeRowBounds(row, combination[n].inferences / 1e6, combination[n].inferences / 1e6)

    def solve(self, cost: Sequence[float], best: float = math.inf) -> tuple[float, list[float]] | None:
        """The least cost with no pair of flows both above zero, or None where there is no way below `best`."""
        try:
            x = run(self.highs)
        except Infeasible:
            return None
        total = math.fsum(c * v for c, v in zip(cost, x))
        if total >= best:
            return None
        for pair in self.side.pairs:
            if min(x[pair[0]], x[pair[1]]) > 1e-9:
                found: tuple[float, list[float]] | None = None
                for column in pair:
                    self.highs.changeColBounds(column, 0.0, 0.0)
                    other = self.solve(cost, best if found is None else min(best, found[0]))
                    self.highs.changeColBounds(column, 0.0, min(self.side.lp.upper[column], highspy.kHighsInf))
                    found = other or found
                return found
        return total, x


@dataclass(frozen=True)
class BruteForce:
    """The optimum by enumeration."""

    objective_gbp: float
    strict_excess_kg: float
    combinations: int


def brute_force(doc: Document, most: int = 2_000) -> BruteForce:
    """The optimum of a tiny problem document; `TooMany` above `most` combinations."""
    p = read(doc)
    penalties = overload_price(p)[2]
    copies: list[int] = []
    choices: list[list[list[Fixed]]] = []
    number = 1
    for j, job in enumerate(p.jobs):
        if job.divisible:
            continue
        if (1 + len(p.regions) * len(job.q)) ** p.periods > 200_000:
            raise TooMany
        lawful = [one for sequence in sequences(p, job) if (one := interpret(p, job, sequence)) is not None]
        copies += [j] * job.count
        number *= math.comb(len(lawful) + job.count - 1, job.count)
        if number > most:
            raise TooMany
        choices.append([list(many) for many in itertools.combinations_with_replacement(lawful, job.count)])
    combinations = [list(itertools.chain(*some)) for some in itertools.product(*choices)]
    if not combinations:
        raise Infeasible
    side = energy_side(p, copies)

    def undone(combination: Sequence[Fixed]) -> float:
        return math.fsum(one.undone * penalties[j] for one, j in zip(combination, copies) if not p.jobs[j].hard)

    def outcome(combination: Sequence[Fixed], x: list[float]) -> dict[str, float]:
        sums = {kind: math.fsum(gbp * x[c] for c, gbp in terms.items()) for kind, terms in side.kinds.items()}
        sums["undone"] += undone(combination)
        return sums

    def cheapest(bench: Bench) -> tuple[float, list[Fixed], list[float]] | None:
        best: tuple[float, list[Fixed], list[float]] | None = None
        for combination in combinations:
            constant = math.fsum(one.gbp for one in combination) + undone(combination)
            bench.fix(combination)
            found = bench.solve(side.lp.cost, math.inf if best is None else best[0] - constant)
            if found is not None:
                best = (found[0] + constant, combination, found[1])
        return best

    relaxed = cheapest(Bench(side))
    if relaxed is None:
        raise Infeasible
    if not side.strict:
        return BruteForce(relaxed[0], 0.0, len(combinations))
    promised = outcome(relaxed[1], relaxed[2])
    for column in side.strict:
        side.lp.upper[column] = 0.0
    kept = cheapest(Bench(side))
    if kept is not None:
        now = outcome(kept[1], kept[2])
        if all(now[kind] <= promised[kind] + 1e-6 * max(1.0, promised[kind]) for kind in now):
            return BruteForce(kept[0], 0.0, len(combinations))
    for column in side.strict:
        side.lp.upper[column] = math.inf
    return least_excess(side, combinations, promised, undone)


def least_excess(
    side: EnergySide,
    combinations: list[list[Fixed]],
    promised: dict[str, float],
    undone: Callable[[Sequence[Fixed]], float],
) -> BruteForce:
    """Least excess with the promises of the plan without strict caps, then least cost with that excess."""
    limits = {kind: side.lp.row(terms) for kind, terms in side.kinds.items()}
    total = side.lp.row({column: 1.0 for column in side.strict})
    weights = [1.0 if c in side.strict else 0.0 for c in range(len(side.lp.cost))]

    def best(cost: Sequence[float], money: bool, excess: float) -> float:
        bench = Bench(side)
        bench.side.lp.pass_to(bench.highs, cost, False)
        bench.highs.changeRowBounds(total, -highspy.kHighsInf, excess)
        lowest = math.inf
        for combination in combinations:
            late = undone(combination)
            bench.fix(combination)
            room = {kind: promised[kind] - (late if kind == "undone" else 0.0) for kind in limits}
            if min(room.values()) < -1e-9 * max(1.0, max(promised.values())):
                continue
            for kind, row in limits.items():
                bench.highs.changeRowBounds(row, -highspy.kHighsInf, max(0.0, room[kind]) + 1e-9)
            constant = math.fsum(one.gbp for one in combination) + late if money else 0.0
            found = bench.solve(cost, lowest - constant)
            if found is not None:
                lowest = found[0] + constant
        return lowest

    excess = best(weights, False, highspy.kHighsInf)
    return BruteForce(best(side.lp.cost, True, excess + 1e-6), excess, len(combinations))
