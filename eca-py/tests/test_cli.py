"""The command line: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import data_file

import eca
from eca.__main__ import main

Run = tuple[int, str, str]


@pytest.fixture
def files(problem: eca.Problem, plan: eca.Plan, tmp_path: Path) -> Path:
    """A folder with a problem, its plan, and things that are neither."""
    problem.write(tmp_path / "problem.json")
    plan.write(tmp_path / "plan.json")
    wrong = plan.to_dict()
    wrong["totals"]["cost_gbp"] -= 10
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    (tmp_path / "broken.json").write_text("{")
    impossible = problem.to_dict()
    impossible["jobs"][0]["inferences"] = 9e12
    (tmp_path / "impossible.json").write_text(json.dumps(impossible))
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command line in this process: code, stdout, stderr."""

    def call(*words: object) -> Run:
        code = main([str(word) for word in words])
        return (code, *capsys.readouterr())

    return call


def one_object(text: str) -> dict[str, Any]:
    """The one JSON object of a text that holds nothing else."""
    assert text.count("\n") == 1
    found: dict[str, Any] = json.loads(text)
    return found


def test_plan_then_check(run: Any, files: Path) -> None:
    code, out, _ = run("plan", files / "problem.json", "-o", files / "new.json")
    assert code == 0
    assert "optimal: " in out and "this plan" in out and "against run at once: saves" in out
    assert (files / "new.json").read_bytes() == (files / "plan.json").read_bytes()
    code, out, err = run("check", files / "problem.json", files / "new.json")
    assert (code, err) == (0, "") and out.startswith("passed: ")


def test_a_wrong_plan_is_exit_code_1_with_the_reason(run: Any, files: Path) -> None:
    code, out, _ = run("check", files / "problem.json", files / "wrong.json")
    assert code == 1 and "cost_gbp" in out and "failed: " in out
    code, out, _ = run("check", files / "problem.json", files / "wrong.json", "--json")
    found = one_object(out)
    assert (code, found["exit_code"], found["passed"]) == (1, 1, False) and found["findings"]


