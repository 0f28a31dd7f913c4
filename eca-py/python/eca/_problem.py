"""A problem: what is to be planned."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from . import _eca
from ._errors import EcaDocumentError, EcaTimeError, bad_value
from ._explain import Conflict, LowestCarbon
from ._flex import Commitment, Offers, Opportunity, PeriodLike, ladder, request_of
from ._keywords import checked
from ._parts import (
    Battery,
    CarbonCap,
    Horizon,
    Job,
    Part,
    PowerTarget,
    Region,
    Service,
    from_document,
    integer,
    number,
    parts_of,
)
from ._plan import Plan
from ._progress import Progress, ProgressLike, watcher


@dataclass(frozen=True)
class Warning:
    """A value that is allowed but looks wrong, such as kW where MW is meant."""

    object: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.object} {self.field}: {self.message}"


class Problem:
    """What is to be planned: regions, batteries, jobs, services and carbon caps over a horizon.

    ``signals`` is an :class:`eca.Signals` or a tidy pandas or polars frame with prices and carbon of the regions
    (``start``, ``region``, then columns such as ``import_price_gbp_per_mwh``); values that a :class:`Region` has of
    its own stay. Without ``horizon`` the span of the signals is planned.

    >>> import eca
    >>> problem = eca.Problem(
    ...     horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4),
    ...     regions=[eca.Region("london", it_capacity_mw=12, import_limit_mw=15,
    ...                         import_price_gbp_per_mwh=[142.0, 96.5, 61.2, 88.0],
    ...                         carbon_g_per_kwh=[231, 187, 98, 120])],
    ...     jobs=[eca.Job("embed", inferences=5e6,
    ...                   points=[eca.JobPoint(power_mw=5, inferences_per_h=10e6)])])
    >>> problem
    <eca.Problem 4 x 30 min from 2026-03-02T00:00:00Z: 1 region, 1 job>
    """

    _core: _eca.Problem
    _document: dict[str, Any] | None

    @checked("eca.Problem")
    def __init__(
        self,
        signals: Any = None,
        *,
        horizon: Horizon | None = None,
        regions: Iterable[Region],
        batteries: Iterable[Battery] = (),
        jobs: Iterable[Job] = (),
        services: Iterable[Service] = (),
        carbon_caps: Iterable[CarbonCap] = (),
        opportunities: Iterable[Opportunity] = (),
        commitments: Iterable[Commitment] = (),
        targets: Iterable[PowerTarget] = (),
    ) -> None:
        if horizon is not None and not isinstance(horizon, Horizon):
            raise bad_value("problem", "horizon", type(horizon).__name__, "must be an eca.Horizon")
        sites = parts_of("problem", "regions", regions, Region)
        parts: dict[str, tuple[Part, ...]] = {
            "batteries": parts_of("problem", "batteries", batteries, Battery),
            "jobs": parts_of("problem", "jobs", jobs, Job),
            "services": parts_of("problem", "services", services, Service),
            "carbon_caps": parts_of("problem", "carbon_caps", carbon_caps, CarbonCap),
            "opportunities": parts_of("problem", "opportunities", opportunities, Opportunity),
            "commitments": parts_of("problem", "commitments", commitments, Commitment),
            "targets": parts_of("problem", "targets", targets, PowerTarget),
        }
        places = [site.to_dict() for site in sites]
        if signals is not None:
            from .signals import fill_regions

            horizon = fill_regions(places, signals, horizon)
        if horizon is None:
            reason = "is missing; give horizon=eca.Horizon(start=..., step_min=30, periods=48), or signals"
            raise EcaTimeError(f"horizon of the problem {reason}", field="horizon", text="", reason=reason)
        for place in places:
            for name in ("import_price_gbp_per_mwh", "carbon_g_per_kwh"):
                if name not in place:
                    limit = "must be given, in eca.Region(...) or by signals"
                    raise bad_value(f"region `{place['id']}`", name, None, limit)
        document = {
            "format": "eca-problem/1",
            "horizon": horizon.to_dict(),
            "regions": places,
            **{name: [part.to_dict() for part in group] for name, group in parts.items()},
        }
        self._set(_eca.Problem.from_json(json.dumps(document, allow_nan=False)))

    def _set(self, core: _eca.Problem) -> None:
        object.__setattr__(self, "_core", core)
        object.__setattr__(self, "_document", None)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"eca.Problem cannot be changed: {name}; make a new problem instead")

    # ---- documents --------------------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, text: str) -> Problem:
        """Reads and validates a problem document."""
        made = cls.__new__(cls)
        made._set(_eca.Problem.from_json(text))
        return made

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Problem:
        """Validates a document that is a dict already. numpy values and aware datetimes in it are taken too."""
        return cls.from_json(json.dumps(_clean(document, ""), allow_nan=False))

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Problem:
        """Reads a problem document from a file."""
        return cls.from_json(read_text(path))

    @classmethod
    @checked("eca.Problem.from_frame")
    def from_frame(
        cls,
        frame: Any,
        *,
        regions: Iterable[Region],
        horizon: Horizon | None = None,
        batteries: Iterable[Battery] = (),
        jobs: Iterable[Job] = (),
        services: Iterable[Service] = (),
        carbon_caps: Iterable[CarbonCap] = (),
        opportunities: Iterable[Opportunity] = (),
        commitments: Iterable[Commitment] = (),
        targets: Iterable[PowerTarget] = (),
    ) -> Problem:
        """A problem whose prices and carbon come from a tidy, time-zone-aware pandas or polars frame.

        The same as ``Problem(frame, ...)``.
        """
        return cls(
            frame,
            horizon=horizon,
            regions=regions,
            batteries=batteries,
            jobs=jobs,
            services=services,
            carbon_caps=carbon_caps,
            opportunities=opportunities,
            commitments=commitments,
            targets=targets,
        )

    def to_json(self) -> str:
        """The document as one line of JSON."""
        return self._core.to_json()

    def to_dict(self) -> dict[str, Any]:
        """The document as a dict of its own."""
        document: dict[str, Any] = json.loads(self.to_json())
        return document

    def write(self, path: str | PathLike[str]) -> None:
        """Writes the document to a file."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    # ---- what it holds ----------------------------------------------------------------------------------------------

    def _part(self, name: str) -> Any:
        if self._document is None:
            object.__setattr__(self, "_document", self.to_dict())
        return (self._document or {})[name]

    @property
    def hash(self) -> str:
        """SHA-256 of the RFC 8785 bytes of the document: names the problem in plans."""
        return self._core.hash()

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """Values that are allowed but look wrong, such as kW where MW is meant."""
        return tuple(Warning(**each) for each in json.loads(self._core.warnings()))

    def conflict(self) -> Conflict | None:
        """Which limits cannot be kept together, and what would mend it; None where a plan that keeps them all was found."""
        found = self._core.conflict()
        return None if found is None else Conflict(json.loads(found), self)

    @property
    def horizon(self) -> Horizon:
        """The planned span."""
        return from_document(Horizon, self._part("horizon"))

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions."""
        return tuple(from_document(Region, each) for each in self._part("regions"))

    @property
    def batteries(self) -> tuple[Battery, ...]:
        """The batteries."""
        return tuple(from_document(Battery, each) for each in self._part("batteries"))

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The batch jobs."""
        return tuple(from_document(Job, each) for each in self._part("jobs"))

    @property
    def services(self) -> tuple[Service, ...]:
        """The online services."""
        return tuple(from_document(Service, each) for each in self._part("services"))

    @property
    def carbon_caps(self) -> tuple[CarbonCap, ...]:
        """The carbon caps."""
        return tuple(from_document(CarbonCap, each) for each in self._part("carbon_caps"))

    @property
    def targets(self) -> tuple[PowerTarget, ...]:
        """The power targets."""
        return tuple(from_document(PowerTarget, each) for each in self._part("targets"))

    @property
    def opportunities(self) -> tuple[Opportunity, ...]:
        """What may be sold."""
        return tuple(from_document(Opportunity, each) for each in self._part("opportunities"))

    def add_opportunity(self, opportunity: Opportunity) -> Problem:
        """The same problem with one opportunity more; this one stays as it is.

        ``plan.opportunities`` says what was taken, and :meth:`accept` makes commitments of it.
        """
        if not isinstance(opportunity, Opportunity):
            raise bad_value("problem", "opportunity", type(opportunity).__name__, "must be an eca.Opportunity")
        document = self.to_dict()
        document.setdefault("opportunities", []).append(opportunity.to_dict())
        return Problem.from_json(json.dumps(document, allow_nan=False))

    def add_commitment(self, commitment: Commitment) -> Problem:
        """The same problem with one commitment more, such as a rung that was sold; this one stays as it is."""
        if not isinstance(commitment, Commitment):
            raise bad_value("problem", "commitment", type(commitment).__name__, "must be an eca.Commitment")
        document = self.to_dict()
        document.setdefault("commitments", []).append(commitment.to_dict())
        return Problem.from_json(json.dumps(document, allow_nan=False))

    def accept(self, plan: Plan) -> Problem:
        """The problem after what ``plan`` takes of the opportunities is sold: commitments, and nothing more on offer."""
        made = Problem.__new__(Problem)
        made._set(self._core.accept(plan._core))
        return made

    @property
    def commitments(self) -> tuple[Commitment, ...]:
        """What is sold."""
        return tuple(from_document(Commitment, each) for each in self._part("commitments"))

    # ---- solving ----------------------------------------------------------------------------------------------------

    @checked("eca.Problem.solve")
    def solve(
        self,
        *,
        time_limit_s: float | None = None,
        gap: float = 1e-4,
        engine: str = "auto",
        solver: str = "auto",
        node_limit: int | None = None,
        seed: int = 0,
        progress: ProgressLike = None,
        references: bool = True,
    ) -> Plan:
        """Plans the problem. The plan has passed its check. Ctrl-C stops it; other Python threads go on meanwhile.

        ``engine`` is one of :data:`eca.ENGINES`, ``solver`` one of :data:`eca.SOLVERS`; ``auto`` picks by the size of
        the problem, and the plan says what and why (``plan.engine``, ``plan.engine_reason``).
        ``gap`` is the proof asked for, ``(objective - bound) / max(1, |objective|)``. With ``time_limit_s`` or
        ``node_limit`` the best plan so far comes back, and its ``outcome`` is ``limit``. ``progress=True`` shows a
        bar, in a notebook or on stderr; a function gets a :class:`Progress` some times a second and stops the solve by returning
        False. ``references=False`` leaves out the comparison with simple policies.

        Raises :class:`EcaInfeasibleError` naming the limits in conflict, :class:`EcaSolverError`, or
        :class:`EcaCancelled` if it was stopped before there was a plan.
        """
        gap, time_limit_s = _proof("solve", gap, time_limit_s)
        if node_limit is not None and not 0 < integer("solve", "node_limit", node_limit) < 2**31:
            raise bad_value("solve", "node_limit", node_limit, "must be 1 to 2147483647")
        if not 0 <= integer("solve", "seed", seed) < 2**31:
            raise bad_value("solve", "seed", seed, "must be 0 to 2147483647")
        watch, finish = watcher(progress, gap, time_limit_s)
        try:
            core, report = self._core.solve(
                engine=engine,
                solver=solver,
                gap=gap,
                time_limit_s=time_limit_s,
                node_limit=None if node_limit is None else int(node_limit),
                seed=int(seed),
                references=bool(references),
                progress=watch,
            )
        finally:
            finish()
        return Plan._of(core, self, json.loads(report))

    @checked("eca.Problem.lowest_carbon")
    def lowest_carbon(
        self,
        *,
        time_limit_s: float | None = None,
        gap: float = 1e-4,
        engine: str = "auto",
        solver: str = "auto",
        progress: ProgressLike = None,
    ) -> LowestCarbon:
        """The least carbon with which every promise can be kept, whatever it costs: how low a carbon cap can be set.

        Carbon caps do not count; all other limits, power targets and commitments hold. Arguments as in :meth:`solve`.
        """
        gap, time_limit_s = _proof("lowest_carbon", gap, time_limit_s)
        watch, finish = watcher(progress, gap, time_limit_s)
        try:
            found = self._core.lowest_carbon(
                engine=engine, solver=solver, gap=gap, time_limit_s=time_limit_s, progress=watch
            )
        finally:
            finish()
        return LowestCarbon(**json.loads(found))

    @checked("eca.Problem.offers")
    def offers(
        self,
        *,
        region: str,
        route: str,
        settlement_periods: Iterable[PeriodLike],
        mw: float | Iterable[float],
        lengths: Iterable[int] | None = None,
        baseline_mw: Any = None,
        min_mw: float = 0.0,
        notice_s: float = 0.0,
        ramp_min: float = 0.0,
        guard_settlement_periods: int = 0,
        event_days_left: int | None = None,
        margin_gbp_per_mwh: float = 0.0,
        compensation_gbp_per_mwh: float = 0.0,
        shortfall_gbp_per_mwh: float = 0.0,
        import_error_mw: Any = (),
        least_probability_frac: float = 0.0,
        engine: str = "auto",
        gap: float = 1e-4,
        time_limit_s: float | None = None,
    ) -> Offers:
        """Prices flexibility: a rung for each of ``lengths`` (settlement periods, all by default) and each of ``mw``.

        The price is what planning with and without the offer differ by, with a margin; no promise to a user and no
        commitment of the problem pays for it. Without ``baseline_mw`` an offer counts against the plan without it.
        ``guard_settlement_periods`` (6 for a balancing acceptance under BL01) keeps work out of the window that adjusts the
        baseline; ``event_days_left`` refuses event days that a baseline cannot spare.
        ``import_error_mw`` is how far import may be from its plan, ``{0.1: -0.5, 0.5: 0.0, 0.9: 0.8}`` by quantile.

        >>> import eca
        >>> problem = eca.Problem(
        ...     horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4),
        ...     regions=[eca.Region("london", it_capacity_mw=6, import_limit_mw=8, carbon_g_per_kwh=120,
        ...                         import_price_gbp_per_mwh=[50, 50, 80, 80])],
        ...     jobs=[eca.Job("train", gpu_hours=1, points=[eca.JobPoint(power_mw=5, gpu_hours_per_h=1)])])
        >>> offers = problem.offers(region="london", route="dso_flex", mw=[5, 6],
        ...                         settlement_periods=[("2026-03-02", 1), ("2026-03-02", 2)])
        >>> print(offers)
        5 MW x 2 SP: 30.00 GBP/MWh
        6 MW x 2 SP: not offered: 5.000 MW can be delivered in every period
        """
        request = request_of(
            {
                "region": region,
                "route": route,
                "settlement_periods": settlement_periods,
                "mw": mw,
                "lengths": lengths,
                "baseline_mw": baseline_mw,
                "min_mw": min_mw,
                "notice_s": notice_s,
                "ramp_min": ramp_min,
                "guard_settlement_periods": guard_settlement_periods,
                "event_days_left": event_days_left,
                "margin_gbp_per_mwh": margin_gbp_per_mwh,
                "compensation_gbp_per_mwh": compensation_gbp_per_mwh,
                "shortfall_gbp_per_mwh": shortfall_gbp_per_mwh,
                "import_error_mw": import_error_mw,
                "least_probability_frac": least_probability_frac,
            }
        )
        return ladder(self._core, request, engine, gap, time_limit_s)

    # ---- Python -----------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        return self.hash == other.hash if isinstance(other, Problem) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_json, (self.to_json(),)

    def __repr__(self) -> str:
        horizon = self._part("horizon")
        counts = [
            f"{len(group)} {one if len(group) == 1 else many}"
            for name, one, many in (
                ("regions", "region", "regions"),
                ("batteries", "battery", "batteries"),
                ("jobs", "job", "jobs"),
                ("services", "service", "services"),
                ("carbon_caps", "carbon cap", "carbon caps"),
                ("opportunities", "opportunity", "opportunities"),
                ("commitments", "commitment", "commitments"),
                ("targets", "target", "targets"),
            )
            if (group := self._part(name))
        ]
        span = f"{horizon['periods']} x {horizon['step_min']} min from {horizon['start']}"
        return f"<eca.Problem {span}: {', '.join(counts)}>"


