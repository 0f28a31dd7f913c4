"""Beckn messages against the published schemas, judged by jsonschema: what the agents say, and what ECA says of others.

Skipped where the schemas are not there; they are not part of the project.
"""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conftest import DATA
from eca._eca import read_message

LARGE = os.environ.get("ECA_TEST_SCALE") == "large"
ROOT = Path(__file__).resolve().parents[2]
BECKN = DATA.parent / "beckn"
FILES = {"v2.0.0-lts": "beckn-v2.0.0-lts.yaml", "v1.1": "beckn-v1.1.1-transaction.yaml"}


@cache
def api(dialect: str) -> dict[str, Any]:
    """The OpenAPI document of a dialect."""
    yaml = pytest.importorskip("yaml")
    path = BECKN / "schemas" / FILES[dialect]
    if not path.is_file():
        pytest.skip(f"the published schema {path.name} is not at {path.parent}")
    document: dict[str, Any] = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return document


@cache
def judge(dialect: str, action: str) -> Any:
    """A validator of the body that the path of an action takes."""
    document = api(dialect)
    path = action if f"/{action}" in document["paths"] else action.replace("_", "/", 1)
    escaped = f"/{path}".replace("/", "~1")
    pointer = f"#/paths/{escaped}/post/requestBody/content/application~1json/schema"
    return jsonschema.Draft202012Validator({**document, "$ref": pointer}, format_checker=None)


def valid(dialect: str, action: str, message: Any) -> bool:
    """Whether jsonschema takes it."""
    return bool(judge(dialect, action).is_valid(message))


def example(name: str, *arguments: str) -> str:
    """What an example of eca-beckn prints."""
    command = ["cargo", "run", "-q", "-p", "eca-beckn", "--example", name, "--", *arguments]
    # The tests in Rust have built it already; with other features cargo would build the core once more.
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "examples" / name
    sources = [path for part in ("src", "tests", "examples") for path in (ROOT / "eca-beckn" / part).rglob("*.rs")]
    if built.is_file() and built.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        command = [str(built), *arguments]
    try:
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        pytest.skip("cargo is not here")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Messages that the agents say to each other, and the logs that keep them."""
    folder = tmp_path_factory.mktemp("talk")
    example("own_messages", str(folder / "own"), str(folder / "logs"))
    return folder


@pytest.fixture(scope="module")
def own(talk: Path) -> list[Path]:
    """The messages."""
    return sorted((talk / "own").iterdir())


def test_own_messages_of_every_action_are_valid(own: list[Path]) -> None:
    said: dict[str, set[str]] = {"v2.0.0-lts": set(), "v1.1": set()}
    for path in own:
        message = json.loads(path.read_bytes())
        (read, refused) = read_message(path.read_bytes())
        assert refused is None and read is not None, path.name
        dialect, action, _ = read
        assert action == message["context"]["action"]
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in judge(dialect, action).iter_errors(message)]
        assert not errors, f"{path.name}: {errors}"
        said[dialect].add(action)
    verbs = ["select", "init", "confirm", "status", "update", "cancel"]
    for dialect, first in (("v2.0.0-lts", "discover"), ("v1.1", "search")):
        expected = {name for verb in [first, *verbs] for name in (verb, f"on_{verb}")}
        assert said[dialect] == expected


def spoiled(rng: random.Random, value: Any) -> Any:
    """The same with one place changed."""
    value = copy.deepcopy(value)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in list(children):
            places.append((node, key))
            walk(child)

    walk(value["message"])
    if not places:
        return value
    node, key = rng.choice(places)
    kind = rng.randrange(4)
    if kind == 0:
        del node[key]
    elif kind == 1:
        node[key] = rng.choice([None, True, 7, 1.5, "", "ACTIVE", "12.5", [], {}, [{}], {"id": "x"}, {"code": "DRAFT"}])
    elif kind == 2 and isinstance(node, dict):
        node["somethingElse"] = 1
    else:
        node[key] = [node[key]]
    return value


def test_verdicts_are_those_of_jsonschema(own: list[Path]) -> None:
    """Own and published messages, and the same with one place changed."""
    rng = random.Random(20261123)
    sources = [json.loads(path.read_bytes()) for path in own]
    for path in sorted((BECKN / "messages").glob("*/*.json")):
        if path.parent.name.startswith(("v1.1", "v2.0lts")):
            sources.append(json.loads(path.read_bytes()))
    judged = {True: 0, False: 0}
    for round_ in range(300 if LARGE else 4):
        for source in sources:
            message = source if round_ == 0 else spoiled(rng, source)
            read, refused = read_message(json.dumps(message).encode())
            assert refused is None and read is not None
            dialect, action, verdict = read
            expected = valid(dialect, action, message)
            assert verdict.startswith("valid") == expected, f"{dialect} {action}: {verdict}; {json.dumps(message)}"
            judged[expected] += 1
    assert min(judged.values()) > 50, judged
    print(judged)


def test_requests_to_the_ledger_are_valid(talk: Path) -> None:
    yaml = pytest.importorskip("yaml")
    path = BECKN / "schemas" / "deg_contract_ledger-2026-04.yaml"
    if not path.is_file():
        pytest.skip(f"the published schema {path.name} is not at {path.parent}")
    document = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    names = {"/ledger/put": "ledgerPutRequest", "/ledger/record": "ledgerRecordRequest"}
    checked = dict.fromkeys(names, 0)
    for log in sorted((talk / "logs").iterdir()):
        for role in ("BUYER", "SELLER", "BUYER_DISCOM", "SELLER_DISCOM"):
            for line in example("ledger_requests", str(log), role).splitlines():
                request = json.loads(line)
                pointer = f"#/components/schemas/{names[request['path']]}"
                of_it = jsonschema.Draft202012Validator({**document, "$ref": pointer})
                errors = [error.message for error in of_it.iter_errors(request["body"])]
                assert not errors, f"{line}: {errors}"
                assert request["body"]["role"] == role
                checked[request["path"]] += 1
    assert min(checked.values()) > 4, checked
    print(checked)
