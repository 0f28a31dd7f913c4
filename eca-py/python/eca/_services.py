"""Market services as signals: what is asked of which service, and what reads the answers."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime, timedelta, timezone
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _eca
from ._errors import EcaTimeError, bad_value
from ._keywords import checked
from ._parts import Horizon, TimeLike, time, utc

if TYPE_CHECKING:
    from . import _fetch as web
    from .signals import Signals

SOURCES = ("neso", "elexon_market_index", "elexon_system_prices", "octopus")
#: Number, name and group of the regions of the Carbon Intensity service.
REGIONS = (
    (1, "north-scotland", "_P"),
    (2, "south-scotland", "_N"),
    (3, "north-west-england", "_G"),
    (4, "north-east-england", "_F"),
    (5, "yorkshire", "_M"),
    (6, "north-wales", "_D"),
    (7, "south-wales", "_K"),
    (8, "west-midlands", "_E"),
    (9, "east-midlands", "_B"),
    (10, "east-england", "_A"),
    (11, "south-west-england", "_L"),
    (12, "south-england", "_H"),
    (13, "london", "_C"),
    (14, "south-east-england", "_J"),
)
#: The Agile tariff that is on sale at the time of this release.
AGILE = "AGILE-24-10-01"


def _region(name: str, gsp_group: str | None) -> tuple[int, str]:
    """Number and group of a region, by its group or its name."""
    for number, known, group in REGIONS:
        if group == gsp_group or (gsp_group is None and known == name):
            return number, group
    field, value = ("gsp_group", gsp_group) if gsp_group else ("region", name)
    known_names = ", ".join(f"{group} {known}" for _, known, group in REGIONS)
    raise bad_value("fetch", field, repr(value), f"must be a region of Great Britain (gsp_group says which): {known_names}")


def _span(
    start: TimeLike | None, end: TimeLike | None, date: str | Date | None, now: datetime
) -> tuple[datetime, datetime]:
    if date is not None:
        if start is not None or end is not None:
            raise EcaTimeError("date: give either date or start and end", field="date", text=str(date), reason="doubled")
        day = Horizon.day(date)
        return utc(str(day.start)), utc(str(day.end))
    first = now if start is None else utc(time("fetch", "start", start))
    last = first + timedelta(days=2) if end is None else utc(time("fetch", "end", end))
    if last <= first:
        reason = f"is not after start {first:%Y-%m-%dT%H:%MZ}"
        raise EcaTimeError(f"end of fetch `{last:%Y-%m-%dT%H:%MZ}`: {reason}", field="end", text=str(last), reason=reason)
    return first, last


def london_date(instant: datetime) -> Date:
    """The settlement date, by the time zone data of the library."""
    day = instant.date() + timedelta(days=1)
    return day if utc(_eca.settlement_day(str(day), 30)[0]) <= instant else instant.date()


@checked("eca.signals.fetch")
def fetch(
    source: str,
    *,
    start: TimeLike | None = None,
    end: TimeLike | None = None,
    date: str | Date | None = None,
    region: str | None = None,
    gsp_group: str | None = None,
    product: str = AGILE,
    column: str | None = None,
    value: str = "forecast",
    inc_vat: bool = False,
    base_url: str | None = None,
    cache: str | PathLike[str] | None = None,
    fresh_min: float = 10.0,
    max_age_min: float | None = None,
    offline: bool = False,
    timeout_s: float = 10.0,
    attempts: int = 4,
    back_off_s: float = 0.5,
    patience_s: float = 30.0,
    now: TimeLike | None = None,
) -> Signals:
    """Prices or carbon of a market service, over HTTP.

    ``source``: ``neso`` (carbon and mix; Great Britain, or one region by name or ``gsp_group``), ``octopus`` (Agile
    rates without VAT), ``elexon_market_index`` and ``elexon_system_prices`` (known after the fact). The span is from
    ``start`` to ``end``, or the London day ``date``; without either, the next two days.

    Lost connections, timeouts, 429 and 5xx are tried again, at most ``attempts`` times and ``patience_s`` seconds. With a
    folder ``cache``, answers are kept: one younger than ``fresh_min`` is not asked for again; where the service does not
    answer, an older one counts with a warning, up to ``max_age_min`` (any age where it is None). ``offline=True`` asks
    nobody. ``base_url``, or ``ECA_NESO_URL``, ``ECA_ELEXON_URL`` and ``ECA_OCTOPUS_URL``, name other addresses.
    """
    from . import signals

    if source not in SOURCES:
        raise bad_value("fetch", "source", repr(source), f"must be one of {', '.join(SOURCES)}")
    for field, given in (("timeout_s", timeout_s), ("attempts", attempts), ("patience_s", patience_s)):
        if not given > 0:
            raise bad_value("fetch", field, given, "must be above 0")
    present = datetime.now(timezone.utc).replace(microsecond=0) if now is None else utc(time("fetch", "now", now))
    first, last = _span(start, end, date, present)
    name = "gb" if region is None else region
    from . import _fetch as web  # HTTP and TLS: who asks nobody does not wait for them

    asking = web.Asking(
        base_url=web.base_url(source.partition("_")[0], base_url),
        cache=None if cache is None else Path(cache),
        fresh=timedelta(minutes=fresh_min),
        max_age=None if max_age_min is None else timedelta(minutes=max_age_min),
        offline=offline,
        timeout_s=timeout_s,
        attempts=attempts,
        back_off_s=back_off_s,
        patience_s=patience_s,
        now=present,
    )
    following = signals.octopus_next_page if source == "octopus" else lambda _: None
    number: int | None = None
    if source == "octopus":
        group = gsp_group or _region(name, None)[1]
        paths = web.agile_paths(first, last, product, group)
    elif source == "elexon_system_prices":
        # A price of a period is known after it: days to come are not asked for.
        until = min(last, present)
        # The last instant of the span, not the first one behind it.
        last_day = london_date(max(first, until - timedelta(seconds=1)))
        paths = web.system_price_paths(london_date(first), last_day) if first <= until else []
    elif source == "elexon_market_index":
        paths = web.market_index_paths(first, min(last, present))
    else:
        number = None if region is None and gsp_group is None else _region(name, gsp_group)[0]
        paths = web.neso_paths(first, last, number)

    def read(text: str, at: datetime) -> Signals:
        if source == "octopus":
            return signals.octopus(text, region=name, inc_vat=inc_vat, column=column, retrieved_at=at)
        if source == "neso":
            names = None if number is None else {number: name}
            return signals.neso(text, value=value, region=name, region_names=names, retrieved_at=at)
        dataset = source.partition("_")[2]
        return signals.elexon(text, dataset=dataset, region=name, column=column, retrieved_at=at)

    def readable(answer: web.Answer) -> Signals:
        found = signals.Signals._of(_eca.Signals.empty())
        for page in answer.pages:
            found = found.merge(read(page, answer.retrieved_at))
        return found

    found = signals.Signals._of(_eca.Signals.empty())
    for path in paths:
        answer, part = web.ask(path, asking, following, readable)
        if part.regions and name not in part.regions:
            raise bad_value("fetch", "region", repr(name), f"but the answer is for {', '.join(part.regions)}")
        # Two questions may overlap at a day's edge, and a forecast may have moved in between.
        found = found.merge(part, duplicates="keep_last")
        if answer.note:
            found = signals.Signals._of(found._core.warned(answer.note))
    return signals.Signals._of(found._core.between(first.isoformat(), last.isoformat()))
