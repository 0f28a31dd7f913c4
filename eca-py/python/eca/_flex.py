"""Flexibility: what is sold, what it would cost, and what can be delivered."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

from . import _eca
from ._errors import bad_value
from ._keywords import checked
from ._parts import Part, SeriesLike, _part, integer, number, series

if TYPE_CHECKING:
    from argparse import Namespace

    from ._problem import Problem

#: A settlement period: ``("2026-02-19", 35)``, or a mapping with ``settlement_date`` and ``settlement_period``.
PeriodLike = Any


def period(owner: str, name: str, value: PeriodLike) -> dict[str, Any]:
    """A settlement period as it stands in documents."""
    if isinstance(value, Mapping):
        value = (value.get("settlement_date"), value.get("settlement_period"))
    if isinstance(value, str) or not isinstance(value, Iterable) or len(pair := tuple(value)) != 2:
        raise bad_value(owner, name, repr(value), 'must be settlement periods such as ("2026-02-19", 35)')
    return {"settlement_date": str(pair[0]), "settlement_period": integer(owner, name, pair[1])}


def periods(owner: str, name: str, values: Any) -> list[dict[str, Any]]:
    """Settlement periods as they stand in documents."""
    if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
        raise bad_value(owner, name, repr(values), 'must be settlement periods such as [("2026-02-19", 35)]')
    return [period(owner, name, value) for value in values]


class _OfPeriods(Part):
    """What holds in settlement periods: they are kept as pairs, and named in documents."""

    #: Which fields are settlement periods.
    _period_fields: ClassVar[tuple[str, ...]] = ("settlement_periods",)

    def _read(self, owner: str, name: str, kind: str, value: Any) -> Any:
        if name in self._period_fields:
            return tuple(tuple(each.values()) for each in periods(owner, name, value))
        wanted = _TERMS.get(name)
        if wanted is None:
            return super()._read(owner, name, kind, value)
        if isinstance(value, Mapping):
            value = wanted(**value)
        if not isinstance(value, wanted):
            raise bad_value(owner, name, type(value).__name__, f"must be an eca.{wanted.__name__}")
        return value

    def to_dict(self) -> dict[str, Any]:
        """The object as it stands in the document; what is None is left out."""
        named = {name: periods(self._owner, name, getattr(self, name)) for name in self._period_fields}
        return {**super().to_dict(), **named}


@_part
class Penalty(Part):
    """What a shortfall of a commitment costs."""

    _kind: ClassVar[str] = "penalty"

    #: Price of what is due and missing, GBP/MWh, one or one for each settlement period. None: above any cost of energy.
    price_gbp_per_mwh: SeriesLike | None = None
    #: Part that may be missing without a penalty, 0 to 1.
    tolerance_frac: float = 0.0


@_part
class BaselineGuard(_OfPeriods):
    """A window before an event whose import counts for the baseline: a plan may not raise it because something is sold."""

    _kind: ClassVar[str] = "baseline guard"

    #: The settlement periods of the window, in order.
    settlement_periods: Sequence[PeriodLike]
    #: What the plan without the commitment imports in them, MW: one value, or one for each.
    import_mw: SeriesLike
    #: Part of it that may come on top.
    room_frac: float = 0.0
    #: Power that may come on top, MW.
    room_mw: float = 0.0


@_part
class Rebound(_OfPeriods):
    """Settlement periods after an event in which work comes back, and how much of it may come above the baseline."""

    _kind: ClassVar[str] = "rebound"

    #: The settlement periods after the event, in order.
    settlement_periods: Sequence[PeriodLike]
    #: What would have been imported in them, MW: one value, or one for each.
    baseline_mw: SeriesLike
    #: Most energy above it in all of them together, as a part of what is sold.
    max_frac: float


#: Terms of what is sold or may be, by field: given as such, or as a mapping.
_TERMS: dict[str, type[Part]] = {"penalty": Penalty, "guard": BaselineGuard, "rebound": Rebound}


@_part
class Commitment(_OfPeriods):
    """Energy that is sold: import below a frozen baseline, by settlement period.

    >>> Commitment("event", route="dso_flex", region="london", settlement_periods=[("2026-02-19", 35)],
    ...            committed_mw=5, baseline_mw=12, price_gbp_per_mwh=120,
    ...            penalty=Penalty(price_gbp_per_mwh=180)).committed_mw
    5.0
    """

    _kind: ClassVar[str] = "commitment"

    #: Name of the commitment.
    id: str = field(kw_only=False)
    #: ``wholesale_p415``, ``balancing_mechanism``, ``neso_dfs`` or ``dso_flex``.
    route: str
    #: ``down``: less import; ``up``: more.
    direction: str = "down"
    #: The region whose import is metered.
    region: str
    #: The settlement periods, in order: ``[("2026-02-19", 35), ("2026-02-19", 36)]``.
    settlement_periods: Sequence[PeriodLike]
    #: What is sold, MW; one value, or one for each of the settlement periods.
    committed_mw: SeriesLike
    #: What would have been imported, MW; no plan changes it.
    baseline_mw: SeriesLike
    #: What is paid for it, GBP/MWh.
    price_gbp_per_mwh: SeriesLike = 0.0
    #: ``priced`` (a shortfall costs its penalty) or ``strict`` (what is due comes, or the problem is refused with the reason).
    kind: str = "priced"
    #: What a shortfall costs; a strict commitment has a tolerance alone.
    penalty: Penalty | None = None
    #: Minutes in which a fall of import takes effect, in a straight line.
    ramp_min: float = 0.0
    #: Import before the event that the baseline is adjusted by, and what it may be.
    guard: BaselineGuard | None = None
    #: What may come back after the event: ``settlement_periods``, ``baseline_mw`` and ``max_frac`` of what is sold.
    rebound: Rebound | None = None
    #: A battery at the same region that holds what is sold until it is due.
    reserve: str | None = None
    #: Metered so far in the settlement period in which the horizon starts, MWh.
    imported_mwh: float | None = None
    #: A reference of the buyer, never read.
    obp_id: str | None = None


@_part
class Opportunity(_OfPeriods):
    """What a buyer offers to pay for: a plan takes it where that pays, and delivers in full what it takes.

    >>> Opportunity("evening", route="dso_flex", region="london", settlement_periods=[("2026-02-19", 35)],
    ...             min_mw=0.5, max_mw=5, baseline_mw=12, price_gbp_per_mwh=500).max_mw
    5.0
    """

    _kind: ClassVar[str] = "opportunity"
    _period_fields: ClassVar[tuple[str, ...]] = ("settlement_periods", "called")

    #: Name of the opportunity; no commitment has the same.
    id: str = field(kw_only=False)
    #: ``wholesale_p415``, ``balancing_mechanism``, ``neso_dfs`` or ``dso_flex``.
    route: str
    #: ``down``: less import; ``up``: more.
    direction: str = "down"
    #: The region whose import is metered.
    region: str
    #: The settlement periods that are wanted, in order.
    settlement_periods: Sequence[PeriodLike]
    #: What is paid, GBP/MWh; one value, or one for each of the settlement periods.
    price_gbp_per_mwh: SeriesLike = 0.0
    #: Least power that may be sold, MW.
    min_mw: float = 0.0
    #: Most power that may be sold, MW.
    max_mw: float
    #: Power is sold in steps of so much, MW: a multiple of 0.002.
    step_mw: float = 0.002
    #: Whether each settlement period may be taken or left, at a power of its own; else all at one power, or none.
    divisible: bool = False
    #: What would have been imported, MW; no plan changes it.
    baseline_mw: SeriesLike
    #: Power kept back for what import may be above its plan, MW.
    risk_margin_mw: SeriesLike = 0.0
    #: What a shortfall costs once it is sold.
    penalty: Penalty | None = None
    #: Minutes in which a change of import takes effect, in a straight line.
    ramp_min: float = 0.0
    #: Notice that the site needs, s from the start of the horizon.
    notice_s: float = 0.0
    #: Shortest call of a divisible one, settlement periods.
    min_call_periods: int | None = None
    #: Longest call of a divisible one, settlement periods.
    max_call_periods: int | None = None
    #: Settlement periods of rest after a call of a divisible one.
    recovery_periods: int = 0
    #: Most calls of a divisible one that start in a settlement day.
    max_calls_per_day: int | None = None
    #: Most calls of a divisible one that start in a week from Monday.
    max_calls_per_week: int | None = None
    #: Settlement periods of its contract that are called already, before the horizon or in it: they count as calls.
    called: Sequence[PeriodLike] = ()
    #: Most settlement days that what is taken at the meter may make event days, so that its baseline keeps the days it wants.
    event_days_left: int | None = None
    #: Of all with the same name here, at most one is taken in a settlement period.
    exclusive_group: str | None = None
    #: Import before the event that the baseline is adjusted by, and what it may be.
    guard: BaselineGuard | None = None
    #: What may come back after what is taken: ``settlement_periods``, ``baseline_mw`` and ``max_frac`` of what is sold.
    rebound: Rebound | None = None
    #: Minutes between readings of the meter; nothing is taken where they do not divide a settlement period.
    meter_interval_min: int | None = None
    #: A reference of the buyer, never read.
    obp_id: str | None = None


class Offers(Sequence[Mapping[str, Any]]):
    """A price ladder, the document ``eca-offers/1``: a sequence of rungs, each a mapping.

    ``offers[0]["price_gbp_per_mwh"]`` is None where the rung is not offered; ``refused`` then says why.
    """

    def __init__(self, text: str) -> None:
        self._text = _eca.offers_text(text)
        self._line = text
        self._document: dict[str, Any] = json.loads(text)

    @classmethod
    def from_json(cls, text: str) -> Offers:
        """Reads a ladder."""
        return cls(text)

    def __getitem__(self, number: Any) -> Any:
        return self._document["rungs"][number]

    def __len__(self) -> int:
        return len(self._document["rungs"])

    @property
    def rungs(self) -> list[dict[str, Any]]:
        """The rungs, in the order of the request: lengths, then powers."""
        return list(self.to_dict()["rungs"])

    def commitment(self, rung: int, id: str, *, penalty: Penalty | None = None) -> Commitment:
        """What a rung becomes when it is sold at its price: add it to the problem, and no MWh of it is offered again."""
        given = None if penalty is None else json.dumps(penalty.to_dict())
        made = json.loads(_eca.offer_commitment(self._line, integer("offers", "rung", rung), id, given))
        made = {key: value for key, value in made.items() if value is not None}
        return Commitment(**made)

    def to_dict(self) -> dict[str, Any]:
        """The document."""
        copied: dict[str, Any] = json.loads(self._line)
        return copied

    def to_json(self) -> str:
        """The document as one line of JSON."""
        return self._line

    def to_frame(self, *, engine: str = "pandas") -> Any:
        """A tidy table, one row for each rung: a pandas frame, or a polars one (``engine="polars"``)."""
        from ._frames import to_frame

        rows = self._document["rungs"]
        first = [each["settlement_periods"][0] for each in rows]
        plain = (
            "price_gbp_per_mwh",
            "cost_gbp",
            "cost_with_gbp",
            "cost_without_gbp",
            "margin_gbp_per_mwh",
            "risk_gbp_per_mwh",
            "gap_gbp_per_mwh",
            "exact",
            "delivery_probability_frac",
        )
        table: dict[str, list[Any]] = {
            "settlement_date": [each["settlement_date"] for each in first],
            "settlement_period": [each["settlement_period"] for each in first],
            "settlement_periods": [len(each["settlement_periods"]) for each in rows],
            "mw": [each["mw"] for each in rows],
            "energy_mwh": [sum(each["energy_mwh"]) for each in rows],
            "deliverable_mwh": [sum(each["deliverable_mwh"]) for each in rows],
            **{name: [each[name] for each in rows] for name in plain},
            "refused": [each.get("refused") for each in rows],
        }
        return to_frame(table, engine)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        priced = sum(each["price_gbp_per_mwh"] is not None for each in self)
        return f"<eca.Offers {self._document['region']} {self._document['route']}: {priced} of {len(self)} rungs>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def ladder(problem: _eca.Problem, request: str, engine: str, gap: float, time_limit_s: float | None) -> Offers:
    """The ladder of a request document."""
    limit = None if time_limit_s is None else number("offers", "time_limit_s", time_limit_s)
    return Offers(_eca.offers(problem, request, engine, number("offers", "gap", gap), limit))


def request_of(given: Mapping[str, Any]) -> str:
    """A request document of keywords; what is None is left out."""
    made = {"format": "eca-offer-request/1", **{key: value for key, value in given.items() if value is not None}}
    owner = "offer request"
    made["settlement_periods"] = periods(owner, "settlement_periods", made["settlement_periods"])
    powers = made["mw"] if isinstance(made["mw"], Iterable) else [made["mw"]]
    made["mw"] = [number(owner, "mw", mw) for mw in powers]
    if "baseline_mw" in made:
        baseline = series(owner, "baseline_mw", made["baseline_mw"])
        made["baseline_mw"] = list(baseline) if isinstance(baseline, tuple) else baseline
    if "lengths" in made:
        made["lengths"] = [integer(owner, "lengths", length) for length in made["lengths"]]
    errors = made.get("import_error_mw", ())
    pairs = errors.items() if isinstance(errors, Mapping) else errors
    made["import_error_mw"] = [
        {"quantile": number(owner, "import_error_mw", p), "mw": number(owner, "import_error_mw", mw)} for p, mw in pairs
    ]
    return json.dumps(made, allow_nan=False)


@checked("eca.check_offer")
def check_offer(
    problem: Problem,
    offer: Commitment | Mapping[str, Any],
    *,
    engine: str = "auto",
    gap: float = 1e-4,
    time_limit_s: float | None = None,
) -> list[float]:
    """The most energy that can be delivered of an offer, MWh by its settlement periods.

    Promises to users, hard deadlines, strict carbon caps and all commitments of the problem are kept as far as the plan
    without the offer keeps them; money is no object.
    """
    document = offer.to_dict() if isinstance(offer, Commitment) else dict(offer)
    text = json.dumps(document, allow_nan=False)
    limit = None if time_limit_s is None else number("check_offer", "time_limit_s", time_limit_s)
    return _eca.check_offer(problem._core, text, engine, number("check_offer", "gap", gap), limit)


def run_offers(options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``offers PROBLEM REQUEST``."""
    from ._problem import Problem, read_text

    problem = Problem.read(options.problem)
    made = ladder(problem._core, read_text(options.request), options.engine, options.gap, options.time_limit_s)
    for line in str(made).splitlines():
        say(line)
    files: list[str | PathLike[str]] = []
    if options.output:
        from pathlib import Path

        Path(options.output).write_text(made.to_json() + "\n", encoding="utf-8")
        say(f"wrote {options.output}")
        files.append(options.output)
    priced = any(rung["price_gbp_per_mwh"] is not None for rung in made)
    return {"passed": priced, **made.to_dict(), "files": files}
