"""The log of docs/format/vectors, judged by the verifiers of docs that share no code with ECA, and by ECA itself."""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import eca
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
VECTORS = DOCS / "format" / "vectors"
TRUST = json.loads((VECTORS / "trust.json").read_text(encoding="utf-8"))
EARLIER = (VECTORS / "earlier-checkpoint").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    """docs/verify.py as a module."""
    pytest.importorskip("cryptography", reason="the independent verifier needs the package cryptography")
    spec = importlib.util.spec_from_file_location("docs_verify", DOCS / "verify.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files() -> dict[str, bytes]:
    """The files of the log."""
    log = VECTORS / "log"
    return {path.relative_to(log).as_posix(): path.read_bytes() for path in log.rglob("*") if path.is_file()}


def refused(verifier: ModuleType, read: Callable[[str], bytes], since: str | None = None) -> bool:
    """Whether docs/verify.py finds a fault."""
    try:
        verifier.verify(read, TRUST, since)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OSError):
        return True
    return False


def test_the_verifier_is_short_enough_to_be_read() -> None:
    assert len((DOCS / "verify.py").read_text(encoding="utf-8").splitlines()) <= 200


def test_the_vectors_pass_both(verifier: ModuleType) -> None:
    ran = [sys.executable, DOCS / "verify.py", VECTORS / "log", VECTORS / "trust.json", VECTORS / "earlier-checkpoint"]
    said = subprocess.run(ran, capture_output=True, text=True, check=True).stdout
    assert said.startswith("16 records under a signed head, 1 witnesses") and said.endswith("passed\n")
    found = eca.audit(VECTORS / "log", trust=VECTORS / "trust.json", since=VECTORS / "earlier-checkpoint")
    assert found, str(found)


def test_every_file_matters_to_both(verifier: ModuleType, tmp_path: Path) -> None:
    whole = files()
    log = tmp_path / "log"
    shutil.copytree(VECTORS / "log", log)
    rng = random.Random(5)
    # The partial tiles of the earlier head are not read by the short verifier.
    old = {name for name in whole if name.endswith(".p/2")}
    for name, data in whole.items():
        # `pending` is empty.
        for _ in range(12 if data else 0):
            bit = rng.randrange(8 * len(data))
            other = bytearray(data)
            other[bit // 8] ^= 1 << bit % 8
            assert name in old or refused(verifier, {**whole, name: bytes(other)}.__getitem__), f"bit {bit} of {name}"
            (log / name).write_bytes(bytes(other))
            found = eca.audit(log, trust=VECTORS / "trust.json")
            assert not found and found.faults, f"bit {bit} of {name}"
        (log / name).write_bytes(data)
    assert eca.audit(log, trust=VECTORS / "trust.json")


def test_a_log_that_was_rolled_back_fails_under_since(verifier: ModuleType, tmp_path: Path) -> None:
    # The earlier head and its tiles are still there: a log of two records, signed as it was then.
    old = tmp_path / "log"
    kept = [name for name in files() if name.endswith(".p/2")]
    for name in kept:
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_bytes(files()[name])
    (old / "checkpoint").write_text(EARLIER)
    shutil.copytree(VECTORS / "log" / "blob", old / "blob")
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps({**TRUST, "witnesses": []}))
    assert eca.audit(old, trust=trust)
    newest = VECTORS / "log" / "checkpoint"
    assert "it was rolled back" in str(eca.audit(old, trust=trust, since=newest))

    def read(name: str) -> bytes:
        return (old / name).read_bytes()

    verifier.verify(read, {**TRUST, "witnesses": []}, None)
    assert refused(verifier, read, newest.read_text(encoding="utf-8"))


def test_a_certificate_verifies_with_pyjwt() -> None:
    jwt = pytest.importorskip("jwt", reason="PyJWT is not installed")
    pytest.importorskip("cryptography", reason="PyJWT needs the package cryptography for EdDSA")
    from base64 import b64decode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    token = (VECTORS / "certificate.jwt").read_text(encoding="utf-8")
    known = TRUST["certificates"][0]
    key = Ed25519PublicKey.from_public_bytes(b64decode(known["public_key"]))
    # The clock of the vectors is not that of the machine.
    options = {"verify_nbf": False, "verify_exp": False}
    claims = jwt.decode(token, key, algorithms=["EdDSA"], options=options)
    outer = json.loads((VECTORS / "certificate.json").read_text(encoding="utf-8"))
    del outer["proof"]
    assert {name: value for name, value in claims.items() if name not in ("iss", "jti", "nbf")} == outer
    assert claims["iss"] == outer["issuer"]["id"] and jwt.get_unverified_header(token)["kid"] == known["key_id"]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token[:-8] + "AAAAAAA" + token[-1], key, algorithms=["EdDSA"], options=options)


def test_the_auditor_computes_the_vectors_again(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, DOCS / "auditor.py", VECTORS / "log"], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("0 differences\n")
    log = tmp_path / "log"
    shutil.copytree(VECTORS / "log", log)
    # One Wh more in a delivery: signatures are not its business, the figures are.
    entries = log / "tile/entries/000.p/16"
    entries.write_bytes(entries.read_bytes().replace(b'"cost_ugbp":3', b'"cost_ugbp":4', 1))
    wrong = subprocess.run([sys.executable, DOCS / "auditor.py", log], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1 and "DIFFERENCE" in wrong.stdout
