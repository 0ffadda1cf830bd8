"""Asks pip where a wheel is to be had, and lets pip download it where plain HTTP is refused.

pip is the only party that knows this machine's index, mirror, credentials, proxy or folder of wheels. We take
its answer instead of naming an index ourselves. It installs nothing: every call is a dry run or a download.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

from lockfile import Wheel
from trouble import Trouble

# The wheels hold native libraries and programs; which Python they were packed for does not matter to us. It
# only has to be named, lest pip look for wheels of the Python that happens to run this.
ANY_PYTHON = "3.11"

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


def resolve(wheel: Wheel) -> str:
    """The URL of exactly this wheel, according to pip."""
    report = run_pip(
        wheel,
        # The target is named because pip demands one for foreign platforms; a dry run writes nothing there.
        ["install", "--dry-run", "--ignore-installed", "--quiet", "--target", gettempdir(), "--report", "-"],
    )
    try:
        info = json.loads(report)["install"][0]["download_info"]
        url, hashes = info["url"], info.get("archive_info", {}).get("hashes", {})
    except (ValueError, LookupError) as error:
        raise Trouble(
            f"pip's report on {wheel.title} could not be read: {error!r}",
            "upgrade pip (python3 -m pip install -U pip)",
        ) from error
    offered = hashes.get("sha256", wheel.sha256)
    if offered != wheel.sha256:
        raise wrong_checksum(wheel, offered)
    return url


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


def run_pip(wheel: Wheel, command: list[str]) -> str:
    """Runs one pip command on the wheel's exact version and tags; gives its standard output."""
    environment = dict(os.environ)
    # Two common personal settings that make no sense here: "only in a virtualenv", "install for my user".
    environment.update(PIP_REQUIRE_VIRTUALENV="0", PIP_USER="0")
    arguments = [sys.executable, "-m", "pip", *command, "--no-input", "--disable-pip-version-check"]
    arguments += [*tag_arguments(wheel.file), f"{wheel.project}=={wheel.version}"]
    done = subprocess.run(
        arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise explain(wheel, done.stderr)
    return done.stdout


def tag_arguments(file: str) -> list[str]:
    """pip's options that select the wheel `file` and no other build of the same version."""
    python, _abi, platforms = file[: -len(".whl")].rsplit("-", 3)[1:]
    version = f"{python[2]}.{python[3:]}" if python.startswith("cp") else ANY_PYTHON
    arguments = ["--no-deps", "--only-binary=:all:", "--retries", "2", "--python-version", version]
    for platform in platforms.split("."):
        if platform != "any":
            arguments += ["--platform", platform]
    return arguments


def explain(wheel: Wheel, stderr: str) -> Trouble:
    """Turns pip's failure into what happened and what to do."""
    if "No module named pip" in stderr:
        return Trouble(
            f"{wheel.title} is not in the cache, and {sys.executable} has no pip to fetch it with",
            "install pip (Debian and Ubuntu: apt install python3-pip) and run the command again",
        )
    if "no such option: --report" in stderr or "no such option: --dry-run" in stderr:
        return Trouble(
            "this pip is too old: 22.2 or newer is needed",
            "upgrade it (python3 -m pip install -U pip) and run again",
        )
    if any(symptom in stderr for symptom in NETWORK_SYMPTOMS):
        return Trouble(
            f"{wheel.title} is not in the cache, and pip reaches no package index (no network?)",
            "connect to the network, or tell pip of a mirror or a folder of wheels, and run again",
        )
    last = "\n    ".join(stderr.strip().splitlines()[-4:])
    if "No matching distribution found" in stderr:
        return Trouble(
            f"the package index that pip is set up to use does not offer {wheel.file}:\n    {last}",
            "check pip's settings (python3 -m pip config list), then run again",
        )
    return Trouble(
        f"pip could not find {wheel.title}:\n    {last}", "mend what pip complains of, then run again"
    )
