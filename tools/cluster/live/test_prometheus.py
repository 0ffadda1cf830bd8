"""What tools/charts/tests/test_watchers.py asks of Prometheus, asked of the one that is built here.

That every configuration and all rules are read, and that pods are found and labelled as dashboards and the
judging of versions expect, is asked of a newer version than the chart runs, which Go can make here.
"""

import importlib.util
import os
import unittest

import charts
from programs import named

FILE = charts.HELM.parent / "tools/charts/tests/test_watchers.py"


def load_tests(loader: unittest.TestLoader, *_: object) -> unittest.TestSuite:
    named("promtool")
    os.environ["ONDOL_TEST_WATCHERS"] = str(named("prometheus").parent)
    found = importlib.util.spec_from_file_location("watchers", FILE)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return loader.loadTestsFromModule(module)
