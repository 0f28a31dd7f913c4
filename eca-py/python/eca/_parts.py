"""What a problem is made of. Every class has the fields of the problem document, by the same names."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, Union

from . import _eca
from ._errors import EcaLengthError, EcaTimeError, bad_value
from ._keywords import unknown_keyword

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        return lambda decorated: decorated


#: One number for all periods, or one for each: a list, a numpy array, a pandas or polars Series.
SeriesLike = Union[float, Sequence[float], Any]
#: A time with its offset: text such as ``2026-03-02T00:00:00Z``, or an aware ``datetime``.
TimeLike = Union[str, datetime]

T = TypeVar("T")
P = TypeVar("P", bound="Part")

_UNITS = (
    ("_gbp_per_mwh", "GBP/MWh"),
    ("_gbp_per_mw", "GBP/MW"),
    ("_gbp_per_kg", "GBP/kg"),
    ("_gbp_per_million", "GBP per million"),
    ("_g_per_kwh", "g/kWh"),
    ("wh_per_inference", "Wh"),
    ("_gbp_per_inference", "GBP"),
    ("_g_per_inference", "g"),
    ("_mwh", "MWh"),
    ("_mw", "MW"),
    ("_gbp", "GBP"),
    ("_kg", "kg"),
    ("_ms", "ms"),
)


def unit_of(name: str) -> str:
    """The unit in a field's name, as people write it."""
    return next((unit for ending, unit in _UNITS if name.endswith(ending)), "")


class FrozenMap(dict[str, Any]):
    """A dict that cannot be changed."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this mapping cannot be changed; make a new object instead")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenMap, (dict(self),)


# ---- reading values -------------------------------------------------------------------------------------------------


def number(owner: str, name: str, value: Any) -> float:
    """A finite float, or the error that names owner and field."""
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise bad_value(owner, name, repr(value), "must be a number", unit_of(name))
    made = float(value)
    if not math.isfinite(made):
        raise bad_value(owner, name, made, "must be a finite number", unit_of(name))
    return made


def integer(owner: str, name: str, value: Any) -> int:
    """An int, or the error that names owner and field."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise bad_value(owner, name, repr(value), "must be a whole number")
    return int(value)


def series(owner: str, name: str, value: Any) -> float | tuple[float, ...]:
    """A float or a tuple of finite floats, or the error that names owner, field and index."""
    if hasattr(value, "to_list"):
        value = value.to_list()
    elif hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, numbers.Real):
        return number(owner, name, value)
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        raise bad_value(owner, name, repr(value), "must be a number, or one number for each period", unit_of(name))
    values = tuple(value)
    for index, item in enumerate(values):
        if type(item) is float and math.isfinite(item):
            continue
        if isinstance(item, bool) or not isinstance(item, numbers.Real) or not math.isfinite(item):
            limit = "must be a finite number; fill gaps first, for example with Signals.align(gap='hold')"
            raise bad_value(owner, f"{name}[{index}]", item, limit, unit_of(name))
    if not values:
        raise EcaLengthError(
            f"{owner} has 0 values in {name}, give one number or one for each period",
            object=owner,
            field=name,
            length=0,
            expected=None,
        )
    return tuple(float(item) for item in values)


def time(owner: str, name: str, value: Any) -> str:
    """The instant as UTC text, or the error that says how to write it."""
    where = f"{name} of {owner}" if owner else name

    def refused(reason: str) -> EcaTimeError:
        return EcaTimeError(f"{where} `{value}`: {reason}", field=where, text=str(value), reason=reason)

    if isinstance(value, str):
        return _eca.parse_time(where, value)
    if isinstance(value, datetime):
        if value != value:
            raise refused("is not a time")
        if value.tzinfo is None:
            raise refused("has no offset; give it one, for example replace(tzinfo=timezone.utc)")
        return _eca.parse_time(where, value.astimezone(timezone.utc).isoformat())
    if type(value).__name__ == "datetime64":
        raise refused("has no offset; write it as text with Z behind it, or as an aware datetime")
    if isinstance(value, date):
        raise refused("has no time of day; write T00:00:00Z behind it")
    raise refused("is not a time; write it like 2026-03-02T00:00:00Z")


