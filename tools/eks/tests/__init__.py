"""The tools whose charts, values and images these tests look at are found beside them."""

import sys
from pathlib import Path

sys.path.extend(str(Path(__file__).resolve().parents[2] / name) for name in ("charts", "delivery", "eks"))
