"""Settlement of flexibility events, in whole units: Wh, µGBP and mg."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _eca
from ._errors import bad_value
from ._keywords import checked
from ._parts import TimeLike, time

if TYPE_CHECKING:
    from argparse import Namespace

#: A table as CSV or JSON text, a pandas or polars frame, or rows as mappings.
TableLike = Any
#: Kinds of tables of a record.
KINDS = (
    "periods",
    "flows",
    "rebound",
    "evidence",
    "rebound_evidence",
    "baseline_days",
    "submissions",
    "event_days",
    "price_sources",
)


class EventRecord:
    """A settled event, the document ``eca-event-record/1`` by key: ``record["totals"]["cash_ugbp"]``.

    Amounts are whole Wh, µGBP and mg. ``str(record)`` is a table for people, in MWh, GBP and kg.
    """

    def __init__(self, text: str) -> None:
        line, self._text, self._hash = _eca.event_record(text)
        self._document: dict[str, Any] = json.loads(line)
        self._line = line

    @classmethod
    def from_json(cls, text: str) -> EventRecord:
        """Reads a record."""
        return cls(text)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> EventRecord:
        """Reads a record from a file."""
        from ._problem import read_text

        return cls(read_text(path))

    def append_to(self, path: str | PathLike[str]) -> dict[str, Any] | None:
        """Adds the record to a ledger file, one record in each line; gives what changed against the run before.

        A run that is in the ledger is never overwritten: another record of the same run, a run before the latest and a
        period that another event of the meter has claimed are refused. The same record again changes nothing.
        """
        from ._problem import read_text

        file = Path(path)
        before = read_text(file) if file.exists() else ""
        after, change = _eca.ledger_append(before, self._line)
        if after != before:
            # Beside the ledger first: a ledger is never half written.
            made = file.with_name(file.name + ".new")
            made.write_text(after, encoding="utf-8")
            made.replace(file)
        told: dict[str, Any] | None = None if change is None else json.loads(change)
        return told

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    @property
    def hash(self) -> str:
        """SHA-256 of the RFC 8785 bytes of the record."""
        return self._hash

    def to_dict(self) -> dict[str, Any]:
        """The document."""
        copied: dict[str, Any] = json.loads(self._line)
        return copied

    def to_json(self) -> str:
        """The document as one line of JSON."""
        return self._line

    def to_frame(self, *, kind: str = "periods", engine: str = "pandas") -> Any:
        """A tidy table: ``periods`` of the event, ``flows`` of money, periods of the ``rebound``, the ``evidence`` of each
        period and the ``rebound_evidence``, the ``baseline_days`` with their volumes, the ``submissions`` to the market, the
        ``event_days`` that were declared, or the ``price_sources``.

        A pandas frame, or a polars one (``engine="polars"``). A record of a version that did not write a kind has no rows.
        """
        from ._frames import to_frame

        if kind not in KINDS:
            raise bad_value("to_frame", "kind", repr(kind), f"must be one of {', '.join(KINDS)}")
        rows = self._rows(kind)
        key = ["settlement_date", "settlement_period"]
        if kind == "flows":
            names = [*key, "flow", "volume_wh", "price_ugbp_per_mwh", "cash_ugbp"]
        else:
            # What is told of one row only is a column of all.
            names = list(dict.fromkeys(name for row in rows for name in row if name != "flows")) or key
        return to_frame({name: [row.get(name) for row in rows] for name in names}, engine)

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind."""
        told: dict[str, Any] = self._document.get("evidence", {})
        workings: dict[str, Any] = told.get("workings", {})
        if kind == "flows":
            key = ("settlement_date", "settlement_period")
            periods = self._document["periods"]
            return [{**{name: row[name] for name in key}, **flow} for row in periods for flow in row["flows"]]
        if kind == "baseline_days":
            # The times that the volumes of a day stand for: those of the window, then those of event and rebound.
            adjusted = self._document["baseline"]["adjustment"] or {"window": []}
            asked = sorted((row["settlement_date"], row["settlement_period"]) for row in self._document["baseline"]["periods"])
            slots = sorted({*asked, *((row["settlement_date"], row["settlement_period"]) for row in adjusted["window"])})
            return [
                {**{name: day[name] for name in ("stands_for", "settlement_date")}, "stands_for_period": number, "net_wh": wh}
                for day in workings.get("baseline_days", [])
                for number, wh in zip(
                    [period for date, period in slots if date == day["stands_for"]], day["net_wh"], strict=True
                )
            ]
        found = {
            "evidence": told.get("periods", []),
            "rebound_evidence": workings.get("rebound", []),
            "submissions": told.get("submissions", []),
            "event_days": told.get("event_days", []),
            "price_sources": told.get("price_sources", []),
        }
        rows: list[dict[str, Any]] = found[kind] if kind in found else self._document[kind]
        return rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EventRecord) and self._line == other._line

    def __hash__(self) -> int:
        return hash(self._line)

    def __str__(self) -> str:
        return self._text.rstrip()

    def __repr__(self) -> str:
        cash = self._document["totals"]["cash_ugbp"] / 1e6
        return f"<eca.EventRecord {self['event_id']} {self['run']}: {cash:,.2f} GBP>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@checked("eca.settle")
