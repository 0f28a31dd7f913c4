"""The optimum of a problem document, as one MILP with every feature at once.

Job rules are not rows here. A direct interpreter of `docs/model.md` lists every schedule that a job may have, and the
MILP picks one for each job; only the energy side is rows. So a wrong row in ECA and a wrong rule here don't coincide.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .document import Cap, Document, Guard, Job, Problem, Service, Sold, Target, read
from .linear import Infeasible, Linear

DONE = 1e-9
EXCESS_ROOM_KG = 1e-6
MAX_SCHEDULES = 20_000
Step = tuple[int, int]
KINDS = ("undone", "shed", "overload")
READINGS = ("kinds", "total", "objects", "equal", "end_soc")


class TooBig(Exception):
    """A job has more schedules than the judge lists."""


class NoSchedule(Exception):
    """A job cannot be scheduled, not even alone."""


@dataclass(frozen=True)
class Schedule:
    """One way to run a job: `steps[t]` is (region, point), or None where it is idle or moving."""

    steps: tuple[Step | None, ...]
    power: dict[tuple[int, int], float]
    inferences: dict[tuple[int, int], float]
    cost: float
    done: float
    pauses: int
    moves: int


@dataclass(frozen=True)
class Judgement:
    """The optimum: `objective_gbp = money_gbp + sum(penalties_gbp)`.

    `strict_fallback`: the strict caps could not all be kept without worse promises. `unclear`: plans of the same cost
    break promises by different amounts, so that the procedure for strict caps has more than one outcome.
    """

    objective_gbp: float
    money_gbp: float
    penalties_gbp: dict[str, float]
    strict_excess_kg: float
    strict_fallback: bool
    unclear: bool
    carbon_kg: float
    facility_mwh: float
    inferences: float
    schedules: dict[str, list[Schedule]]
    import_mw: list[list[float]]
    slacks: dict[str, float] = field(default_factory=dict)


# ---- default prices --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prices:
    """The documented default prices; `undone` is by job, for all of its work."""

    energy: float
    undone: list[float]
    overload: float
    end_soc: float
    shortfall: float = 0.0


def periods_needed(job: Job, point: int) -> int:
    """Periods that the work left needs at one point."""
    return math.ceil(job.w / job.q[point] - DONE)


def prices(p: Problem) -> Prices:
    """The default prices of a problem."""
    shortfall = 2.0 * dearest_energy(p, None)
    energy = dearest_energy(p, shortfall)
    undone = []
    highest = 2.0 * energy
    for job in p.jobs:
        energies = [job.power[k] * p.h * periods_needed(job, k) for k in range(len(job.q))]
        move = job.migration[0] if job.migration else 0.0
        default = 2.0 * (4 - job.tier) * (energy * max(energies) + job.startup_cost + job.pause_cost + move) / job.w
        undone.append(default if job.undone_penalty is None else float(job.undone_penalty))
        if not job.hard:
            highest = max(highest, undone[-1] * job.w / min(energies))
    for service in p.services:
        highest = max(highest, service.shed_penalty / max(1e-3, min(service.wh)))
    return Prices(energy, undone, 2.0 * highest, 2.0 * energy, shortfall)


def dearest_energy(p: Problem, shortfall: float | None) -> float:
    """`M`; shortfalls count where their default price is given."""
    carbon_price = sum(cap.price for cap in p.caps if cap.price is not None)
    energy = 1.0
    for r, region in enumerate(p.regions):
        for t in range(p.periods):
            e = (
                abs(region.import_price[t])
                + region.network_charge[t]
                + abs(region.congestion[t])
                + abs(region.export_price[t])
                + region.demand_charge / p.h
                + region.carbon[t] * carbon_price
            )
            if shortfall is not None:
                here = [s for s in p.sold if s.region == r and t in s.periods]
                e += max((shortfall if s.penalty is None else s.penalty for s in here), default=0.0)
            energy = max(energy, region.pue_slope[t] * e)
    return energy


# ---- job rules -------------------------------------------------------------------------------------------------------


def usable(p: Problem, job: Job, t: int, r: int) -> list[int]:
    """The points at which a job may work in a period and region."""
    region = p.regions[r]
    if not job.earliest_period <= t < job.last_period or r not in job.regions or region.it_capacity[t] <= 0.0:
        return []
    if job.run_when is not None:
        condition, bound = job.run_when
        if condition == "carbon_below_g_per_kwh":
            holds = region.carbon[t] < bound
        else:
            holds = region.renewable_share is not None and region.renewable_share[t] >= bound
        if not holds:
            return []
    return [k for k in range(len(job.q)) if job.power[k] <= region.it_capacity[t]]


@dataclass(frozen=True)
class Partial:
    """A schedule up to its last working period `last` in region `at`; the current run began in `since`."""

    last: int
    at: int
    since: int
    worked: float
    pauses: int
    moves: int
    cost: float
    steps: tuple[tuple[int, int, int, float], ...]


def schedules(p: Problem, job: Job) -> list[Schedule]:
    """Every schedule that the rules allow."""
    options = [[usable(p, job, t, r) for r in range(len(p.regions))] for t in range(p.periods)]
    state = job.state
    running = state is not None and state.point is not None
    must_run_on = not job.preemptible or (state is not None and not state.can_stop)
    must_work_first = running and state is not None and not state.can_stop
    found: list[Schedule] = []

    def step(base: Partial, t: int, r: int, k: int, pause: bool, move: bool, since: int, cost: float) -> Partial:
        extra = job.pause_energy / p.h if pause else 0.0
        cost += job.pause_cost if pause else 0.0
        if move and job.migration is not None:
            extra += job.migration[2] / p.h
            cost += job.migration[0]
        return Partial(
            t,
            r,
            since,
            base.worked + job.q[k],
            base.pauses + pause,
            base.moves + move,
            base.cost + cost,
            base.steps + ((t, r, k, job.power[k] + extra),),
        )

    def first_steps() -> Iterator[Partial]:
        origin = Partial(-1, -1, 0, 0.0, 0, 0, 0.0, ())
        for t in range(p.periods):
            for r, points in enumerate(options[t]):
                for k in points:
                    if state is None:
                        yield step(origin, t, r, k, False, False, t, job.startup_cost)
                    elif r == state.region or job.migration is not None:
                        yield step(origin, t, r, k, True, r != state.region, t, 0.0)

    def next_steps(at: Partial) -> Iterator[Partial]:
        for t in range(at.last + 1, p.periods):
            gap = t - at.last - 1
            if must_work_first and at.last < 0 and t > 0:
                return
            for r, points in enumerate(options[t]):
                move = r != at.at
                if move and (job.migration is None or gap < job.migration[1]):
                    continue
                pause = gap > (job.migration[1] if move and job.migration else 0)
                if pause and (must_run_on or at.last - at.since + 1 < job.min_run):
                    continue
                for k in points:
                    yield step(at, t, r, k, pause, move, t if pause else at.since, 0.0)

    def may_end(at: Partial) -> bool:
        """Whether the job may stop for good here with work left."""
        if job.hard or at.last - at.since + 1 < job.min_run:
            return False
        if must_work_first and at.last < 0:
            return False
        return not must_run_on or at.last == job.last_period - 1

    def within_pauses(at: Partial) -> bool:
        before = state.pauses if state is not None else 0
        return job.max_pauses is None or before + at.pauses <= job.max_pauses

    def keep(at: Partial) -> None:
        found.append(finish(p, job, at))
        if len(found) > MAX_SCHEDULES:
            raise TooBig(job.id)

    def walk(at: Partial) -> None:
        if at.worked >= job.w - DONE:
            keep(at)
            return
        if may_end(at):
            keep(at)
        for longer in next_steps(at):
            if within_pauses(longer):
                walk(longer)

    if running and state is not None:
        walk(Partial(-1, state.region, -state.before, 0.0, 0, 0, 0.0, ()))
    else:
        if job.w <= DONE or not job.hard:
            keep(Partial(-1, -1, 0, 0.0, 0, 0, 0.0, ()))
        if job.w > DONE:
            for start in first_steps():
                if within_pauses(start):
                    walk(start)
    return found


def finish(p: Problem, job: Job, at: Partial) -> Schedule:
    """The schedule that ends here, with its inferences full in every working period but the last."""
    steps: list[Step | None] = [None] * p.periods
    power: dict[tuple[int, int], float] = {}
    inferences: dict[tuple[int, int], float] = {}
    left = min(job.w, at.worked)
    for t, r, k, mw in at.steps:
        steps[t] = (r, k)
        power[t, r] = mw
        if job.counts_inferences:
            inferences[t, r] = min(left, job.q[k]) * job.work
        left -= min(left, job.q[k])
    return Schedule(tuple(steps), power, inferences, at.cost, at.worked, at.pauses, at.moves)


def fits_alone(p: Problem, job: Job, one: Schedule) -> bool:
    """Whether a schedule keeps the IT capacity when no other job runs, energy of pauses and moves included."""
    return all(mw <= p.regions[r].it_capacity[t] + DONE for (t, r), mw in one.power.items())


# ---- the MILP --------------------------------------------------------------------------------------------------------

Terms = dict[int, float]


@dataclass
class Model:
    """The MILP, with the columns by which the answer is read."""

    p: Problem
    lp: Linear = field(default_factory=Linear)
    money: dict[int, float] = field(default_factory=dict)
    penalty: dict[str, Terms] = field(default_factory=lambda: defaultdict(dict))
    promises: dict[tuple[str, str], Terms] = field(default_factory=lambda: defaultdict(dict))
    strict_excess: list[int] = field(default_factory=list)
    market: list[int] = field(default_factory=list)
    choice: list[dict[int, Schedule]] = field(default_factory=list)
    imports: dict[tuple[int, int], int] = field(default_factory=dict)
    it: dict[tuple[int, int], Terms] = field(default_factory=lambda: defaultdict(dict))
    done: dict[tuple[int, int], Terms] = field(default_factory=lambda: defaultdict(dict))

    def pay(self, column: int, gbp: float) -> None:
        """Adds to the money that a unit of a column costs."""
        self.lp.cost[column] += gbp
        self.money[column] = self.money.get(column, 0.0) + gbp

    def fine(self, kind: str, thing: str, column: int, gbp: float) -> None:
        """Adds to the penalty that a unit of a column costs."""
        self.lp.cost[column] += gbp
        self.penalty[kind][column] = self.penalty[kind].get(column, 0.0) + gbp
        promise = "overload" if kind in ("it_overload", "import_overload") else kind
        if promise in (*KINDS, "end_soc"):
            key = (promise, thing if promise == kind else f"{kind} {thing}")
            self.promises[key][column] = self.promises[key].get(column, 0.0) + gbp


def add(into: Terms, column: int, value: float) -> None:
    """Adds a term to a sum."""
    into[column] = into.get(column, 0.0) + value


def build(p: Problem) -> Model:
    """The MILP of a problem; strict caps have an excess that costs nothing yet."""
    m = Model(p)
    price = prices(p)
    free_inferences = any(cap.metric == "g_per_inference" for cap in p.caps)
    for j, job in enumerate(p.jobs):
        if job.divisible:
            divisible_job(m, job, price.undone[j])
        else:
            scheduled_job(m, job, price.undone[j], free_inferences)
    for service in p.services:
        routed_service(m, service)
    flows: dict[tuple[int, int], Terms] = defaultdict(dict)
    for battery in range(len(p.batteries)):
        stored_energy(m, battery, flows, price.end_soc)
    for r in range(len(p.regions)):
        site(m, r, flows, price.overload)
    for target in p.targets:
        power_target(m, target)
    for cap in p.caps:
        carbon_cap(m, cap)
    for guard in p.guards:
        baseline_guard(m, guard, price.end_soc)
    for r, periods in sorted({(s.region, s.periods) for s in p.sold}):
        meter(m, r, [s for s in p.sold if (s.region, s.periods) == (r, periods)], price.shortfall)
    return m


def scheduled_job(m: Model, job: Job, undone_penalty: float, free_inferences: bool) -> None:
    """One integer column for each schedule: how many of the copies run so."""
    options = [one for one in schedules(m.p, job) if job.w - one.done <= job.undone_max + DONE]
    if not options:
        raise NoSchedule(job.id)
    columns: dict[int, Schedule] = {}
    for one in options:
        column = m.lp.column(upper=job.count, integer=True)
        columns[column] = one
        m.pay(column, one.cost)
        if not job.hard:
            m.fine("undone", job.id, column, max(0.0, job.w - one.done) * undone_penalty)
        for (t, r), mw in one.power.items():
            add(m.it[t, r], column, mw)
        if not job.counts_inferences:
            continue
        if not free_inferences:
            for (t, r), number in one.inferences.items():
                add(m.done[t, r], column, number)
            continue
        total = {column: -min(job.w, one.done) * job.work / 1e6}
        for t, where in enumerate(one.steps):
            if where is not None:
                some = m.lp.column()
                m.lp.row({some: 1.0, column: -job.q[where[1]] * job.work / 1e6}, upper=0.0)
                total[some] = 1.0
                add(m.done[t, where[0]], some, 1e6)
        m.lp.row(total, 0.0, 0.0)
    m.lp.row({column: 1.0 for column in columns}, job.count, job.count)
    m.choice.append(columns)


def divisible_job(m: Model, job: Job, undone_penalty: float) -> None:
    """Shares of all copies together: the copies are alike and shares are convex."""
    m.choice.append({})
    total: Terms = {}
    for t in range(m.p.periods):
        for r in range(len(m.p.regions)):
            shares: Terms = {}
            for k in usable(m.p, job, t, r):
                share = m.lp.column(upper=job.count)
                shares[share] = 1.0
                total[share] = job.q[k]
                add(m.it[t, r], share, job.power[k])
                if job.counts_inferences:
                    add(m.done[t, r], share, job.q[k] * job.work)
            if shares:
                m.lp.row(shares, upper=job.count)
    if not job.hard:
        undone = m.lp.column()
        total[undone] = 1.0
        if job.undone_max < math.inf:
            m.lp.upper[undone] = job.undone_max * job.count
        m.fine("undone", job.id, undone, undone_penalty)
    elif not total:
        raise NoSchedule(job.id)
    m.lp.row(total, job.w * job.count, job.w * job.count)


def routed_service(m: Model, service: Service) -> None:
    """Columns are millions of inferences."""
    for t, demand in enumerate(service.demand):
        shed = m.lp.column()
        m.fine("shed", service.id, shed, service.shed_penalty)
        all_of_it = {shed: 1.0}
        for r, k in service.routes:
            routed = m.lp.column()
            all_of_it[routed] = 1.0
            m.pay(routed, service.routing_cost[r])
            add(m.it[t, r], routed, service.wh[k] / m.p.h)
            add(m.done[t, r], routed, 1e6)
        m.lp.row(all_of_it, demand / 1e6, demand / 1e6)


def stored_energy(m: Model, number: int, flows: dict[tuple[int, int], Terms], end_soc_price: float) -> None:
    """Charge, discharge and stored energy of one battery; `flows` gets what it adds to the balance."""
    b, h = m.p.batteries[number], m.p.h
    before: int | None = None
    for t in range(m.p.periods):
        charge, discharge = m.lp.column(upper=b.power), m.lp.column(upper=b.power)
        charging = m.lp.column(upper=1.0, integer=True)
        m.lp.row({charge: 1.0, charging: -b.power}, upper=0.0)
        m.lp.row({discharge: 1.0, charging: b.power}, upper=b.power)
        m.pay(charge, h * b.wear)
        m.pay(discharge, h * b.wear)
        soc = m.lp.column(lower=min(b.soc_min, b.soc), upper=b.energy)
        change = {soc: 1.0, charge: -h * b.charge_efficiency, discharge: h / b.discharge_efficiency}
        start = b.soc
        if before is not None:
            change[before] = -1.0
            start = 0.0
        m.lp.row(change, start, start)
        add(flows[t, b.region], discharge, 1.0)
        add(flows[t, b.region], charge, -1.0)
        before = soc
    if b.end_soc_min is not None and before is not None:
        shortfall = m.lp.column()
        m.fine("end_soc", b.id, shortfall, end_soc_price)
        m.lp.row({before: 1.0, shortfall: 1.0}, lower=b.end_soc_min)


def site(m: Model, r: int, flows: dict[tuple[int, int], Terms], overload_price: float) -> None:
    """Capacity, balance, limits and cost of energy at one region."""
    region, h = m.p.regions[r], m.p.h
    most_charge = sum(b.power for b in m.p.batteries if b.region == r)
    peak = m.lp.column()
    m.pay(peak, region.demand_charge)
    for t in range(m.p.periods):
        it = m.it[t, r]
        most_it = sum(max(job.power) + job.pause_energy / h for job in m.p.jobs for _ in range(job.count))
        most_it += sum((job.migration[2] if job.migration else 0.0) / h * job.count for job in m.p.jobs)
        most_it += sum(service.demand[t] / 1e6 * max(service.wh) / h for service in m.p.services)
        most_import = region.overhead[t] + region.pue_slope[t] * most_it + most_charge + 1.0

        overload = m.lp.column()
        m.fine("it_overload", region.id, overload, h * overload_price)
        m.lp.row({**it, overload: -1.0}, upper=region.it_capacity[t])

        bought, sold = m.lp.column(), m.lp.column(upper=region.export_limit[t])
        m.imports[t, r] = bought
        solar = m.lp.column(upper=region.solar[t])
        m.pay(bought, h * (region.import_price[t] + region.network_charge[t] + region.congestion[t]))
        m.pay(sold, -h * region.export_price[t])
        balance = {bought: 1.0, sold: -1.0, solar: 1.0, **flows[t, r]}
        for column, mw in it.items():
            balance[column] = balance.get(column, 0.0) - region.pue_slope[t] * mw
        m.lp.row(balance, region.overhead[t], region.overhead[t])

        too_much = m.lp.column()
        m.fine("import_overload", region.id, too_much, h * overload_price)
        limit = min(region.import_limit[t] + region.nonfirm[t], region.congestion_limit[t])
        m.lp.row({bought: 1.0, too_much: -1.0}, upper=limit)

        importing = m.lp.column(upper=1.0, integer=True)
        m.lp.row({bought: 1.0, importing: -most_import}, upper=0.0)
        m.lp.row({sold: 1.0, importing: region.export_limit[t]}, upper=region.export_limit[t])
        m.lp.row({peak: 1.0, bought: -1.0}, lower=0.0)


def meter(m: Model, r: int, sold: list[Sold], default: float) -> None:
    """What is sold of one region in one settlement period: all of it is one delivery below the lowest baseline."""
    prices_of = [default if s.penalty is None else s.penalty for s in sold]
    dearest = max(range(len(sold)), key=lambda i: (prices_of[i], i))
    room = min(s.baseline_mwh for s in sold) - max(s.imported_mwh for s in sold)
    terms: Terms = {}
    for i, (s, gbp) in enumerate(zip(sold, prices_of)):
        missing = m.lp.column(upper=math.inf if i == dearest else s.due_mwh)
        m.fine("shortfall", s.id, missing, gbp)
        m.market.append(missing)
        terms[missing] = 1.0
        done_deal = m.lp.column(lower=1.0, upper=1.0)
        m.pay(done_deal, -s.price * s.committed_mwh)
    half = max(s.ramp_h for s in sold) / 2.0
    for t in sold[0].periods:
        add(terms, m.imports[t, r], -m.p.h)
        if t > 0 and half > 0.0:
            lost = m.lp.column()
            m.lp.row({lost: 1.0, m.imports[t - 1, r]: -half, m.imports[t, r]: half}, lower=0.0)
            add(terms, lost, -1.0)
    m.lp.row(terms, lower=sum(s.due_mwh for s in sold) - room)


def baseline_guard(m: Model, guard: Guard, price: float) -> None:
    """Import in a window before an event, above what it would be without the event."""
    excess = m.lp.column()
    m.fine("baseline_guard", guard.id, excess, price)
    m.market.append(excess)
    terms = {m.imports[t, guard.region]: m.p.h for t in guard.periods}
    m.lp.row({**terms, excess: -1.0}, upper=guard.most_mwh)


def power_target(m: Model, target: Target) -> None:
    """A limit on the import of each period, and on its change next to a period with a target."""

    def limit(terms: Terms, most: float) -> None:
        if target.price is None:
            m.lp.row(terms, upper=most)
            return
        excess = m.lp.column()
        m.fine("target", "", excess, m.p.h * target.price)
        m.lp.row({**terms, excess: -1.0}, upper=most)

    for t in range(m.p.periods):
        here = m.imports[t, target.region]
        most = target.most[t]
        if most is not None:
            limit({here: 1.0}, most)
        if t == 0 or target.rise == math.inf or (target.power[t] is None and target.power[t - 1] is None):
            continue
        before = m.imports[t - 1, target.region]
        # Both directions share one excess: only one of them can be exceeded.
        if target.price is None:
            limit({before: 1.0, here: -1.0}, target.fall)
            limit({here: 1.0, before: -1.0}, target.rise)
        else:
            excess = m.lp.column()
            m.fine("target", "", excess, m.p.h * target.price)
            m.lp.row({before: 1.0, here: -1.0, excess: -1.0}, upper=target.fall)
            m.lp.row({here: 1.0, before: -1.0, excess: -1.0}, upper=target.rise)


def carbon_cap(m: Model, cap: Cap) -> None:
    """One row and one excess for each window."""
    h = m.p.h
    for first, end in cap.windows:
        excess = m.lp.column()
        if cap.price is None:
            m.strict_excess.append(excess)
        else:
            m.fine("carbon_cap", cap.id, excess, cap.price)
        terms: Terms = {excess: -1.0}
        allowed = cap.limit if cap.metric == "kg" else 0.0
        for t in range(first, end):
            for r in cap.regions:
                region = m.p.regions[r]
                add(terms, m.imports[t, r], h * region.carbon[t])
                if cap.metric == "g_per_kwh":
                    allowed += cap.limit * h * region.overhead[t]
                    for column, mw in m.it[t, r].items():
                        add(terms, column, -cap.limit * h * region.pue_slope[t] * mw)
                elif cap.metric == "g_per_inference":
                    for column, number in m.done[t, r].items():
                        add(terms, column, -cap.limit / 1000.0 * number)
        m.lp.row(terms, upper=allowed)


# ---- solving ---------------------------------------------------------------------------------------------------------


def value(terms: Terms, x: list[float]) -> float:
    """A sum of terms at a solution."""
    return sum(v * x[column] for column, v in terms.items())


def judge(doc: Document, reading: str = "kinds") -> Judgement:
    """The optimum of a problem document.

    `reading` says which amounts of broken promises a strict cap may not raise: the penalties of each kind ("kinds"),
    of all kinds together ("total"), of each job, service and region ("objects"), those of each kind to be kept
    equal ("equal"), or those of each kind with the end_soc shortfall as one more kind ("end_soc").
    """
    p = read(doc)
    m = build(p)
    if not m.strict_excess and not m.market:
        return answer(m, m.lp.minimise(), False)
    amounts = promised_amounts(m, reading)
    owed = [m.lp.cost[column] for column in m.market]
    for column in m.market:
        m.lp.cost[column] = 0.0
    without = m.lp.minimise()
    unclear = not settled(m, without, amounts)
    for column, gbp in zip(m.market, owed):
        m.lp.cost[column] = gbp
    for column in m.strict_excess:
        m.lp.upper[column] = 0.0
    try:
        kept = m.lp.minimise()
        unclear = unclear or not settled(m, kept, amounts)
        if all(value(terms, kept) <= value(terms, without) + small(value(terms, without)) for terms in amounts):
            return answer(m, kept, False, unclear)
    except Infeasible:
        pass
    for column in m.strict_excess:
        m.lp.upper[column] = math.inf
    for terms in amounts:
        largest = max([*terms.values(), 1e-9])
        amount = value(terms, without) / largest
        lower = amount - 1e-9 * max(1.0, amount) if reading == "equal" else -math.inf
        m.lp.row({c: v / largest for c, v in terms.items()}, lower, amount + 1e-9 * max(1.0, amount))
    if not m.strict_excess:
        return answer(m, m.lp.minimise(), True, unclear)
    excess = {column: 1.0 for column in m.strict_excess}
    least = value(excess, m.lp.minimise([excess.get(column, 0.0) for column in range(len(m.lp.cost))]))
    m.lp.row(excess, upper=least + EXCESS_ROOM_KG)
    return replace(answer(m, m.lp.minimise(), True, unclear), strict_excess_kg=least)


def settled(m: Model, x: list[float], amounts: list[Terms]) -> bool:
    """Whether every plan of the same cost breaks promises by the same amounts."""
    cost = {column: gbp for column, gbp in enumerate(m.lp.cost) if gbp != 0.0}
    least = value(cost, x)
    if not cost:
        return True
    slack = 1e-6 * max(1.0, abs(least))
    largest = max(abs(gbp) for gbp in cost.values())
    m.lp.row({column: gbp / largest for column, gbp in cost.items()}, upper=(least + slack) / largest + 1e-8)
    try:
        for terms in amounts:
            ends = []
            for sign in (1.0, -1.0):
                ends.append(value(terms, m.lp.minimise([sign * terms.get(c, 0.0) for c in range(len(m.lp.cost))])))
            if ends[1] - ends[0] > 100.0 * (slack + 1e-8 * largest) + 1e-3:
                return False
        return True
    except Infeasible:
        return False
    finally:
        m.lp.rows.pop()


def small(amount: float) -> float:
    """A difference in penalties that is rounding."""
    return 1e-6 * max(1.0, abs(amount))


def promised_amounts(m: Model, reading: str) -> list[Terms]:
    """The sums that a strict cap may not raise."""
    kinds = (*KINDS, "end_soc") if reading == "end_soc" else KINDS
    promises = {key: terms for key, terms in m.promises.items() if key[0] in kinds}
    if reading == "objects":
        return list(promises.values())
    sums: dict[str, Terms] = defaultdict(dict)
    for (kind, _), terms in promises.items():
        for column, gbp in terms.items():
            add(sums["all" if reading == "total" else kind], column, gbp)
    return list(sums.values())


def answer(m: Model, x: list[float], fallback: bool, unclear: bool = False) -> Judgement:
    """The judgement that a solution stands for."""
    p = m.p
    penalties = {kind: value(terms, x) for kind, terms in m.penalty.items()}
    money = value(m.money, x)
    chosen: dict[str, list[Schedule]] = {}
    for job, columns in zip(p.jobs, m.choice):
        chosen[job.id] = [one for column, one in columns.items() for _ in range(round(x[column]))]
    it = {key: value(terms, x) for key, terms in m.it.items()}
    carbon = facility = 0.0
    for (t, r), column in m.imports.items():
        carbon += p.h * x[column] * p.regions[r].carbon[t]
        facility += p.h * (p.regions[r].overhead[t] + p.regions[r].pue_slope[t] * it.get((t, r), 0.0))
    return Judgement(
        objective_gbp=money + sum(penalties.values()),
        money_gbp=money,
        penalties_gbp=penalties,
        strict_excess_kg=sum(x[column] for column in m.strict_excess),
        strict_fallback=fallback,
        unclear=unclear,
        carbon_kg=carbon,
        facility_mwh=facility,
        inferences=sum(value(terms, x) for terms in m.done.values()),
        schedules=chosen,
        import_mw=[[x[m.imports[t, r]] for t in range(p.periods)] for r in range(len(p.regions))],
        slacks={f"{kind} {thing}": value(terms, x) for (kind, thing), terms in m.promises.items()},
    )
