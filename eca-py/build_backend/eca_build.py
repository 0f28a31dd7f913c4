"""PEP 517 backend: maturin, with a HiGHS to link and the library packed into the wheel.

`pip install eca-0.1.0.tar.gz` needs cargo and a C compiler on the machine; everything else comes from PyPI into the
isolated build environment. ECA_HIGHS=static compiles HiGHS into the module instead, which takes minutes.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import highs_prefix as hp
import maturin

# maturin reads pyproject.toml for these; nothing is linked.
build_sdist = maturin.build_sdist
get_requires_for_build_sdist = maturin.get_requires_for_build_sdist

HIGHSBOX = "highsbox==1.15.1"
CMAKE = "cmake>=3.25"

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def highsbox_has_wheel() -> bool:
    """Whether PyPI has a `highsbox` wheel for this machine."""
    machine = platform.machine().lower()
    if sys.platform.startswith("linux"):
        return machine in ("x86_64", "aarch64") and platform.libc_ver()[0] == "glibc"
    return sys.platform == "darwin" and machine in ("x86_64", "arm64")


def wants_static() -> bool:
    """Whether HiGHS is compiled into the module."""
    return os.environ.get("ECA_HIGHS") == "static" or not highsbox_has_wheel()


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """maturin's list, and where HiGHS comes from."""
    requires: list[str] = maturin.get_requires_for_build_wheel(config_settings)
    return [*requires, CMAKE if wants_static() else HIGHSBOX]


get_requires_for_build_editable = get_requires_for_build_wheel


def workspace() -> Path:
    """The folder of the Cargo workspace: the sdist itself, or the parent of eca-py in a checkout."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents[:2]):
        manifest = folder / "Cargo.toml"
        if manifest.is_file() and "[workspace]" in manifest.read_text(encoding="utf-8"):
            return folder
    raise hp.PrefixError(f"no Cargo workspace at or above {here}")


@contextmanager
def linked_highs() -> Iterator[Path | None]:
    """Prepares HiGHS and the environment of the build; gives the prefix to pack, or None when it is static."""
    root = workspace()
    static = wants_static()
    prefix = hp.ensure_static(root / ".highs" / "static", root) if static else hp.ensure_shared(root / ".highs")
    changes = hp.link_env(prefix, static)
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield None if static else prefix
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def record_line(name: str, data: bytes) -> str:
    """The line of RECORD for one file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
    return f"{name},sha256={digest},{len(data)}\n"


def pack(wheel: Path, libraries: list[Path]) -> None:
    """Adds libraries beside the compiled module, which looks for them there."""
    fresh = wheel.with_suffix(".tmp")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        record = next(name for name in old.namelist() if name.endswith(".dist-info/RECORD"))
        for item in old.infolist():
            if item.filename != record:
                new.writestr(item, old.read(item))
        lines = old.read(record).decode("utf-8")
        for library in libraries:
            name, data = f"eca/{library.name}", library.read_bytes()
            item = zipfile.ZipInfo(name)
            item.compress_type = zipfile.ZIP_DEFLATED
            item.external_attr = 0o100755 << 16
            new.writestr(item, data)
            lines = record_line(name, data) + lines
        new.writestr(old.getinfo(record), lines)
    os.replace(fresh, wheel)


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """The wheel, complete: it needs no HiGHS on the machine it runs on."""
    with linked_highs() as prefix:
        name: str = maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
        if prefix is not None:
            pack(Path(wheel_directory) / name, sorted((prefix / "lib").glob("libhighs*")))
        return name


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """An editable install finds HiGHS in the prefix of the checkout."""
    with linked_highs() as prefix:
        if prefix is not None:
            os.environ["CARGO_ENCODED_RUSTFLAGS"] += f"\x1f-Clink-arg=-Wl,-rpath,{prefix / 'lib'}"
        name: str = maturin.build_editable(wheel_directory, config_settings, metadata_directory)
        return name


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """Name, version and dependencies, without compiling."""
    name: str = maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)
    return name


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