def settle(
    event: Mapping[str, Any] | str,
    meters: TableLike,
    prices: TableLike,
    *,
    run: str = "SF",
    as_of: TimeLike | None = None,
) -> EventRecord:
    """Settles an event from meter readings and prices.

    `event` is the document ``eca-event/1`` as a mapping or text. `meters` and `prices` are tables: a frame, rows as
    mappings, or the text of a CSV or JSON file. Readings that arrived after `as_of` (column ``received_at``) are left
    out, so that an earlier run can be computed again.

    >>> import eca, eca.sample
    >>> record = eca.settle(*eca.sample.event())
    >>> record
    <eca.EventRecord evening-2026-02-19 SF: 592.50 GBP>
    """
    text = event if isinstance(event, str) else json.dumps(event)
    cut = None if as_of is None else time("eca.settle", "as_of", as_of)
    line, _ = _eca.settle(text, table_text("meters", meters), table_text("prices", prices), run, cut)
    return EventRecord(line)


class Baseline:
    """What a meter would have shown, with the days used and left out: ``baseline["days"][0]["used"]``. Whole Wh."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    def to_dict(self) -> dict[str, Any]:
        """The answer as a dict of its own."""
        copied: dict[str, Any] = json.loads(json.dumps(self._document))
        return copied

    def to_frame(self, *, kind: str = "periods", engine: str = "pandas") -> Any:
        """A tidy table: ``periods`` with their baseline, or ``days`` with what became of each."""
        from ._frames import to_frame

        if kind == "periods":
            rows = self._document["periods"]
        elif kind == "days":
            rows = [row for days in self._document["days"] for row in _days(days)]
        else:
            raise bad_value("to_frame", "kind", repr(kind), "must be one of periods, days")
        names = list(rows[0]) if rows else []
        return to_frame({name: [row[name] for row in rows] for name in names}, engine)

    def __repr__(self) -> str:
        used = sum(len(days["used"]) for days in self._document["days"])
        periods = self._document["periods"]
        return f"<eca.Baseline {self['method']}: {len(periods)} periods, {used} days used>"


def _days(days: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for used in days["used"]:
        why = "event_day" if used in days["event_days_used"] else None
        yield {"of": days["settlement_date"], "settlement_date": used, "used": True, "reason": why}
    for left in days["excluded"]:
        yield {"of": days["settlement_date"], "settlement_date": left["settlement_date"], "used": False, "reason": left["reason"]}


@checked("eca.baseline")
def baseline(
    meters: TableLike,
    periods: Any,
    *,
    method: str = "bl01",
    meter_id: str | None = None,
    params: Mapping[str, Any] | None = None,
    event_days: Iterable[Mapping[str, Any]] = (),
    bank_holidays: Iterable[str] = (),
    nominated: Iterable[Mapping[str, Any]] = (),
    fixed_mwh: Any = None,
    balancing: bool = False,
    as_of: TimeLike | None = None,
) -> Baseline:
    """What a meter would have shown in `periods` without an event, by one of seven methods; the days used are part of the answer.

    `meters` is a table as for :func:`settle`. `periods` are pairs of settlement date and period, mappings, or a frame with
    ``settlement_date`` and ``settlement_period``. `meter_id` may be left out where the table has one meter. `method` is
    ``bl01``, ``mid_8_of_10``, ``high_5_of_10``, ``ten_in_ten``, ``nominated``, ``fixed`` or ``zero``.

    >>> import eca, eca.sample
    >>> event, meters, _ = eca.sample.event()
    >>> found = eca.baseline(meters, [("2026-02-19", 35)], event_days=event["baseline"]["event_days"])
    >>> found, found["periods"][0]["baseline_wh"]
    (<eca.Baseline bl01: 1 periods, 10 days used>, 6000000)
    """
    text = table_text("meters", meters)
    terms: dict[str, Any] = {"method": method, "params": dict(params or {})}
    terms["event_days"] = [dict(each) for each in event_days]
    terms["bank_holidays"] = [str(each) for each in bank_holidays]
    terms["nominated"] = [dict(each) for each in nominated]
    if fixed_mwh is not None:
        terms["fixed_mwh"] = _cell(fixed_mwh)
    request = {
        "meter_id": _only_meter(text) if meter_id is None else meter_id,
        "periods": [_period(each) for each in _rows(periods)],
        "baseline": terms,
        "balancing": bool(balancing),
    }
    cut = None if as_of is None else time("eca.baseline", "as_of", as_of)
    return Baseline(json.loads(_eca.baseline(json.dumps(request), text, cut)))


def _rows(table: Any) -> Iterable[Any]:
    if hasattr(table, "to_dicts"):
        return list(table.to_dicts())
    if hasattr(table, "to_dict") and hasattr(table, "columns"):
        return list(table.to_dict("records"))
    if isinstance(table, Iterable) and not isinstance(table, (str, Mapping)):
        return table
    raise bad_value("eca.baseline", "periods", type(table).__name__, "must be pairs of settlement date and period")


def _period(each: Any) -> dict[str, Any]:
    if isinstance(each, Mapping):
        each = (each["settlement_date"], each["settlement_period"])
    day, number = each
    return {"settlement_date": str(day)[:10], "settlement_period": int(number)}


def _only_meter(text: str) -> str:
    if text.lstrip().startswith("["):
        names = {str(row["meter_id"]) for row in json.loads(text)}
    else:
        names = {row["meter_id"] for row in csv.DictReader(io.StringIO(text))}
    if len(names) != 1:
        raise bad_value("eca.baseline", "meter_id", None, f"must be one of {', '.join(sorted(names))}")
    return names.pop()


def table_text(name: str, table: TableLike) -> str:
    """A table as the text of a CSV file."""
    if isinstance(table, str):
        return table
    if hasattr(table, "to_dicts"):  # polars
        rows: Iterable[Any] = table.to_dicts()
    elif hasattr(table, "to_dict") and hasattr(table, "columns"):  # pandas
        rows = table.to_dict("records")
    elif isinstance(table, Iterable) and not isinstance(table, Mapping):
        rows = table
    else:
        raise bad_value("settle", name, type(table).__name__, "must be a frame, rows as mappings, or the text of a file")
    rows = list(rows)
    if any(not isinstance(row, Mapping) for row in rows):
        raise bad_value("settle", name, "rows", "must be mappings from column to value")
    columns = list(dict.fromkeys(str(column) for row in rows for column in row))
    made = io.StringIO()
    writer = csv.DictWriter(made, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({str(column): _cell(value) for column, value in row.items()})
    return made.getvalue()


def _cell(value: Any) -> str:
    """A cell as the core reads it; an absent value is an empty cell."""
    if value is None or value != value:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    # numpy integers and floats without a fraction are whole numbers too.
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(float(value))
    return str(value)


class Report:
    """The months of a ledger and of what a site consumed: ``report[0]["month"]``; ``str(report)`` is a table."""

    def __init__(self, months: list[dict[str, Any]]) -> None:
        self._months = months

    def __len__(self) -> int:
        return len(self._months)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._months[index]

    def to_dict(self) -> dict[str, Any]:
        """The document ``eca-report/1``."""
        copied: list[dict[str, Any]] = json.loads(json.dumps(self._months))
        return {"format": "eca-report/1", "months": copied}

    def to_frame(self, *, engine: str = "pandas") -> Any:
        """A row for each month, in whole units; parts of ``sci`` and ``matched`` as columns of their own."""
        from ._frames import to_frame

        parts = {"sci": ("operational_mg", "embodied_mg", "inferences"), "matched": ("load_wh", "matched_wh", "grid_wh")}
        columns: dict[str, list[Any]] = {}
        for month in self._months:
            for name, value in month.items():
                for part in parts.get(name, ()):
                    columns.setdefault(f"{name}_{part}", []).append(None if value is None else value[part])
                if name not in parts:
                    columns.setdefault(name, []).append(value)
        return to_frame(columns, engine)

    def __str__(self) -> str:
        head = ("month", "events", "claimed MWh", "GBP", "avoided kg average", "marginal", "used MWh", "kg", "g/inference")
        rows = [(*head, "matched")]
        for month in self._months:
            rows.append(
                (
                    month["month"],
                    str(month["events"]) + (f" ({month['not_final']} not final)" if month["not_final"] else ""),
                    _millions(month["deviation_wh"], 3),
                    _millions(month["cash_ugbp"], 2),
                    _millions(month["carbon_avoided_mg"], 1),
                    _millions(month["marginal_carbon_avoided_mg"], 1),
                    _millions(month["consumption_wh"], 3),
                    _millions(month["location_based_mg"], 1),
                    _score(month["sci"]),
                    _share(month["matched"]),
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ("   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        return f"<eca.Report of {len(self._months)} months>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _millions(value: int | None, places: int) -> str:
    return "-" if value is None else f"{value / 1e6:,.{places}f}"


def _score(sci: dict[str, int] | None) -> str:
    if sci is None or not sci["inferences"]:
        return "-"
    return f"{(sci['operational_mg'] + sci['embodied_mg']) / 1e3 / sci['inferences']:.5f}"


def _share(matched: dict[str, int] | None) -> str:
    return "-" if matched is None or not matched["load_wh"] else f"{matched['matched_wh'] / matched['load_wh']:.1%}"


@checked("eca.report")
def report(
    records: Iterable[EventRecord] | str,
    *,
    consumption: TableLike | None = None,
    embodied: Mapping[str, Any] | None = None,
) -> Report:
    """Months of settled events, each at its latest run, and of what a site consumed.

    `records` are records in the order of their runs, or the text of a ledger. `consumption` is a table with ``start``,
    ``consumption_wh`` and, where known, ``carbon_g_per_kwh``, ``generation_wh``, ``grid_cfe_frac``, ``inferences``.
    `embodied` is ``{"total_kg": ..., "life_h": ..., "reserved_frac": ...}`` for the Software Carbon Intensity.

    >>> import eca, eca.sample
    >>> eca.report([eca.settle(*eca.sample.event())])[0]["cash_ugbp"]
    592500000
    """
    text = records if isinstance(records, str) else ""
    if not isinstance(records, str):
        for record in records:
            text, _ = _eca.ledger_append(text, record.to_json())
    used = None if consumption is None else table_text("consumption", consumption)
    made = None
    if embodied is not None:
        if set(embodied) != {"total_kg", "life_h", "reserved_frac"}:
            raise bad_value("eca.report", "embodied", sorted(embodied), "must have total_kg, life_h and reserved_frac")
        made = json.dumps({**{name: _cell(value) for name, value in embodied.items()}, "life_h": round(embodied["life_h"])})
    return Report(json.loads(_eca.report(text, used, made)))


@checked("eca.social_tariff")
def social_tariff(
    contributions: Mapping[str, int],
    beneficiaries: Iterable[Mapping[str, Any]],
    *,
    allocation: str = "by_weight",
    carried_in_ugbp: int = 0,
) -> list[dict[str, Any]]:
    """Shares contributions (µGBP by event) of the Social Tariff Fund out; the entries sum to zero to the unit.

    Beneficiaries have ``id``, ``weight`` and, where there is one, ``cap_ugbp``. `allocation` is ``by_weight`` or ``equal``.

    >>> import eca
    >>> entries = eca.social_tariff({"evening": 100}, [{"id": "a", "weight": 1}, {"id": "b", "weight": 2}])
    >>> [entry["amount_ugbp"] for entry in entries]
    [-100, 33, 67]
    """
    given = [{"id": name, "amount_ugbp": amount} for name, amount in contributions.items()]
    homes = [dict(each) for each in beneficiaries]
    made = _eca.distribute(json.dumps(given), json.dumps(homes), json.dumps(allocation), carried_in_ugbp)
    entries: list[dict[str, Any]] = json.loads(made)
    return entries


def products() -> list[dict[str, Any]]:
    """What is known of flexibility products: notice, duration, least power, pay, with the day and how sure it is.

    Numbers that no source gives are None. A contract's own numbers come first.

    >>> import eca
    >>> {product["id"]: product["min_mw"] for product in eca.products()}["dfs_2026"]
    0.1
    """
    rows: list[dict[str, Any]] = json.loads(_eca.products())
    for row in rows:
        for name in ("min_mw", "tolerance_frac"):
            row[name] = None if row[name] is None else float(row[name])
        row["pay_factor"] = [{name: float(value) for name, value in point.items()} for point in row["pay_factor"]]
    return rows


def run_products(options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``products``."""
    rows = products()

    def shown(value: Any, unit: str) -> str:
        return "-" if value is None else f"{value:g} {unit}"

    for row in rows:
        longest = "" if row["duration_max_min"] is None else f" to {row['duration_max_min']:g}"
        shortest = "-" if row["duration_min"] is None else f"{row['duration_min']:g}{longest} min"
        say(
            f"{row['id']:28} {row['route'] or 'not settled':20} response {shown(row['response_s'], 's'):7} "
            f"lasts {shortest:14} at least {shown(row['min_mw'], 'MW'):8} {row['pay'] or '-':12} ({row['standing']})"
        )
    return {"passed": True, "products": rows}


