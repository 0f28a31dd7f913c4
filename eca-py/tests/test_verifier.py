"""The log of docs/format/vectors, judged by the verifiers of docs that share no code with ECA, and by ECA itself."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import eca
import pytest

from test_audit import ORIGIN, b64, root

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


NOON_S = 1_795_453_200  # the beginning of settlement period 35 of 2026-11-23
OWNER = "grid.example.org"


class History:
    """A log of messages and key records, written from the format pages with `cryptography` alone."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self.keys = [Ed25519PrivateKey.from_private_bytes(bytes([31 + number]) * 32) for number in range(8)]
        self.records: list[bytes] = []
        self.files: dict[str, bytes] = {}

    def public(self, number: int) -> str:
        """A public key in base64."""
        return b64(self.keys[number].public_key().public_bytes_raw())

    def add(self, kind: str, at_s: int, body: dict[str, Any], **more: Any) -> None:
        """One record."""
        record = {"actor": OWNER, "body": body, "clock_error_us": 0, "seq": len(self.records), "settlement_date": "2026-11-23"}
        record |= {"settlement_period": 35, "time_us": at_s * 10**6, "type": kind, "v": 1, **more}
        self.records.append(json.dumps(record, sort_keys=True, separators=(",", ":")).encode())

    def change(self, action: str, number: int, by: int, at_s: int, **more: Any) -> None:
        """A key record, signed by the key ``by`` and, to add one, by the new key."""
        body = {"action": action, "purpose": "beckn-message", "owner": OWNER, "key_id": f"k{number}", "previous_key_id": f"k{by}"}
        body |= {"public_key": self.public(number)} if action == "add" else more
        text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        if action == "add":
            body["signature"] = b64(self.keys[number].sign(text))
        self.add("key", at_s, {**body, "previous_signature": b64(self.keys[by].sign(text))})

    def message(self, number: int, created_s: int, at_s: int) -> None:
        """A signed search."""
        name = f"m{len(self.records)}"
        context = {"action": "search", "version": "1.1.0", "bap_id": OWNER, "transaction_id": "t", "message_id": name}
        body = json.dumps({"context": {**context, "timestamp": "2026-11-23T17:00:00Z"}, "message": {"intent": {}}}).encode()
        digest = b64(hashlib.blake2b(body, digest_size=64).digest())
        text = f"(created): {created_s}\n(expires): {created_s + 300}\ndigest: BLAKE-512={digest}"
        header = (
            f'Signature keyId="{OWNER}|k{number}|ed25519",algorithm="ed25519",created="{created_s}",expires="{created_s + 300}",'
            f'headers="(created) (expires) digest",signature="{b64(self.keys[number].sign(text.encode()))}"'
        ).encode()
        refs = []
        for cited, data in (("body", body), ("authorization", header)):
            sha = hashlib.sha256(data).hexdigest()
            self.files[f"blob/{sha}"] = data
            refs.append({"name": cited, "sha256": sha, "size": len(data)})
        said = {"action": "search", "dialect": "v1.1"}
        self.add("message", at_s, said, actor=f"{OWNER}|k{number}", msg=name, txn="t", refs=refs)

    def whole(self) -> tuple[dict[str, bytes], dict[str, Any]]:
        """The files of the log, and the trust file: of the keys it knows k1 alone."""
        leaves = [hashlib.sha256(b"\x00" + record).digest() for record in self.records]
        size = len(leaves)
        self.files[f"tile/entries/000.p/{size}"] = b"".join(len(r).to_bytes(2, "big") + r for r in self.records)
        self.files[f"tile/0/000.p/{size}"] = b"".join(leaves)
        note = f"{ORIGIN}\n{size}\n{b64(root(leaves))}\n"
        raw = b"\x01" + self.keys[0].public_key().public_bytes_raw()
        mark = hashlib.sha256(f"{ORIGIN}\n".encode() + raw).digest()[:4]
        self.files["checkpoint"] = f"{note}\n\u2014 {ORIGIN} {b64(mark + self.keys[0].sign(note.encode()))}\n".encode()
        known = [{"subscriber_id": OWNER, "key_id": "k1", "public_key": self.public(1)}]
        return self.files, {"log": f"{ORIGIN}+{mark.hex()}+{b64(raw)}", "messages": known}


def judged(verifier: ModuleType, history: History, folder: Path) -> bool:
    """The verdict of ECA, which must be that of the short verifier."""
    whole, trust = history.whole()
    for name, data in whole.items():
        (folder / "log" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "log" / name).write_bytes(data)
    (folder / "trust.json").write_text(json.dumps(trust))
    try:
        verifier.verify(whole.__getitem__, trust, None)
        passed = True
    except (KeyError, ValueError) as fault:
        passed, why = False, str(fault)
    found = eca.audit(folder / "log", trust=folder / "trust.json")
    assert bool(found) == passed, str(found) if passed else why
    return passed


