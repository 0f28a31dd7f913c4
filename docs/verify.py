"""Verifies a DEG log from its files alone, with keys from outside it: python docs/verify.py LOGDIR TRUST.json [CHECKPOINT]

The standard library and `cryptography`, nothing of ECA: written from docs/format. It checks signed head, witnesses, records,
tiles, what records cite, message signatures, certificates, and that the fund sums to zero; at the first fault it names the
place and ends with exit status 1. `auditor.py` computes settlements again.
"""
import hashlib
import json
import re
import sys
from base64 import b64decode, b64encode
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONDON, HALF = ZoneInfo("Europe/London"), timedelta(minutes=30)
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()  # noqa: E731
parts = lambda row: [row[i : i + 256] for i in range(0, len(row), 256)]  # noqa: E731
# RFC 8785 for strings and integers, which is all that is signed here.
jcs = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()  # noqa: E731


def need(good, place: str, reason: str) -> None:
    if not good:
        raise ValueError(f"{place}: {reason}")


def signed(key: bytes, signature: bytes, text: bytes) -> bool:
    try:
        return Ed25519PublicKey.from_public_bytes(key).verify(signature, text) is None
    except (InvalidSignature, ValueError):
        return False


def un64(text: str, alphabet: bytes = b"+/") -> bytes:  # standard or, with b"-_", that of URLs; in its only form
    data = b64decode(text + "=" * (-len(text) % 4), alphabet, validate=True)
    return need(b64encode(data, alphabet).decode().rstrip("=") == text.rstrip("="), text, "has another form") or data


def once(pairs) -> dict:
    return need(len(dict(pairs)) == len(pairs), "JSON", f"a key stands twice in {pairs}") or dict(pairs)


