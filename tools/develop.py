"""Builds the Python module and makes `import eca` work in .venv, from the sources in eca-py/python.

    python tools/develop.py [--release]

Plain `cargo build`, so that tests, the C library and the module share one set of compiled crates.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = {"darwin": "lib_eca.dylib", "win32": "_eca.dll"}.get(sys.platform, "lib_eca.so")
MODULE = "_eca.pyd" if os.name == "nt" else "_eca.abi3.so"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="store_true")
    options = parser.parse_args()
    command = ["cargo", "build", "-p", "eca-py", *(["--release"] if options.release else [])]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        return 1
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = ROOT / target / ("release" if options.release else "debug") / BUILT
    module = ROOT / "eca-py" / "python" / "eca" / MODULE
    if not module.is_file() or not filecmp.cmp(built, module, shallow=False):
        # By rename: a running interpreter keeps the file it has mapped.
        fresh = module.with_name(f".{MODULE}.{os.getpid()}")
        shutil.copy2(built, fresh)
        os.replace(fresh, module)
    path_file = Path(sysconfig.get_path("purelib")) / "eca-develop.pth"
    line = f"{ROOT / 'eca-py' / 'python'}\n"
    if not path_file.is_file() or path_file.read_text(encoding="utf-8") != line:
        path_file.write_text(line, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
