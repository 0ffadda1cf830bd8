"""Prints what Helm renders of the services' charts, as JSON; tools/charts/python.sh starts it, and has Helm.

render.py VALUES    a file of JSON: the values of each chart, by its name
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "charts"))

from charts import render

values = json.loads(Path(sys.argv[1]).read_text("utf-8"))
print(json.dumps({chart: render(chart, given) for chart, given in values.items()}))
