"""What is said where a program is missing or fails."""

import contextlib
import io
import unittest

from run import Trouble, demand, run


class Running(unittest.TestCase):
    def test_all_that_is_missing_is_named_at_once_with_what_to_do(self) -> None:
        with self.assertRaises(Trouble) as raised:
            demand("sh", "no-such-buildah", "no-such-podman")
        self.assertIn("not installed: no-such-buildah, no-such-podman\n", str(raised.exception))
        self.assertIn(
            "apt install --no-install-recommends no-such-buildah no-such-podman", str(raised.exception)
        )

    def test_what_is_there_is_no_trouble(self) -> None:
        demand("sh")

    def test_a_command_that_fails_is_shown_with_what_it_said(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaisesRegex(Trouble, "ended with 3"):
            run("sh", "-c", "echo why >&2; exit 3")
        self.assertEqual(said.getvalue().strip(), "why")

    def test_standard_output_comes_back(self) -> None:
        self.assertEqual(run("cat", told="text"), "text")
