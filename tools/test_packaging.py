"""What users install works away from this checkout: the sdist with pip, the C library with pkg-config and CMake.

The tests with `release` in their names take the packages with HiGHS inside; `make test-release` runs those.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "out" / "packaging"
VERSION = re.findall(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[0]

CONSUMER = """\
#include <eca.h>
#include <stdio.h>

int main(void) {
  if (eca_abi_check(ECA_ABI_VERSION) != 0) return 1;
  puts(eca_version());
  return 0;
}
"""

CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(consumer C CXX)
find_package(eca 0.1 REQUIRED CONFIG)
add_executable(dynamic consumer.c)
target_link_libraries(dynamic PRIVATE eca::eca)
add_executable(static consumer.c)
target_link_libraries(static PRIVATE eca::static)
add_executable(cplusplus consumer.cc)
target_link_libraries(cplusplus PRIVATE eca::eca)
"""


def clean_env() -> dict[str, str]:
    """An environment without what make and cargo of this checkout set."""
    dropped = ("CARGO", "RUST", "PKG_CONFIG", "LIBCLANG", "MAKE", "MFLAGS", "PYTHON", "PYO3", "LD_LIBRARY", "VIRTUAL")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {
        name: value
        for name, value in os.environ.items()
        if name in ("CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN") or name.startswith("CARGO_PROFILE_")
    }


def run(*command: str | Path, cwd: Path = OUT, env: dict[str, str] | None = None) -> str:
    """Standard output of a command that must succeed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env or clean_env(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def release(*arguments: str) -> str:
    """Runs tools/release.py as make does."""
    return run(sys.executable, ROOT / "tools" / "release.py", *arguments, cwd=ROOT, env=dict(os.environ))


def fresh(name: str) -> Path:
    """An empty folder for one test."""
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def empty_venv(name: str) -> Path:
    """The Python of a new virtual environment that holds nothing but pip."""
    folder = fresh(name)
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def no_machine_paths(files: Iterable[Path]) -> None:
    """Nothing we hand out names a folder of the machine it was built on."""
    home = str(Path.home()).encode()
    for file in files:
        data = file.read_bytes()
        for path in (str(ROOT).encode() + b"/", home + b"/.cargo"):
            assert path not in data, f"{file} names {path.decode()}"


def use_module(python: Path) -> None:
    """The installed package does real work, in a folder where no sources are."""
    folder = fresh(f"{python.parent.parent.name}-use")
    script = f"import eca, eca._eca; assert eca.__version__ == {VERSION!r}; print(eca._eca.__file__)"
    module = Path(run(python, "-c", script, cwd=folder).strip())
    assert "site-packages" in module.parts
    if (ROOT / "eca-py" / "python" / "eca" / "__main__.py").is_file():
        run(python, "-m", "eca", "demo", cwd=folder)


def installed_libraries(python: Path) -> list[Path]:
    """The compiled files of the installed package."""
    where = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    return sorted((Path(where) / "eca").glob("*.so"))


def use_c_library(prefix: Path, work: Path) -> None:
    """pkg-config and CMake projects build against an installed library and run."""
    (work / "consumer.c").write_text(CONSUMER, encoding="utf-8")
    (work / "consumer.cc").write_text(CONSUMER, encoding="utf-8")
    (work / "CMakeLists.txt").write_text(CMAKE, encoding="utf-8")
    env = {**clean_env(), "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    pkg_config = [shutil.which("pkg-config") or str(Path(sys.executable).parent / "pkgconf")]

    flags = run(*pkg_config, "--cflags", "--libs", "eca", env=env).split()
    lib = prefix / "lib"
    run("cc", "-Wall", "-Wextra", "-Werror", "-o", "dynamic", "consumer.c", *flags, f"-Wl,-rpath,{lib}", cwd=work)
    assert run(work / "dynamic").strip() == VERSION

    # The archive by its path: with -leca the linker takes the shared library that lies beside it.
    private = run(*pkg_config, "--static", "--cflags", "--libs", "eca", env=env).split()
    static = [str(lib / "libeca.a") if flag == "-leca" else flag for flag in private]
    run("cc", "-o", "static", "consumer.c", *static, cwd=work)
    assert run(work / "static").strip() == VERSION

    cmake = Path(sys.executable).parent / "cmake"
    run(cmake, "-S", work, "-B", work / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run(cmake, "--build", work / "build")
    for name in ("dynamic", "static", "cplusplus"):
        assert run(work / "build" / name).strip() == VERSION

    # It plans, so it shows that HiGHS is in reach; without its data file it would only print its usage.
    example, day = ROOT / "examples" / "c" / "plan_day.c", ROOT / "examples" / "c" / "day.csv"
    if example.is_file() and day.is_file():
        run("cc", "-Wall", "-Wextra", "-o", "example", example, *static, "-lm", cwd=work)
        run(work / "example", day, cwd=work)


def check_c_library(prefix: Path) -> None:
    """Name, links and exported symbols of the shared library."""
    lib = prefix / "lib"
    assert os.readlink(lib / "libeca.so") == "libeca.so.0"
    assert os.readlink(lib / "libeca.so.0") == f"libeca.so.{VERSION}"
    no_machine_paths([lib / "libeca.so", lib / "pkgconfig" / "eca.pc", *lib.glob("cmake/eca/*")])
    if shutil.which("readelf") and shutil.which("nm"):
        assert "[libeca.so.0]" in run("readelf", "-d", lib / "libeca.so")
        exported = [line.split()[-1] for line in run("nm", "-D", "--defined-only", lib / "libeca.so").splitlines()]
        assert exported and all(name.startswith("eca_") for name in exported), exported
        header = (prefix / "include" / "eca.h").read_text(encoding="utf-8")
        declared = set(re.findall(r"\b(eca_[a-z0-9_]+)\(", header))
        assert declared <= set(exported), declared - set(exported)


PROGRAM = """\
use eca_core::{Horizon, Job, JobPoint, Problem, Region, Settings};

