"""What buildah is told, and what lies in the images beside the programs."""

import contextlib
import io
import re
import unittest
from pathlib import Path

from build import ROOT, buildah, check_labels, command_for, cook_command, labels
from catalogue import CUDA, IMAGES, images_for
from images import main, parser, wanted
from library import name_of
from look import LABELS
from run import Trouble
from sizes import megabytes

API = IMAGES[0]
ARGUMENTS = {"PARTS": "given", "BASE": "localhost/ondol/base"}


class Command(unittest.TestCase):
    def test_names_the_target_the_tag_the_arguments_and_the_labels(self) -> None:
        command = " ".join(command_for(API, ARGUMENTS, {"a.b": "c"}, Path("/context")))
        self.assertIn("--target api --tag localhost/ondol/api", command)
        self.assertIn("--build-arg PARTS=given --build-arg BASE=localhost/ondol/base", command)
        self.assertIn("--label a.b=c", command)
        self.assertTrue(command.endswith(" /context"))

    def test_a_build_that_compiles_can_be_watched(self) -> None:
        self.assertIn("--quiet", command_for(API, ARGUMENTS, {}, Path("/context")))
        self.assertNotIn("--quiet", command_for(API, {"PARTS": "built"}, {}, Path("/context")))

    def test_compiled_dependencies_are_kept_by_a_build_of_their_own(self) -> None:
        command = cook_command("registry.example.com/ondol/cache")
        self.assertIn("--target cooked ", " ".join(command))
        for option in ("--cache-from", "--cache-to"):
            self.assertEqual(command[command.index(option) + 1], "registry.example.com/ondol/cache")
        # What is told otherwise finds no layer of the other build.
        for other in (command, command_for(API, ARGUMENTS, {}, Path("/context"))):
            self.assertEqual(tuple(other[: len(buildah())]), buildah())
        self.assertNotIn("--cache-to", command_for(API, ARGUMENTS, {}, Path("/context")))

    def test_the_labels_come_from_the_repository(self) -> None:
        said = {name.rsplit(".", 1)[-1]: value for name, value in labels().items()}
        self.assertRegex(said["version"], r"^\d+\.\d+\.\d+$")
        self.assertRegex(said["revision"], r"^[0-9a-f]{12}$")
        self.assertRegex(said["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_a_label_of_an_earlier_build_is_noticed(self) -> None:
        check_labels(API, {"revision": "a"}, {"revision": "a", "title": "x"})
        for found in ({"revision": "b"}, {}):
            with self.subTest(found), self.assertRaisesRegex(Trouble, "api is labelled revision="):
                check_labels(API, {"revision": "a"}, found)

    def test_labels_are_the_ones_that_are_looked_for(self) -> None:
        dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        written = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", dockerfile))
        given = {name.rsplit(".", 1)[-1] for name in labels()}
        self.assertEqual(written | given, set(LABELS))


class Choice(unittest.TestCase):
    def test_the_image_for_gpus_is_only_built_when_asked_for(self) -> None:
        names = [image.name for image in wanted(parser().parse_args([]))]
        self.assertNotIn("llm-inference-cuda", names)
        self.assertIn("llm-inference", names)

    def test_arm_has_no_image_for_gpus(self) -> None:
        self.assertTrue(all(image.beside != CUDA for image in images_for("aarch64")))

    def test_one_can_be_chosen(self) -> None:
        self.assertEqual(wanted(parser().parse_args(["--only", "mcp"])), [IMAGES[3]])

    def test_a_step_that_there_is_not_is_refused(self) -> None:
        self.assertIn("no such step: fly", self.refusal("fly"))

    def test_nothing_is_cached_where_nothing_is_compiled(self) -> None:
        self.assertIn("it compiles nothing", self.refusal("--programs", "target/dist", "--cache", "r/c"))

    def refusal(self, *words: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit):
            main(list(words))
        return said.getvalue()


class Library(unittest.TestCase):
    def test_the_library_has_a_name_without_version(self) -> None:
        self.assertEqual(name_of("onnxruntime", "libonnxruntime.so.1.31.1"), "libonnxruntime.so")
        self.assertEqual(name_of("nvidia-cublas", "libcublas.so.13"), "libcublas.so.13")

    def test_notices_of_several_packages_lie_side_by_side(self) -> None:
        self.assertEqual(name_of("nvidia-cublas", "License.txt"), "nvidia-cublas-License.txt")


class Sizes(unittest.TestCase):
    def test_megabytes(self) -> None:
        self.assertEqual(megabytes(52_949_000), "52.9")
        self.assertEqual(megabytes(2_104_000_000), "2,104")
