"""Names lead to who is in service, as late as in a cluster."""

import struct
import unittest

from pods.endpoints import Endpoints
from pods.names import reply


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", 4711, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


class Late(unittest.TestCase):
    def test_a_change_is_known_after_the_delay(self) -> None:
        endpoints = Endpoints(delay=1, ttl=0)
        endpoints.observe("api", ["127.1.0.1"], 0)
        self.assertIsNone(endpoints.answer("api", 0.5))
        self.assertEqual(endpoints.answer("api", 1), ("127.1.0.1",))
        endpoints.observe("api", ["127.1.0.2"], 2)
        self.assertEqual(endpoints.answer("api", 2.9), ("127.1.0.1",))
        self.assertEqual(endpoints.answer("api", 3), ("127.1.0.2",))

    def test_what_was_answered_is_answered_until_its_time_is_over(self) -> None:
        endpoints = Endpoints(delay=0, ttl=5)
        endpoints.observe("api", ["127.1.0.1"], 0)
        self.assertEqual(endpoints.answer("api", 1), ("127.1.0.1",))
        endpoints.observe("api", [], 1.5)
        self.assertEqual(endpoints.answer("api", 5.9), ("127.1.0.1",))
        self.assertEqual(endpoints.answer("api", 6), ())

    def test_what_is_as_it_was_is_no_change(self) -> None:
        endpoints = Endpoints(delay=1, ttl=0)
        for now in range(10):
            endpoints.observe("api", ["127.1.0.1"], now)
        self.assertEqual(endpoints.answer("api", 1), ("127.1.0.1",))


class Answers(unittest.TestCase):
    def answered(self, name: str, kind: int = 1) -> "tuple[int, int, bytes]":
        """The code, how many addresses, and all of it."""
        known = {"mcp": ("127.1.0.6", "127.1.0.7")}
        told = reply(query(name, kind), known.get, 5)
        number, flags, _, answers, *_ = struct.unpack_from(">6H", told)
        self.assertEqual(number, 4711)
        self.assertTrue(flags & 0x8000)
        return flags & 0xF, answers, told

    def test_a_name_has_all_its_addresses(self) -> None:
        code, count, told = self.answered("mcp.ondol.svc.cluster.local")
        self.assertEqual((code, count), (0, 2))
        self.assertIn(bytes([127, 1, 0, 6]), told)
        self.assertIn(bytes([127, 1, 0, 7]), told)

    def test_it_is_there_without_addresses_of_another_kind(self) -> None:
        self.assertEqual(self.answered("mcp.ondol.svc.cluster.local", kind=28)[:2], (0, 0))

    def test_what_nobody_knows_is_no_name(self) -> None:
        for name in ("mcp", "mcp.svc.cluster.local", "other.ondol.svc.cluster.local"):
            self.assertEqual(self.answered(name)[:2], (3, 0), name)

    def test_what_is_no_query_is_not_answered(self) -> None:
        for said in (b"", b"short", query("mcp")[:-3], reply(query("mcp"), lambda _: None, 5)):
            self.assertEqual(reply(said, lambda _: None, 5), b"")
