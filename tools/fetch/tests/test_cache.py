"""A warm cache asks nobody; a cache in use makes others wait."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path
from unittest import mock

import cache
from trouble import Trouble

from .stage import CONTENT, Stage

HERE = Path(__file__).resolve().parent


class Cache(Stage):
    def test_a_warm_cache_asks_neither_pip_nor_the_network(self) -> None:
        resolve = self.resolve_to(self.server.url)
        cache.ensure(self.wheel)
        self.server.asked.clear()
        resolve.reset_mock()
        self.assertEqual(cache.ensure(self.wheel).read_bytes(), CONTENT)
        resolve.assert_not_called()
        self.assertEqual(self.server.asked, [])

    def test_a_warm_cache_does_not_even_load_the_downloader(self) -> None:
        program = "import sys, fetch; fetch.main(['list']); sys.exit('urllib.request' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=HERE.parent, stdout=subprocess.DEVNULL, check=False
        )
        self.assertEqual(done.returncode, 0)

    def test_waits_for_another_fetch_of_the_same_package(self) -> None:
        resolve = self.resolve_to(self.server.url)
        with cache.exclusive(self.wheel):
            waiting = threading.Event()
            flock = fcntl.flock

            def announce(file, how):
                if how == fcntl.LOCK_EX:
                    waiting.set()
                flock(file, how)

            with mock.patch("fcntl.flock", side_effect=announce):
                second = threading.Thread(target=cache.ensure, args=(self.wheel,))
                second.start()
                self.assertTrue(waiting.wait(timeout=10))
            resolve.assert_not_called()
        second.join(timeout=10)
        self.assertTrue(cache.is_present(self.wheel))
        self.assertIn("another process is fetching it", self.said.getvalue())

    def test_a_killed_unpacking_leaves_nothing_that_counts(self) -> None:
        self.resolve_to(self.server.url)
        with (
            mock.patch("install.extract", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            cache.ensure(self.wheel)
        self.assertFalse(cache.folder_of(self.wheel).exists())
        self.server.asked.clear()
        cache.ensure(self.wheel)
        self.assertEqual(self.server.asked, [], "the whole part was thrown away")

    def test_an_unwritable_cache_is_named(self) -> None:
        blocked = self.folder / "file"
        blocked.write_bytes(b"")
        with mock.patch.dict(os.environ, {"ONDOL_CACHE": str(blocked)}), self.assertRaises(Trouble) as caught:
            cache.ensure(self.wheel)
        self.assertIn(str(blocked), str(caught.exception))

    def test_the_users_cache_folder_is_respected(self) -> None:
        with mock.patch.dict(os.environ, {"ONDOL_CACHE": "", "XDG_CACHE_HOME": "/elsewhere"}):
            self.assertEqual(cache.root(), Path("/elsewhere/ondol"))
