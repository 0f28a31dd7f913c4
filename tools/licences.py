"""Checks where the Rust dependencies come from and under which licences, and keeps THIRD_PARTY_NOTICES.

    python tools/licences.py            check
    python tools/licences.py --write    write THIRD_PARTY_NOTICES again

Checked: every crate is from crates.io; its licence is on the list below; there is one highs-sys, new enough to bundle
a HiGHS without known wrong answers; THIRD_PARTY_NOTICES holds the texts for all that is compiled into the C library
and the Python module.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOTICES = ROOT / "THIRD_PARTY_NOTICES"
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
SHIPPED = ("eca-ffi", "eca-py")
# 1.14.x bundles HiGHS 1.14.0, which gives wrong optima on models with on/off decisions.
HIGHS_SYS_MINIMUM = (1, 15, 0)

# In the order of preference when a crate offers a choice.
ALLOWED = (
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "0BSD",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
)
# For what runs on a developer's machine only and is in nothing we ship.
ALLOWED_TOOLS = (*ALLOWED, "MPL-2.0")
FILES = {
    "MIT": ("MIT",),
    "Apache-2.0": ("APACHE",),
    "Apache-2.0 WITH LLVM-exception": ("APACHE",),
    "BSD-3-Clause": ("BSD",),
    "BSD-2-Clause": ("BSD",),
    "Zlib": ("ZLIB",),
    "Unicode-3.0": ("UNICODE",),
    "Unlicense": ("UNLICENSE",),
    "BSL-1.0": ("BOOST", "BSL"),
}


def tokens(expression: str) -> list[str]:
    """The words of an SPDX expression; the old form with a slash means OR."""
    found = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    joined: list[str] = []
    for word in found:
        if joined and joined[-1].endswith(" WITH"):
            joined[-1] = f"{joined[-1]} {word}"
        elif word == "WITH" and joined:
            joined[-1] = f"{joined[-1]} WITH"
        else:
            joined.append(word)
    return joined


def choose(expression: str, allowed: tuple[str, ...]) -> list[str] | None:
    """The licences to follow under an SPDX expression, or None when it cannot be met from `allowed`."""
    words = tokens(expression)
    position = 0

    def atom() -> list[str] | None:
        nonlocal position
        word = words[position]
        position += 1
        if word == "(":
            inner = either()
            position += 1
            return inner
        return [word] if word in allowed else None

    def both() -> list[str] | None:
        nonlocal position
        result = atom()
        while position < len(words) and words[position] == "AND":
            position += 1
            right = atom()
            result = None if result is None or right is None else [*result, *right]
        return result

    def either() -> list[str] | None:
        nonlocal position
        options = [both()]
        while position < len(words) and words[position] == "OR":
            position += 1
            options.append(both())
        good = [option for option in options if option is not None]
        return min(good, key=lambda option: max(allowed.index(name) for name in option)) if good else None

    return either() if words else None


def metadata() -> dict[str, Any]:
    """What cargo knows of the workspace, for all features and platforms."""
    command = ["cargo", "metadata", "--format-version", "1", "--all-features"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if run.returncode != 0:
        sys.exit("cargo metadata failed")
    data: dict[str, Any] = json.loads(run.stdout)
    return data


def shipped_ids(data: dict[str, Any]) -> set[str]:
    """The packages compiled into what we ship for Linux: normal dependencies, and no procedural macros."""
    command = ["cargo", "tree", "--target", "x86_64-unknown-linux-gnu", "--edges", "normal,no-proc-macro"]
    command += ["--prefix", "none", "--format", "{p}", *(part for name in SHIPPED for part in ("-p", name))]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        sys.exit("cargo tree failed")
    names = {(words[0], words[1].lstrip("v")) for words in map(str.split, run.stdout.splitlines()) if len(words) > 1}
    return {p["id"] for p in data["packages"] if (p["name"], p["version"]) in names and p["source"] is not None}


def problems(data: dict[str, Any], shipped: set[str]) -> list[str]:
    """What is wrong with the dependencies, one line each."""
    found = []
    highs = []
    for package in data["packages"]:
        if package["source"] is None:
            continue
        name = f"{package['name']} {package['version']}"
        if package["source"] != CRATES_IO:
            found.append(f"{name} is from {package['source']}, not from crates.io")
        allowed = ALLOWED if package["id"] in shipped else ALLOWED_TOOLS
        if choose(package["license"] or "", allowed) is None:
            found.append(f"{name} has the licence {package['license']!r}, which is not on the list")
        if package["name"] == "highs-sys":
            highs.append(package["version"])
    if len(highs) != 1:
        found.append(f"one highs-sys may be linked, found {', '.join(highs) or 'none'}")
    for version in highs:
        if tuple(int(part) for part in version.split("-")[0].split(".")) < HIGHS_SYS_MINIMUM:
            found.append(f"highs-sys {version} bundles a HiGHS with known wrong answers")
    return found


def clean(text: str) -> str:
    """A licence text without what differs only by editor."""
    return "\n".join(line.rstrip() for line in text.replace("\t", "    ").strip("\ufeff\n\r ").splitlines())


def crate_text(package: dict[str, Any], licence: str) -> str | None:
    """The text of one licence as it lies in the crate."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file())
    named = [path for path in files if re.match(r"(LICEN[CS]E|COPYING|COPYRIGHT|UNLICEN[CS]E)", path.name.upper())]
    marks = FILES.get(licence, (licence.upper(),))
    best = [path for path in named if any(mark in path.name.upper() for mark in marks)]
    plain = [path for path in named if path.stem.upper() in ("LICENSE", "LICENCE", "COPYING")]
    for path in (*best, *plain):
        return clean(path.read_text(encoding="utf-8", errors="replace"))
    return None


