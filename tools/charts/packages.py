"""The Python packages that the checks stand on, as tools/fetch pins them: Helm, YAML and schemas of Kubernetes."""

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

FETCH = Path(__file__).resolve().parent.parent / "fetch" / "fetch.py"


@lru_cache(maxsize=None)
def use() -> Path:
    """Puts them before all that is installed on the machine, and gives the folder that they are in."""
    command = [sys.executable, str(FETCH), "path", "helm-python-sdk"]
    launcher = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    site = Path(launcher).parent / "site"
    sys.path.insert(0, str(site))
    return site
