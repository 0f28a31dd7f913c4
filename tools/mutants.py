"""Plants one fault at a time in a copy of the tree and looks whether the tests notice.

    python3 tools/mutants.py [NAME ...]

Without names: every fault of tools/mutants/*.txt. The copy and what is built from it stay in target/mutants, so that a
second run is faster; CARGO_TARGET_DIR puts the build elsewhere. A fault is caught if the tree with it builds and its
test fails, and the same test passes without it. Prints `caught NAME` or `MISSED NAME`, at the end `N passed, N failed`; exit status 1 if a
fault is missed, does not build, or if its text is not found exactly once.

A fault is written as

    === name
    file eca-core/src/...
    test --test rule_storage charge_and_discharge
    <<<<
    the exact text
    ====
    what stands there instead
    >>>>

where `test` is what follows `cargo test -p eca-core` (or, with `-p` of its own, what follows `cargo test`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Inside the tree, so that cargo also reads the .cargo/config.toml that `make setup` wrote.
WORK = ROOT / "target" / "mutants"
TREE = WORK / "tree"
# A test that runs so long hangs, which is a way of noticing.
LIMIT_S = 300


@dataclass(frozen=True)
class Fault:
    """One planted fault."""

    name: str
    file: str
    test: str
    text: str
    instead: str


def read_faults(path: Path) -> list[Fault]:
    """The faults of one file."""
    faults = []
    for block in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, rest = block.split("\n", 1)
        head, rest = rest.split("<<<<\n", 1)
        text, rest = rest.split("\n====\n", 1)
        # An empty replacement leaves no line between the marks.
        instead = rest.split(">>>>", 1)[0].removesuffix("\n")
        fields = dict(line.split(" ", 1) for line in head.splitlines())
        faults.append(Fault(name.strip(), fields["file"], fields["test"], text, instead))
    return faults


def copy_tree() -> None:
    """Brings the copy up to date; files that have not changed keep their times, so cargo does not build them again."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    wanted = {Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in wanted:
        source, target = ROOT / name, TREE / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    for target in [path for path in TREE.rglob("*") if path.is_file()]:
        if target.relative_to(TREE) not in wanted:
            target.unlink()


def cargo(test: str, *, run: bool) -> tuple[bool, str]:
    """Builds a test, or runs it; whether that went well, and what was printed."""
    words = test.split()
    package = [] if "-p" in words else ["-p", "eca-core"]
    command = ["cargo", "test", "-q", *package, *words]
    if not run:
        command.insert(2, "--no-run")
    built = os.environ.get("CARGO_TARGET_DIR", str(WORK / "build"))
    environment = {**os.environ, "CARGO_TARGET_DIR": built, "RUST_BACKTRACE": "0"}
    try:
        done = subprocess.run(
            command, cwd=TREE, env=environment, capture_output=True, text=True, timeout=LIMIT_S if run else None
        )
    except subprocess.TimeoutExpired:
        return False, f"no end after {LIMIT_S} s"
    output = done.stdout + done.stderr
    if run and done.returncode == 0 and "test result: ok. 0 passed" in output:
        return False, "no test of this name"
    return done.returncode == 0, output


def clean(tests: set[str]) -> set[str]:
    """The tests that do not pass without any fault."""
    bad = set()
    for test in sorted(tests):
        good, output = cargo(test, run=True)
        if not good:
            bad.add(test)
            print(f"without a fault, `{test}` fails:\n{output[-2000:]}", flush=True)
    return bad


def verdict(fault: Fault) -> str:
    """Plants a fault, runs its test and takes the fault out again; empty where it is caught."""
    path = TREE / fault.file
    if not path.is_file():
        return f"there is no file {fault.file}"
    original = path.read_text(encoding="utf-8")
    found = original.count(fault.text)
    if found != 1:
        return f"its text stands {found} times in {fault.file}"
    path.write_text(original.replace(fault.text, fault.instead), encoding="utf-8")
    try:
        built, output = cargo(fault.test, run=False)
        if not built:
            return f"does not build:\n{output[-2000:]}"
        passed, _ = cargo(fault.test, run=True)
        return f"`{fault.test}` passes with it" if passed else ""
    finally:
        path.write_text(original, encoding="utf-8")


def main(names: list[str]) -> int:
    """Runs the faults of these names, all of them without names."""
    faults = [fault for path in sorted((ROOT / "tools" / "mutants").glob("*.txt")) for fault in read_faults(path)]
    known = [fault.name for fault in faults]
    twice = {name for name in known if known.count(name) > 1}
    unknown = set(names) - set(known)
    if twice or unknown:
        print(f"twice: {sorted(twice)}; unknown: {sorted(unknown)}")
        return 1
    chosen = [fault for fault in faults if not names or fault.name in names]
    # Faults in one file one after the other: each build starts from the one before.
    chosen.sort(key=lambda fault: (fault.test, fault.file))
    begun = time.monotonic()
    copy_tree()
    bad = clean({fault.test for fault in chosen})
    passed = failed = 0
    for fault in chosen:
        reason = "its test fails without it" if fault.test in bad else verdict(fault)
        if reason:
            failed += 1
            print(f"MISSED {fault.name}: {reason}", flush=True)
        else:
            passed += 1
            print(f"caught {fault.name}", flush=True)
    print(f"{time.monotonic() - begun:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
