"""Bad input is refused with its own class, and the message names object, field, value and limit."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import Any

import bad_inputs
import pytest

import eca
from eca import _eca


def test_the_good_document_is_good(document: dict[str, Any]) -> None:
    assert eca.Problem.from_dict(document).warnings == ()


@pytest.mark.parametrize("case", bad_inputs.CASES, ids=lambda case: case[0].replace(" ", "-"))
def test_bad_input_is_refused_by_name(case: bad_inputs.Case, document: dict[str, Any]) -> None:
    _, mutate, cls, fragments = case
    mutate(document)
    with pytest.raises(eca.EcaError) as caught:
        eca.Problem.from_json(json.dumps(document))
    assert type(caught.value) is getattr(eca, cls), str(caught.value)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_the_table_is_large_and_its_names_are_unique() -> None:
    names = [name for name, *_ in bad_inputs.CASES]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 3}', "NaN", "{}{}"])
def test_text_that_is_no_document(text: str) -> None:
    with pytest.raises(eca.EcaDocumentError):
        eca.Problem.from_json(text)
    with pytest.raises(eca.EcaDocumentError):
        eca.Plan.from_json(text)


def test_errors_carry_numbers_and_names(document: dict[str, Any]) -> None:
    document["regions"][0]["pue_slope"] = 0.9
    with pytest.raises(ValueError) as caught:
        eca.Problem.from_dict(document)
    error = caught.value
    assert isinstance(error, eca.EcaValueError)
    assert (error.kind, error.object, error.field, error.value) == ("value", "region `london`", "pue_slope", "0.9")
    assert error.details["unit"] == "MW/MW"
    with pytest.raises(AttributeError, match="colour"):
        _ = error.colour


def test_errors_can_be_sent_to_another_process(document: dict[str, Any]) -> None:
    document["horizon"]["step_min"] = 7
    with pytest.raises(eca.EcaValueError) as caught:
        eca.Problem.from_dict(document)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is eca.EcaValueError
    assert (str(again), again.details) == (str(caught.value), caught.value.details)


def test_every_reason_has_a_class_with_its_kind() -> None:
    kinds = "document value length duplicate unknown unsupported cannot_fit time gap parse currency solver infeasible"
    kinds += " cancelled mismatch internal"
    classes = {cls.kind: cls for cls in vars(eca).values() if isinstance(cls, type) and issubclass(cls, eca.EcaError)}
    for kind in kinds.split():
        assert classes[kind].__name__.startswith("Eca")
        assert classes[kind].__doc__


def test_a_panic_is_an_internal_error_that_except_exception_catches() -> None:
    # In a process of its own: the panic prints its trace.
    code = (
        "import eca\n"
        "try: eca._eca.panic_on_purpose()\n"
        "except Exception as error: print(type(error).__name__, error.kind, error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("EcaInternalError internal internal error: on purpose; please report it")


def test_the_compiled_module_is_not_the_surface() -> None:
    assert not hasattr(eca, "panic_on_purpose")
    assert _eca.__version__ == eca.__version__
