"""Settlement of flexibility events, in whole units: Wh, µGBP and mg."""

from __future__ import annotations

import csv
import html
import io
import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from . import _eca
from ._errors import bad_value
from ._keywords import checked
from ._parts import TimeLike, time

#: A table as CSV or JSON text, a pandas or polars frame, or rows as mappings.
TableLike = Any
#: Kinds of tables of a record.
KINDS = ("periods", "flows", "rebound")


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

    def write(self, path: str | PathLike[str]) -> None:
        """Writes the record to a file, one line of JSON."""
        Path(path).write_text(self._line + "\n", encoding="utf-8")

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
        """A tidy table: ``periods`` of the event, ``flows`` of money, or periods of the ``rebound``.

        A pandas frame, or a polars one (``engine="polars"``).
        """
        from ._frames import to_frame

        if kind not in KINDS:
            raise bad_value("to_frame", "kind", repr(kind), f"must be one of {', '.join(KINDS)}")
        rows = self._document["rebound" if kind == "rebound" else "periods"]
        key = ("settlement_date", "settlement_period")
        if kind == "flows":
            rows = [{**{name: row[name] for name in key}, **flow} for row in rows for flow in row["flows"]]
            names = [*key, "flow", "volume_wh", "price_ugbp_per_mwh", "cash_ugbp"]
        else:
            names = [name for name in rows[0] if name != "flows"] if rows else list(key)
        return to_frame({name: [row[name] for row in rows] for name in names}, engine)

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
        output = options.output or str(out / "record.json")
        record = settle(event, meters, prices, run=options.run, as_of=options.as_of)
    else:
        output = options.output
        event_text, meters, prices = (read_text(path) for path in (options.event, options.meters, options.prices))
        record = settle(event_text, meters, prices, run=options.run, as_of=options.as_of)
    say(str(record))
    if output:
        record.write(output)
        files.append(output)
    if files:
        say("wrote " + ", ".join(files))
    return {"passed": True, "record": record.to_dict(), "record_hash": record.hash, "files": files}
