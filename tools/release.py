"""What we hand out: the wheel, the sdist and the C library.

    python tools/release.py wheel                       a wheel with HiGHS inside, in out/dist
    python tools/release.py sdist                       the source package for pip, in out/dist
    python tools/release.py install-c --prefix DIR      header, libraries, pkg-config and CMake files
    python tools/release.py dist-c                      the same with HiGHS inside, as an archive in out/dist

install-c puts the shared HiGHS into DIR/lib/eca, where no other program sees it; `--highs static` compiles HiGHS in.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

sys.dont_write_bytecode = True
import highs  # noqa: E402  (also puts the folder of highs_prefix on the path)
import highs_prefix as hp  # noqa: E402

ROOT = highs.ROOT
DIST = ROOT / "out" / "dist"
MAC = sys.platform == "darwin"
# Moves with the ABI, as the soname in eca-ffi/build.rs does.
ABI = 0


def version() -> str:
    """The version of the workspace."""
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        sys.exit("no version in Cargo.toml")
    return found.group(1)


def build_env(static: bool) -> tuple[dict[str, str], Path, Path]:
    """Environment, HiGHS prefix and target folder of one kind of build."""
    prefix = highs.static_prefix(None) if static else hp.ensure_shared(highs.PREFIX)
    # A target folder for each: else the two would rebuild each other's crates, and those of a developer.
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / ("static" if static else "shared")
    env = {**os.environ, **hp.link_env(prefix, static), "CARGO_TARGET_DIR": str(ROOT / target)}
    return env, prefix, ROOT / target


def run(command: list[str], env: dict[str, str] | None = None, cwd: Path = ROOT) -> None:
    """Runs a command; stops here when it fails."""
    if subprocess.run(command, cwd=cwd, env=env, check=False).returncode != 0:
        sys.exit(f"failed: {' '.join(command)}")


def show(path: Path) -> None:
    """One line on a result."""
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.2f} MB")


# ---- Python ---------------------------------------------------------------------------------------------------------


def wheel() -> None:
    """A wheel that needs nothing but Python. auditwheel's rules give it the oldest glibc it runs with."""
    env, _, _ = build_env(static=True)
    DIST.mkdir(parents=True, exist_ok=True)
    for old in DIST.glob(f"eca-{version()}-*.whl"):
        old.unlink()
    run([sys.executable, "-m", "maturin", "build", "--release", "--out", str(DIST)], env, ROOT / "eca-py")
    for path in DIST.glob(f"eca-{version()}-*.whl"):
        show(path)


def sdist() -> None:
    """The source package; `pip install` builds it with tools from PyPI, cargo and a C compiler."""
    DIST.mkdir(parents=True, exist_ok=True)
    run([sys.executable, "-m", "maturin", "sdist", "--out", str(DIST)], cwd=ROOT / "eca-py")
    show(DIST / f"eca-{version()}.tar.gz")


# ---- C --------------------------------------------------------------------------------------------------------------

PC = """\
prefix=${{pcfiledir}}/../..
libdir=${{prefix}}/lib
includedir=${{prefix}}/include

Name: eca
Description: Least-cost computing under a carbon cap, and flexibility for the grid, with evidence
Version: {version}
Cflags: -I${{includedir}}
Libs: -L${{libdir}} -leca
Libs.private: {private}
"""

CMAKE_CONFIG = """\
# Targets: eca::eca (shared library) and eca::static.
get_filename_component(_eca_prefix "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
if(NOT TARGET eca::eca)
  add_library(eca::eca SHARED IMPORTED)
  set_target_properties(eca::eca PROPERTIES
    IMPORTED_LOCATION "${{_eca_prefix}}/lib/{shared}"
    IMPORTED_SONAME "{soname}"
    INTERFACE_INCLUDE_DIRECTORIES "${{_eca_prefix}}/include")
  add_library(eca::static STATIC IMPORTED)
  set_target_properties(eca::static PROPERTIES
    IMPORTED_LOCATION "${{_eca_prefix}}/lib/libeca.a"
    INTERFACE_INCLUDE_DIRECTORIES "${{_eca_prefix}}/include"
    INTERFACE_LINK_LIBRARIES "{libraries}")
endif()
unset(_eca_prefix)
"""

CMAKE_VERSION = """\
set(PACKAGE_VERSION "{version}")
# Before 1.0 a minor version may break its users.
if(PACKAGE_FIND_VERSION_MAJOR EQUAL {major} AND PACKAGE_FIND_VERSION_MINOR EQUAL {minor}
   AND NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
"""


