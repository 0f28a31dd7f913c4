"""Problems as people write them in Python."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import eca

SITE: dict[str, Any] = {"it_capacity_mw": 12, "import_limit_mw": 15, "carbon_g_per_kwh": 100}
PRICE = [142.0, 96.5, 61.2, 88.0]
HORIZON = eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4)


# ---- series ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        PRICE,
        tuple(PRICE),
        np.array(PRICE),
        np.array(PRICE, dtype=">f8"),
        pd.Series(PRICE),
        pd.Series(PRICE, dtype="Float64"),
        pl.Series(PRICE),
        iter(PRICE),
    ],
    ids=lambda given: type(given).__module__ + "." + type(given).__name__,
)
def test_every_kind_of_series_is_the_same(given: Any) -> None:
    region = eca.Region("london", import_price_gbp_per_mwh=given, **SITE)
    assert region.import_price_gbp_per_mwh == tuple(PRICE)
    assert region == eca.Region("london", import_price_gbp_per_mwh=PRICE, **SITE)


@pytest.mark.parametrize("given", [80, 80.0, np.float32(80), np.int64(80), np.array(80.0)], ids=repr)
def test_every_kind_of_number_is_the_same(given: Any) -> None:
    assert eca.Region("london", import_price_gbp_per_mwh=given, **SITE).import_price_gbp_per_mwh == 80.0


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([142.0, float("nan"), 61.2, 88.0], "[1] = nan GBP/MWh"),
        ([142.0, 96.5, None, 88.0], "[2] = None GBP/MWh"),
        (np.array([142.0, 96.5, 61.2, np.inf]), "[3] = inf GBP/MWh"),
        (pd.Series([142.0, None, 61.2, 88.0], dtype="Float64"), "[1] = <NA> GBP/MWh"),
        (pl.Series([142.0, None, 61.2, 88.0]), "[1] = None GBP/MWh"),
        ([142.0, "96.5", 61.2, 88.0], "[1] = 96.5 GBP/MWh"),
        (float("nan"), " = nan GBP/MWh"),
        ("142", " = '142' GBP/MWh"),
        (True, " = True GBP/MWh"),
        (np.zeros((2, 2)), "[0] = [0.0, 0.0] GBP/MWh"),
    ],
)
def test_values_that_are_no_numbers_are_refused_by_name(given: Any, shown: str) -> None:
    with pytest.raises(eca.EcaValueError, match="region `london` has import_price_gbp_per_mwh") as caught:
        eca.Region("london", import_price_gbp_per_mwh=given, **SITE)
    assert shown in str(caught.value)


def test_an_empty_series_is_refused() -> None:
    with pytest.raises(eca.EcaLengthError, match="region `london` has 0 values in import_price_gbp_per_mwh"):
        eca.Region("london", import_price_gbp_per_mwh=[], **SITE)


def test_nan_in_a_dict_is_refused_by_its_path(document: dict[str, Any]) -> None:
    document["regions"][0]["carbon_g_per_kwh"] = np.array([231.0, np.nan, 98.0, 120.0])
    with pytest.raises(eca.EcaDocumentError, match=r"regions\[0\]\.carbon_g_per_kwh\[1\]: nan is not a number"):
        eca.Problem.from_dict(document)
    document["regions"][0]["carbon_g_per_kwh"] = object()
    with pytest.raises(eca.EcaDocumentError, match=r"regions\[0\]\.carbon_g_per_kwh: object has no form in JSON"):
        eca.Problem.from_dict(document)


# ---- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        "2026-07-01T01:00:00Z",
        "2026-07-01T02:00+01:00",
        datetime(2026, 7, 1, 1, tzinfo=timezone.utc),
        datetime(2026, 7, 1, 2, tzinfo=timezone(timedelta(hours=1))),
        pd.Timestamp("2026-07-01T02:00", tz="Europe/London"),
    ],
    ids=str,
)
def test_every_kind_of_time_is_the_same(given: Any) -> None:
    assert eca.Horizon(start=given, periods=1).start == "2026-07-01T01:00:00Z"


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ("2026-07-01T01:00:00", "has no offset; write Z or +00:00"),
        (datetime(2026, 7, 1, 1), "has no offset; give it one, for example replace(tzinfo=timezone.utc)"),
        (pd.Timestamp("2026-07-01T01:00"), "has no offset"),
        (np.datetime64("2026-07-01T01:00"), "has no offset; write it as text with Z"),
        (date(2026, 7, 1), "has no time of day; write T00:00:00Z behind it"),
        ("2026-07-01", "has no time of day"),
        (pd.NaT, "is not a time"),
        (1_782_867_600, "is not a time"),
        ("soon", "is not a time"),
    ],
    ids=repr,
)
def test_times_without_an_offset_are_refused_with_the_fix(given: Any, fix: str) -> None:
    with pytest.raises(eca.EcaTimeError, match="deadline of job `embed`") as caught:
        eca.Job("embed", inferences=1, points=[], deadline=given)
    assert fix in str(caught.value)


def test_a_london_day_has_46_48_or_50_half_hours() -> None:
    assert [len(eca.Horizon.day(day)) for day in ("2026-03-29", "2026-06-01", "2026-10-25")] == [46, 48, 50]
    day = eca.Horizon.day(date(2026, 6, 1), step_min=60)
    assert (day.start, day.periods, day.step_h) == ("2026-05-31T23:00:00Z", 24, 1.0)
    assert day.starts[1] == datetime(2026, 6, 1, tzinfo=timezone.utc)
    assert day.end == datetime(2026, 6, 1, 23, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"periods": 0}, "periods = 0"),
        ({"periods": -1}, "periods = -1 periods, must be 1 to 20000"),
        ({"periods": 1.5}, "periods = 1.5, must be a whole number"),
        ({"periods": 1, "step_min": 7}, "step_min = 7 min, must be 5, 15, 30 or 60"),
        ({"periods": 1, "step_min": -5}, "step_min = -5 min, must be 5, 15, 30 or 60"),
    ],
)
def test_a_horizon_is_checked_when_it_is_made(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(eca.EcaValueError, match="horizon has") as caught:
        eca.Horizon(start="2026-03-02T00:00:00Z", **keywords)
    assert message in str(caught.value)


# ---- objects --------------------------------------------------------------------------------------------------------


def test_objects_cannot_be_changed_and_are_equal_by_value(problem: eca.Problem, plan: eca.Plan) -> None:
    service = problem.services[0]
    for target, name in ((service, "id"), (problem, "jobs"), (plan, "gap"), (problem.horizon, "periods")):
        with pytest.raises(AttributeError):
            setattr(target, name, None)
    latency: Any = service.network_latency_ms
    with pytest.raises(TypeError, match="cannot be changed"):
        latency["london"] = 1
    assert service == copy.deepcopy(service)
    assert len({service, copy.deepcopy(service)}) == 1
    assert len({problem, copy.copy(problem)}) == 1


def test_unknown_keywords_name_the_one_that_is_meant() -> None:
    with pytest.raises(TypeError, match=r"eca\.Region has no keyword 'it_capacity'; did you mean 'it_capacity_mw'\?"):
        eca.Region("london", it_capacity=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"eca\.Problem has no keyword 'job'; did you mean 'jobs'\?"):
        eca.Problem(horizon=HORIZON, regions=[], job=[])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes 2 positional arguments"):
        eca.Region("london", 12)  # type: ignore[misc]
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'import_limit_mw'"):
        eca.Region("london", it_capacity_mw=3)  # type: ignore[call-arg]


def test_unknown_keywords_of_solve(problem: eca.Problem) -> None:
    with pytest.raises(TypeError, match=r"solve has no keyword 'time_limit'; did you mean 'time_limit_s'\?"):
        problem.solve(time_limit=3)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"jobs": [{"id": "embed"}]}, r"jobs\[0\] = dict, must be an eca.Job; use Problem.from_dict for a document"),
        ({"jobs": eca.Job("embed", inferences=1, points=[])}, "jobs = Job, must be a list of eca.Job"),
        ({"batteries": [3]}, r"batteries\[0\] = int, must be an eca.Battery"),
        ({"horizon": "2026-03-02"}, "horizon = str, must be an eca.Horizon"),
    ],
)
def test_wrong_objects_are_refused_by_name(keywords: dict[str, Any], message: str) -> None:
    site = eca.Region("london", import_price_gbp_per_mwh=PRICE, **SITE)
    with pytest.raises(eca.EcaValueError, match=message):
        eca.Problem(**{"horizon": HORIZON, "regions": [site], **keywords})


def test_regions_as_one_text_are_refused() -> None:
    with pytest.raises(eca.EcaValueError, match=r"must be a list of names, for example \['london'\]"):
        eca.Job("embed", inferences=1, points=[], regions="london")
    with pytest.raises(eca.EcaValueError, match="preemptible = 'no', must be True or False"):
        eca.Job("embed", inferences=1, points=[], preemptible="no")  # type: ignore[arg-type]
    with pytest.raises(eca.EcaValueError, match="run_when = 100, must be a mapping"):
        eca.Job("embed", inferences=1, points=[], run_when=100)  # type: ignore[arg-type]
    with pytest.raises(eca.EcaValueError, match="migration = dict, must be an eca.Migration"):
        eca.Job("embed", inferences=1, points=[], migration={})  # type: ignore[arg-type]


def test_a_problem_needs_a_horizon_and_prices() -> None:
    with pytest.raises(eca.EcaTimeError, match="horizon of the problem is missing"):
        eca.Problem(regions=[eca.Region("london", import_price_gbp_per_mwh=PRICE, **SITE)])
    with pytest.raises(eca.EcaValueError, match="region `london` has import_price_gbp_per_mwh = None"):
        eca.Problem(horizon=HORIZON, regions=[eca.Region("london", **SITE)])


def test_repr_fits_on_a_line(problem: eca.Problem, plan: eca.Plan) -> None:
    assert repr(problem) == (
        "<eca.Problem 4 x 30 min from 2026-03-02T00:00:00Z: 2 regions, 1 battery, 2 jobs, 1 service, 1 carbon cap>"
    )
    long = eca.Region("london", import_price_gbp_per_mwh=range(48), **SITE)
    assert "import_price_gbp_per_mwh=[0.0, 1.0, ... 48 values]" in repr(long)
    assert repr(plan).startswith("<eca.Plan optimal: ") and "\n" not in repr(plan)
    assert repr(plan.check()) == "<eca.Check passed>"
    assert "<table>" in plan._repr_html_() and "run at once" in plan._repr_html_()


# ---- documents ------------------------------------------------------------------------------------------------------


def test_a_problem_comes_back_from_its_document(problem: eca.Problem, tmp_path: Path) -> None:
    problem.write(tmp_path / "problem.json")
    again = [
        eca.Problem.read(tmp_path / "problem.json"),
        eca.Problem.from_json(problem.to_json()),
        eca.Problem.from_dict(problem.to_dict()),
        pickle.loads(pickle.dumps(problem)),
        eca.Problem(
            horizon=problem.horizon,
            regions=problem.regions,
            batteries=problem.batteries,
            jobs=problem.jobs,
            services=problem.services,
            carbon_caps=problem.carbon_caps,
        ),
    ]
    for each in again:
        assert each == problem
        assert each.to_json() == problem.to_json()
        assert each.hash == problem.hash


def test_a_plan_comes_back_from_its_document(problem: eca.Problem, plan: eca.Plan, tmp_path: Path) -> None:
    plan.write(tmp_path / "plan.json")
    for again in (
        eca.Plan.read(tmp_path / "plan.json", problem),
        eca.Plan.from_dict(plan.to_dict(), problem),
        pickle.loads(pickle.dumps(plan)),
    ):
        assert again == plan
        assert again.to_json() == plan.to_json()
        assert again.check()


def test_a_plan_belongs_to_its_problem(problem: eca.Problem, plan: eca.Plan, document: dict[str, Any]) -> None:
    document["jobs"].pop()
    other = eca.Problem.from_dict(document)
    with pytest.raises(eca.EcaMismatchError, match="plan does not belong to this problem"):
        eca.Plan.from_json(plan.to_json(), other)
    check = plan.check(other)
    assert not check
    with pytest.raises(eca.EcaCheckError, match="the check found: ") as caught:
        check.raise_if_failed()
    assert caught.value.findings == check.findings
    alone = eca.Plan.from_json(plan.to_json())
    with pytest.raises(eca.EcaMismatchError, match="to_frame needs the problem"):
        alone.to_frame()


def test_a_changed_plan_is_found_out(problem: eca.Problem, plan: eca.Plan) -> None:
    document = plan.to_dict()
    document["totals"]["cost_gbp"] -= 1
    check = eca.Plan.from_dict(document, problem).check()
    assert not check and any("cost_gbp" in str(finding) for finding in check.findings)


def test_totals_are_read_by_attribute_or_by_key(plan: eca.Plan) -> None:
    assert plan.totals.cost_gbp == plan.totals["cost_gbp"] == plan.to_dict()["totals"]["cost_gbp"]
    assert dict(plan.totals) == plan.to_dict()["totals"]
    with pytest.raises(KeyError):
        plan.totals["keys"]
    references = plan.references
    assert references is not None
    saving = plan.savings[0]
    assert saving.reference == "run_at_once"
    assert saving.cost_gbp == pytest.approx(references.run_at_once.cost_gbp - plan.totals.cost_gbp)


def test_warnings_say_what_looks_wrong(document: dict[str, Any]) -> None:
    document["regions"][0]["it_capacity_mw"] = 12_000
    warnings = eca.Problem.from_dict(document).warnings
    assert any("looks like kW" in str(warning) and "london" in warning.object for warning in warnings)


def test_files_that_are_no_text_are_a_document_error(tmp_path: Path) -> None:
    (tmp_path / "problem.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(eca.EcaDocumentError, match="is not UTF-8 text"):
        eca.Problem.read(tmp_path / "problem.json")
    with pytest.raises(FileNotFoundError):
        eca.Problem.read(tmp_path / "none.json")


# ---- the package ----------------------------------------------------------------------------------------------------


def test_import_takes_what_a_plan_needs_and_nothing_else() -> None:
    # What it costs is a matter of machines (`python -X importtime -c "import eca"`); what it reads is not.
    code = """
