"""The settings of the docs are those that are tried."""

import unittest

from settings import FOLDER, KNOWN, Address, filled, settings

REPLICAS = [Address(50001, 9001), Address(50002, 9002)]


class Settings(unittest.TestCase):
    def test_every_balancer_gets_the_addresses_of_the_trial(self) -> None:
        for name in KNOWN:
            written = settings(name, 8999, REPLICAS)
            for address in ("8999", "50001", "50002"):
                self.assertIn(address, written, name)
            for placeholder in (":8080", "8080;", ": 8080", "50051", "9401"):
                self.assertNotIn(placeholder, written, name)

    def test_what_asks_for_readiness_asks_the_admin_port(self) -> None:
        written = settings("haproxy", 8999, REPLICAS)
        self.assertIn("127.0.0.1:50002 port 9002", written)

    def test_a_place_that_is_gone_is_named(self) -> None:
        with self.assertRaisesRegex(ValueError, "'api-1' stands 0 times"):
            filled("server api-2;", {"api-1": "127.0.0.1"})

    def test_a_call_is_never_sent_twice(self) -> None:
        """What api has seen is not sent to another replica, whatever else the settings say."""
        nginx, envoy, haproxy = (self.lines_of(name) for name in ("nginx", "envoy", "haproxy"))
        self.assertIn("grpc_next_upstream error timeout;", nginx)
        self.assertIn("retry_on: connect-failure,refused-stream", envoy)
        self.assertIn("retry-on conn-failure", haproxy)

    def lines_of(self, name: str) -> "list[str]":
        text = (FOLDER / KNOWN[name][0]).read_text(encoding="utf-8")
        return [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]
