"""From a resolved URL into the cache, over lines and disks of all kinds."""

import errno
import os
from unittest import mock

import cache
from trouble import Trouble

from .stage import CONTENT, Stage, describe


class Download(Stage):
    def setUp(self) -> None:
        super().setUp()
        self.resolve_to(self.server.url)

    def test_unpacks_only_the_members_and_leaves_no_wheel(self) -> None:
        file = cache.ensure(self.wheel)
        self.assertEqual(file.read_bytes(), CONTENT)
        self.assertEqual([entry.name for entry in file.parent.iterdir()], ["library.so"])
        self.assertEqual(self.parts(), [])

    def test_a_member_may_have_a_folder_beside_the_program(self) -> None:
        member = self.wheel.members[0]._replace(into="lib")
        file = cache.ensure(self.wheel._replace(members=(member,)))
        self.assertEqual((file.parent.name, file.read_bytes()), ("lib", CONTENT))

    def test_goes_on_where_the_line_broke(self) -> None:
        self.server.cuts = [300_000, 400_000]
        cache.ensure(self.wheel)
        self.assertEqual(self.server.asked, [None, "bytes=300000-", "bytes=700000-"])

    def test_goes_on_in_a_later_run(self) -> None:
        self.server.cuts = [300_000, 0]
        with mock.patch("download.FRUITLESS_ATTEMPTS", 1), self.assertRaises(Trouble) as caught:
            cache.ensure(self.wheel)
        self.assertIn("goes on where it stopped", str(caught.exception))
        cache.ensure(self.wheel)
        self.assertEqual(self.server.asked[-1], "bytes=300000-")

    def test_starts_over_when_the_server_knows_no_ranges(self) -> None:
        self.server.ranges = False
        self.server.cuts = [300_000]
        self.assertEqual(cache.ensure(self.wheel).read_bytes(), CONTENT)

    def test_tries_again_when_the_server_is_busy(self) -> None:
        self.server.statuses = [503, 429]
        self.assertEqual(cache.ensure(self.wheel).read_bytes(), CONTENT)

    def test_gives_up_after_attempts_without_a_new_byte(self) -> None:
        self.server.statuses = [503] * 5
        with self.assertRaises(Trouble) as caught:
            cache.ensure(self.wheel)
        self.assertIn("5 times in a row: HTTP status 503", str(caught.exception))

    def test_does_not_insist_on_a_missing_file(self) -> None:
        self.server.statuses = [404]
        with self.assertRaises(Trouble):
            cache.ensure(self.wheel)
        self.assertEqual(len(self.server.asked), 1)

    def test_a_wrong_checksum_names_both_and_keeps_nothing(self) -> None:
        self.server.content = self.content[:-1] + b"!"
        with self.assertRaises(Trouble) as caught:
            cache.ensure(self.wheel)
        self.assertIn(
            f"expected sha256 {self.wheel.sha256}, got {describe(self.server.content).sha256}",
            str(caught.exception),
        )
        self.assertEqual(self.parts(), [])
        self.assertFalse(cache.is_present(self.wheel))

    def test_a_longer_file_is_cut_off(self) -> None:
        self.server.content = self.content + b"and more"
        with self.assertRaises(Trouble) as caught:
            cache.ensure(self.wheel)
        self.assertIn("more than", str(caught.exception))
        self.assertEqual([part.stat().st_size for part in self.parts()], [0])

    def test_refuses_to_begin_without_room(self) -> None:
        usage = mock.Mock(free=1_000_000)
        with mock.patch("shutil.disk_usage", return_value=usage), self.assertRaises(Trouble) as caught:
            cache.ensure(self.wheel)
        self.assertIn("1 MB free", str(caught.exception))
        self.assertEqual(self.parts(), [])

    def test_names_a_disk_that_fills_up_and_keeps_the_part(self) -> None:
        self.server.cuts = [300_000]
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with (
            mock.patch("download.Progress.advance", side_effect=[None, full]),
            self.assertRaises(Trouble) as caught,
        ):
            cache.ensure(self.wheel)
        self.assertIn("is full", str(caught.exception))
        self.assertGreater(self.parts()[0].stat().st_size, 0)

    def test_mends_a_cut_file_in_the_cache(self) -> None:
        file = cache.ensure(self.wheel)
        file.write_bytes(b"short")
        self.assertEqual(cache.ensure(self.wheel).read_bytes(), CONTENT)

    def test_lets_pip_download_what_needs_credentials(self) -> None:
        self.server.statuses = [401]

        def with_credentials(_wheel, folder):
            found = folder / "from-pip.whl"
            found.write_bytes(self.content)
            return found

        with mock.patch("install.download_with_pip", side_effect=with_credentials):
            self.assertEqual(cache.ensure(self.wheel).read_bytes(), CONTENT)

    def test_follows_a_file_address(self) -> None:
        wheel = self.folder / self.wheel.file
        wheel.write_bytes(self.content)
        self.resolve_to(wheel.as_uri())
        self.assertEqual(cache.ensure(self.wheel).read_bytes(), CONTENT)
        self.assertEqual(self.server.asked, [])
