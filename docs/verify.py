"""Verifies a DEG log from its files alone, with keys from outside it: python docs/verify.py LOGDIR TRUST.json [CHECKPOINT]

The standard library and `cryptography`, nothing of ECA: written from docs/format. Checks head, witnesses, every file, records
and what they cite, keys, messages, certificates, the sum of the fund; names the first fault. `auditor.py` settles again."""
import collections, contextlib, hashlib, json, re, sys  # noqa: E401
from base64 import b64decode, b64encode
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONDON, HALF, FAR = ZoneInfo("Europe/London"), timedelta(minutes=30), float("inf")
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()  # noqa: E731
parts = lambda row: [row[i : i + 256] for i in range(0, len(row), 256)]  # noqa: E731
seconds = lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()  # noqa: E731
once = lambda pairs: need(len(dict(pairs)) == len(pairs), "JSON", f"a key stands twice in {pairs}") or dict(pairs)  # noqa: E731
entry = lambda name, key, first, last, by: {  # noqa: E731
    "name": name, "key": un64(key)[-32:], "from": first, "to": last, "end": FAR, "since": FAR, "by": by}
# RFC 8785 for strings and integers, which is all that is signed here.
jcs = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()  # noqa: E731

def need(good, place: str, reason: str) -> None:
    if not good:
        raise ValueError(f"{place}: {reason}")
def signed(key: bytes, signature: bytes, text: bytes) -> bool:
    with contextlib.suppress(InvalidSignature, ValueError):
        return Ed25519PublicKey.from_public_bytes(key).verify(signature, text) is None
    return False
def un64(text: str, alphabet: bytes = b"+/") -> bytes:  # standard or, with b"-_", that of URLs; in its only form
    data = b64decode(text + "=" * (-len(text) % 4), alphabet, validate=True)
    return need(b64encode(data, alphabet).decode().rstrip("=") == text.rstrip("="), text, "has another form") or data
def root(leaves: list) -> bytes:  # RFC 6962, 2.1: pairs from the left; what has no partner rises as it is
    above = [sha(b"\1", *leaves[i : i + 2]) if i + 1 < len(leaves) else leaves[i] for i in range(0, len(leaves), 2)]
    return root(above) if len(leaves) > 1 else above[0] if above else sha()
def tile(level: str, index: int, width: int) -> str:
    name, groups = f"{index % 1000:03}", f"{index // 1000:,}".split(",") if index >= 1000 else []
    return "/".join(["tile", level, *(f"x{int(group):03}" for group in groups), name]) + (f".p/{width}" if width < 256 else "")
def verifier(text: str, algorithm: int) -> tuple:
    name, digits, raw = *text.split("+", 2)[:2], un64(text.split("+", 2)[-1])
    mark = sha(name.encode(), b"\n", raw)[:4]
    need(raw[0] == algorithm and mark.hex() == digits, "trust file", f"`{text}` is no key of kind {algorithm}")
    return name, mark, raw[1:]
def lines(note: str, name: str, mark: bytes) -> list:
    found = map(un64, re.findall(rf"^\u2014 {re.escape(name)} (\S+)$", note.partition("\n\n")[2], re.M))
    return [data for data in found if data[:4] == mark]
def head(place: str, note: str, log_key: str) -> tuple:
    text = note.partition("\n\n")[0]
    origin, size, top = text.split("\n")
    name, mark, key = verifier(log_key, 1)
    need(origin == name and str(int(size)) == size, place, f"is not a head of `{name}`")
    need(re.fullmatch(r"(\u2014 \S+ \S+\n)+", note.partition("\n\n")[2]), place, "has lines that are no signatures")
    good = any(signed(key, data[4:], (text + "\n").encode()) for data in lines(note, name, mark))
    need(good, place, "has no signature of the key of the log")
    return int(size), un64(top), text + "\n"
def cosigned(note: str, text: str, witness: str) -> bool:
    name, mark, key = verifier(witness, 4)
    said = lambda data: f"cosignature/v1\ntime {int.from_bytes(data[4:12], 'big')}\n{text}".encode()  # noqa: E731
    return any(signed(key, data[12:], said(data)) for data in lines(note, name, mark))
def ring(trust: dict) -> list:  # the keys that an auditor begins with
    rows = [("beckn-message", key["subscriber_id"], key) for key in trust.get("messages", [])]
    rows += [("certificate", key["key_id"].partition("#")[0], key) for key in trust.get("certificates", [])]
    return [entry((use, owner, key["key_id"]), key["public_key"], seconds(key.get("valid_from", "0002-01-01T00:00:00Z")),
                  seconds(key.get("valid_to", "9998-01-01T00:00:00Z")), None) for use, owner, key in rows]
def counting(keys: list, name: tuple, at: float, seq: int, place: str) -> bytes:
    good = [k["key"] for k in keys if k["name"] == name and k["from"] <= at <= k["to"] and at < k["since"] and seq <= k["end"]]
    return need(good, place, f"key `{name[2]}` of `{name[1]}` is not one that counts, or did not count then") or good[0]
