"""Asking market services over HTTP, with the standard library alone: :func:`eca.signals.fetch`."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time as clock
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from ._errors import EcaFetchError

#: Public addresses; ``ECA_NESO_URL`` and its like, or ``base_url=``, name others.
PUBLIC = {
    "neso": "https://api.carbonintensity.org.uk",
    "elexon": "https://data.elexon.co.uk/bmrs/api/v1",
    "octopus": "https://api.octopus.energy",
}
#: Most days in one question.
NESO_DAYS, INDEX_DAYS = 13, 6
#: Rates on a page of Octopus, most pages, largest answer.
PAGE_SIZE, MAX_PAGES, MAX_BYTES = 1500, 100, 32 * 1024 * 1024
#: A kept answer may be so much later than now: clocks differ.
AHEAD = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a service is asked."""

    base_url: str
    cache: Path | None
    fresh: timedelta
    max_age: timedelta | None
    offline: bool
    timeout_s: float
    attempts: int
    back_off_s: float
    patience_s: float
    now: datetime


@dataclass(frozen=True)
class Answer:
    """All pages of an answer, and when it came."""

    url: str
    retrieved_at: datetime
    pages: list[str]
    note: str | None = None


def base_url(service: str, given: str | None) -> str:
    """The address of a service: given, from the environment, or its public one."""
    url = given or os.environ.get(f"ECA_{service.upper()}_URL") or PUBLIC[service]
    if not url.startswith(("http://", "https://")):
        raise EcaFetchError(f"base_url `{url}`: must begin with http:// or https://", url=url, reason="no web address")
    return url.rstrip("/")


def spans(start: datetime, end: datetime, days: int) -> list[tuple[datetime, datetime]]:
    """The UTC days that cover a span, in parts: the same question comes again, and an answer that was kept fits."""
    first = start.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while first < end:
        part_end = first
        while part_end < end and part_end < first + timedelta(days=days):
            part_end += timedelta(days=1)
        found.append((first, part_end))
        first = part_end
    return found


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"


def neso_paths(start: datetime, end: datetime, region_id: int | None) -> list[str]:
    """National, or one region."""
    area, behind = ("", "") if region_id is None else ("/regional", f"/regionid/{region_id}")
    return [f"{area}/intensity/{_minute(a)}/{_minute(b)}{behind}" for a, b in spans(start, end, NESO_DAYS)]


def system_price_paths(first: date, last: date) -> list[str]:
    """One question for each settlement date."""
    days = (last - first).days + 1
    return [f"/balancing/settlement/system-prices/{first + timedelta(days=day)}" for day in range(days)]


def market_index_paths(start: datetime, end: datetime) -> list[str]:
    """Parts of a week."""
    path = "/balancing/pricing/market-index"
    return [f"{path}?from={_minute(a)}&to={_minute(b)}" for a, b in spans(start, end, INDEX_DAYS)]


def agile_paths(start: datetime, end: datetime, product: str, gsp_group: str) -> list[str]:
    """Unit rates of a tariff."""
    quoted, tariff = (
        urllib.parse.quote(each, safe="") for each in (product, f"E-1R-{product}-{gsp_group.lstrip('_')}")
    )
    path = f"/v1/products/{quoted}/electricity-tariffs/{tariff}/standard-unit-rates/?page_size={PAGE_SIZE}"
    return [
        f"{path}&period_from={a:%Y-%m-%dT%H:%M:%SZ}&period_to={b:%Y-%m-%dT%H:%M:%SZ}"
        for a, b in spans(start, end, NESO_DAYS)
    ]


def ask(
    path: str, asking: Asking, next_page: Callable[[str], str | None], readable: Callable[[Answer], Any]
) -> tuple[Answer, Any]:
    """The answer and what is read from it: from the cache, or the service; what cannot be read is not kept."""
    url = asking.base_url + path
    kept = _load(url, asking)
    age = None if kept is None else asking.now - kept.retrieved_at
    young = age is not None and (asking.max_age is None or age <= asking.max_age)
    if kept is not None and age is not None and young and (asking.offline or age <= asking.fresh):
        return kept, readable(kept)
    if asking.offline:
        reason = "no answer was kept for it, and nobody is asked offline"
        failed = EcaFetchError(f"{url}: {reason}", url=url, reason=reason)
    else:
        try:
            answer = Answer(url, asking.now, _pages(url, asking, next_page))
        except EcaFetchError as error:
            failed = error
        else:
            found = readable(answer)
            _keep(answer, asking)
            return answer, found
    if kept is None or age is None or not failed.passing:
        raise failed
    if not young:
        reason = f"{failed.reason}; the answer that was kept is {age} old, at most {asking.max_age} are allowed"
        raise EcaFetchError(f"{url}: {reason}", url=url, reason=reason)
    kept = Answer(kept.url, kept.retrieved_at, kept.pages, f"{failed}; the answer of {kept.retrieved_at} is used")
    return kept, readable(kept)