import sys
before = set(sys.modules)
import eca
print(*sorted(set(sys.modules) - before))
eca.Problem, eca.Job, eca.Plan, eca.Commitment
print(*sorted(set(sys.modules) - before))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported, used = (set(line.split()) for line in run.stdout.splitlines())
    assert imported == used
    later = {"eca._audit", "eca._backtest", "eca._live", "eca._settle", "eca.conformance", "eca.signals"}
    others = {"numpy", "pandas", "polars", "matplotlib", "asyncio", "concurrent", "multiprocessing", "socket", "ssl"}
    assert {name for name in imported if name in later or name.split(".")[0] in others} == set()


def test_what_is_read_later_is_there_by_every_way() -> None:
    code = """
import eca
assert set(eca.__all__) <= set(dir(eca)), set(eca.__all__) - set(dir(eca))
from eca import backtest, conformance, settle
assert backtest is eca.backtest and conformance is eca.conformance and settle is eca.settle
assert eca.Signals is eca.signals.Signals
try:
    eca.settel
except AttributeError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "module `eca` has no attribute `settel`"


def test_every_public_name_is_documented() -> None:
    for name in eca.__all__:
        assert hasattr(eca, name)
        if name != "__version__":
            assert getattr(eca, name).__doc__, name


def test_json_is_what_json_says(problem: eca.Problem) -> None:
    assert json.loads(problem.to_json()) == problem.to_dict()