def rotate(keys: list, record: dict, place: str) -> None:
    body, at = record["body"], record["time_us"] // 10**6
    of, text = (body["purpose"], body["owner"]), jcs({n: body[n] for n in body if n not in ("signature", "previous_signature")})
    by = counting(keys, (*of, body["previous_key_id"]), at, record["seq"], place)
    need(signed(by, un64(body["previous_signature"]), text), place, "the previous key did not sign it")
    falling = [key for key in keys if key["name"] == (*of, body["key_id"])]
    if body["action"] == "add":
        keys.append(entry((*of, body["key_id"]), body["public_key"], at, FAR, body["previous_key_id"]))
        good = not falling and signed(keys[-1]["key"], un64(body["signature"]), text)
        return need(good, place, "the name is taken, or the new key did not sign")
    need(falling and body["action"] == "revoke", place, "revokes no key that is known")
    for gone in falling:  # grows: with a stolen key falls what it vouched for since then
        gone.update(end=record["seq"], since=(since := body["compromised_since_us"] // 10**6))
        falling += [k for k in keys if (*of, k["by"]) == gone["name"] and k["name"][:2] == of and k["end"] == FAR and k["from"] >= since]

def message(place: str, body: bytes, header: str, request: str, record: dict, keys: list) -> None:
    fields = once(re.findall(r'(\w+)="([^"]*)"', header))
    subscriber, key_id, algorithm = fields["keyId"].split("|")
    need(algorithm == fields["algorithm"] == "ed25519", place, "is signed by another algorithm")
    key = counting(keys, ("beckn-message", subscriber, key_id), int(fields["created"]), record["seq"], place)
    digest = b64encode(hashlib.blake2b(body, digest_size=64).digest()).decode()
    bound = (*re.findall(r'signature="([^"]*)"', request), request) if fields["headers"].endswith("request-signature") else ()
    tries = (f"(created): {fields['created']}\n(expires): {fields['expires']}\ndigest: {label}={digest}{end}".encode()
             for label in ("BLAKE-512", "BLAKE2b-512") for end in [f"\nrequest-signature: {line}" for line in bound] or [""])
    need(any(signed(key, un64(fields["signature"]), each) for each in tries), place, "the signature is not one of this message")
    said = json.loads(body, object_pairs_hook=once)["context"]
    sender = ("bpp_id", "bppId") if said["action"].startswith("on_") else ("bap_id", "bapId")
    ids = [said.get(a, said.get(b)) for a, b in (("transaction_id", "transactionId"), ("message_id", "messageId"), sender)]
    kept = [record["txn"], record["msg"], subscriber, record["body"]["action"], record["actor"]]
    need(kept == [*ids, said["action"], f"{subscriber}|{key_id}"], place, "is another message")

def certificate(place: str, data: bytes, keys: list, seq: int) -> dict:
    outer = json.loads(data, object_pairs_hook=once)
    inner, proofs, at = None, outer.pop("proof"), seconds(outer["validFrom"])
    for proof in proofs if isinstance(proofs, list) else [proofs]:
        owner, method = outer["issuer"]["id"], proof["verificationMethod"]
        need(method.partition("#")[0] == owner, place, "is signed by another than its issuer")
        key = counting(keys, ("certificate", owner, method), at, seq, place)
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

def verify(file, trust: dict, since, names=()) -> None:
    size, top, text = head("checkpoint", note := file("checkpoint").decode(), trust["log"])
    count = sum(cosigned(note, text, witness) for witness in trust.get("witnesses", []))
    need(count >= trust.get("witnesses_needed", len(trust.get("witnesses", [])[:1])), "checkpoint", f"{count} witnesses cosigned it")
    raw = []
    for index, part in enumerate(parts(range(size))):
        data, before = file(name := tile("entries", index, len(part))), len(raw)
        while data:
            raw.append(data[2 : (end := 2 + int.from_bytes(data[:2], "big"))])
            data = data[end:]
        need(len(raw) - before == len(part), name, "has another number of records")
    leaves = row = [sha(b"\0", record) for record in raw]
    rows, known = {"entries": [len(record).to_bytes(2, "big") + record for record in raw]}, {"checkpoint", "pending"}
    for level in range(8):
        rows[str(level)], row = row, [root(part) for part in parts(row) if len(part) == 256]
    for name, part in ((tile(at, i, len(part)), part) for at, row in rows.items() for i, part in enumerate(parts(row))):
        known.add(need(file(name) == b"".join(part), name, "is wrong") or name)
    need(root(leaves) == top, "checkpoint", "the root is not that of the records")
    if since is not None:
        old, old_top, _ = head("earlier head", since, trust["log"])
        need(old <= size and root(leaves[:old]) == old_top, "earlier head", f"of {old} records: rolled back or rewritten since")
    for name in set(names) - known:  # a partial tile of an earlier head, or what is named by its hash
        old = re.fullmatch(r"tile/(\w+)/([x0-9/]+)\.p/(\d+)", name)
        level, index, width = (old[1], int(re.sub("[x/]", "", old[2])), int(old[3])) if old else ("0", 0, 0)
        part = b"".join(rows.get(level, [])[256 * index : 256 * index + width])
        good = name == tile(level, index, width) and file(name) == part if old else name == f"blob/{sha(file(name)).hex()}"
        need(good or name.endswith(".new") or (name == "lock" and not file(name)), name, "does not belong to the log")
    held, metered, keys = {}, {}, ring(trust)
    records = [json.loads(data, object_pairs_hook=once) for data in raw]
    early, late = ([record["time_us"] + sign * record["clock_error_us"] for record in records] for sign in (-1, 1))
    for record in (record for record in records if record["type"] == "key"):  # first: a revoked key may never have counted
        rotate(keys, record, f"record {record['seq']}")
    for seq, (data, record) in enumerate(zip(raw, records)):
        place, cited = f"record {seq}", {}
        need(jcs(record) == data and record["seq"] == seq and record["v"] == 1, place, "is not canonical, or of another place")
        need(seq == 0 or late[seq] >= early[seq - 1], place, "is older than the one before")
        at = datetime.fromtimestamp(record["time_us"] // 10**6, timezone.utc).astimezone(LONDON)
        half = (at.astimezone(timezone.utc) - at.replace(hour=0, minute=0, second=0, fold=0).astimezone(timezone.utc)) // HALF + 1
        need((record["settlement_date"], record["settlement_period"]) == (str(at.date()), half), place, "is in another half hour")
        for ref in record.get("refs", []):
            need(re.fullmatch("[0-9a-f]{64}", ref["sha256"]), place, "cites no SHA-256")
            cited[ref["name"]] = blob = file(f"blob/{ref['sha256']}")
            need(sha(blob).hex() == ref["sha256"] and len(blob) == ref["size"], f"blob/{ref['sha256']}", f"is not what {place} cites")
        body, kind = record["body"], record["type"]
        if kind in ("split", "transfer", "retire", "revoke"):
            of, span, live, owner = held[body["certificate_id"]]
            need(live and owner == body.get("from", body.get("owner", owner)), place, "is of no live certificate of this owner")
        slot, new = tuple(body.get(name) for name in ("meter_id", "settlement_date", "settlement_period")), []
        if kind == "message" and need({"body", "authorization"} <= set(cited), place, "has no message") is None:
            message(place, cited["body"], cited["authorization"].decode(), cited.get("request_authorization", b"").decode(), record, keys)
        elif kind == "delivery":
            need(slot not in metered, place, "a second delivery of one half hour")
            metered[slot] = body["energy_wh"], {"log": text.partition("\n")[0], "delivery": seq, "delivery_leaf": leaves[seq].hex()}
        elif kind == "certificate":
            owner, new = body["owner"], [("credential", body["certificate_id"], slot, range(body["wh_start"], body["wh_end"]))]
        elif kind == "split":
            del held[body["certificate_id"]]
            new = [("first", body["first_id"], of, range(span.start, body["at_wh"])),
                   ("second", body["second_id"], of, range(body["at_wh"], span.stop))]
        elif kind in ("transfer", "retire", "revoke"):
            span, owner = range(0) if kind == "revoke" else span, body.get("to", owner)
            held[body["certificate_id"]] = of, span, kind == "transfer", owner
        elif kind == "fund":
            need(sum(line["amount_ugbp"] for line in json.loads(cited["lines"])) == 0, place, "the lines of the fund do not sum to zero")
        for name, number, of, span in new:
            subject = (credential := certificate(place, cited[name], keys, seq))["credentialSubject"]
            claim = [subject[name] for name in ("meter_id", "settlement_date", "settlement_period", "wh_range")]
            same = [credential["id"], *claim] == [number, *of, {"start": span.start, "end": span.stop}]
            same = same and subject["energy_wh"] == len(span) and subject["evidence"] == metered.get(of, (0, 0))[1]
            need(same, place, "the record or its delivery says something else than the certificate")
            need(0 <= span.start < span.stop <= metered[of][0], place, "certifies more than was metered")
            clash = [each for each, (slot, wh, *_) in held.items() if slot == of and wh.start < span.stop and span.start < wh.stop]
            held[number] = need(not clash, place, f"issued twice: `{clash[:1]}` has some of these Wh") or (of, span, True, owner)
    seen = collections.Counter(record["type"] for record in records).items()
    print(f"{size} records under a signed head, {count} witnesses:", ", ".join(f"{number} {kind}" for kind, number in seen))
if __name__ == "__main__":
    trusted, *earlier = (Path(name).read_text(encoding="utf-8") for name in sys.argv[2:])
    found = {path.relative_to(sys.argv[1]).as_posix() for path in Path(sys.argv[1]).rglob("*") if path.is_file()}
    try:
        verify(lambda name: Path(sys.argv[1], name).read_bytes(), json.loads(trusted), *(earlier or [None]), found)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OSError) as fault:
        sys.exit(f"FAULT {fault}")
    print("passed")