def test_keys_come_and_go_for_both_verifiers(verifier: ModuleType, tmp_path: Path) -> None:
    def history(revoked_since: int, last: int) -> bool:
        """k2 is added by k1, k1 revoked by k2, and a message is signed by ``last``."""
        log = History()
        log.message(1, NOON_S, NOON_S)
        log.change("add", 2, 1, NOON_S + 10)
        log.message(2, NOON_S + 20, NOON_S + 20)
        log.message(1, NOON_S + 21, NOON_S + 21)
        log.change("revoke", 1, 2, NOON_S + 40, compromised_since_us=(NOON_S + revoked_since) * 10**6)
        log.message(last, NOON_S + 22, NOON_S + 50)
        return judged(verifier, log, tmp_path / f"{revoked_since}-{last}")

    assert history(30, 2)
    # By the revoked key, dated back; and a revocation that reaches back to a message that was taken then.
    assert not history(30, 1) and not history(15, 2)
    # The new key fell with the one that vouched for it.
    assert not history(5, 2)


def test_random_histories_of_keys_have_one_verdict(verifier: ModuleType, tmp_path: Path) -> None:
    rng = random.Random(20261123)
    verdicts = []
    for turn in range(400 if os.environ.get("ECA_TEST_SCALE") == "large" else 60):
        log, added = History(), [1]
        for step in range(7):
            at, by = NOON_S + 10 * step, rng.choice(added)
            kind = rng.randrange(5)
            if kind < 2 and len(added) < 6:
                number = rng.choice(added) if rng.randrange(9) == 0 else len(added) + 1
                log.change("add", number, by, at)
                added.append(number)
            elif kind == 2 and step > 3:
                log.change("revoke", rng.choice(added), by, at, compromised_since_us=(at - rng.randrange(60)) * 10**6)
            else:
                log.message(rng.choice(added), at - rng.randrange(12), at)
        verdicts.append(judged(verifier, log, tmp_path / str(turn)))
    print(f"{sum(verdicts)} of {len(verdicts)} histories of keys hold for both")
    assert len(verdicts) // 8 < sum(verdicts) < 7 * len(verdicts) // 8, sum(verdicts)


def test_signed_messages_of_the_vectors_verify_without_eca(verifier: ModuleType) -> None:
    keys = {entry["subscriber_id"]: verifier.un64(entry["public_key"]) for entry in TRUST["messages"]}
    vectors = json.loads((VECTORS / "messages.json").read_text(encoding="utf-8"))
    for vector in vectors:
        fields = dict(re.findall(r'(\w+)="([^"]*)"', vector["header"]))
        digest = b64(hashlib.blake2b(vector["body"].encode(), digest_size=64).digest())
        text = f"(created): {fields['created']}\n(expires): {fields['expires']}\ndigest: {vector['label']}={digest}"
        if vector["what"] != "request":
            assert fields["headers"].endswith(" request-signature")
            text += "\nrequest-signature: " + dict(re.findall(r'(\w+)="([^"]*)"', vector["request"]))["signature"]
        key = keys[fields["keyId"].split("|")[0]]
        assert verifier.signed(key, verifier.un64(fields["signature"]), text.encode()), vector["what"]
        assert not verifier.signed(key, verifier.un64(fields["signature"]), text.encode() + b"\n")
    page = (DOCS / "format" / "signature.md").read_text(encoding="utf-8")
    assert len(vectors) == 12 and f"digest: BLAKE-512={b64(hashlib.blake2b(vectors[7]['body'].encode(), digest_size=64).digest())}" in page


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


def test_the_auditor_shares_the_fund_as_eca_does() -> None:
    spec = importlib.util.spec_from_file_location("docs_auditor", DOCS / "auditor.py")
    assert spec is not None and spec.loader is not None
    auditor = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(auditor)
    rng = random.Random(20261123)
    carried = 0
    for _ in range(20_000 if os.environ.get("ECA_TEST_SCALE") == "large" else 1000):
        given = {f"day-{i}": rng.randrange(200) for i in range(rng.randrange(3))}
        homes = [
            {"id": name, "weight": rng.randrange(5), "cap_ugbp": rng.choice([None, None, rng.randrange(60)])}
            for name in rng.sample("abcdef", rng.randrange(7))
        ]
        allocation, carried_in = rng.choice(["equal", "by_weight"]), rng.choice([0, rng.randrange(100)])
        made = eca.social_tariff(given, homes, allocation=allocation, carried_in_ugbp=carried_in)
        listed = [{"id": name, "amount_ugbp": amount} for name, amount in given.items()]
        assert auditor.shared(listed, homes, allocation, carried_in) == made
        carried += made[-1:] != [] and made[-1]["entry"] == "carried_out"
    assert carried > 100


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
