"""Node and the packages that a folder of the tests locks, installed once into a cache."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from tests.needed import need

FILES = ("package.json", "package-lock.json")


def modules(locked: Path) -> Path:
    """Return a directory that holds ``node_modules`` as the lock in ``locked`` has them."""
    npm = shutil.which("npm")
    need(npm and shutil.which("node"), "no node or npm on this machine: apt-get install nodejs npm")
    digest = sha256(b"".join((locked / name).read_bytes() for name in FILES)).hexdigest()[:12]
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fanpulse"
    there = home / f"node-{digest}"
    if not there.exists():
        home.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(dir=home, prefix="node-"))
        for name in FILES:
            shutil.copy(locked / name, made)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=300, check=False)
        need(done.returncode == 0, f"npm ci failed: {done.stderr[-1000:]}")
        if there.exists():  # another run was quicker
            shutil.rmtree(made)
        else:
            made.rename(there)
    return there


def run(script: Path, where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script with the packages of ``where``, whatever folder it stands in."""
    copy = where / script.name  # node looks for packages next to the script
    copy.write_bytes(script.read_bytes())
    command = ["node", str(copy), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
