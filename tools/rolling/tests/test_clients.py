"""How clients call, and what becomes of what they write."""

import asyncio
import io
import json
import unittest
from contextlib import redirect_stdout
from unittest import mock

from balancers import version
from clients.calls import Calls, CutShort, Heard, stated
from load import entries


async def well(heard: Heard) -> None:
    heard.now()


async def cut(heard: Heard) -> None:
    heard.now()
    raise CutShort("no end")


class Clients(unittest.TestCase):
    def written(self, use) -> "list[dict]":
        """The lines of calls that `use` makes."""
        said = io.StringIO()

        async def run() -> None:
            await use(Calls(lambda failure: stated(failure, None)))

        with redirect_stdout(said):
            asyncio.run(run())
        return entries(said.getvalue())

    def test_a_call_is_written_down_with_its_trouble(self) -> None:
        async def use(calls: Calls) -> None:
            self.assertEqual(await calls.one("a", well), "")
            self.assertEqual(await calls.one("b", cut), "cut short: no end")

        first, second = self.written(use)
        self.assertEqual((first["kind"], first["trouble"], first["parts"]), ("a", "", 1))
        self.assertEqual((second["kind"], second["trouble"], second["parts"]), ("b", "cut short: no end", 1))

    def test_calls_come_at_their_rate_though_none_is_answered(self) -> None:
        async def use(calls: Calls) -> None:
            under_way = []

            async def never(heard: Heard) -> None:
                under_way.append(heard)
                if len(under_way) == 5:
                    calls.stopped.set()
                await calls.stopped.wait()

            await asyncio.wait_for(calls.evenly("a", 1000, never), 10)

        self.assertEqual(len(self.written(use)), 5)

    def test_one_call_follows_the_other_until_it_is_told_to_stop(self) -> None:
        async def use(calls: Calls) -> None:
            count = 0

            async def third_is_the_last(_heard: Heard) -> None:
                nonlocal count
                count += 1
                if count == 3:
                    calls.stopped.set()

            await calls.one_by_one("a", third_is_the_last)

        self.assertEqual(len(self.written(use)), 3)

    def test_the_longest_wait_is_told_wherever_in_the_call_it_was(self) -> None:
        with mock.patch("time.monotonic", side_effect=[10.0, 10.5, 13.5, 14.0]):
            heard = Heard()
            for _ in range(3):
                heard.now()
        self.assertEqual((heard.longest, heard.events), (3.0, 3))


class Lines(unittest.TestCase):
    def test_what_is_half_written_or_said_by_a_library_is_left_out(self) -> None:
        whole = json.dumps({"kind": "a"})
        log = f"warning: something\n{whole}\n{whole[:8]}"
        self.assertEqual(entries(log), [{"kind": "a"}])

    def test_a_failure_is_one_line_with_its_status_first(self) -> None:
        self.assertEqual(stated(ValueError("two\n lines"), 502), "502: two lines")
        self.assertEqual(stated(ValueError("odd"), None), "ValueError: odd")

    def test_versions_are_found_in_what_programs_say(self) -> None:
        for said, told in (
            ("nginx version: nginx/1.31.3\n", "1.31.3"),
            ("envoy  version: 84e84367f8/1.40.0/Clean/RELEASE/BoringSSL", "1.40.0"),
            ("HAProxy version 2.8.25-5cf5d0683 2026/06/26", "2.8.25"),
        ):
            self.assertEqual(version(said), told)
