"""Git as tests call it: by a name, and without settings of whoever runs them, who may want signatures."""

import os
import subprocess
from pathlib import Path

NO_SETTINGS = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
# Not in the environment, where what is tested would find it as well.
IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.com")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *IDENTITY, *words]
    environment = {**os.environ, **NO_SETTINGS}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
