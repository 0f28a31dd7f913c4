"""Audits of logs that were written here, from the format pages alone: no code of ECA makes a hash or a signature."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

import eca
from eca.__main__ import main

# Ed25519 as in RFC 8032, 5.1: slow, and short enough to be read.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """The sum of two points."""
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P


def times(n: int, point: Point) -> Point:
    """``point`` added ``n`` times."""
    total = (0, 1)
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total


def base() -> Point:
    """The base point: its x is the even root."""
    square = (BASE_Y * BASE_Y - 1) * pow(D * BASE_Y * BASE_Y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 else x), BASE_Y


def packed(point: Point) -> bytes:
    """The 32 bytes of a point."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def hashed(*parts: bytes) -> int:
    """SHA-512 as a number."""
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Key:
    """A private key."""

    def __init__(self, seed: bytes) -> None:
        half = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(half[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        self.prefix = half[32:]
        self.public = packed(times(self.scalar, base()))

    def sign(self, text: bytes) -> bytes:
        """The signature."""
        r = hashed(self.prefix, text) % L
        point = packed(times(r, base()))
        s = (r + hashed(point, self.public, text) * self.scalar) % L
        return point + s.to_bytes(32, "little")


ORIGIN = "log.example.org/test"
LOG, GRID = Key(bytes([7] * 32)), Key(bytes([8] * 32))


def b64(data: bytes) -> str:
    """Padded base64."""
    return b64encode(data).decode()


def root(leaves: list[bytes]) -> bytes:
    """The tree hash of RFC 6962, 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


def write(folder: Path, texts: list[str]) -> None:
    """A log of one signed search for each text."""
    records = []
    for seq, text in enumerate(texts):
        context = {
            "action": "search",
            "version": "1.1.0",
            "bap_id": "grid.example.org",
            "transaction_id": "t",
            "message_id": f"m{seq}",
            "timestamp": "2026-11-23T17:00:00Z",
        }
        body = json.dumps({"context": context, "message": {"intent": {"descriptor": {"name": text}}}}).encode()
        digest = b64(hashlib.blake2b(body, digest_size=64).digest())
        signed = f"(created): 1795453200\n(expires): 1795453500\ndigest: BLAKE-512={digest}"
        header = (
            'Signature keyId="grid.example.org|k1|ed25519",algorithm="ed25519",created="1795453200",'
            f'expires="1795453500",headers="(created) (expires) digest",signature="{b64(GRID.sign(signed.encode()))}"'
        ).encode()
        refs = []
        for name, data in (("body", body), ("authorization", header)):
            sha = hashlib.sha256(data).hexdigest()
            (folder / "blob").mkdir(parents=True, exist_ok=True)
            (folder / "blob" / sha).write_bytes(data)
            refs.append({"name": name, "sha256": sha, "size": len(data)})
        record: dict[str, Any] = {
            "actor": "grid.example.org|k1",
            "body": {"action": "search", "dialect": "v1.1"},
            "clock_error_us": 0,
            "msg": f"m{seq}",
            "refs": refs,
            "seq": seq,
            "settlement_date": "2026-11-23",
            "settlement_period": 35,
            "time_us": 1_795_453_200_000_000,
            "txn": "t",
            "type": "message",
            "v": 1,
        }
        records.append(json.dumps(record, sort_keys=True, separators=(",", ":")).encode())
    leaves = [hashlib.sha256(b"\x00" + record).digest() for record in records]
    size = len(records)
    for level, data in (
        ("entries", b"".join(len(record).to_bytes(2, "big") + record for record in records)),
        ("0", b"".join(leaves)),
    ):
        tile = folder / "tile" / level / "000.p" / str(size)
        tile.parent.mkdir(parents=True, exist_ok=True)
        tile.write_bytes(data)
    note = f"{ORIGIN}\n{size}\n{b64(root(leaves))}\n"
    key_hash = hashlib.sha256(f"{ORIGIN}\n".encode() + b"\x01" + LOG.public).digest()[:4]
    (folder / "checkpoint").write_text(f"{note}\n\u2014 {ORIGIN} {b64(key_hash + LOG.sign(note.encode()))}\n")
    trust = {
        "log": f"{ORIGIN}+{key_hash.hex()}+{b64(bytes([1]) + LOG.public)}",
        "messages": [{"subscriber_id": "grid.example.org", "key_id": "k1", "public_key": b64(GRID.public)}],
    }
    (folder.parent / "trust.json").write_text(json.dumps(trust))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of three messages."""
    write(tmp_path / "log", ["10 MW", "5 MW", "£500/MWh"])
    return tmp_path / "log"


def test_the_keys_here_are_those_of_the_rfc() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert Key(seed).public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def test_a_log_of_others_passes(log: Path) -> None:
    found = eca.audit(log, trust=log.parent / "trust.json", since=log / "checkpoint")
    assert found, str(found)
    assert "3 messages are signed by trusted keys" in found.checked
    assert "continues the earlier head of 3 records" in found.checked


def test_every_byte_matters_and_its_file_is_named(log: Path) -> None:
    trust = log.parent / "trust.json"
    for path in sorted(path for path in log.rglob("*") if path.is_file()):
        good = path.read_bytes()
        for at in range(0, len(good), 7):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            found = eca.audit(log, trust=trust)
            assert not found and found.faults, f"byte {at} of {path}"
        path.write_bytes(good)
    assert eca.audit(log, trust=trust)


def test_a_history_that_was_written_again_fails_since(log: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    earlier.write_text((log / "checkpoint").read_text())
    other = tmp_path / "other" / "log"
    write(other, ["10 MW", "6 MW", "£500/MWh", "more"])
    trust = other.parent / "trust.json"
    assert eca.audit(other, trust=trust)
    assert "it was rewritten" in str(eca.audit(other, trust=trust, since=earlier))


def test_a_log_signed_again_with_other_keys_fails_under_trust(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = log.parent / "trust.json"
    monkeypatch.setattr("test_audit.LOG", Key(bytes([9] * 32)))
    other = tmp_path / "other" / "log"
    write(other, ["10 MW", "6 MW", "£500/MWh"])
    # By the keys that come with it the rewritten log is good; by those from outside it is not.
    assert eca.audit(other, trust=other.parent / "trust.json")
    found = eca.audit(other, trust=real)
    assert not found and found.faults[0].place == "checkpoint" and "has no signature of key" in str(found)


def test_command_line(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = str(log.parent / "trust.json")
    assert main(["audit", str(log), "--trust", trust]) == 0
    assert capsys.readouterr().out.endswith("passed: 3 records\n")
    assert main(["audit", str(log)]) == 2
    assert "self-consistent, signer not verified" in capsys.readouterr().out
    (log / "tile/0/000.p/3").write_bytes(bytes(96))
    assert main(["audit", str(log), "--trust", trust, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["faults"][0] == {"place": "tile/0/000.p/3", "reason": "record 0 is not that of the records"}
    assert main(["audit", str(log.parent / "none"), "--trust", trust]) == 2
    assert main(["audit", str(log), "--trust", str(log / "checkpoint")]) == 2
    assert "trust file" in capsys.readouterr().err
