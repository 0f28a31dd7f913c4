"""Makes HiGHS known to every cargo command in this work tree.

    python tools/highs.py             prepare .highs and write .cargo/config.toml
    python tools/highs.py --static    print the prefix of the static HiGHS, building it when it is not there

Run by make with the Python of .venv before any cargo call; a second run takes a moment. Without a `highsbox` wheel
for the platform (or with ECA_HIGHS=static) the static library takes its place.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "eca-py" / "build_backend"))
sys.dont_write_bytecode = True

import highs_prefix as hp  # noqa: E402

PREFIX = ROOT / ".highs"


def pip_install(requirements: str) -> bool:
    """Installs wheels only: compiling a build tool is never the faster way."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--only-binary", ":all:", "-r", requirements]
    return subprocess.run(command, cwd=ROOT / "tools", check=False).returncode == 0


def static_prefix(jobs: int | None) -> Path:
    """The static prefix, with a cmake to build it."""
    try:
        hp.cmake_command()
    except hp.PrefixError:
        if not pip_install("requirements-static.txt"):
            raise
    return hp.ensure_static(PREFIX / "static", ROOT, jobs)


def wanted_box() -> str:
    """The version of highsbox that this tree asks for."""
    for line in (ROOT / "tools" / "requirements-highs.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("highsbox=="):
            return line.split("==")[1].strip()
    raise hp.PrefixError("tools/requirements-highs.txt does not name a version of highsbox")


def quoted(value: str | Path) -> str:
    """A TOML string; JSON strings are TOML strings."""
    return json.dumps(str(value))


def write_config(prefix: Path, shared: bool) -> None:
    """Writes .cargo/config.toml when it differs: cargo rebuilds what depends on it."""
    # `force`: a PKG_CONFIG_PATH of the user's shell would hide this HiGHS, and highs-sys would then compile its own.
    env = {"PKG_CONFIG_PATH": str(hp.pc_dir(prefix)), **hp.tool_env()}
    lines = ["# Written by tools/highs.py; `make setup` writes it again.", "[env]"]
    lines += [f"{name} = {{ value = {quoted(value)}, force = true }}" for name, value in sorted(env.items())]
    # One interpreter for cargo and maturin, and no libpython in the extension: else each of the two rebuilds PyO3.
    lines += [f"PYO3_PYTHON = {quoted(sys.executable)}", 'PYO3_BUILD_EXTENSION_MODULE = "1"']
    if not shared:
        lines.append('HIGHS_STATIC = "1"')
    elif os.name == "posix":
        # The programs of the documentation are linked by rustdoc, which has flags of its own.
        flags = f'["-C", {quoted("link-arg=-Wl,-rpath," + str(prefix / "lib"))}]'
        lines += ["", "[build]", f"rustflags = {flags}", f"rustdocflags = {flags}"]
    text = "\n".join(lines) + "\n"
    config = ROOT / ".cargo" / "config.toml"
    if config.is_file() and config.read_text(encoding="utf-8") == text:
        return
    config.parent.mkdir(exist_ok=True)
    temporary = config.with_name(f".config-{os.getpid()}.toml")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, config)
    hp.say("wrote .cargo/config.toml: plain cargo commands find HiGHS now")


def prepare(jobs: int | None) -> None:
    """The normal run: shared if there is a wheel for this platform, else static."""
    shared = os.environ.get("ECA_HIGHS") != "static"
    # Remembered with .venv, so that a platform without a wheel does not ask PyPI at every make.
    no_wheel = Path(sys.prefix) / f".no-highsbox-{wanted_box()}"
    if shared and hp.package_version("highsbox") != wanted_box():
        shared = not no_wheel.exists() and pip_install("requirements-highs.txt")
        if not shared:
            no_wheel.touch()
    if shared and not hp.shared_available():
        shared = False
    if shared:
        write_config(hp.ensure_shared(PREFIX), shared=True)
    else:
        hp.say("no highsbox wheel in use: HiGHS comes from the source inside highs-sys instead")
        write_config(static_prefix(jobs), shared=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--static", action="store_true", help="print the prefix of the static HiGHS")
    parser.add_argument("--jobs", type=int, help="processes of the static build (default: one for each core)")
    options = parser.parse_args()
    try:
        if options.static:
            print(static_prefix(options.jobs))
        else:
            prepare(options.jobs)
    except hp.PrefixError as error:
        hp.say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
