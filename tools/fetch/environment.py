"""An environment: many wheels unpacked into one folder, and a launcher that runs a module upon them.

It stands in for a virtual environment and `pip install`: both would resolve versions anew and run what the
packages bring along for their installation. packages.json lists the wheels for all Pythons and machines; the
names of their files say whom each one fits.
"""

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

from trouble import Trouble
from wheel import Wheel, project_of

# Beside the launcher, in the environment's folder.
SITE = "site"


class Environment(NamedTuple):
    """What of an environment is for one Python ("3.11") on one machine ("x86_64")."""

    package: str
    version: str
    module: str
    python: str
    machine: str
    wheels: tuple[Wheel, ...]

    @property
    def title(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def wanted(self) -> str:
        return f"every wheel of {self.title}"

    @property
    def size(self) -> int:
        return sum(wheel.size for wheel in self.wheels)

    @property
    def launcher(self) -> str:
        return LAUNCHER.format(title=self.title, python=self.python, site=SITE, module=self.module)

    @property
    def digest(self) -> str:
        # Imported late: only those who ask for an environment should wait for it.
        import hashlib

        parts = [self.launcher, *(wheel.sha256 for wheel in self.wheels)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def files(self) -> tuple[tuple[str, int], ...]:
        """The launcher stands for all the rest: the folder gets its name when everything is in it."""
        return ((self.package, len(self.launcher.encode())),)


# Nothing that is installed on the machine is seen (-I -S), lest it hide that something is not pinned.
# `python3` is looked up anew: the one that fetched may be gone by then. Another version would fail at the
# first compiled module, and not say why.
LAUNCHER = '''\
#!/usr/bin/env -S python3 -I -S
"""{title}, unpacked by tools/fetch for Python {python}."""

import os
import runpy
import sys

if "%d.%d" % sys.version_info[:2] != "{python}":
    sys.exit("{title} was fetched for Python {python}: run tools/fetch/fetch.py with this python3, too")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "{site}"))
runpy.run_module("{module}", run_name="__main__", alter_sys=True)
'''


def environment_for_this_machine(name: str, entry: dict) -> Environment:
    found, version = entry["environment"], entry["version"]
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    # Wheels for other systems than Linux are not listed.
    machine = os.uname().machine if sys.platform == "linux" else sys.platform
    if python not in found["pythons"]:
        raise Trouble(
            f"{name} {version} runs on Python {', '.join(found['pythons'])}, and this is {python}",
            "put one of these first in PATH, as python3, and run again",
        )
    wheels = tuple(parse(wheel) for wheel in fitting(found["wheels"], python, machine))
    projects = {project_of(wheel["file"]) for wheel in found["wheels"]}
    if missing := projects - {wheel.project for wheel in wheels}:
        raise Trouble(
            f"{name} {version} needs {', '.join(sorted(missing))}, which is not published for {machine}",
            "use Linux on x86_64 or aarch64",
        )
    return Environment(name, version, found["module"], python, machine, wheels)


def parse(entry: dict) -> Wheel:
    version = entry["file"].split("-", 2)[1]
    return Wheel(project_of(entry["file"]), version, entry["file"], entry["size"], entry["sha256"], ())


def fitting(wheels: Iterable[dict], python: str, machine: str) -> list[dict]:
    """Of every project the wheel that suits best, as pip would choose it; none where none runs."""
    best: dict[str, tuple[int, dict]] = {}
    for wheel in wheels:
        name, closeness = project_of(wheel["file"]), suits(wheel["file"], python, machine)
        if closeness > best.get(name, (0, {}))[0]:
            best[name] = (closeness, wheel)
    return [wheel for _, wheel in best.values()]


def suits(file: str, python: str, machine: str) -> int:
    """0 if the wheel does not run here; the higher, the closer it was built to this Python."""
    pythons, abi, platforms = file[: -len(".whl")].rsplit("-", 3)[1:]
    minor = int(python.split(".")[1])
    if platforms != "any" and not any(tag.endswith(f"_{machine}") for tag in platforms.split(".")):
        return 0
    if "py3" in pythons.split("."):
        return 1
    built_for = int(pythons[len("cp3") :])
    if abi == "abi3":
        # Compiled against the part of Python that stays as it is: whatever came later will do.
        return built_for if built_for <= minor else 0
    return minor + 1 if built_for == minor else 0