def root(leaves: list) -> bytes:  # RFC 6962, 2.1: pairs from the left; what has no partner rises as it is
    row = leaves or [sha()]
    while len(row) > 1:
        row = [sha(b"\1", *row[i : i + 2]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
    return row[0]


def tile(level: str, index: int, width: int) -> str:
    name, groups = f"{index % 1000:03}", f"{index // 1000:,}".split(",") if index >= 1000 else []
    return "/".join(["tile", level, *(f"x{int(group):03}" for group in groups), name]) + (f".p/{width}" if width < 256 else "")


def verifier(text: str, algorithm: int) -> tuple:
    name, digits, data = text.split("+", 2)
    raw = un64(data)
    mark = sha(name.encode(), b"\n", raw)[:4]
    need(raw[0] == algorithm and mark.hex() == digits, "trust file", f"`{text}` is no key of kind {algorithm}")
    return name, mark, raw[1:]


def head(place: str, note: str, log_key: str) -> tuple:
    text, _, signatures = note.partition("\n\n")
    origin, size, top = text.split("\n")
    name, mark, key = verifier(log_key, 1)
    need(origin == name and str(int(size)) == size, place, f"is not a head of `{name}`")
    lines = map(un64, re.findall(rf"^\u2014 {re.escape(name)} (\S+)$", signatures, re.M))
    good = [s for s in lines if s[:4] == mark and signed(key, s[4:], (text + "\n").encode())]
    need(good and signatures.endswith("\n"), place, "has no signature of the key of the log")
    return int(size), un64(top), text + "\n"


def cosigned(note: str, text: str, witness: str) -> bool:
    name, mark, key = verifier(witness, 4)
    found = map(un64, re.findall(rf"^\u2014 {re.escape(name)} (\S+)$", note.partition("\n\n")[2], re.M))
    said = ((data, f"cosignature/v1\ntime {int.from_bytes(data[4:12], 'big')}\n{text}") for data in found)
    return any(data[:4] == mark and signed(key, data[12:], claim.encode()) for data, claim in said)


def message(place: str, body: bytes, header: str, request: str, record: dict, keys: list) -> None:
    fields = once(re.findall(r'(\w+)="([^"]*)"', header))
    subscriber, key_id, algorithm = fields["keyId"].split("|")
    known = [k for k in keys if (k["subscriber_id"], k["key_id"]) == (subscriber, key_id)]
    need(known and algorithm == fields["algorithm"] == "ed25519", place, f"key `{key_id}` of `{subscriber}` is not a trusted one")
    first, last = known[0].get("valid_from", "0000"), known[0].get("valid_to", "9999")
    made = datetime.fromtimestamp(int(fields["created"]), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    need(first <= made <= last, place, "its key was not valid then")
    text = f"(created): {fields['created']}\n(expires): {fields['expires']}\ndigest: LABEL="
    text += b64encode(hashlib.blake2b(body, digest_size=64).digest()).decode()
    lines = (*re.findall(r'signature="([^"]*)"', request), request) if fields["headers"].endswith("request-signature") else ()
    endings = [f"\nrequest-signature: {line}" for line in lines] or [""]
    key, signature = un64(known[0]["public_key"])[-32:], un64(fields["signature"])
    tries = (text.replace("LABEL", label) + end for label in ("BLAKE-512", "BLAKE2b-512") for end in endings)
    need(any(signed(key, signature, each.encode()) for each in tries), place, "the signature is not one of this message")
    context = json.loads(body, object_pairs_hook=once)["context"]
    said = [context.get(a, context.get(b)) for a, b in (("transaction_id", "transactionId"), ("message_id", "messageId"))]
    of = [record["txn"], record["msg"], record["body"]["action"], record["actor"]]
    need(of == [*said, context["action"], f"{subscriber}|{key_id}"], place, "is another message")


def certificate(place: str, data: bytes, keys: list) -> dict:
    outer = json.loads(data, object_pairs_hook=once)
    inner, proofs, known = None, outer.pop("proof"), {key["key_id"]: un64(key["public_key"]) for key in keys}
    for proof in proofs if isinstance(proofs, list) else [proofs]:
        method, key = proof["verificationMethod"], known.get(proof["verificationMethod"], b"")
        need(method.startswith(outer["issuer"]["id"] + "#"), place, "is signed by another than its issuer")
        if "jwt" in proof:
            text, _, signature = proof["jwt"].rpartition(".")
            header, payload = (json.loads(un64(part, b"-_"), object_pairs_hook=once) for part in text.split("."))
            need([header["alg"], header["kid"], len(header)] == ["EdDSA", method, 4], place, "the JWT has another key")
            need(signed(key, un64(signature, b"-_"), text.encode()), place, "the JWT is not signed by its issuer")
            inner = {name: value for name, value in payload.items() if name not in ("iss", "jti", "nbf", "exp")}
        else:
            number = sum(58**i * BASE58.index(letter) for i, letter in enumerate(proof.pop("proofValue")[:0:-1]))
            need(signed(key, number.to_bytes(64, "big"), sha(jcs(proof)) + sha(jcs(outer))), place, "the proof eddsa-jcs-2022 does not hold")
    return need(inner == outer, place, "says something else around its JWT than in it") or outer


def verify(file, trust: dict, since) -> None:
    size, top, text = head("checkpoint", note := file("checkpoint").decode(), trust["log"])
    count = sum(cosigned(note, text, witness) for witness in trust.get("witnesses", []))
    need(count >= trust.get("witnesses_needed", len(trust.get("witnesses", [])[:1])), "checkpoint", f"{count} witnesses cosigned it")
    raw = []
    for index, part in enumerate(parts(range(size))):
        name = tile("entries", index, len(part))
        data, before = file(name), len(raw)
        while data:
            end = 2 + int.from_bytes(data[:2], "big")
            raw.append(data[2:end])
            data = data[end:]
        need(len(raw) - before == len(part), name, "has another number of records")
    leaves = row = [sha(b"\0", record) for record in raw]
    for level in range(8):
        for index, part in enumerate(parts(row)):
            need(file(tile(str(level), index, len(part))) == b"".join(part), tile(str(level), index, len(part)), "is wrong")
        row = [root(part) for part in parts(row) if len(part) == 256]
    need(root(leaves) == top, "checkpoint", "the root is not that of the records")
    if since is not None:
        old, old_top, _ = head("earlier head", since, trust["log"])
        need(old <= size, "earlier head", f"had {old} records, the log has {size}: it was rolled back")
        need(root(leaves[:old]) == old_top, "earlier head", "the log was rewritten")
    held, metered, seen = {}, {}, {}
    for seq, data in enumerate(raw):
        place, cited, record = f"record {seq}", {}, json.loads(data, object_pairs_hook=once)
        need(jcs(record) == data and record["seq"] == seq and record["v"] == 1, place, "is not canonical, or of another place")
        at = datetime.fromtimestamp(record["time_us"] // 10**6, timezone.utc).astimezone(LONDON)
        half = (at.astimezone(timezone.utc) - at.replace(hour=0, minute=0, second=0, fold=0).astimezone(timezone.utc)) // HALF + 1
        need((record["settlement_date"], record["settlement_period"]) == (str(at.date()), half), place, "is in another half hour")
        for ref in record.get("refs", []):
            need(re.fullmatch("[0-9a-f]{64}", ref["sha256"]), place, "cites no SHA-256")
            cited[ref["name"]] = blob = file(f"blob/{ref['sha256']}")
            need(sha(blob).hex() == ref["sha256"] and len(blob) == ref["size"], f"blob/{ref['sha256']}", f"is not what {place} cites")
        body, kind = record["body"], record["type"]
        if kind in ("split", "transfer", "retire", "revoke"):
            of, span, live = held[body["certificate_id"]]
            need(live, place, "is of no live certificate")
        slot, new = tuple(body.get(name) for name in ("meter_id", "settlement_date", "settlement_period")), []
        if kind == "message":
            signature, request = cited["authorization"].decode(), cited.get("request_authorization", b"").decode()
            message(place, cited["body"], signature, request, record, trust["messages"])
        elif kind == "delivery":
            need(slot not in metered, place, "a second delivery of one half hour")
            metered[slot] = body["energy_wh"]
        elif kind == "certificate":
            new = [("credential", body["certificate_id"], slot, range(body["wh_start"], body["wh_end"]))]
        elif kind == "split":
            del held[body["certificate_id"]]
            new = [("first", body["first_id"], of, range(span.start, body["at_wh"])),
                   ("second", body["second_id"], of, range(body["at_wh"], span.stop))]
        elif kind in ("retire", "revoke"):
            held[body["certificate_id"]] = of, span if kind == "retire" else range(0), False
        elif kind == "fund":
            need(sum(line["amount_ugbp"] for line in json.loads(cited["lines"])) == 0, place, "the lines of the fund do not sum to zero")
        for name, number, of, span in new:
            credential = certificate(place, cited[name], trust["certificates"])
            subject = credential["credentialSubject"]
            claim = tuple(subject[name] for name in ("meter_id", "settlement_date", "settlement_period", "wh_range"))
            same = credential["id"] == number and claim == (*of, {"start": span.start, "end": span.stop})
            need(same and subject["energy_wh"] == len(span) > 0, place, "the record says something else than the certificate")
            need(0 <= span.start and span.stop <= metered.get(of, 0), place, "certifies more than was metered")
            clash = [each for each, (slot, wh, _) in held.items() if slot == of and wh.start < span.stop and span.start < wh.stop]
            need(not clash, place, f"issued twice: `{clash[:1]}` has some of these Wh")
            held[number] = of, span, True
        seen[kind] = seen.get(kind, 0) + 1
    print(f"{size} records under a signed head, {count} witnesses:", ", ".join(f"{number} {kind}" for kind, number in seen.items()))


if __name__ == "__main__":
    trusted, *earlier = (Path(name).read_text(encoding="utf-8") for name in sys.argv[2:])
    try:
        verify(lambda name: Path(sys.argv[1], name).read_bytes(), json.loads(trusted), *(earlier or [None]))
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OSError) as fault:
        sys.exit(f"FAULT {fault}")
    print("passed")
