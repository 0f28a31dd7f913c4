"""The examples in the documentation run. Types and the stub are checked by `make typing`."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import eca

HERE = Path(eca.__file__).resolve().parent
MODULES = sorted(
    f"eca.{each.name}" for each in pkgutil.iter_modules([str(HERE)]) if each.name not in ("_eca", "__main__")
)


@pytest.mark.parametrize("name", ["eca", *MODULES])
def test_examples_in_the_documentation_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert result.failed == 0


def test_the_guide_runs() -> None:
    guide = Path(__file__).resolve().parents[2] / "docs" / "guide" / "python.md"
    result = doctest.testfile(str(guide), module_relative=False, encoding="utf-8")
    assert result.attempted > 10 and result.failed == 0