def run_report(options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``report RECORDS``."""
    from ._problem import read_text

    used = read_text(options.consumption) if options.consumption else None
    parts = ("total_kg", "life_h", "reserved_frac")
    embodied = None if options.embodied is None else dict(zip(parts, options.embodied, strict=True))
    made = report(read_text(options.records), consumption=used, embodied=embodied)
    say(str(made))
    return {"passed": True, "report": made.to_dict()}


def run_settle(options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``settle EVENT METERS PRICES``, or the event of :mod:`eca.sample` where no files are given."""
    from . import sample
    from ._problem import read_text

    files: list[str] = []
    if options.event is None:
        out = Path(options.out)
        out.mkdir(parents=True, exist_ok=True)
        event, meters, prices = sample.event()
        texts = {"event.json": json.dumps(event, indent=1) + "\n", "meters.csv": meters, "prices.csv": prices}
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8")
            files.append(str(out / name))
        output = options.output or str(out / "records.jsonl")
        if options.output is None:
            # The files of the made-up event are made anew each time; a ledger of your own only grows.
            Path(output).unlink(missing_ok=True)
        record = settle(event, meters, prices, run=options.run, as_of=options.as_of)
    else:
        output = options.output
        event_text, meters, prices = (read_text(path) for path in (options.event, options.meters, options.prices))
        record = settle(event_text, meters, prices, run=options.run, as_of=options.as_of)
    say(str(record))
    if output:
        change = record.append_to(output)
        if change is not None:
            say(f"against run {change['from']}: {change['cash_ugbp'] / 1e6:+,.2f} GBP")
        files.append(output)
    if files:
        say("wrote " + ", ".join(files))
    return {"passed": True, "record": record.to_dict(), "record_hash": record.hash, "files": files}
