"""What is shown while a solve runs: in a notebook, on a terminal, in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

import eca
from eca._progress import Picture, SolveBar, picture


def progress(gap: float | None, elapsed_s: float = 0.0, step: int = 1) -> eca.Progress:
    incumbent = None if gap is None else 100.0
    return eca.Progress(elapsed_s, incumbent, None, 0, gap, "exact", step)


def test_a_bar_counts_powers_of_ten_of_the_gap_and_never_goes_back() -> None:
    bar = SolveBar(gap=1e-4, time_limit_s=None)
    found = [bar._done(progress(gap)) for gap in (None, 1e-1, 1e-2, 1e-3, 5e-2, 1e-4, 1e-9)]
    assert found == pytest.approx([0, 0, 1 / 3, 2 / 3, 2 / 3, 1, 1])


def test_a_bar_is_full_when_time_is_up() -> None:
    bar = SolveBar(gap=1e-4, time_limit_s=10)
    assert bar._done(progress(None, 4)) == 0.4
    assert bar._done(progress(1e-2, 5)) == 0.5
    assert bar._done(progress(1e-3, 6)) == 0.6
    assert bar._done(progress(1e-3, 11)) == 1


def test_a_proof_that_is_there_at_once_fills_the_bar() -> None:
    assert SolveBar(gap=1e-2, time_limit_s=None)._done(progress(1e-3)) == 1
    assert SolveBar(gap=0, time_limit_s=None)._done(progress(0.0)) == 1


def test_pictures() -> None:
    assert picture(0.5) == "[##########..........]"
    assert picture(-1) == "[....................]" and picture(2) == "[####################]"
    assert repr(Picture(1, "done")) == "[####################] done"
    shown = Picture(0.25, "best <b> & so on")._repr_html_()
    assert "width:25.0%" in shown and "&lt;b&gt; &amp; so on" in shown


def test_the_last_word_names_engine_step_and_plan(problem: eca.Problem) -> None:
    seen: list[eca.Progress] = []
    plan = problem.solve(progress=seen.append)
    last = seen[-1]
    assert (last.engine, last.incumbent_gbp, last.gap) == (plan.engine, plan.objective_gbp, plan.gap)
    assert last.step >= 1
    assert str(last).strip().startswith(f"{last.elapsed_s:.1f} s  best ")


@pytest.mark.parametrize("engine", eca.ENGINES)
def test_every_engine_says_how_far_it_is(engine: str, slow_problem: eca.Problem) -> None:
    seen: list[eca.Progress] = []
    plan = slow_problem.solve(engine=engine, node_limit=2, time_limit_s=20, references=False, progress=seen.append)
    last = seen[-1]
    assert (last.engine, last.incumbent_gbp, last.bound_gbp) == (plan.engine, plan.objective_gbp, plan.bound_gbp)
    assert all(p.bound_gbp is None or p.incumbent_gbp is None or p.bound_gbp <= p.incumbent_gbp for p in seen)


SHOWN = """
import sys, eca
problem = eca.Problem.read(sys.argv[1])
problem.solve(engine="exact", time_limit_s=1.5, gap=0, references=False, progress=True)
"""


@pytest.fixture
def slow_file(slow_problem: eca.Problem, tmp_path: Path) -> str:
    slow_problem.write(tmp_path / "slow.json")
    return str(tmp_path / "slow.json")


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_a_terminal_gets_one_line_that_is_written_over(slow_file: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60"}
    process = subprocess.Popen([sys.executable, "-c", SHOWN, slow_file], stderr=theirs, env=environment)
    os.close(theirs)
    got = b""
    try:
        while part := os.read(ours, 4096):
            got += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0
    lines = got.decode().rstrip("\r\n").split("\r")
    assert lines[0] == "" and len(lines) > 4
    for line in lines[1:]:
        assert line.startswith("[") and len(line) < 60 and "\n" not in line
    assert lines[-1].startswith("[####################]") and " s  best " in lines[-1]
    assert any("....]" in line for line in lines)


def test_a_file_gets_a_line_now_and_then(slow_file: str) -> None:
    command = [sys.executable, "-c", SHOWN, slow_file]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == ""
    assert "\r" not in ran.stderr and "[" not in ran.stderr
    assert 1 <= len(ran.stderr.splitlines()) <= 4


@pytest.mark.filterwarnings("default")
def test_a_notebook_gets_one_bar_that_moves(slow_file: str) -> None:
    """A real kernel: the bar is one output of the cell, shown again and again, and nothing goes to stderr."""
    cell = nbformat.v4.new_code_cell(SHOWN.replace("sys.argv[1]", repr(slow_file)) + "\nNone")
    messages: list[dict[str, Any]] = []

    class Client(nbclient.NotebookClient):
        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            messages.append(msg)
            return super().process_message(msg, cell, cell_index)

    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    Client(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert output["output_type"] == "display_data"
    assert "width:100.0%" in output["data"]["text/html"] and "best " in output["data"]["text/html"]
    assert output["data"]["text/plain"].startswith("[####################] ")
    updates = [msg for msg in messages if msg["msg_type"] == "update_display_data"]
    assert len(updates) > 3
