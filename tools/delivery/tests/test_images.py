"""Images on their way through environments."""

import tempfile
import unittest
from pathlib import Path

from delivery import hand_on
from environments import Environment, environment, flat
from images import Image, described, published, read, references, write
from trouble import Trouble

REGISTRY = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/ondol"


def image(name: str, digit: str = "a") -> Image:
    return Image(f"{REGISTRY}/{name}", "985b5f4aa6d5", f"sha256:{digit * 64}")


KNOWN = {name: image(name) for name in ("api", "llm-inference", "ondol", "worker")}


class InAFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.staging = self.environment("staging")
        self.prod = self.environment("prod")

    def environment(self, name: str) -> Environment:
        file = self.folder / name / "environment.yaml"
        file.parent.mkdir()
        file.write_text(f"# Where.\nenvironment: {name}\ncluster: in-cluster\nrevision: main\n")
        for release, chart, own in (
            ("api", "api", "image: api\n"),
            ("llm-small", "llm-inference", "image: llm-inference\n"),
            ("watch", "observability", ""),
        ):
            (file.parent / release).mkdir()
            text = f"chart: {chart}\nnamespace: ondol\npodSecurity: restricted\n{own}"
            (file.parent / release / "release.yaml").write_text(text)
        return environment(name, self.folder)


class Taking(InAFolder):
    def test_every_release_of_ours_gets_its_image_by_digest(self) -> None:
        write(self.staging, KNOWN)
        text = (self.staging.folder / "api" / "images.yaml").read_text()
        self.assertIn(
            f'image:\n  repository: {REGISTRY}/api\n  tag: "985b5f4aa6d5"\n  digest: sha256:aaa', text
        )
        self.assertFalse((self.staging.folder / "watch" / "images.yaml").exists())

    def test_the_image_of_an_init_container_goes_to_its_own_place(self) -> None:
        write(self.staging, KNOWN)
        text = (self.staging.folder / "llm-small" / "images.yaml").read_text()
        self.assertIn(f"models:\n  s3:\n    image:\n      repository: {REGISTRY}/ondol\n", text)

    def test_what_is_written_is_what_is_read(self) -> None:
        write(self.staging, KNOWN)
        self.assertEqual(
            read(self.staging), {name: KNOWN[name] for name in ("api", "llm-inference", "ondol")}
        )
        self.assertEqual(len(references(self.staging)), 3)

    def test_nothing_is_written_when_one_is_missing(self) -> None:
        write(self.staging, KNOWN)
        with self.assertRaisesRegex(Trouble, "llm-small runs llm-inference, which is not among api, ondol"):
            write(self.staging, {name: image(name, "b") for name in ("api", "ondol")})
        self.assertEqual(read(self.staging)["api"], KNOWN["api"])

    def test_digests_come_from_files(self) -> None:
        (self.folder / "api.digest").write_text(f"sha256:{'a' * 64}\n")
        self.assertEqual(published(REGISTRY, "985b5f4aa6d5", self.folder), {"api": KNOWN["api"]})

    def test_what_is_no_digest_is_refused(self) -> None:
        for wrong in ("", "latest", "sha256:abc", f"sha256:{'A' * 64}"):
            with self.subTest(wrong):
                (self.folder / "api.digest").write_text(wrong)
                with self.assertRaisesRegex(Trouble, "holds no digest"):
                    published(REGISTRY, "tag", self.folder)

    def test_a_folder_without_digests_is_refused(self) -> None:
        with self.assertRaisesRegex(Trouble, r"no file IMAGE\.digest"):
            published(REGISTRY, "tag", self.folder)


class Promoting(InAFolder):
    def test_the_images_are_handed_on(self) -> None:
        write(self.staging, KNOWN)
        hand_on(self.staging, self.prod)
        self.assertEqual(read(self.prod), read(self.staging))

    def test_who_reviews_sees_tag_digest_and_changes(self) -> None:
        write(self.prod, KNOWN)
        text = described(self.prod, "https://example.com/x/compare/a...b")
        self.assertIn(f"| api | `985b5f4aa6d5` | `sha256:{'a' * 64}` |\n", text)
        self.assertEqual(text.count("`985b5f4aa6d5`"), 3)
        self.assertTrue(text.endswith("https://example.com/x/compare/a...b"))

    def test_an_environment_that_runs_nothing_has_nothing_to_give(self) -> None:
        with self.assertRaisesRegex(Trouble, "not among none"):
            hand_on(self.staging, self.prod)

    def test_two_versions_of_one_image_are_noticed(self) -> None:
        write(self.staging, KNOWN)
        other = self.staging.folder / "llm-other"
        other.mkdir()
        (other / "release.yaml").write_text("chart: llm-inference\nnamespace: ondol\nimage: llm-inference\n")
        text = (self.staging.folder / "llm-small" / "images.yaml").read_text()
        (other / "images.yaml").write_text(text.replace("aaaa", "bbbb", 1))
        with self.assertRaisesRegex(Trouble, "two versions of llm-inference"):
            read(self.staging)


class Facts(InAFolder):
    def test_an_environment_that_there_is_not(self) -> None:
        with self.assertRaisesRegex(Trouble, "choose one of: prod, staging"):
            environment("production", self.folder)

    def test_what_is_not_flat_is_refused(self) -> None:
        file = self.folder / "x.yaml"
        for wrong in ("chart:\n  name: api\n", "chart api\n", "- chart: api\n"):
            with self.subTest(wrong):
                file.write_text(wrong)
                with self.assertRaisesRegex(Trouble, "is not `key: value`"):
                    flat(file)
