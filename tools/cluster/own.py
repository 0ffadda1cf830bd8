"""Ondol's own command line, which the guide's commands call."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def programs() -> Path:
    """The folder that `ondol` is in: ONDOL_TEST_PROGRAMS, or where recipes build it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return Path(os.environ.get("ONDOL_TEST_PROGRAMS", "") or target / "release").resolve()


def missing() -> str:
    """What to do where it is not there."""
    if (programs() / "ondol").is_file():
        return ""
    return (
        f"test-cluster: no ondol in {programs()}, which the guide's commands call. What to do: `./just ondol "
        "--version` builds it, ONDOL_TEST_PROGRAMS says where else it is, or name other tests"
    )
