"""What is found wrong with an image."""

import tarfile
import unittest

from catalogue import IMAGES
from look import LABELS, of_config, of_files

API = next(image for image in IMAGES if image.name == "api")
LLM = next(image for image in IMAGES if image.name == "llm-inference")


def config(**changes: object) -> dict:
    sound = {
        "User": "65532:65532",
        "Entrypoint": ["/usr/local/bin/api"],
        "ExposedPorts": {"50051/tcp": {}, "9401/tcp": {}},
        "Env": ["PATH=/usr/bin", "ONDOL_LISTEN=0.0.0.0:50051"],
        "Labels": {f"org.opencontainers.image.{label}": "x" for label in LABELS},
    }
    return {**sound, **changes}


def file(path: str, mode: int = 0o644, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    found = tarfile.TarInfo(path)
    found.mode, found.type = mode, kind
    return found


SOUND = [
    file("usr/local/bin/api", 0o755),
    file("usr/share/doc/ondol/api.cdx.json"),
    file("usr/share/doc/ondol/LICENSE"),
    file("usr/share/doc/ondol/revision"),
    file("etc/ssl/certs/ca-certificates.crt"),
    file("tmp", 0o1777, tarfile.DIRTYPE),
]


class Config(unittest.TestCase):
    def test_a_sound_one_has_no_fault(self) -> None:
        self.assertEqual(of_config(API, config()), [])

    def test_users_that_kubernetes_cannot_tell_from_root(self) -> None:
        for user in ("", "root", "0", "0:0", "nonroot", "65532:0"):
            with self.subTest(user):
                self.assertEqual(len(of_config(API, config(User=user))), 1)

    def test_what_it_starts_exposes_and_says(self) -> None:
        for change in (
            {"Entrypoint": ["/bin/sh", "-c", "api"]},
            {"Cmd": ["--help"]},
            {"ExposedPorts": {"50051/tcp": {}}},
            {"Volumes": {"/data": {}}},
            {"Env": ["ONDOL_REDIS_PASSWORD=x"]},
        ):
            with self.subTest(change):
                self.assertEqual(len(of_config(API, config(**change))), 1)

    def test_every_label_counts(self) -> None:
        self.assertEqual(len(of_config(API, config(Labels=None))), len(LABELS))


class Files(unittest.TestCase):
    def test_a_sound_one_has_no_fault(self) -> None:
        self.assertEqual(of_files(API, SOUND), [])

    def test_what_must_not_be_there(self) -> None:
        for wrong in (
            file("bin/sh", 0o755),
            file("bin/sh", 0o777, tarfile.SYMTYPE),
            file("usr/bin/busybox", 0o755),
            file("usr/bin/apt-get", 0o755),
            file("usr/bin/anything", 0o4755),
            file("usr/bin/anything", 0o2755),
            file("etc/passwd", 0o666),
        ):
            with self.subTest(wrong.name):
                self.assertEqual(len(of_files(API, [*SOUND, wrong])), 1)

    def test_a_text_of_that_name_is_no_shell(self) -> None:
        self.assertEqual(
            of_files(API, [*SOUND, file("usr/share/bash", 0o755, tarfile.DIRTYPE), file("doc/sh")]), []
        )

    def test_what_must_be_there(self) -> None:
        self.assertEqual(len(of_files(API, SOUND[1:])), 1)
        self.assertIn("it lacks /usr/local/lib/ondol/libonnxruntime.so", of_files(LLM, SOUND))