def utc(text: str) -> datetime:
    """The aware datetime of a time as documents have it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def _name(owner: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise bad_value(owner, name, repr(value), "must be text")
    return value


def _names(owner: str, name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise bad_value(owner, name, repr(value), f"must be a list of names, for example [{value!r}]")
    return tuple(_name(owner, name, item) for item in value)


def parts_of(owner: str, name: str, value: Any, cls: type[P]) -> tuple[P, ...]:
    """A tuple of objects of one class, or the error that names the wrong one."""
    if isinstance(value, (cls, Mapping, str)) or not hasattr(value, "__iter__"):
        raise bad_value(owner, name, type(value).__name__, f"must be a list of eca.{cls.__name__}")
    items = tuple(value)
    for index, item in enumerate(items):
        if not isinstance(item, cls):
            hint = "; use Problem.from_dict for a document" if isinstance(item, Mapping) else ""
            limit = f"must be an eca.{cls.__name__}{hint}"
            raise bad_value(owner, f"{name}[{index}]", type(item).__name__, limit)
    return items


def _mapping(owner: str, name: str, value: Any) -> FrozenMap:
    return FrozenMap({_name(owner, name, key): number(owner, f"{name}[{key!r}]", item) for key, item in value.items()})


# ---- the classes ----------------------------------------------------------------------------------------------------


class Part:
    """Something that a problem document holds. Cannot be changed; equal where all fields are equal."""

    _kind: ClassVar[str] = "part"

    @property
    def _owner(self) -> str:
        name = getattr(self, "id", None)
        return f"{self._kind} `{name}`" if isinstance(name, str) else self._kind

    def __post_init__(self) -> None:
        owner = self._owner
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if value is None and each.default is None:
                continue
            object.__setattr__(self, each.name, self._read(owner, each.name, str(each.type), value))

    def _read(self, owner: str, name: str, kind: str, value: Any) -> Any:
        """The value in the form it is kept in, by the type the field is declared with."""
        if "SeriesLike" in kind:
            return series(owner, name, value)
        if "TimeLike" in kind:
            return time(owner, name, value)
        if "Mapping" in kind and isinstance(value, Mapping):
            return _mapping(owner, name, value)
        if kind.startswith("str | Mapping") and isinstance(value, str):
            return value
        if "Mapping" in kind and not (kind.startswith("float") and isinstance(value, numbers.Real)):
            raise bad_value(owner, name, repr(value), "must be a mapping from names to numbers")
        if "Sequence[str]" in kind:
            return _names(owner, name, value)
        if "JobPoint" in kind:
            return parts_of(owner, name, value, JobPoint)
        if "ServicePoint" in kind:
            return parts_of(owner, name, value, ServicePoint)
        if "Migration" in kind or "JobState" in kind:
            wanted = Migration if "Migration" in kind else JobState
            if not isinstance(value, wanted):
                raise bad_value(owner, name, type(value).__name__, f"must be an eca.{wanted.__name__}")
            return value
        if "float" in kind:
            return number(owner, name, value)
        if "int" in kind:
            return integer(owner, name, value)
        if "bool" in kind:
            if type(value).__name__ not in ("bool", "bool_"):
                raise bad_value(owner, name, repr(value), "must be True or False")
            return bool(value)
        return _name(owner, name, value)

    def to_dict(self) -> dict[str, Any]:
        """The object as it stands in the document; what is None is left out."""
        return {
            each.name: _plain(value)
            for each in fields(self)  # type: ignore[arg-type]
            if (value := getattr(self, each.name)) is not None
        }

    def __repr__(self) -> str:
        shown = []
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if value != each.default:
                shown.append(f"{each.name}={_short(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, FrozenMap):
        return dict(value)
    return value


def _short(value: Any) -> str:
    if isinstance(value, tuple) and len(value) > 4:
        return f"[{', '.join(_short(item) for item in value[:2])}, ... {len(value)} values]"
    if isinstance(value, tuple):
        return f"[{', '.join(_short(item) for item in value)}]"
    return repr(value)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def _part(cls: type[T]) -> type[T]:
    """A frozen dataclass whose constructor names the keyword that may be meant."""
    made = dataclass(frozen=True, kw_only=True, repr=False)(cls)
    plain_init = made.__init__
    known = tuple(each.name for each in fields(made))  # type: ignore[arg-type]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        for keyword in kwargs:
            if keyword not in known:
                raise unknown_keyword(f"eca.{cls.__name__}", keyword, known)
        plain_init(self, *args, **kwargs)

    __init__.__wrapped__ = plain_init  # type: ignore[attr-defined]
    __init__.__doc__ = plain_init.__doc__
    made.__init__ = __init__  # type: ignore[method-assign]
    made.__module__ = "eca"
    return made


@_part
class Horizon(Part):
    """The planned span: ``periods`` steps of ``step_min`` minutes from ``start`` on.

    >>> day = Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=48)
    >>> day.end
    datetime.datetime(2026, 3, 3, 0, 0, tzinfo=datetime.timezone.utc)
    >>> len(Horizon.day("2026-03-29"))  # the clocks go forward
    46
    """

    _kind: ClassVar[str] = "horizon"

    #: Start of the first period, on the UTC grid of the step.
    start: TimeLike
    #: Minutes of a period: 5, 15, 30 or 60.
    step_min: int = 30
    #: Number of periods, at most 20000.
    periods: int

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("step_min", "periods"):
            if not 0 <= getattr(self, name) < 2**31:
                limit = "must be 5, 15, 30 or 60" if name == "step_min" else "must be 1 to 20000"
                raise bad_value("horizon", name, getattr(self, name), limit, "min" if name == "step_min" else "periods")
        _eca.check_horizon(str(self.start), self.step_min, self.periods)

    @classmethod
    def day(cls, settlement_date: str | date, *, step_min: int = 30) -> Horizon:
        """The whole Europe/London day: 46, 48 or 50 half hours."""
        start, periods = _eca.settlement_day(str(settlement_date), integer("horizon", "step_min", step_min))
        return cls(start=start, step_min=step_min, periods=periods)

    @property
    def step_h(self) -> float:
        """Hours of a period."""
        return self.step_min / 60

    @property
    def starts(self) -> tuple[datetime, ...]:
        """Start of every period, UTC."""
        first, step = utc(str(self.start)), timedelta(minutes=self.step_min)
        return tuple(first + step * t for t in range(self.periods))

    @property
    def end(self) -> datetime:
        """End of the last period, UTC."""
        return utc(str(self.start)) + timedelta(minutes=self.step_min) * self.periods

    def __len__(self) -> int:
        return self.periods


@_part
class Region(Part):
    """A site behind one grid connection.

    Facility power is ``overhead_mw + pue_slope * IT power``. Prices and carbon may be left out where the problem gets
    them from signals.

    >>> Region("london", it_capacity_mw=12, import_limit_mw=15,
    ...        import_price_gbp_per_mwh=[142.0, 96.5, 61.2, 88.0], carbon_g_per_kwh=180)
    Region(id='london', it_capacity_mw=12.0, import_limit_mw=15.0, \
import_price_gbp_per_mwh=[142.0, 96.5, 61.2, 88.0], carbon_g_per_kwh=180.0)
    """

    _kind: ClassVar[str] = "region"

    #: Name of the region.
    id: str = field(kw_only=False)
    #: GSP group letter such as ``_C``; for records only.
    gsp_group: str | None = None
    #: Most IT power that can run, MW.
    it_capacity_mw: SeriesLike
    #: Facility power without any IT load, MW.
    overhead_mw: SeriesLike = 0.0
    #: MW of facility power for each MW of IT power, at least 1.
    pue_slope: SeriesLike = 1.0
    #: Firm import limit of the connection, MW.
    import_limit_mw: SeriesLike
    #: Import beyond the firm limit that the network allows in a period, MW.
    nonfirm_import_mw: SeriesLike = 0.0
    #: Export limit of the connection, MW.
    export_limit_mw: SeriesLike = 0.0
    #: Largest half-hourly export up to which the metering point may trade wholesale (P511), MW.
    p511_export_max_mw: float | None = None
    #: Price of the highest import of the horizon, GBP/MW.
    demand_charge_gbp_per_mw: float = 0.0
    #: Energy price of imports, GBP/MWh; may be negative.
    import_price_gbp_per_mwh: SeriesLike | None = None
    #: Price paid for exports, GBP/MWh; may be negative.
    export_price_gbp_per_mwh: SeriesLike = 0.0
    #: Network charge on imports, GBP/MWh.
    network_charge_gbp_per_mwh: SeriesLike = 0.0
    #: Congestion price on imports, GBP/MWh.
    congestion_gbp_per_mwh: SeriesLike = 0.0
    #: Import limit that the network operator asks for, MW.
    congestion_limit_mw: SeriesLike | None = None
    #: Average (location-based) carbon intensity of imports, g/kWh.
    carbon_g_per_kwh: SeriesLike | None = None
    #: Marginal carbon intensity, g/kWh; reported beside the average, never mixed with it.
    marginal_carbon_g_per_kwh: SeriesLike | None = None
    #: Share of renewable generation in the grid mix, 0..1.
    renewable_share_frac: SeriesLike | None = None
    #: On-site solar available, MW.
    solar_mw: SeriesLike = 0.0


@_part
class Battery(Part):
    """A battery at one region. Charge and discharge are at the grid terminals and never in the same period."""

    _kind: ClassVar[str] = "battery"

    #: Name of the battery.
    id: str = field(kw_only=False)
    #: Region behind whose connection it stands.
    region: str
    #: Most charge and most discharge, MW.
    power_capacity_mw: float
    #: Usable energy, MWh.
    energy_capacity_mwh: float
    #: Stored MWh for each MWh charged, in (0, 1].
    charge_efficiency: float = 1.0
    #: MWh discharged for each stored MWh taken out, in (0, 1].
    discharge_efficiency: float = 1.0
    #: Wear for each MWh charged and each MWh discharged, GBP/MWh.
    wear_gbp_per_mwh: float = 0.0
    #: Stored energy at the start, MWh.
    soc_mwh: float = 0.0
    #: Stored energy that is held back, MWh.
    soc_min_mwh: float = 0.0
    #: Stored energy wanted at the end, MWh; None where the end is free.
    end_soc_min_mwh: float | None = None


@_part
class JobPoint(Part):
    """One operating point (power-cap level) of a job, with the rate of what the job counts."""

    _kind: ClassVar[str] = "job point"

    #: IT power at this point, MW.
    power_mw: float
    #: Inferences for each hour at this point.
    inferences_per_h: float | None = None
    #: GPU hours of work for each hour at this point.
    gpu_hours_per_h: float | None = None


@_part
class Migration(Part):
    """Moving a job to another region."""

    _kind: ClassVar[str] = "migration"

    #: Cost of one move, GBP.
    cost_gbp: float = 0.0
    #: Periods without work while it moves.
    periods: int = 0
    #: IT energy of one move, MWh, drawn on arrival.
    energy_mwh: float = 0.0


@_part
class JobState(Part):
    """What a job has done before the horizon starts."""

    _kind: ClassVar[str] = "job state"

    #: Where it runs, or where its checkpoint is.
    region: str
    #: Operating point it runs at; None where it is paused.
    point: int | None = None
    #: Inferences already done.
    done_inferences: float = 0.0
    #: GPU hours already done.
    done_gpu_hours: float = 0.0
    #: Since when it runs without a pause.
    running_since: TimeLike | None = None
    #: Whether it may be stopped.
    can_stop: bool = True
    #: Pauses already made.
    pauses: int = 0


@_part
class Job(Part):
    """A batch job: an amount of work in a window of time. Give ``inferences`` or ``gpu_hours``.

    >>> Job("embed", inferences=9e6, points=[JobPoint(power_mw=5, inferences_per_h=15.5e6)],
    ...     deadline="2026-03-02T02:00:00Z")
    Job(id='embed', inferences=9000000.0, points=[JobPoint(power_mw=5.0, inferences_per_h=15500000.0)], \
deadline='2026-03-02T02:00:00Z')
    """

    _kind: ClassVar[str] = "job"

    #: Name of the job.
    id: str = field(kw_only=False)
    #: Number of identical jobs, each with its own schedule.
    count: int = 1
    #: Work of each, in inferences.
    inferences: float | None = None
    #: Work of each, in GPU hours.
    gpu_hours: float | None = None
    #: Operating points, at least one.
    points: Sequence[JobPoint]
    #: It cannot start before. None: from the start of the horizon.
    earliest_start: TimeLike | None = None
    #: Its work is due by then. None: the end of the horizon.
    deadline: TimeLike | None = None
    #: ``hard``, or ``priced``: work left at the deadline costs ``undone_penalty_gbp``.
    deadline_kind: str = "hard"
    #: Price of leaving all of its work undone, GBP. None: set above any cost of running it.
    undone_penalty_gbp: float | None = None
    #: Most of its work that may be left undone, a part of the whole; None: all of it, at the price.
    undone_max_frac: float | None = None
    #: Regions where it may run. None: all.
    regions: Sequence[str] | None = None
    #: Whether it may pause.
    preemptible: bool = False
    #: Whether it may run at any share of its points' power and in several regions at once.
    divisible: bool = False
    #: Fewest periods of one run.
    min_run_periods: int = 1
    #: Most pauses. None: no limit.
    max_pauses: int | None = None
    #: Cost of the first start, GBP.
    startup_cost_gbp: float = 0.0
    #: Cost of one pause, GBP.
    pause_cost_gbp: float = 0.0
    #: IT energy of one pause, MWh, drawn on resuming.
    pause_energy_mwh: float = 0.0
    #: How it moves between regions. None: it stays where it starts.
    migration: Migration | None = None
    #: ``{"carbon_below_g_per_kwh": 100}`` or ``{"renewable_share_min": 0.8}``. None: always.
    run_when: Mapping[str, float] | None = None
    #: Flexibility tier, 0 (least willing to wait) to 3.
    tier: int = 0
    #: What it has done before. None: nothing.
    state: JobState | None = None


@_part
class ServicePoint(Part):
    """One operating point of a service."""

    _kind: ClassVar[str] = "service point"

    #: IT energy of one inference, Wh.
    wh_per_inference: float
    #: Latency without the network, ms.
    latency_ms: float = 0.0


@_part
class Service(Part):
    """An online service: its demand is routed to regions in each period; what is not served is shed at a price."""

    _kind: ClassVar[str] = "service"

    #: Name of the service.
    id: str = field(kw_only=False)
    #: Inferences asked for in each period.
    demand_inferences: SeriesLike
    #: Operating points, at least one.
    points: Sequence[ServicePoint]
    #: Most latency of an inference, network included, ms. None: no limit.
    latency_limit_ms: float | None = None
    #: Network latency to each region, ms. Regions not named cannot serve it. None: every region, 0 ms.
    network_latency_ms: Mapping[str, float] | None = None
    #: Cost of sending inferences to a region, GBP per million: one number, or one for each region.
    routing_cost_gbp_per_million: float | Mapping[str, float] = 0.0
    #: Price of shedding, GBP per million inferences.
    shed_penalty_gbp_per_million: float = 20_000.0


@_part
class CarbonCap(Part):
    """A limit on the carbon of imports over a window of time."""

    _kind: ClassVar[str] = "carbon cap"

    #: Name of the cap.
    id: str = field(kw_only=False)
    #: ``kg``, ``g_per_kwh`` (of facility energy) or ``g_per_inference``.
    metric: str
    #: The limit, in the unit of the metric.
    limit: float
    #: ``horizon``, ``day`` (London day) or ``{"rolling_h": 24}``.
    window: str | Mapping[str, float] = "horizon"
    #: Regions in scope. None: all.
    regions: Sequence[str] | None = None
    #: ``strict`` (the excess is made as small as it can be) or ``priced``.
    kind: str = "strict"
    #: Price of the excess of a priced cap, GBP/kg.
    price_gbp_per_kg: float | None = None


@_part
class PowerTarget(Part):
    """Power that the import of a site stays at or under, with the time to get there and a limit on the rebound.

    >>> PowerTarget("dso", region="london", power_mw=[None, 4.0, 4.0, None], response_s=60, ramp_mw_per_min=2)
    PowerTarget(id='dso', region='london', power_mw=[None, 4.0, 4.0, None], response_s=60.0, ramp_mw_per_min=2.0)
    """

    _kind: ClassVar[str] = "target"

    #: Name of the target.
    id: str = field(kw_only=False)
    #: Region whose import it limits.
    region: str | None = None
    #: The same as ``region``: a region is one site behind one grid connection. Give one of them.
    site: str | None = None
    #: Most import: one number, or one for each period with None where nothing is asked, MW.
    power_mw: float | Sequence[float | None] | Any
    #: Time from the start of a period until its target is met, s; 0: a whole period may be used.
    response_s: float = 0.0
    #: Most change of the import between two periods of which one has a target, MW/min. None: no limit.
    ramp_mw_per_min: float | None = None
    #: Most import in all periods after a held one, MW. None: no limit.
    rebound_max_mw: float | None = None
    #: ``strict`` (met, or the problem is refused with the reason) or ``priced``.
    kind: str = "strict"
    #: Price of import beyond a priced target, GBP/MWh.
    price_gbp_per_mwh: float | None = None

    def _read(self, owner: str, name: str, kind: str, value: Any) -> Any:
        if name != "power_mw":
            return super()._read(owner, name, kind, value)
        if isinstance(value, numbers.Real):
            return number(owner, name, value)
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
            raise bad_value(owner, name, repr(value), "must be a number, or one number or None for each period", "MW")
        read = (None if item is None else number(owner, f"{name}[{t}]", item) for t, item in enumerate(value))
        return tuple(read)


def from_document(cls: type[P], document: Mapping[str, Any]) -> P:
    """The object of a part of a document that is known to be good."""
    values = dict(document)
    if cls is Job:
        values["points"] = [JobPoint(**point) for point in values["points"]]
        for name, inner in (("migration", Migration), ("state", JobState)):
            if values.get(name) is not None:
                values[name] = inner(**values[name])
    elif cls is Service:
        values["points"] = [ServicePoint(**point) for point in values["points"]]
    return cls(**values)
