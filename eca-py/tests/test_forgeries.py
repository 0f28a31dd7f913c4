"""Logs that were changed and signed again with the true key of the log: who sees it, and where.

Three judges: ``eca.audit``, docs/verify.py (signatures, hashes, certificates) and docs/auditor.py (figures). Between the two
scripts nothing may pass that ECA refuses for what it says itself; the table is that of docs/format/log.md.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import eca
import pytest

from test_audit import b64, root
from test_verifier import DOCS, TRUST, VECTORS

Change = Callable[["Forged"], None]
SEED = bytes(31) + b"\x01"


class Forged:
    """The log of the vectors, to be changed and signed again."""

    def __init__(self) -> None:
        raw = (VECTORS / "log/tile/entries/000.p/16").read_bytes()
        self.raw: list[bytes] = []
        while raw:
            size = 2 + int.from_bytes(raw[:2], "big")
            self.raw.append(raw[2:size])
            raw = raw[size:]
        self.records: list[dict[str, Any]] = [json.loads(data) for data in self.raw]
        self.blobs = {path.name: path.read_bytes() for path in (VECTORS / "log/blob").iterdir()}
        self.origin = TRUST["log"].split("+")[0]
        self.more: dict[str, bytes] = {}

    def first(self, kind: str) -> dict[str, Any]:
        """The first record of a type."""
        return next(record for record in self.records if record["type"] == kind)

    def cited(self, record: dict[str, Any], name: str) -> bytes:
        """What a record cites."""
        return self.blobs[next(ref["sha256"] for ref in record["refs"] if ref["name"] == name)]

    def cite(self, record: dict[str, Any], name: str, data: bytes) -> None:
        """Lets a record cite something else."""
        sha = hashlib.sha256(data).hexdigest()
        self.blobs[sha] = data
        ref = next(ref for ref in record["refs"] if ref["name"] == name)
        ref.update(sha256=sha, size=len(data))

    def again(self, kind: str) -> None:
        """A record of a type once more, at the end."""
        copy = json.loads(json.dumps(self.first(kind)))
        self.records.append({**copy, "seq": len(self.records), "time_us": self.records[-1]["time_us"]})

    def write(self, folder: Path) -> Path:
        """The log, and a trust file with the true keys, without witnesses."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        # What was not changed stays as it was, byte for byte; a bytes object is a record as it stands.
        texts = [
            record if isinstance(record, bytes) else json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
            for record in self.records
        ]
        leaves = [hashlib.sha256(b"\x00" + text).digest() for text in texts]
        key = Ed25519PrivateKey.from_private_bytes(SEED)
        public = b"\x01" + key.public_key().public_bytes_raw()
        mark = hashlib.sha256(f"{self.origin}\n".encode() + public).digest()[:4]
        note = f"{self.origin}\n{len(texts)}\n{b64(root(leaves))}\n"
        files = {
            f"tile/entries/000.p/{len(texts)}": b"".join(len(text).to_bytes(2, "big") + text for text in texts),
            f"tile/0/000.p/{len(texts)}": b"".join(leaves),
            "checkpoint": f"{note}\n\u2014 {self.origin} {b64(mark + key.sign(note.encode()))}\n".encode(),
            **{f"blob/{name}": data for name, data in self.blobs.items()},
            **self.more,
        }
        for name, data in files.items():
            (folder / "log" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "log" / name).write_bytes(data)
        trust = {**TRUST, "witnesses": []}
        (folder / "trust.json").write_text(json.dumps(trust))
        return folder / "log"


def settled_more(log: Forged) -> None:
    log.first("settlement")["body"]["cash_ugbp"] += 1


def event_record_changed(log: Forged) -> None:
    record = log.first("settlement")
    document = json.loads(log.cited(record, "event_record"))
    document["totals"]["cash_ugbp"] += 1
    record["body"]["cash_ugbp"] += 1
    log.cite(record, "event_record", json.dumps(document).encode())


def meter_file_changed(log: Forged) -> None:
    record = log.first("settlement")
    lines = log.cited(record, "meters").decode().splitlines()
    cells = lines[-1].split(",")
    cells[3] = str(int(cells[3]) + 1)
    log.cite(record, "meters", "\n".join([*lines[:-1], ",".join(cells), ""]).encode())


def more_delivered(log: Forged) -> None:
    # Nobody certified it: the last delivery and its certificate alone.
    record = [record for record in log.records if record["type"] == "delivery"][-1]
    record["body"]["energy_wh"] += 1


def certified_twice(log: Forged) -> None:
    log.again("certificate")


def delivered_twice(log: Forged) -> None:
    log.again("delivery")


def another_action(log: Forged) -> None:
    log.first("message")["body"]["action"] = "select"


def another_body(log: Forged) -> None:
    record = log.first("message")
    log.cite(record, "body", log.cited(record, "body").replace(b"10 MW", b"99 MW"))


def body_not_cited(log: Forged) -> None:
    record = log.first("message")
    record["refs"] = [ref for ref in record["refs"] if ref["name"] != "body"]


def body_not_there(log: Forged) -> None:
    del log.blobs[log.first("message")["refs"][0]["sha256"]]


