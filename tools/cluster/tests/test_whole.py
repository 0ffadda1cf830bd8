"""A file of the cache is whole, whoever else writes it at the same time and whatever goes wrong."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import whole

REPLACE = os.replace


class Writes(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.file = Path(scratch.name) / "definitions" / "one.json"

    def test_another_run_writes_it_meanwhile(self) -> None:
        """It comes between what the first run has written and its putting it there, and is done before."""
        seen = []

        def replace(*words: str) -> None:
            if not seen:
                seen.append("first")
                whole.write(self.file, b"the same")
                seen.append(self.file.read_bytes())
            REPLACE(*words)

        with mock.patch.object(os, "replace", replace):
            whole.write(self.file, b"the same")
        self.assertEqual(["first", b"the same"], seen)
        self.assertEqual(b"the same", self.file.read_bytes())
        self.assertEqual([self.file], list(self.file.parent.iterdir()))

    def test_what_was_not_finished_is_not_there(self) -> None:
        with mock.patch.object(os, "replace", side_effect=OSError), self.assertRaises(OSError):
            whole.write(self.file, b"half")
        self.assertEqual([], list(self.file.parent.iterdir()))

    def test_others_may_read_it_and_start_it_where_it_is_a_program(self) -> None:
        for mode in (0o644, 0o755):
            whole.write(self.file, b"", mode)
            self.assertEqual(mode, self.file.stat().st_mode & 0o777)
