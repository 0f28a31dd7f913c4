"""Prices, carbon, limits and solar: read from files and market services, aligned to a horizon.

>>> import eca
>>> found = eca.signals.parse_csv('''start,region,import_price_gbp_per_mwh,carbon_g_per_kwh
... 2026-03-02T00:00Z,london,80,210
... 2026-03-02T01:00Z,london,95,190
... ''')
>>> found
<eca.Signals london: import_price_gbp_per_mwh, carbon_g_per_kwh>
>>> day = eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4)
>>> found.align(day).values("london", "import_price_gbp_per_mwh")  # hourly values hold for both half hours
(80.0, 80.0, 95.0, 95.0)
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any

from . import _eca, _services
from ._errors import EcaTimeError, EcaUnknownError, bad_value
from ._frames import Columns, to_frame
from ._keywords import checked
from ._parts import Horizon, Region, TimeLike, time, utc

if TYPE_CHECKING:
    from typing import TextIO

#: Fields of a region that signals can give, with their defaults.
_SERIES = {each.name: each.default for each in fields(Region) if "SeriesLike" in str(each.type)}
#: Periods for which ``gap="hold"`` keeps a value, unless told otherwise.
HOLD_PERIODS = 4


class Signals:
    """Series by region and column as the source gave them: gaps stay gaps until :meth:`align` meets them.

    Made by the readers of this module or by :meth:`from_frame`.
    """

    _core: _eca.Signals

    def __init__(self) -> None:
        raise TypeError("signals are read: eca.signals.read_csv(...), eca.Signals.from_frame(...) and so on")

    @classmethod
    def _of(cls, core: _eca.Signals) -> Signals:
        made = cls.__new__(cls)
        made._core = core
        return made

    @classmethod
    @checked("eca.Signals.from_frame")
    def from_frame(
        cls,
        frame: Any,
        *,
        map: Mapping[str, str] | None = None,
        gbp_per_eur: float | None = None,
        step_min: int | None = None,
        source: str = "frame",
    ) -> Signals:
        """Signals of a pandas or polars frame, tidy or wide, with aware times in ``start``. Missing values are gaps."""
        text = _frame_to_csv(frame)
        return cls._of(
            _eca.Signals.parse(
                "csv", text, _choices(map=map, gbp_per_eur=gbp_per_eur, step_min=step_min, source=source)
            )
        )

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions, sorted."""
        return tuple(self._core.regions())

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that any region has."""
        return tuple(dict.fromkeys(column for region in self.regions for column in self.columns_of(region)))

    def columns_of(self, region: str) -> tuple[str, ...]:
        """The columns of one region."""
        return tuple(self._core.columns(region))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about the read, such as columns that were not used."""
        return tuple(self._core.warnings())

    def span(self, region: str, column: str) -> tuple[datetime, datetime] | None:
        """Start of the first and end of the last known value of one series; None where nothing is known."""
        found = self._core.span(region, column)
        return None if found is None else (utc(found[0]), utc(found[1]))

    def provenance(self, region: str, column: str) -> dict[str, Any]:
        """Where one series comes from: source, times, currency rate, choices."""
        found: dict[str, Any] = json.loads(self._core.provenance(region, column))
        return found

    def merge(self, other: Signals, *, duplicates: str = "refuse") -> Signals:
        """These and other signals, such as the next month. ``duplicates``: refuse, keep_first or keep_last."""
        return Signals._of(self._core.merge(other._core, duplicates))

    def copy(self, column: str, *, source: str, target: str) -> Signals:
        """The signals with a column of region `source` for region `target` too, such as a national price."""
        return Signals._of(self._core.copy(column, source, target))

    def align(
        self,
        horizon: Horizon,
        *,
        gap: str = "error",
        hold_periods: int = HOLD_PERIODS,
        regions: Iterable[str] | None = None,
        columns: Iterable[str] | None = None,
    ) -> Aligned:
        """One value for each period of the horizon. Coarser data is held, finer data is averaged.

        What happens to missing values: ``gap="error"`` refuses them, ``"hold"`` keeps the value before a gap of at
        most `hold_periods`, ``"forecast"`` fills them from the whole history of the series.
        """
        wanted = None if columns is None else set(columns)
        series: dict[tuple[str, str], tuple[float, ...]] = {}
        filled: dict[tuple[str, str], tuple[int, ...]] = {}
        notes: dict[tuple[str, str], dict[str, Any]] = {}
        span = (str(horizon.start), horizon.step_min, horizon.periods)
        for region in self.regions if regions is None else regions:
            for column in self.columns_of(region) or (wanted or ("import_price_gbp_per_mwh",)):
                if wanted is None or column in wanted:
                    values, gaps, provenance = self._core.align(region, column, *span, gap, hold_periods)
                    key = (region, column)
                    series[key], filled[key], notes[key] = tuple(values), tuple(gaps), json.loads(provenance)
        return Aligned(horizon, series, filled, notes)

    def to_csv(self) -> str:
        """Tidy CSV of all points; a gap is an empty cell."""
        return self._core.to_csv()

    def to_frame(self, *, engine: str = "pandas") -> Any:
        """All points as a tidy pandas (or polars) frame with ``start``, ``end``, ``region`` and the columns."""
        head, *rows = csv.reader(io.StringIO(self.to_csv()))
        read: dict[str, Callable[[str], Any]] = {"start": utc, "end": utc, "region": str}
        table: Columns = {
            name: [
                read[name](row[index]) if name in read else (float(row[index]) if row[index] else None) for row in rows
            ]
            for index, name in enumerate(head)
        }
        return to_frame(table, engine)

    def horizon(self) -> Horizon:
        """The whole span, by the most common length of an interval."""
        rows = list(csv.reader(io.StringIO(self.to_csv())))[1:]
        times = [(utc(row[0]), utc(row[1])) for row in rows]
        if not times:
            raise EcaTimeError("signals: there is no row to plan on", field="signals", text="", reason="no row")
        step, _ = Counter(end - start for start, end in times).most_common(1)[0]
        first, last = min(start for start, _ in times), max(end for _, end in times)
        return Horizon(start=first, step_min=int(step / timedelta(minutes=1)), periods=(last - first) // step)

    def __reduce__(self) -> tuple[Any, ...]:
        return parse_csv, (self.to_csv(),)

    def __repr__(self) -> str:
        parts = [f"{region}: {', '.join(self.columns_of(region))}" for region in self.regions]
        shown = parts if len(parts) <= 3 else [*parts[:2], f"... {len(parts)} regions"]
        return f"<eca.Signals {'; '.join(shown)}>"


class Aligned:
    """Signals on the periods of a horizon, without gaps. :class:`eca.Problem` takes them."""

    def __init__(
        self,
        horizon: Horizon,
        series: Mapping[tuple[str, str], tuple[float, ...]],
        filled: Mapping[tuple[str, str], tuple[int, ...]],
        provenance: Mapping[tuple[str, str], dict[str, Any]],
    ) -> None:
        self._horizon, self._series, self._filled, self._provenance = horizon, series, filled, provenance

    @property
    def horizon(self) -> Horizon:
        """The periods."""
        return self._horizon

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions."""
        return tuple(dict.fromkeys(region for region, _ in self._series))

    def columns_of(self, region: str) -> tuple[str, ...]:
        """The columns of one region."""
        return tuple(column for name, column in self._series if name == region)

    def values(self, region: str, column: str) -> tuple[float, ...]:
        """One value for each period."""
        return self._series[self._known(region, column)]

    def filled(self, region: str, column: str) -> tuple[int, ...]:
        """The periods that had no value and were filled."""
        return self._filled[self._known(region, column)]

    def provenance(self, region: str, column: str) -> dict[str, Any]:
        """Where the values come from, and how many were filled."""
        return dict(self._provenance[self._known(region, column)])

    def _known(self, region: str, column: str) -> tuple[str, str]:
        if (region, column) not in self._series:
            known = ", ".join(f"{name}.{each}" for name, each in self._series)
            raise EcaUnknownError(
                f"signals have no {column} of {region}; known: {known}",
                object="signals",
                field="column",
                wanted="column",
                id=f"{column} of {region}",
                known=known,
            )
        return region, column

    def to_frame(self, *, engine: str = "pandas") -> Any:
        """A tidy pandas (or polars) frame: ``start``, ``region`` and the columns."""
        names = tuple(dict.fromkeys(column for _, column in self._series))
        table: Columns = {"start": [], "region": [], **{name: [] for name in names}}
        for region in self.regions:
            for t, start in enumerate(self._horizon.starts):
                table["start"].append(start)
                table["region"].append(region)
                for name in names:
                    values = self._series.get((region, name))
                    table[name].append(None if values is None else values[t])
        return to_frame(table, engine)

    def __repr__(self) -> str:
        filled = sum(len(gaps) for gaps in self._filled.values())
        return f"<eca.signals.Aligned {', '.join(self.regions)}: {self._horizon!r}, {filled} values filled>"


# ---- readers --------------------------------------------------------------------------------------------------------


def _choices(
    *,
    map: Mapping[str, str] | None = None,
    gbp_per_eur: float | None = None,
    rates: Mapping[str, float] | None = None,
    duplicates: str = "refuse",
    region: str | None = None,
    region_names: Mapping[int, str] | None = None,
    column: str | None = None,
    carbon_value: str = "forecast",
    carbon_accounting: str = "lifecycle",
    inc_vat: bool = False,
    step_min: int | None = None,
    retrieved_at: TimeLike | None = None,
    issued_at: TimeLike | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """All choices of a read, as the compiled module takes them."""
    return {
        "map": list((map or {}).items()),
        "rates": {**(rates or {}), **({} if gbp_per_eur is None else {"EUR": float(gbp_per_eur)})},
        "duplicates": duplicates,
        "region": region,
        "region_names": dict(region_names or {}),
        "column": column,
        "carbon_value": carbon_value,
        "carbon_accounting": carbon_accounting,
        "inc_vat": inc_vat,
        "step_min": step_min,
        "retrieved_at": None if retrieved_at is None else time("", "retrieved_at", retrieved_at),
        "issued_at": None if issued_at is None else time("", "issued_at", issued_at),
        "source": source,
    }


@checked("eca.signals.parse_csv")
def parse_csv(
    text: str,
    *,
    map: Mapping[str, str] | None = None,
    gbp_per_eur: float | None = None,
    rates: Mapping[str, float] | None = None,
    duplicates: str = "refuse",
    region: str | None = None,
    carbon_accounting: str = "lifecycle",
    step_min: int | None = None,
    retrieved_at: TimeLike | None = None,
    issued_at: TimeLike | None = None,
    source: str | None = None,
) -> Signals:
    """Reads the text of a tidy or wide series file; see :func:`read_csv`."""
    return Signals._of(
        _eca.Signals.parse(
            "csv",
            text,
            _choices(
                map=map,
                gbp_per_eur=gbp_per_eur,
                rates=rates,
                duplicates=duplicates,
                region=region,
                carbon_accounting=carbon_accounting,
                step_min=step_min,
                retrieved_at=retrieved_at,
                issued_at=issued_at,
                source=source,
            ),
        )
    )


def read_csv(path: str | PathLike[str] | TextIO, **choices: Any) -> Signals:
    """Reads a series file.

    Tidy files have ``start``, ``region`` and columns such as ``import_price_gbp_per_mwh``; wide ones have
    ``utc_start`` (or ``start``) and ``<region>_<column>``. Times need an offset. The choices are those of
    :func:`parse_csv`:

    - ``map={"gb.import_price_gbp_per_mwh": "any_column"}`` names any other column;
    - ``gbp_per_eur=0.88`` (or ``rates={"USD": 0.79}``) converts foreign prices, which are refused without a rate;
    - ``duplicates``: refuse, keep_first or keep_last two different values for one time;
    - ``region``: the region of columns that name none; ``carbon_accounting``: lifecycle or direct, where both are there.
    """
    if hasattr(path, "read"):
        return parse_csv(path.read(), **choices)
    from ._problem import read_text

    return parse_csv(read_text(path), **choices)


@checked("eca.signals.neso")
def neso(
    answer: str | Mapping[str, Any] | Sequence[Any],
    *,
    value: str = "forecast",
    region: str | None = None,
    region_names: Mapping[int, str] | None = None,
    duplicates: str = "refuse",
    retrieved_at: TimeLike | None = None,
    issued_at: TimeLike | None = None,
) -> Signals:
    """Carbon and renewable share from an answer of the NESO Carbon Intensity API, or from its CSV.

    ``value``: forecast, actual or actual_else_forecast. ``region_names={13: "london"}`` reads only these regions.
    """
    text = _text(answer)
    kind = "neso" if text.lstrip()[:1] in ("{", "[") else "neso_csv"
    choices = _choices(
        carbon_value=value,
        region=region,
        region_names=region_names,
        duplicates=duplicates,
        retrieved_at=retrieved_at,
        issued_at=issued_at,
    )
    return Signals._of(_eca.Signals.parse(kind, text, choices))


@checked("eca.signals.elexon")
def elexon(
    answer: str | Mapping[str, Any] | Sequence[Any],
    *,
    dataset: str,
    region: str | None = None,
    column: str | None = None,
    duplicates: str = "refuse",
    retrieved_at: TimeLike | None = None,
) -> Signals:
    """Prices from an answer of the Elexon Insights API. ``dataset``: system_prices or market_index.

    System prices become ``system_price_gbp_per_mwh`` and the market index ``import_price_gbp_per_mwh``, unless
    ``column`` says otherwise.
    """
    if dataset not in ("system_prices", "market_index"):
        raise bad_value("elexon", "dataset", repr(dataset), "must be system_prices or market_index")
    choices = _choices(region=region, column=column, duplicates=duplicates, retrieved_at=retrieved_at)
    return Signals._of(_eca.Signals.parse(f"elexon_{dataset}", _text(answer), choices))


@checked("eca.signals.octopus")
def octopus(
    answer: str | Mapping[str, Any],
    *,
    region: str,
    inc_vat: bool = False,
    column: str | None = None,
    duplicates: str = "refuse",
    retrieved_at: TimeLike | None = None,
) -> Signals:
    """Agile unit rates from one page of the Octopus API, without VAT; :func:`octopus_next_page` names the next."""
    choices = _choices(region=region, inc_vat=inc_vat, column=column, duplicates=duplicates, retrieved_at=retrieved_at)
    return Signals._of(_eca.Signals.parse("octopus", _text(answer), choices))


def octopus_next_page(answer: str | Mapping[str, Any]) -> str | None:
    """The address of the next page; None on the last one."""
    return _eca.octopus_next_page(_text(answer))


#: Asks a market service over HTTP.
fetch = _services.fetch


def _text(answer: Any) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer)


# ---- frames and problems --------------------------------------------------------------------------------------------


def _frame_to_csv(frame: Any) -> str:
    """A frame as the CSV that the compiled module reads."""
    if hasattr(frame, "to_pandas") and hasattr(frame, "get_column"):  # polars
        table = {name: frame.get_column(name).to_list() for name in frame.columns}
    elif hasattr(frame, "iloc") and hasattr(frame, "columns"):  # pandas
        table = {str(name): frame[name].tolist() for name in frame.columns}
        if not {"start", "utc_start"} & set(table) and hasattr(frame.index, "tz"):
            table = {"start": frame.index.tolist(), **table}
    else:
        raise bad_value("signals", "frame", type(frame).__name__, "must be a pandas or polars frame, or eca.Signals")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([_cell(name, cell) for name, cell in zip(table, row, strict=True)])
    return text.getvalue()


def _cell(name: str, cell: Any) -> Any:
    if cell is None or cell != cell or type(cell).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(cell, datetime):
        if cell.tzinfo is None and name in ("start", "end"):
            reason = "has no offset; make the column aware, for example with tz_localize('Europe/London')"
            where = f"column {name} of the frame"
            raise EcaTimeError(f"{where} `{cell}`: {reason}", field=where, text=str(cell), reason=reason)
        return cell.isoformat()
    return cell


def fill_regions(places: list[dict[str, Any]], given: Any, horizon: Horizon | None) -> Horizon:
    """Puts the series of signals into regions that have none of their own; gives the horizon."""
    if isinstance(given, Aligned):
        if horizon is not None and horizon != given.horizon:
            raise bad_value("problem", "horizon", repr(horizon), f"must be that of the signals, {given.horizon!r}")
        aligned: Signals | Aligned = given
        horizon = given.horizon
    else:
        aligned = given if isinstance(given, Signals) else Signals.from_frame(given)
        horizon = aligned.horizon() if horizon is None else horizon
    for place in places:
        region = place["id"]
        if region not in aligned.regions:
            if "import_price_gbp_per_mwh" not in place or "carbon_g_per_kwh" not in place:
                known = ", ".join(aligned.regions)
                raise EcaUnknownError(
                    f"region `{region}` has no series in the signals; known: {known}",
                    object=f"region `{region}`",
                    field="id",
                    wanted="region",
                    id=region,
                    known=known,
                )
            continue
        free = [
            column
            for column in aligned.columns_of(region)
            if column in _SERIES and place.get(column, _SERIES[column]) == _SERIES[column]
        ]
        ready = aligned if isinstance(aligned, Aligned) else aligned.align(horizon, regions=[region], columns=free)
        for column in free:
            place[column] = list(ready.values(region, column))
    return horizon
