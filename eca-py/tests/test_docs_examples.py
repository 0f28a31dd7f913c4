"""The examples in docs/format, docs/market.md and docs/settlement.md are what the library and the schemas say."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import eca

DOCS = Path(__file__).resolve().parents[2] / "docs"
FORMATS = sorted((DOCS / "format").glob("*.md"))
SCHEMAS = {
    f"eca-{name}/1": json.loads((DOCS / "format" / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("problem", "plan", "event", "event-record", "report", "offer-request", "shed-ladder")
}
BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


def blocks(name: str, kind: str) -> list[tuple[str, str]]:
    """The word after the language, and the text, of each block of a page."""
    text = (DOCS / name).read_text(encoding="utf-8")
    found = [(mark.strip().partition(" "), body) for mark, body in BLOCK.findall(text)]
    return [(rest, body) for (language, _, rest), body in found if language == kind]


def json_blocks() -> list[Any]:
    """Every JSON block of the format pages."""
    return [
        pytest.param(mark, body, id=f"{page.stem}-{number}-{mark or 'document'}")
        for page in FORMATS
        for number, (mark, body) in enumerate(blocks(f"format/{page.name}", "json"))
    ]


def first(name: str) -> str:
    """The document that a page begins with."""
    mark, body = blocks(name, "json")[0]
    assert mark == ""
    return body


@pytest.mark.parametrize(("mark", "body"), json_blocks())
def test_json_examples_fit_the_schema(mark: str, body: str) -> None:
    value = json.loads(body)
    if mark in ("", "refused"):
        schema = SCHEMAS[value["format"]]
    else:
        home = next(schema for schema in SCHEMAS.values() if mark in schema["$defs"])
        schema = {"$ref": f"#/$defs/{mark}", "$defs": home["$defs"]}
    jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)


def test_the_problem_is_read_and_its_plan_is_the_one_shown() -> None:
    problem = eca.Problem.from_json(first("format/problem.md"))
    assert problem.warnings == ()
    shown = eca.Plan.from_json(first("format/plan.md"), problem)
    assert shown.check()
    made = problem.solve(gap=0)
    assert made.objective_gbp == pytest.approx(shown.objective_gbp, abs=1e-6)
    assert (shown.outcome, made.outcome) == ("optimal", "optimal")
    same = ("format", "problem_hash", "engine", "engine_reason", "references")
    ours, theirs = made.to_dict(), shown.to_dict()
    assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}


def test_every_field_of_the_problem_schema_is_described() -> None:
    page = (DOCS / "format" / "problem.md").read_text(encoding="utf-8")
    schema = SCHEMAS["eca-problem/1"]
    names = set(schema["properties"])
    for part in schema["$defs"].values():
        names |= set(part.get("properties", {}))
        names |= {name for choice in part.get("oneOf", []) for name in choice.get("properties", {})}
    missing = sorted(name for name in names if not re.search(rf"\b{name}\b", page))
    assert not missing


def test_every_field_of_the_plan_schema_is_described() -> None:
    page = (DOCS / "format" / "plan.md").read_text(encoding="utf-8")
    schema = SCHEMAS["eca-plan/1"]
    names = set(schema["properties"]).union(*(part.get("properties", {}) for part in schema["$defs"].values()))
    missing = sorted(name for name in names if not re.search(rf"\b{name}\b", page))
    assert not missing


def test_defaults_are_those_of_the_schema() -> None:
    """Each row of a table of fields shows the default that the schema has."""
    page = (DOCS / "format" / "problem.md").read_text(encoding="utf-8")
    defs = SCHEMAS["eca-problem/1"]["$defs"]
    compared = 0
    sections = {"regions[]": "Region", "batteries[]": "Battery", "jobs[]": "Job", "services[]": "Service"}
    for title, name in {**sections, "carbon_caps[]": "CarbonCap", "targets[]": "PowerTarget"}.items():
        part = page.split(f"## `{title}`")[1].split("\n## ")[0]
        for field, cells in re.findall(r"^\| `(\w+)`[^|]*\|(.*)\|$", part, re.MULTILINE):
            about = defs[name]["properties"].get(field)
            if about is None:
                continue
            given = [cell.strip().strip("`\"") for cell in cells.split("|")][1].replace(",", "")
            if field in defs[name]["required"]:
                wanted = ("required", "")
            elif "default" not in about:
                wanted = ("none",)
            else:
                value = about["default"]
                wanted = (f"{value:g}" if type(value) in (int, float) else json.dumps(value).strip('"'),)
            if given != "" or "required" not in wanted:
                assert given in wanted, (name, field)
            compared += 1
    assert compared > 50


def test_what_is_refused_is_refused_in_these_words() -> None:
    (body,) = [body for mark, body in blocks("format/problem.md", "json") if mark == "refused"]
    (message,) = [body for mark, body in blocks("format/problem.md", "text")]
    with pytest.raises(eca.EcaValueError) as refused:
        eca.Problem.from_json(body)
    assert str(refused.value) == message.strip()


def test_series_files_are_read() -> None:
    found = {mark: body for mark, body in blocks("format/series.md", "csv")}
    assert set(found) == {"tidy", "wide", "meter"}
    tidy, wide = eca.signals.parse_csv(found["tidy"]), eca.signals.parse_csv(found["wide"])
    assert tidy.warnings == () and wide.warnings == ()
    assert tidy.regions == wide.regions == ("london", "north-scotland")
    assert tidy.columns_of("london") == ("import_price_gbp_per_mwh", "carbon_g_per_kwh")
    assert wide.columns_of("north-scotland") == ("carbon_g_per_kwh",)
    again = eca.signals.parse_csv(tidy.to_csv())
    assert again.to_csv() == tidy.to_csv()


@pytest.mark.parametrize("name", ["format/series.md", "market.md", "settlement.md"])
def test_snippets_of_the_pages_run(name: str) -> None:
    result = doctest.testfile(str(DOCS / name), module_relative=False, encoding="utf-8")
    assert result.attempted >= 2 and result.failed == 0
