"""What a process may do, read as the kernel tells it."""

import tempfile
import unittest
from pathlib import Path

from containers import liberties
from smoke import not_found

STATUS = {
    "Uid": "65532\t65532\t65532\t65532",
    "CapPrm": "0000000000000000",
    "CapEff": "0000000000000000",
    "CapBnd": "0000000000000000",
    "NoNewPrivs": "1",
}
MOUNTS = "overlay / overlay ro,relatime 0 0\ntmpfs /dev tmpfs rw 0 0\n"


class Liberties(unittest.TestCase):
    def of(self, mounts: str = MOUNTS, **changes: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            lines = [f"{name}:\t{value}\n" for name, value in {**STATUS, **changes}.items()]
            Path(folder, "status").write_text("".join(lines))
            Path(folder, "mounts").write_text(mounts)
            return liberties(Path(folder))

    def test_a_confined_process_has_none(self) -> None:
        self.assertEqual(self.of(), [])

    def test_each_is_named(self) -> None:
        for change, fault in (
            ({"Uid": "0\t0\t0\t0"}, "runs as root"),
            ({"Uid": "65532\t0\t65532\t65532"}, "runs as root"),
            ({"CapBnd": "00000000a80425fb"}, "has capabilities (CapBnd)"),
            ({"CapEff": "0000000000000400"}, "has capabilities (CapEff)"),
            ({"NoNewPrivs": "0"}, "may gain privileges"),
            ({"mounts": "overlay / overlay rw,relatime 0 0\n"}, "can write its root"),
        ):
            with self.subTest(change):
                self.assertEqual(self.of(**change), [fault])


class Linking(unittest.TestCase):
    def test_what_the_loader_does_not_find(self) -> None:
        traced = (
            "\tlibcuda.so.1 => not found\n\tlibz.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n"
        )
        self.assertEqual(not_found(traced), {"libcuda.so.1", "libz.so.1"})
