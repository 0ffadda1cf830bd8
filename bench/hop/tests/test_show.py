"""The tables."""

import unittest

from peers import System
from show import Results, show
from tests.test_figures import sample


def results() -> Results:
    found = Results()
    found.rates[("grpc", False, "100")] = 100.0
    found.of("direct-grpc", False, "100").append(sample(200))
    found.of("ondol", False, "100").append(sample(300, cpu=0.1))
    found.of("envoy", False, "100").append(sample(400, cpu=0.2))
    found.of("nginx", False, "100").append(sample(90_000, carried=False))
    return found


class Show(unittest.TestCase):
    def setUp(self):
        names = [("ondol", "Ondol"), ("envoy", "Envoy"), ("nginx", "nginx")]
        systems = [System(name, title, "grpc", 1, []) for name, title in names]
        self.text = show(systems, {"litellm": "not for this machine"}, results())

    def test_what_is_added_stands_below_the_model_directly(self):
        self.assertIn("| 100 | *the model directly, gRPC* | 200 | 200 | 200 | – | – | 1 of 1 |", self.text)
        self.assertIn("| 100 | Ondol | +100 | +100 | +100 | 100 | 50 % | 1 of 1 |", self.text)

    def test_what_does_not_keep_up_has_no_times(self):
        self.assertIn("| 100 | nginx | does not keep up: 1,000/s | – | – |", self.text)
        self.assertIn("| nginx | unary | –, 1.00× | – | – |", self.text)

    def test_promises_stand_beside_what_was_seen(self):
        self.assertIn("| unary, added p50, µs | 100 | – | – | 150 |", self.text)
        self.assertIn("| Envoy | unary | 0.50×, 0.50× | – | – |", self.text)

    def test_what_is_missing_is_named(self):
        self.assertIn("Left out: litellm (not for this machine).", self.text)


if __name__ == "__main__":
    unittest.main()