fn main() -> Result<(), eca_core::Error> {
    let problem = Problem::builder(Horizon::new("2026-03-02T00:00:00Z".parse()?, 30, 4)?)
        .region(
            Region::new("london")
                .it_capacity_mw(2.0)
                .import_limit_mw(4.0)
                .import_price_gbp_per_mwh([142.0, 96.5, 61.2, 88.0])
                .carbon_g_per_kwh(120.0),
        )
        .job(Job::inferences("embed", 1e6, [JobPoint::inferences(1.0, 2e6)]))
        .build()?;
    let plan = problem.solve(&Settings::default())?;
    println!("{} {:.2} GBP {}", plan.provenance.solver, plan.totals.cost_gbp, plan.check(&problem).passed());
    Ok(())
}
"""


@pytest.mark.parametrize(
    ("features", "solver"), [("", "highs"), (', default-features = false, features = ["microlp"]', "microlp")]
)
def test_a_crate_outside_the_tree_plans(features: str, solver: str, tmp_path: Path) -> None:
    """By path dependency; with HiGHS found by pkg-config, and with microlp where there is no C++ compiler."""
    manifest = '[package]\nname = "outside"\nedition = "2024"\n[workspace]\n[dependencies]\n'
    (tmp_path / "Cargo.toml").write_text(
        f'{manifest}eca-core = {{ path = "{ROOT / "eca-core"}"{features} }}\n', encoding="utf-8"
    )
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text(PROGRAM, encoding="utf-8")
    # The same versions as everything else here; cargo drops what the crate does not use.
    shutil.copy(ROOT / "Cargo.lock", tmp_path / "Cargo.lock")
    env = clean_env()
    if solver == "highs":
        config = (ROOT / ".cargo" / "config.toml").read_text(encoding="utf-8")
        env |= dict(re.findall(r'^(LIBCLANG_PATH|PKG_CONFIG\w*) = \{ value = "([^"]+)"', config, re.MULTILINE))
        rpath = re.search(r'link-arg=-Wl,-rpath,[^"]+', config)
        env["RUSTFLAGS"] = f"-C {rpath.group()}" if rpath else ""
    else:
        env |= {"CXX": "no-compiler", "CMAKE": "no-cmake", "PKG_CONFIG": "no-pkg-config"}
    assert run("cargo", "run", "-q", cwd=tmp_path, env=env) == f"{solver} 30.60 GBP true\n"


def test_pip_installs_the_sdist() -> None:
    release("sdist")
    sdist = ROOT / "out" / "dist" / f"eca-{VERSION}.tar.gz"
    with tarfile.open(sdist) as tar:
        names = [name.split("/", 1)[1] for name in tar.getnames()]
    for wanted in ("LICENSE-MIT", "LICENSE-APACHE", "THIRD_PARTY_NOTICES", "Cargo.lock", "eca-core/Cargo.toml"):
        assert wanted in names
    assert not [name for name in names if name.endswith((".so", ".pyc"))]
    python = empty_venv("sdist-venv")
    # The compiled dependencies of the C library serve here too; without this the test takes a minute more.
    env = {**clean_env(), "CARGO_TARGET_DIR": str(ROOT / "target" / "shared")}
    run(python, "-m", "pip", "install", "--disable-pip-version-check", sdist, env=env)
    use_module(python)
    assert {path.name for path in installed_libraries(python)} == {"_eca.abi3.so", "libhighs.so"}
    no_machine_paths(installed_libraries(python))


def test_c_library_works_where_it_is_installed() -> None:
    prefix = fresh("c")
    release("install-c", "--prefix", str(prefix))
    check_c_library(prefix)
    # Moved: no file may remember where it was installed first.
    moved = OUT / "c-moved"
    shutil.rmtree(moved, ignore_errors=True)
    prefix.rename(moved)
    use_c_library(moved, fresh("c-use"))


def test_release_wheel_works_in_an_empty_environment() -> None:
    release("wheel")
    (wheel,) = (ROOT / "out" / "dist").glob(f"eca-{VERSION}-*.whl")
    assert "manylinux" in wheel.name or sys.platform != "linux"
    assert wheel.stat().st_size < 6_000_000
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        for data in (archive.read(name) for name in names if not name.endswith(".so")):
            assert str(ROOT).encode() not in data
    assert [name for name in names if name.endswith("licenses/THIRD_PARTY_NOTICES")]
    python = empty_venv("wheel-venv")
    run(python, "-m", "pip", "install", "--disable-pip-version-check", "--no-index", wheel)
    use_module(python)
    (module,) = installed_libraries(python)
    no_machine_paths([module])
    # CPU time and the best of five: the time is the module's, not that of a busy machine.
    script = "import time; t = time.process_time(); import eca; print(time.process_time() - t)"
    assert min(float(run(python, "-c", script)) for _ in range(5)) < 0.1


def test_release_archive_of_the_c_library() -> None:
    release("dist-c")
    (archive,) = (ROOT / "out" / "dist").glob(f"eca-c-{VERSION}-*.tar.gz")
    folder = fresh("c-archive")
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)
    (prefix,) = folder.iterdir()
    assert not (prefix / "lib" / "eca").exists()
    check_c_library(prefix)
    use_c_library(prefix, fresh("c-archive-use"))


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, *sys.argv[1:]]))
