"""The tools that decide whether a build is good are tested themselves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent
sys.path[:0] = [str(TOOLS), str(TOOLS.parent / "eca-py" / "build_backend")]

import eca_build  # noqa: E402
import highs_prefix as hp  # noqa: E402
import licences  # noqa: E402
import readme  # noqa: E402
import run_steps  # noqa: E402


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        ("test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.1s", (12, 0, 3)),
        ("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", (1, 2, 0)),
        ("======= 1 failed, 2 passed, 1 skipped, 3 warnings in 1.20s =======", (2, 1, 1)),
        ("\x1b[32m5 passed\x1b[0m\x1b[32m in 0.01s\x1b[0m", (5, 0, 0)),
        ("2 passed, 1 error in 61.30s (0:01:01)", (2, 1, 0)),
        ("3 xfailed, 1 xpassed in 0.10s", (3, 1, 0)),
        ("75% tests passed, 1 tests failed out of 4", (3, 1, 0)),
        ("100% tests passed, 0 tests failed out of 7", (7, 0, 0)),
    ],
)
def test_closing_lines_of_the_runners_are_counted(line: str, counted: tuple[int, int, int]) -> None:
    assert run_steps.count_line(line) == run_steps.Count(*counted)


@pytest.mark.parametrize("line", ["running 3 tests", "test a ... ok", "Finished in 3 s", "12 passed the border", ""])
def test_other_lines_are_not_counted(line: str) -> None:
    assert run_steps.count_line(line) is None


def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, makefile: str, *names: str) -> int:
    (tmp_path / "Makefile").write_text(makefile, encoding="utf-8")
    monkeypatch.setattr(run_steps, "ROOT", tmp_path)
    monkeypatch.setattr(run_steps, "LOGS", tmp_path / "logs")
    return run_steps.main(list(names))


PASS = "\t@echo 'test result: ok. 2 passed; 0 failed; 0 ignored;'\n"


def test_the_last_line_is_the_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = steps(tmp_path, monkeypatch, f"lint:\n\t@true\nunit:\n{PASS}", "lint", "unit")
    assert (status, capsys.readouterr().out.splitlines()[-1]) == (0, "3 passed, 0 failed")


def test_a_missing_part_is_skipped_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = steps(tmp_path, monkeypatch, f"unit:\n{PASS}", "unit", "later?not/there")
    assert (status, capsys.readouterr().out.splitlines()[-1]) == (0, "2 passed, 0 failed, 1 skipped")


@pytest.mark.parametrize(
    "recipe",
    [
        "\t@false\n",
        # All that ran passed, but something did not compile.
        PASS + "\t@false\n",
        # A runner that says good with a failure in its count.
        "\t@echo 'test result: FAILED. 1 passed; 1 failed; 0 ignored;'\n",
        # A runner that found no test.
        "\t@echo 'test result: ok. 0 passed; 0 failed; 0 ignored;'\n",
    ],
)
def test_what_did_not_go_well_fails(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert steps(tmp_path, monkeypatch, f"bad:\n{recipe}good:\n{PASS}", "bad", "good") == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert ", 1 failed" in last
    assert not last.startswith("0 passed")


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("MIT", ["MIT"]),
        ("Apache-2.0 OR MIT", ["MIT"]),
        ("MIT/Apache-2.0", ["MIT"]),
        ("GPL-3.0 OR Apache-2.0", ["Apache-2.0"]),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", ["MIT", "Unicode-3.0"]),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", ["Apache-2.0 WITH LLVM-exception"]),
        ("MIT AND GPL-3.0", None),
        ("MPL-2.0", None),
        ("", None),
    ],
)
def test_licence_expressions(expression: str, chosen: list[str] | None) -> None:
    assert licences.choose(expression, licences.ALLOWED) == chosen


def test_highs_with_known_wrong_answers_is_refused() -> None:
    def crate(version: str) -> dict[str, object]:
        return {
            "id": version,
            "name": "highs-sys",
            "version": version,
            "source": licences.CRATES_IO,
            "license": "MIT",
        }

    assert licences.problems({"packages": [crate("1.15.0")]}, set()) == []
    assert len(licences.problems({"packages": [crate("1.14.3")]}, set())) == 1
    assert len(licences.problems({"packages": [crate("1.15.0"), crate("1.16.0")]}, set())) == 1
    assert len(licences.problems({"packages": [{**crate("1.15.0"), "source": "git+https://x"}]}, set())) == 1


def test_highs_pc_is_moved(tmp_path: Path) -> None:
    pc = tmp_path / "lib" / "pkgconfig" / "highs.pc"
    pc.parent.mkdir(parents=True)
    pc.write_text(
        "prefix=/build/x\nlibdir=/build/x/lib64\nincludedir=/build/x/include/highs\n"
        "Version: 1.15.1\nLibs: -L${libdir} -lhighs\n",
        encoding="utf-8",
    )
    hp.rewrite_pc(pc, tmp_path, "-lm")
    text = pc.read_text(encoding="utf-8")
    assert "/build" not in text
    assert f"prefix={tmp_path.as_posix()}\nlibdir=${{prefix}}/lib\n" in text
    assert "Libs: -L${libdir} -lhighs -lm\n" in text
    assert hp.linked_version(tmp_path) == "1.15.1"


def test_one_version_of_highsbox_everywhere() -> None:
    wanted = (TOOLS / "requirements-highs.txt").read_text(encoding="utf-8").splitlines()
    assert eca_build.HIGHSBOX in wanted


def test_programs_of_a_readme(tmp_path: Path) -> None:
    file = tmp_path / "R.md"
    file.write_text(
        "```python\na = 1\n```\nand\n```python continued\nprint(a)\n```\nprints\n```text\n1\n```\n"
        "```sh\nls\n```\n```text\nnot the output of a program\n```\n```rust ignore\nx\n```\n```c\nint x;\n```\n",
        encoding="utf-8",
    )
    found = [(item.place, item.language, item.code, item.output) for item in readme.programs(file)]
    assert found == [("R.md:1", "python", "a = 1\n\nprint(a)\n", "1\n"), ("R.md:21", "c", "int x;\n", None)]
