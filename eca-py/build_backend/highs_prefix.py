"""Gives `highs-sys` a HiGHS to link, so that building ECA compiles no C++.

Shared (the normal case): the PyPI package `highsbox` holds libhighs and its headers. They are copied to a prefix
whose path does not move, because cargo rebuilds whatever depends on a path that changed.

Static (releases, and machines for which there is no `highsbox` wheel): HiGHS is compiled once from the source inside
the `highs-sys` crate, with the PyPI package `cmake`, into a prefix named after the crate and compiler versions.

Standard library only: the in-tree PEP 517 backend uses this file too, and it travels in the sdist.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# Raise this number when the layout of a prefix changes: every prefix is then made again.
LAYOUT = 1

CMAKE_OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "CMAKE_INSTALL_LIBDIR": "lib",
    "CMAKE_POSITION_INDEPENDENT_CODE": "ON",
    "CMAKE_INTERPROCEDURAL_OPTIMIZATION": "FALSE",
    "FAST_BUILD": "ON",
    "BUILD_SHARED_LIBS": "OFF",
    "BUILD_CXX_EXE": "OFF",
    "BUILD_TESTING": "OFF",
    "BUILD_EXAMPLES": "OFF",
    "ZLIB": "OFF",
}


class PrefixError(RuntimeError):
    """HiGHS cannot be provided; the message says what to do."""


def say(text: str) -> None:
    """Tells the person at the terminal what takes time; standard output stays free for results."""
    print(text, file=sys.stderr, flush=True)


def package_version(name: str) -> str | None:
    """The installed version of a Python package, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def package_dir(name: str) -> Path | None:
    """The folder of a Python package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


# ---- the tools highs-sys needs --------------------------------------------------------------------------------------


def tool_env() -> dict[str, str]:
    """PKG_CONFIG and LIBCLANG_PATH, from PyPI packages where the machine has none of its own."""
    env: dict[str, str] = {}
    clang = package_dir("clang")
    if clang is not None and any((clang / "native").glob("libclang.*")):
        env["LIBCLANG_PATH"] = str(clang / "native")
    # Not the script that pkgconf puts into the environment: it finds itself.
    own = {str(Path(folder)) for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent))}
    path = os.pathsep.join(p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if str(Path(p)) not in own)
    if shutil.which("pkg-config", path=path) is None:
        pkgconf = package_dir("pkgconf")
        found = next(iter((pkgconf / ".bin").glob("pkgconf*")), None) if pkgconf is not None else None
        if found is None:
            raise PrefixError("no pkg-config here: install it, or the Python package `pkgconf`")
        env["PKG_CONFIG"] = str(found)
    return env


def link_env(prefix: Path, static: bool) -> dict[str, str]:
    """The environment of a cargo call that links the HiGHS of `prefix` and leaves no path of this machine behind."""
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    flags = [f"--remap-path-prefix={cargo_home / 'registry' / 'src'}=/crates"]
    # HOST_PKG_CONFIG_PATH goes before the PKG_CONFIG_PATH that .cargo/config.toml of a checkout forces, and
    # CARGO_ENCODED_RUSTFLAGS before its rpath.
    flags += os.environ.get("RUSTFLAGS", "").split()
    env = {**tool_env(), "HOST_PKG_CONFIG_PATH": str(pc_dir(prefix)), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    if static:
        env["HIGHS_STATIC"] = "1"
    return env


# ---- highs.pc -------------------------------------------------------------------------------------------------------


def rewrite_pc(pc: Path, prefix: Path, libs: str = "") -> None:
    """Makes a highs.pc say where its files are now. `libs` is added to Libs, for static linking."""
    lines = []
    for line in pc.read_text(encoding="utf-8").splitlines():
        if line.startswith("prefix="):
            line = f"prefix={prefix.as_posix()}"
        elif line.startswith("libdir="):
            line = "libdir=${prefix}/lib"
        elif line.startswith("includedir="):
            line = "includedir=${prefix}/include/highs"
        elif line.startswith("Libs:") and libs:
            line = f"{line} {libs}"
        lines.append(line)
    pc.write_text("\n".join(lines) + "\n", encoding="utf-8")


def pc_dir(prefix: Path) -> Path:
    """The folder for PKG_CONFIG_PATH."""
    return prefix / "lib" / "pkgconfig"


def read_stamp(prefix: Path) -> object:
    """What the prefix was made from, or None."""
    try:
        return json.loads((prefix / "stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def replace_tree(source: Path, target: Path) -> None:
    """Puts `source` in the place of `target`, also when another process does the same."""
    old = target.with_name(f".old-{target.name}-{os.getpid()}")
    if target.exists():
        os.replace(target, old)
    os.replace(source, target)
    shutil.rmtree(old, ignore_errors=True)


# ---- shared: from highsbox ------------------------------------------------------------------------------------------


def shared_available() -> bool:
    """Whether the installed `highsbox` has a library for this platform."""
    box = package_dir("highsbox")
    return box is not None and (box / "highs_dist" / "lib" / "pkgconfig" / "highs.pc").is_file()


def ensure_shared(prefix: Path) -> Path:
    """Copies the HiGHS of `highsbox` to `prefix`, unless it is there already."""
    box = package_dir("highsbox")
    if box is None:
        raise PrefixError("the Python package `highsbox` is not installed")
    stamp = {"layout": LAYOUT, "highsbox": package_version("highsbox"), "prefix": str(prefix)}
    if read_stamp(prefix) == stamp:
        return prefix
    dist = box / "highs_dist"
    prefix.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=prefix))
    try:
        (work / "lib").mkdir()
        for library in sorted((dist / "lib").glob("libhighs*")) + sorted((dist / "lib").glob("highs*.lib")):
            shutil.copy2(library, work / "lib" / library.name, follow_symlinks=False)
        shutil.copytree(dist / "include" / "highs", work / "include" / "highs")
        # HConfig.h and others include this one from beside the folder.
        for header in (dist / "include").glob("highs*.h"):
            shutil.copy2(header, work / "include" / "highs" / header.name)
        (work / "lib" / "pkgconfig").mkdir()
        shutil.copy2(dist / "lib" / "pkgconfig" / "highs.pc", work / "lib" / "pkgconfig" / "highs.pc")
        rewrite_pc(work / "lib" / "pkgconfig" / "highs.pc", prefix)
        for part in ("include", "lib"):
            replace_tree(work / part, prefix / part)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    (prefix / "stamp.json").write_text(json.dumps(stamp), encoding="utf-8")
    say(f"HiGHS {stamp['highsbox']} (shared, from highsbox) is in {prefix}")
    return prefix


# ---- static: compiled once from the source inside highs-sys ---------------------------------------------------------


def highs_sys_source(workspace: Path) -> tuple[str, Path]:
    """Version and folder of the `highs-sys` crate that the workspace uses."""
    command = ["cargo", "metadata", "--format-version", "1", "--all-features"]
    run = subprocess.run(command, cwd=workspace, stdout=subprocess.PIPE, check=False)
    if run.returncode != 0:
        raise PrefixError("cargo metadata failed: the source of HiGHS is fetched by cargo")
    for package in json.loads(run.stdout)["packages"]:
        if package["name"] == "highs-sys":
            return package["version"], Path(package["manifest_path"]).parent
    raise PrefixError("the workspace does not depend on highs-sys")


def compiler_id() -> str:
    """The C++ compiler, as far as the compiled library depends on it."""
    compiler = os.environ.get("CXX", "c++")
    if shutil.which(compiler) is None:
        raise PrefixError(f"no C++ compiler: `{compiler}` is not on PATH")
    first = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    number = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    kind = "clang" if "clang" in first.lower() else "gcc"
    return f"{kind}-{number}-{platform.system().lower()}-{platform.machine()}"


def cmake_command() -> list[str]:
    """A cmake: the one of this Python environment, else the one on PATH."""
    if importlib.util.find_spec("cmake") is not None:
        return [sys.executable, "-m", "cmake"]
    found = shutil.which("cmake")
    if found is None:
        raise PrefixError("no cmake here: install the Python package `cmake`")
    return [found]


def static_libs() -> str:
    """What a program must link besides libhighs.a."""
    return "-lc++" if sys.platform == "darwin" else "-lstdc++ -lm -lpthread"


def ensure_static(root: Path, workspace: Path, jobs: int | None = None) -> Path:
    """Builds HiGHS once into a prefix below `root` named after its versions, and gives that prefix."""
    version, crate = highs_sys_source(workspace)
    prefix = root / f"highs-sys-{version}-{compiler_id()}"
    stamp = {"layout": LAYOUT, "options": CMAKE_OPTIONS, "prefix": str(prefix)}
    if read_stamp(prefix) == stamp:
        return prefix
    count = jobs or os.cpu_count() or 1
    say(f"HiGHS is compiled from the source of highs-sys {version}, once: 6 to 12 minutes on two cores")
    root.mkdir(parents=True, exist_ok=True)
    # A fixed place, so that an interrupted build goes on where it stopped.
    build = root / f"build-{prefix.name}"
    cmake = cmake_command()
    options = [f"-D{name}={value}" for name, value in CMAKE_OPTIONS.items()]
    configure = [*cmake, "-S", str(crate / "HiGHS"), "-B", str(build), f"-DCMAKE_INSTALL_PREFIX={prefix}", *options]
    shutil.rmtree(prefix, ignore_errors=True)
    for command in (
        configure,
        [*cmake, "--build", str(build), "--config", "Release", "--parallel", str(count)],
        [*cmake, "--install", str(build), "--config", "Release"],
    ):
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
            raise PrefixError(f"HiGHS could not be built; the build folder is {build}")
    rewrite_pc(pc_dir(prefix) / "highs.pc", prefix, static_libs())
    (prefix / "stamp.json").write_text(json.dumps(stamp), encoding="utf-8")
    shutil.rmtree(build, ignore_errors=True)
    size = sum(p.stat().st_size for p in (prefix / "lib").glob("libhighs*")) / 1e6
    say(f"HiGHS (static, {size:.1f} MB) is in {prefix}")
    return prefix


def linked_version(prefix: Path) -> str:
    """The version of HiGHS in a prefix, as its highs.pc has it."""
    found = re.search(r"^Version:\s*(\S+)", (pc_dir(prefix) / "highs.pc").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise PrefixError(f"no version in {pc_dir(prefix) / 'highs.pc'}")
    return found.group(1)
