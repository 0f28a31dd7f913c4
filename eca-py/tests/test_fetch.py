"""Prices and carbon over HTTP, from a server on this machine that answers in the documented shapes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import eca
from eca import _fetch
from eca.__main__ import main

#: Status, headers, body.
Reply = tuple[int, dict[str, str], str]
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
SPAN = {"start": "2026-03-02T00:00Z", "end": "2026-03-02T02:00Z", "now": "2026-03-02T12:00Z", "back_off_s": 0.01}


class Service:
    """A server: what it answers is a function of how many questions came before, and of the path."""

    def __init__(self) -> None:
        self.answer: Callable[[int, str], Reply] = lambda _, path: good(path)
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                status, headers, body = outer.answer(len(outer.asked) - 1, self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def z(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"


def half_hours(start: datetime, end: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    for n in range(int((end - start) / timedelta(minutes=30))):
        yield n, start + n * timedelta(minutes=30), start + (n + 1) * timedelta(minutes=30)


def good(path: str) -> Reply:
    """What the services answer: carbon counts half hours from 100 on, rates from 10 p/kWh on, in pages of 20."""
    if "standard-unit-rates" in path:
        query = parse_qs(urlsplit(path).query)
        page = int(query.get("page", ["1"])[0])
        if page == 1:
            good.day = [datetime.fromisoformat(query[name][0].replace("Z", "+00:00")) for name in ("period_from", "period_to")]  # type: ignore[attr-defined]
        rates = [
            {"value_exc_vat": 10 + n % 48, "value_inc_vat": 0, "valid_from": a.isoformat(), "valid_to": b.isoformat()}
            for n, a, b in half_hours(*good.day)  # type: ignore[attr-defined]
        ][::-1]
        more = page * 20 < len(rates)
        next_page = f"https://elsewhere.example/rates/?page={page + 1}" if more else None
        return 200, {}, json.dumps({"count": len(rates), "next": next_page, "results": rates[page * 20 - 20 : page * 20]})
    parts = [part for part in path.split("/") if part.endswith("Z")]
    start, end = (datetime.fromisoformat(part.replace("Z", "+00:00")) for part in parts)
    data: Any = [{"from": z(a), "to": z(b), "intensity": {"forecast": 100 + n % 48}} for n, a, b in half_hours(start, end)]
    if "regionid" in path:
        data = {"regionid": int(path.rsplit("/", 1)[1]), "shortname": "x", "data": data}
    return 200, {}, json.dumps({"data": data})


def values(found: eca.Signals, region: str, column: str, periods: int = 4) -> tuple[float, ...]:
    day = eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=periods)
    return found.align(day).values(region, column)


def test_carbon_of_the_country_and_of_a_region(service: Service) -> None:
    found = eca.signals.fetch("neso", base_url=service.url, **SPAN)
    assert values(found, "gb", "carbon_g_per_kwh") == (100, 101, 102, 103)
    assert found.span("gb", "carbon_g_per_kwh") == (NOON.replace(hour=0), NOON.replace(hour=2))
    assert found.provenance("gb", "carbon_g_per_kwh")["retrieved_at"] == "2026-03-02T12:00:00Z"
    named = eca.signals.fetch("neso", region="london", base_url=service.url, **SPAN)
    other = eca.signals.fetch("neso", region="hall-1", gsp_group="_P", base_url=service.url, **SPAN)
    assert values(named, "london", "carbon_g_per_kwh") == values(other, "hall-1", "carbon_g_per_kwh")
    day = "/intensity/2026-03-02T00:00Z/2026-03-03T00:00Z"
    assert service.asked == [day, f"/regional{day}/regionid/13", f"/regional{day}/regionid/1"]


def test_rates_in_pages(service: Service) -> None:
    found = eca.signals.fetch("octopus", region="london", date="2026-03-02", base_url=service.url, now=NOON)
    assert values(found, "london", "import_price_gbp_per_mwh", 48) == tuple(10.0 * (10 + n) for n in range(48))
    assert len(service.asked) == 3 and service.asked[2].endswith("standard-unit-rates/?page=3")
    assert "/v1/products/AGILE-24-10-01/electricity-tariffs/E-1R-AGILE-24-10-01-C/" in service.asked[0]


@pytest.mark.parametrize(("first", "counts"), [("2026-03-28", (48, 46, 48)), ("2026-10-24", (48, 50, 48))])
def test_settlement_dates_when_the_clock_changes(service: Service, first: str, counts: tuple[int, ...]) -> None:
    def prices(_: int, path: str) -> Reply:
        date = path.rsplit("/", 1)[1]
        count = counts[(datetime.fromisoformat(date) - datetime.fromisoformat(first)).days]
        price = {"settlementDate": date, "systemSellPrice": 50.0, "systemBuyPrice": 50.0}
        return 200, {}, json.dumps({"data": [{**price, "settlementPeriod": n} for n in range(1, count + 1)]})

    service.answer = prices
    days = [eca.Horizon.day(str(datetime.fromisoformat(first).date() + timedelta(days=n))) for n in range(3)]
    span = {"start": str(days[0].start), "end": str(days[2].end)}
    found = eca.signals.fetch("elexon_system_prices", base_url=service.url, now=str(days[2].end), **span)
    for day, count in zip(days, counts, strict=True):
        assert found.align(day).values("gb", "system_price_gbp_per_mwh") == (50.0,) * count
    dates = [str(datetime.fromisoformat(first).date() + timedelta(days=n)) for n in range(3)]
    assert [path.rsplit("/", 1)[1] for path in service.asked] == dates


def test_failures_that_pass_are_tried_again(service: Service) -> None:
    for status, headers in ((500, {}), (429, {"Retry-After": "0"}), (503, {"Retry-After": "nonsense"})):
        service.asked.clear()
        service.answer = lambda n, path, s=status, h=headers: (s, h, "no") if n < 2 else good(path)  # type: ignore[misc]
        found = eca.signals.fetch("neso", base_url=service.url, **SPAN)
        assert found.regions == ("gb",) and len(service.asked) == 3
    service.asked.clear()
    service.answer = lambda *_: (503, {}, "")
    with pytest.raises(eca.EcaFetchError, match="status 503, after 3 attempts") as failed:
        eca.signals.fetch("neso", base_url=service.url, attempts=3, **SPAN)
    assert failed.value.passing and failed.value.url.startswith(service.url) and len(service.asked) == 3


def test_what_is_final_and_what_takes_too_long(service: Service) -> None:
    service.answer = lambda *_: (404, {}, "no such region")
    with pytest.raises(eca.EcaFetchError, match="status 404: no such region") as failed:
        eca.signals.fetch("neso", base_url=service.url, **SPAN)
    assert not failed.value.passing and len(service.asked) == 1
    service.answer = lambda *_: (429, {"Retry-After": "3600"}, "")
    with pytest.raises(eca.EcaFetchError, match="asks to wait 3600 s"):
        eca.signals.fetch("neso", base_url=service.url, **SPAN)
    assert len(service.asked) == 2
    service.answer = lambda *_: (200, {}, '{"data": [{"from": "2026-03-02T00:00Z", "to": "2026-03-02T00:30Z", "intensity": {"forecast": "low"}}]}')
    with pytest.raises(eca.EcaParseError, match=r"intensity\.forecast"):
        eca.signals.fetch("neso", base_url=service.url, **SPAN)
    round_and_round = json.dumps({"count": 1, "next": "http://x/?page=2", "results": []})
    service.answer = lambda *_: (200, {}, round_and_round)
    with pytest.raises(eca.EcaFetchError, match="have no end"):
        eca.signals.fetch("octopus", region="london", base_url=service.url, **SPAN)


def test_retry_after_is_seconds_or_a_date() -> None:
    at = {"Retry-After": format_datetime(NOON + timedelta(seconds=90), usegmt=True)}
    assert _fetch.retry_after(at, NOON) == 90
    assert _fetch.retry_after({**at, "Date": format_datetime(NOON + timedelta(seconds=60), usegmt=True)}, NOON) == 30
    assert _fetch.retry_after({"Retry-After": "soon"}, NOON) is None and _fetch.retry_after({}, NOON) is None


def test_answers_are_kept_and_their_age_is_judged(service: Service, tmp_path: Path) -> None:
    service.answer = lambda n, path: good(path) if n < 2 else (500, {}, "")

    def ask(minutes: int, **more: Any) -> eca.Signals:
        choices = {**SPAN, "now": NOON + timedelta(minutes=minutes), "base_url": service.url, "cache": tmp_path, "attempts": 2}
        return eca.signals.fetch("neso", **{**choices, **more})

    def retrieved(found: eca.Signals) -> str:
        return str(found.provenance("gb", "carbon_g_per_kwh")["retrieved_at"])

    assert retrieved(ask(0)) == retrieved(ask(10)) == "2026-03-02T12:00:00Z" and len(service.asked) == 1
    assert retrieved(ask(11)) == "2026-03-02T12:11:00Z" and len(service.asked) == 2
    old = ask(60)
    assert retrieved(old) == "2026-03-02T12:11:00Z" and "status 500" in old.warnings[0]
    with pytest.raises(eca.EcaFetchError, match="0:49:00 old, at most 0:30:00"):
        ask(60, max_age_min=30)
    asked = len(service.asked)
    assert retrieved(ask(600, offline=True)) == "2026-03-02T12:11:00Z"
    with pytest.raises(eca.EcaFetchError, match="offline"):
        ask(0, offline=True)
    assert len(service.asked) == asked
    next(tmp_path.iterdir()).write_text("{")
    with pytest.raises(eca.EcaFetchError, match="status 500"):
        ask(60)


def test_an_answer_for_another_region_and_wrong_choices(service: Service) -> None:
    answer = good("/regional/intensity/2026-03-02T00:00Z/2026-03-03T00:00Z/regionid/12")
    service.answer = lambda *_: answer
    with pytest.raises(eca.EcaValueError, match="the answer is for south-england"):
        eca.signals.fetch("neso", region="london", base_url=service.url, **SPAN)
    for choices, said in (
        ({"source": "entsoe"}, "must be one of neso"),
        ({"source": "neso", "region": "hall-1"}, "gsp_group says which"),
        ({"source": "neso", "base_url": "localhost"}, "http://"),
        ({"source": "neso", "date": "2026-03-02", "start": "2026-03-02T00:00Z"}, "either date or start"),
        ({"source": "neso", "start": "2026-03-02T00:00Z", "end": "2026-03-02T00:00Z"}, "not after start"),
    ):
        with pytest.raises(eca.EcaError, match=said):
            eca.signals.fetch(choices.pop("source"), **choices)


def test_the_demo_plans_a_live_day(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache, out = tmp_path / "cache", tmp_path / "demo"
    words = ["demo", "--live", "--date", "2026-03-02", "--base-url", service.url, "--cache", str(cache), "--out", str(out)]
    assert main([*words, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    problem = json.loads((out / "problem.json").read_text())
    assert made["passed"] and problem["horizon"]["periods"] == 48
    london, scotland = problem["regions"]
    assert london["import_price_gbp_per_mwh"] == scotland["import_price_gbp_per_mwh"] == [10.0 * (10 + n) for n in range(48)]
    assert london["carbon_g_per_kwh"] == [100.0 + n for n in range(48)]
    asked = len(service.asked)
    assert main([*words, "--offline"]) == 0 and len(service.asked) == asked


def test_the_demo_says_plainly_that_there_is_no_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Service()
    gone.close()
    monkeypatch.setenv("ECA_OCTOPUS_URL", gone.url)
    assert main(["demo", "--live", "--date", "2026-03-02", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"eca: {gone.url}/v1/products/") and "refused" in said and "Traceback" not in said