def _proof(verb: str, gap: Any, time_limit_s: Any) -> tuple[float, float | None]:
    """The proof asked for and the time for it, refused by name."""
    gap = number(verb, "gap", gap)
    if gap < 0:
        raise bad_value(verb, "gap", gap, "must be at least 0")
    if time_limit_s is None:
        return gap, None
    seconds = number(verb, "time_limit_s", time_limit_s)
    if seconds <= 0:
        raise bad_value(verb, "time_limit_s", time_limit_s, "must be above 0", "s")
    return gap, seconds


def read_text(path: str | PathLike[str]) -> str:
    """The text of a document; bytes that are no UTF-8 are an error of the document."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8 text: {error.reason} at byte {error.start}"
        raise EcaDocumentError(f"document: {message}", path=".", message=message) from None


def _clean(value: Any, path: str) -> Any:
    """A document of plain JSON values; a value JSON has no form for is refused by its path."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _clean(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
    if hasattr(value, "to_list"):
        value = value.to_list()
    elif hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        if value - value != 0:
            message = f"{value} is not a number; fill gaps first with a gap policy (error, hold, forecast)"
            raise EcaDocumentError(f"document {path}: {message}", path=path, message=message)
        return value
    if isinstance(value, (list, tuple)):
        return [_clean(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Part):
        return value.to_dict()
    if hasattr(value, "isoformat"):
        from ._parts import time

        return time("the document", path, value)
    if isinstance(value, int) or value is None:
        return value
    message = f"{type(value).__name__} has no form in JSON"
    raise EcaDocumentError(f"document {path}: {message}", path=path, message=message)