def _pages(url: str, asking: Asking, next_page: Callable[[str], str | None]) -> list[str]:
    until = clock.monotonic() + asking.patience_s
    pages, asked = [], [url]
    while True:
        pages.append(_text(asked[-1], asking, until))
        following = next_page(pages[-1])
        if following is None:
            return pages
        # Only the query is taken: a service does not lead anywhere else, and one behind a proxy is asked through it.
        following = f"{url.partition('?')[0]}?{following.partition('?')[2]}"
        if following in asked or len(pages) >= MAX_PAGES:
            reason = f"its pages have no end: {following} after {len(pages)} pages"
            raise EcaFetchError(f"{url}: {reason}", url=url, reason=reason, passing=False)
        asked.append(following)


def _text(url: str, asking: Asking, until: float) -> str:
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "eca"})
    for attempt in range(1, asking.attempts + 1):
        wanted: float | None = None
        try:
            with urllib.request.urlopen(request, timeout=asking.timeout_s) as response:
                body = response.read(MAX_BYTES + 1)
            if len(body) > MAX_BYTES:
                raise _final(url, f"its answer is longer than {MAX_BYTES} bytes")
            return str(body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise _final(url, f"its answer is no text: {error}") from error
        except urllib.error.HTTPError as error:
            said = f"status {error.code}"
            if error.code not in (408, 429) and error.code < 500:
                text = error.read(200).decode("utf-8", "replace").strip()
                raise _final(url, f"{said}: {text}") from error
            if error.code in (429, 503):
                wanted = retry_after(dict(error.headers), asking.now)
        except (OSError, http.client.HTTPException) as error:
            said = str(getattr(error, "reason", None) or error) or type(error).__name__
        pause = asking.back_off_s * 2 ** (attempt - 1) if wanted is None else wanted
        over = clock.monotonic() + pause > until
        if attempt == asking.attempts or over:
            more = f"; it asks to wait {wanted:.0f} s" if wanted is not None and over else ""
            reason = f"{said}, after {attempt} attempts{more}"
            raise EcaFetchError(f"{url}: {reason}", url=url, reason=reason)
        clock.sleep(pause)
    raise AssertionError("attempts are at least 1")


def _final(url: str, reason: str) -> EcaFetchError:
    return EcaFetchError(f"{url}: {reason}", url=url, reason=reason, passing=False)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for; None where it is missing or cannot be read."""
    headers = {name.lower(): value for name, value in headers.items()}
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(int(value)))
    except ValueError:
        pass
    try:
        date_of_server = headers.get("date")
        base = now if date_of_server is None else parsedate_to_datetime(date_of_server)
        return max(0.0, (parsedate_to_datetime(value) - base).total_seconds())
    except (TypeError, ValueError):
        return None


def _file(folder: Path, url: str) -> Path:
    return folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.json"


def _load(url: str, asking: Asking) -> Answer | None:
    if asking.cache is None:
        return None
    try:
        found = json.loads(_file(asking.cache, url).read_text("utf-8"))
        answer = Answer(found["url"], datetime.fromisoformat(found["retrieved_at"]), list(found["pages"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    known = answer.url == url and answer.retrieved_at.tzinfo is not None and answer.retrieved_at <= asking.now + AHEAD
    return answer if known else None


def _keep(answer: Answer, asking: Asking) -> None:
    if asking.cache is None:
        return
    asking.cache.mkdir(parents=True, exist_ok=True)
    path = _file(asking.cache, answer.url)
    # Two processes may keep their answers in one folder.
    beside = path.with_suffix(f".{os.getpid()}.new")
    text = {"url": answer.url, "retrieved_at": answer.retrieved_at.isoformat(), "pages": answer.pages}
    beside.write_text(json.dumps(text), "utf-8")
    beside.replace(path)