def notices(data: dict[str, Any], shipped: set[str]) -> str:
    """The text of THIRD_PARTY_NOTICES."""
    texts: dict[str, list[str]] = {}
    rows = []
    missing = []
    for package in sorted(data["packages"], key=lambda item: (item["name"], item["version"])):
        if package["id"] not in shipped:
            continue
        name = f"{package['name']} {package['version']}"
        chosen = choose(package["license"] or "", ALLOWED) or []
        rows.append(f"{name:<34} {package['license']}")
        for licence in chosen:
            text = crate_text(package, licence)
            if text is None:
                missing.append(f"{name}: {licence}; authors: {', '.join(package['authors']) or 'see its repository'}")
            else:
                texts.setdefault(text, []).append(name)
    crate = next(Path(p["manifest_path"]).parent for p in data["packages"] if p["name"] == "highs-sys") / "HiGHS"
    highs = clean((crate / "LICENSE.txt").read_text(encoding="utf-8"))
    pdqsort = clean((crate / "extern" / "pdqsort" / "license.txt").read_text(encoding="utf-8"))
    rule = "-" * 100
    parts = [
        "ECA is under MIT OR Apache-2.0. What we ship contains the works below. Written by `make notices`.",
        f"{rule}\nHiGHS, https://github.com/ERGO-Code/HiGHS (the solver; MIT)\n{rule}",
        highs,
        f"{rule}\npdqsort by Orson Peters, https://github.com/orlp/pdqsort (part of HiGHS; Zlib)\n{rule}",
        pdqsort,
        "The wheels and C packages that we publish hold the HiGHS of the highs-sys crate, built without HiPO: no AMD,\n"
        "METIS, RCM, OpenBLAS or zlib is in them. A build from source may link the library of the PyPI package highsbox\n"
        "instead (MIT, with the parts named in its own notices).",
        f"{rule}\nRust crates compiled in\n{rule}",
        "\n".join(rows),
    ]
    if missing:
        parts.append("These crates carry no text of their licence; the standard text applies:\n" + "\n".join(missing))
    for text, names in sorted(texts.items(), key=lambda item: item[1]):
        parts += [f"{rule}\n{', '.join(names)}\n{rule}", text]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    data = metadata()
    shipped = shipped_ids(data)
    found = problems(data, shipped)
    text = notices(data, shipped)
    if options.write:
        NOTICES.write_text(text, encoding="utf-8")
    elif not NOTICES.is_file() or NOTICES.read_text(encoding="utf-8") != text:
        found.append("THIRD_PARTY_NOTICES is not what the dependencies ask for: run `make notices`")
    for line in found:
        print(line, file=sys.stderr)
    outside = sum(1 for package in data["packages"] if package["source"] is not None)
    print(f"{outside} crates from outside, {len(shipped)} of them in what we ship; {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