def transferred_by_another(log: Forged) -> None:
    log.first("transfer")["body"]["from"] = "somebody.example.org"


def retired_twice(log: Forged) -> None:
    log.again("retire")


def credential_changed(log: Forged) -> None:
    record = log.first("certificate")
    document = json.loads(log.cited(record, "credential"))
    document["credentialSubject"]["cost_ugbp"] -= 1
    log.cite(record, "credential", json.dumps(document).encode())


def fund_shared_otherwise(log: Forged) -> None:
    record = log.first("fund")
    lines = json.loads(log.cited(record, "lines"))
    given = [line for line in lines if line["entry"] == "distribution"]
    given[0]["amount_ugbp"] += 1
    given[1]["amount_ugbp"] -= 1
    log.cite(record, "lines", json.dumps(lines).encode())


def fund_does_not_sum(log: Forged) -> None:
    record = log.first("fund")
    lines = json.loads(log.cited(record, "lines"))
    lines[-1]["amount_ugbp"] += 1
    log.cite(record, "lines", json.dumps(lines).encode())


def older_than_before(log: Forged) -> None:
    log.records[1]["time_us"] -= 2_000_000


def corrects_nothing(log: Forged) -> None:
    log.first("correction")["body"]["corrects"] = 99


def another_place(log: Forged) -> None:
    log.records[5]["seq"] = 6


def another_half_hour(log: Forged) -> None:
    log.records[5]["settlement_period"] += 1


def not_canonical(log: Forged) -> None:
    log.records[5] = json.dumps(log.records[5], sort_keys=True).encode()  # type: ignore[call-overload]


def unknown_type(log: Forged) -> None:
    log.first("correction")["type"] = "remark"


def another_log(log: Forged) -> None:
    log.origin = "log.example.org/eca/2025"


def strange_file(log: Forged) -> None:
    log.more["tile/0/001.p/1"] = bytes(32)


def lock_with_content(log: Forged) -> None:
    log.more["lock"] = b"x"


#: What was done, where `eca.audit` finds it, and whether docs/verify.py and docs/auditor.py see it.
FORGERIES: list[tuple[Change, str, bool, bool]] = [
    (settled_more, "record 2", False, True),
    (event_record_changed, "record 2", False, True),
    (meter_file_changed, "record 2", False, True),
    (more_delivered, "record ", True, True),
    (certified_twice, "record 16", True, False),
    (delivered_twice, "record 16", True, False),
    (another_action, "record 0", True, False),
    (another_body, "record 0", True, False),
    (body_not_cited, "record 0", True, False),
    (body_not_there, "blob/", True, False),
    (transferred_by_another, "record ", True, False),
    (retired_twice, "record 16", True, False),
    (credential_changed, "record 4", True, True),
    (fund_shared_otherwise, "record 14", False, True),
    (fund_does_not_sum, "record 14", True, True),
    (older_than_before, "record 1", True, False),
    (corrects_nothing, "record 15", False, False),
    (another_place, "record 5", True, False),
    (another_half_hour, "record 5", True, False),
    (not_canonical, "record 5", True, False),
    (unknown_type, "record 15", False, False),
    (another_log, "checkpoint", True, False),
    (strange_file, "tile/0/001.p/1", True, False),
    (lock_with_content, "lock", True, False),
]


def ran(script: str, *args: Path) -> subprocess.CompletedProcess[str]:
    """A script of docs."""
    return subprocess.run([sys.executable, DOCS / script, *args], capture_output=True, text=True, check=False)


def test_the_true_log_passes_all_three(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="the logs are signed with the package cryptography")
    log = Forged().write(tmp_path)
    assert (log / "tile/entries/000.p/16").read_bytes() == (VECTORS / "log/tile/entries/000.p/16").read_bytes()
    found = eca.audit(log, trust=tmp_path / "trust.json")
    assert found, str(found)
    said = ran("verify.py", log, tmp_path / "trust.json")
    assert said.returncode == 0, said.stderr
    assert ran("auditor.py", log).returncode == 0


@pytest.mark.parametrize(("change", "place", "verified", "computed"), FORGERIES, ids=[each[0].__name__ for each in FORGERIES])
def test_a_forgery_with_the_true_key_is_seen(
    change: Change, place: str, verified: bool, computed: bool, tmp_path: Path
) -> None:
    pytest.importorskip("cryptography", reason="the logs are signed with the package cryptography")
    log = Forged()
    change(log)
    folder = log.write(tmp_path)
    found = eca.audit(folder, trust=tmp_path / "trust.json")
    places = [fault.place for fault in found.faults]
    scripts = (ran("verify.py", folder, tmp_path / "trust.json"), ran("auditor.py", folder))
    print(f"{change.__name__}: {found.faults[:1]}; verify.py: {scripts[0].stderr.strip()}; auditor.py: {scripts[1].stdout[:90]!r}")
    assert any(each == place or (place[-1] in " /" and each.startswith(place)) for each in places), str(found)
    assert (scripts[0].returncode != 0, scripts[1].returncode != 0) == (verified, computed)
