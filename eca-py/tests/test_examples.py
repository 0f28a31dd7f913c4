"""The examples and the notebook run as they stand."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("name", sorted(path.name for path in (EXAMPLES / "python").glob("*.py")))
def test_examples_run(name: str) -> None:
    command = [sys.executable, str(EXAMPLES / "python" / name)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n") > 2


def test_the_notebook_runs_and_shows_a_table_and_a_chart() -> None:
    notebook = json.loads((EXAMPLES / "notebooks" / "plan_a_day.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    shown: list[Any] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == [] and cell["execution_count"] is None, "commit notebooks without output"
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "notebook", "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "notebook", "eval"), names))
    assert any("<table>" in each._repr_html_() for each in shown if hasattr(each, "_repr_html_"))
    assert any(each._repr_png_().startswith(b"\x89PNG") for each in shown if hasattr(each, "_repr_png_"))