def test_a_problem_without_a_plan_is_exit_code_1(run: Any, files: Path) -> None:
    code, out, err = run("plan", files / "impossible.json", "-o", files / "none.json")
    assert code == 1 and out == "" and "job `embed` needs" in err
    assert not (files / "none.json").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "required: VERB"),
        (("fly",), "invalid choice: 'fly'"),
        (("plan",), "required: PROBLEM"),
        (("plan", "{}/problem.json"), "-o/--output"),
        (("plan", "{}/problem.json", "-o", "{}/x.json", "--gap", "-1"), "'-1' is not a number above 0"),
        (("plan", "{}/problem.json", "-o", "{}/x.json", "--time-limit-s", "soon"), "'soon' is not a number above 0"),
        (("plan", "{}/problem.json", "-o", "{}/x.json", "--engine", "fast"), "`fast`"),
        (("plan", "{}/none.json", "-o", "{}/x.json"), "none.json: No such file"),
        (("plan", "{}/broken.json", "-o", "{}/x.json"), "document"),
        (("plan", "{}/problem.json", "-o", "{}/no/such/x.json"), "No such file"),
        (("check", "{}/problem.json"), "required: PLAN"),
        (("check", "{}/problem.json", "{}/broken.json"), "document"),
        (("check", "{}/problem.json", "{}/problem.json"), "document"),
        (("check", "{}", "{}/plan.json"), "Is a directory"),
        (("demo", "--map", "nonsense"), "is not TARGET=SOURCE"),
        (("demo", "--gbp-per-eur", "0"), "'0' is not a number above 0"),
        (("demo", "--data", "{}/none.csv", "--date", "2023-03-15"), "none.csv: No such file"),
        (("demo", "--date", "2023-02-30"), "2023-02-30"),
        (("offers", "{}/problem.json"), "required: REQUEST"),
        (("offers", "{}/problem.json", "{}/problem.json"), "document"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_what_cannot_be_used_is_exit_code_2(
    run: Any, files: Path, words: tuple[str, ...], reason: str, as_json: bool
) -> None:
    given = [word.replace("{}", str(files)) for word in words] + ["--json"] * as_json
    code, out, err = run(*given)
    assert code == 2 and reason in err
    if as_json:
        found = one_object(out)
        assert found["exit_code"] == 2 and reason in found["error"]["message"] and found["error"]["kind"]
    else:
        assert out == ""


def test_every_verb_prints_one_json_object(run: Any, files: Path) -> None:
    code, out, _ = run("--json", "plan", files / "problem.json", "-o", files / "new.json")
    made = one_object(out)
    assert (code, made["verb"], made["exit_code"], made["outcome"]) == (0, "plan", 0, "optimal")
    assert made["totals"] == json.loads((files / "new.json").read_text())["totals"]
    code, out, _ = run("check", "--json", files / "problem.json", files / "new.json")
    assert one_object(out)["passed"] is True


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["demo", "--help"], ["--version"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 0
    assert eca.__version__ in capsys.readouterr().out


def test_python_m_eca_is_the_command(files: Path) -> None:
    command = [sys.executable, "-m", "eca", "check", str(files / "problem.json"), str(files / "plan.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# ---- demo -----------------------------------------------------------------------------------------------------------


def look_at(out: Path, made: dict[str, Any]) -> eca.Plan:
    """The files of a demo: complete, and they pass the check again."""
    assert [Path(name).name for name in made["files"]] == ["problem.json", "plan.json", "plan.csv", "plan.png"]
    problem = eca.Problem.read(out / "problem.json")
    plan = eca.Plan.read(out / "plan.json", problem)
    assert plan.check()
    assert (out / "plan.png").read_bytes().startswith(b"\x89PNG")
    with open(out / "plan.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["action"] for row in rows} >= {"run", "serve", "import"}
    assert rows[0]["start"].endswith("Z")
    return plan


def test_the_demo_plans_the_sample_day(run: Any, tmp_path: Path) -> None:
    code, out, err = run("demo", "--out", tmp_path / "demo", "--json")
    made = one_object(out)
    assert (code, made["passed"]) == (0, True)
    assert "GBP" in err  # progress
    plan = look_at(tmp_path / "demo", made)
    assert plan.gap < 0.1
    assert [saving["reference"] for saving in made["savings"]] == ["run_at_once", "cheapest_start"]
    assert all(saving["cost_gbp_per_inference"] > 0 for saving in made["savings"])


def test_the_demo_plans_a_real_day(run: Any, tmp_path: Path) -> None:
    data = data_file("grid/gb_de_fr_hourly_2023h1.csv")
    maps = [f"{region}.import_price_gbp_per_mwh={region}_day_ahead_eur_per_mwh" for region in ("gb", "de")]
    day = ["demo", "--data", data, "--date", "2023-03-15", "--out", tmp_path / "demo"]
    code, out, _ = run(*day, "--map", *maps, "--gbp-per-eur", "0.88", "--json")
    assert code == 0
    plan = look_at(tmp_path / "demo", one_object(out))
    assert plan.problem is not None and [region.id for region in plan.problem.regions] == ["gb", "de"]
    with open(data, encoding="utf-8") as file:
        first = next(row for row in csv.DictReader(file) if row["utc_start"] == "2023-03-15T00:00:00Z")
    gb = plan.problem.regions[0]
    assert gb.import_price_gbp_per_mwh[0] == pytest.approx(0.88 * float(first["gb_day_ahead_eur_per_mwh"]))
    assert gb.carbon_g_per_kwh[:2] == (float(first["gb_carbon_lifecycle_g_per_kwh"]),) * 2
    for words, reason in (
        ([*day, "--map", *maps], "give the rate"),
        (day, "no region has both"),
        ([*day, "--map", "gb.import_price_gbp_per_mwh=price"], "`price`"),
        ([*day[:3], "--map", *maps, "--gbp-per-eur", "0.88"], "--date is missing; the file holds 2023-01-01"),
        ([*day[:3], "--date", "2024-03-15", "--map", *maps, "--gbp-per-eur", "0.88"], "2024-03-15"),
    ):
        code, _, err = run(*words)
        assert code == 2 and reason in err


def test_the_demo_goes_without_matplotlib(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from eca import _demo; from eca.__main__ import main\n"
        "_demo.TIME_LIMIT_S = 2\n"
        f"sys.exit(main(['demo', '--json', '--out', {str(tmp_path)!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = one_object(done.stdout)
    assert made["notes"] == ["no chart: plot() needs matplotlib: pip install eca[plot]"]
    assert not (tmp_path / "plan.png").exists()