def private_libs(static: bool) -> list[str]:
    """What a program that links libeca.a needs besides."""
    system = ["-lc++", "-liconv"] if MAC else ["-lstdc++", "-lgcc_s", "-lm", "-lpthread", "-ldl"]
    return system if static else ["-lhighs", *system]


def install_c(prefix: Path, static: bool, profile: str) -> None:
    """Installs the C library below `prefix`."""
    if os.name == "nt":
        sys.exit("install-c knows Linux, the BSDs and macOS; on Windows use the files of `cargo build -p eca-ffi`")
    header = ROOT / "include" / "eca.h"
    if not header.is_file():
        sys.exit("include/eca.h is not there: run `make header`")
    env, highs_dir, target = build_env(static)
    run(["cargo", "build", "-p", "eca-ffi", "--profile", profile], env)
    built = target / ("debug" if profile == "dev" else profile)
    number = version()
    lib = prefix / "lib"
    for folder in (lib / "pkgconfig", lib / "cmake" / "eca", prefix / "include", prefix / "share" / "doc" / "eca"):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(header, prefix / "include" / "eca.h")
    shared, soname = (
        (f"libeca.{number}.dylib", f"libeca.{ABI}.dylib") if MAC else (f"libeca.so.{number}", f"libeca.so.{ABI}")
    )
    plain = "libeca.dylib" if MAC else "libeca.so"
    (lib / shared).unlink(missing_ok=True)
    shutil.copy2(built / plain, lib / shared)
    for link, to in ((soname, shared), (plain, soname)):
        (lib / link).unlink(missing_ok=True)
        (lib / link).symlink_to(to)
    shutil.copy2(built / "libeca.a", lib / "libeca.a")
    shutil.rmtree(lib / "eca", ignore_errors=True)
    pc_private = private_libs(static)
    cmake_libs = [library.removeprefix("-l") for library in pc_private]
    if not static:
        (lib / "eca").mkdir()
        for library in sorted((highs_dir / "lib").glob("libhighs*")):
            shutil.copy2(library, lib / "eca" / library.name)
        name = "libhighs.dylib" if MAC else "libhighs.so"
        pc_private = ["-L${libdir}/eca", "-Wl,-rpath,${libdir}/eca", *pc_private]
        cmake_libs[0] = "${_eca_prefix}/lib/eca/" + name
    major, minor = number.split(".")[:2]
    values = {"version": number, "major": major, "minor": minor, "shared": shared, "soname": soname}
    (lib / "pkgconfig" / "eca.pc").write_text(PC.format(private=" ".join(pc_private), **values), encoding="utf-8")
    cmake = lib / "cmake" / "eca"
    text = CMAKE_CONFIG.format(libraries=";".join(cmake_libs), **values)
    (cmake / "eca-config.cmake").write_text(text, encoding="utf-8")
    (cmake / "eca-config-version.cmake").write_text(CMAKE_VERSION.format(**values), encoding="utf-8")
    for name in ("LICENSE-MIT", "LICENSE-APACHE", "THIRD_PARTY_NOTICES"):
        shutil.copy2(ROOT / name, prefix / "share" / "doc" / "eca" / name)
    size = (lib / shared).stat().st_size / 1e6
    print(f"installed to {prefix}: {shared} {size:.1f} MB, libeca.a {(lib / 'libeca.a').stat().st_size / 1e6:.1f} MB")


def dist_c() -> None:
    """The C library with HiGHS inside, as one archive."""
    name = f"eca-c-{version()}-{platform.system().lower()}-{platform.machine().lower()}"
    folder = DIST / name
    shutil.rmtree(folder, ignore_errors=True)
    install_c(folder, static=True, profile="release")
    archive = DIST / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, arcname=name)
    shutil.rmtree(folder)
    show(archive)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("wheel", "sdist", "dist-c"):
        commands.add_parser(name)
    install = commands.add_parser("install-c")
    install.add_argument("--prefix", type=Path, required=True)
    install.add_argument("--highs", choices=("shared", "static"), default="shared")
    install.add_argument("--profile", default="release")
    options = parser.parse_args()
    try:
        if options.command == "wheel":
            wheel()
        elif options.command == "sdist":
            sdist()
        elif options.command == "dist-c":
            dist_c()
        else:
            static = options.highs == "static" or not hp.shared_available()
            install_c(options.prefix.resolve(), static, options.profile)
    except hp.PrefixError as error:
        hp.say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
