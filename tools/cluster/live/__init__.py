"""The charts, whose renderings and values these tests install, are read with the tools that check them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "charts"))
