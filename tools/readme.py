"""Runs the programs of a Markdown file and compares what they print with what stands there.

    python tools/readme.py README.md [FILE.md ...]

A block marked `python`, `rust` or `c` is one program; the `text` block that follows it, if any, is its output. A block
marked `python continued` goes on with the program before it. Rust programs are built in a package of their own, C
programs against the library that `make install-c` puts into out/c. Blocks with other marks (`sh`, `toml`, `rust
ignore`) are shown, not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "out" / "readme"
BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
# The crates a Rust program may use.
CRATES = ("eca-core", "eca-beckn", "eca-adapters")


@dataclass
class Program:
    """One program of the file and the output printed after it."""

    place: str
    language: str
    code: str
    output: str | None = None
    failure: str = ""


def programs(file: Path) -> list[Program]:
    """The programs of a Markdown file, in their order."""
    text = file.read_text(encoding="utf-8")
    found: list[Program] = []
    after_program = False
    for block in BLOCK.finditer(text):
        mark, body = block[1].strip(), block[2]
        line = text.count("\n", 0, block.start()) + 1
        if mark == "python continued" and found and found[-1].language == "python":
            found[-1].code += "\n" + body
        elif mark in ("python", "rust", "c"):
            found.append(Program(f"{file.name}:{line}", mark, body))
        elif mark == "text" and after_program:
            found[-1].output = (found[-1].output or "") + body
            continue
        else:
            after_program = False
            continue
        after_program = True
    return found


def run(command: list[str], **more: object) -> subprocess.CompletedProcess[str]:
    """Runs a command and keeps what it prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload, no-any-return]


def build_rust(items: list[Program]) -> dict[int, list[str]]:
    """Builds all Rust programs in one package; gives the command of each."""
    package = WORK / "rust"
    shutil.rmtree(package / "src", ignore_errors=True)
    (package / "src" / "bin").mkdir(parents=True)
    crates = "".join(f'{name} = {{ path = "{(ROOT / name).as_posix()}" }}\n' for name in CRATES)
    manifest = f'[package]\nname = "readme"\nedition = "2024"\n\n[dependencies]\n{crates}serde_json = "1"\n\n[workspace]\n'
    # The profile of the workspace, so that its compiled crates serve here.
    manifest += '\n[profile.dev]\nopt-level = 1\ndebug = "line-tables-only"\n'
    (package / "Cargo.toml").write_text(manifest, encoding="utf-8")
    shutil.copy2(ROOT / "Cargo.lock", package / "Cargo.lock")
    commands = {}
    for number, item in enumerate(items):
        code = item.code if re.search(r"\bfn main\b", item.code) else f"fn main() {{\n{item.code}\n}}\n"
        # As rustdoc does: a line that begins with `# ` is compiled and not shown.
        code = re.sub(r"^# ?", "", code, flags=re.MULTILINE) if re.search(r"^# ", code, re.MULTILINE) else code
        (package / "src" / "bin" / f"p{number}.rs").write_text(code, encoding="utf-8")
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    for number, item in enumerate(items):
        command = ["cargo", "build", "-q", "--bin", f"p{number}", "--target-dir", str(target)]
        done = run(command, cwd=package)
        if done.returncode != 0:
            item.failure = done.stderr
        commands[number] = [str(target / "debug" / f"p{number}")]
    return commands


def build_c(items: list[Program]) -> dict[int, list[str]]:
    """Builds the C programs against out/c; gives the command of each."""
    prefix = ROOT / "out" / "c"
    commands = {}
    for number, item in enumerate(items):
        source, program = WORK / f"p{number}.c", WORK / f"p{number}"
        source.write_text(item.code, encoding="utf-8")
        flags = [f"-I{prefix / 'include'}", f"-L{prefix / 'lib'}", "-leca", f"-Wl,-rpath,{prefix / 'lib'}"]
        done = run(["cc", "-Wall", "-Wextra", "-Werror", "-o", str(program), str(source), *flags])
        if done.returncode != 0:
            item.failure = done.stderr
        commands[number] = [str(program)]
    return commands


def judge(item: Program, command: list[str]) -> None:
    """Runs one program and notes what is wrong."""
    if item.failure:
        return
    done = run(command, cwd=WORK)
    if done.returncode != 0:
        item.failure = f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
    elif item.output is not None and done.stdout.rstrip() != item.output.rstrip():
        item.failure = f"printed\n{done.stdout}\ninstead of\n{item.output}"


def main(arguments: list[str]) -> int:
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    items = [item for name in arguments for item in programs(Path(name).resolve())]
    by_language = {name: [item for item in items if item.language == name] for name in ("python", "rust", "c")}
    if by_language["c"]:
        done = run([os.environ.get("MAKE", "make"), "install-c", f"PREFIX={ROOT / 'out' / 'c'}"], cwd=ROOT)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            return 1
    commands: dict[str, dict[int, list[str]]] = {
        "python": {n: [sys.executable, "-c", item.code] for n, item in enumerate(by_language["python"])},
        "rust": build_rust(by_language["rust"]) if by_language["rust"] else {},
        "c": build_c(by_language["c"]) if by_language["c"] else {},
    }
    for language, group in by_language.items():
        for number, item in enumerate(group):
            judge(item, commands[language][number])
    failed = [item for item in items if item.failure]
    for item in items:
        against = "its output compared" if item.output is not None else "no output given"
        print(f"{item.place}: {item.language}, {against}: {'FAILED' if item.failure else 'ok'}")
    for item in failed:
        print(f"\n---- {item.place}\n{item.failure}")
    # In the form of pytest, which tools/run_steps.py adds up.
    counts = [f"{len(failed)} failed"] if failed else []
    print(", ".join([*counts, f"{len(items) - len(failed)} passed"]) + " in 0.0s")
    return 1 if failed or not items else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
