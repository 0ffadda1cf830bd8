"""That the Dockerfile, the catalogue and the programs' defaults say the same."""

import re
import unittest
from pathlib import Path

from catalogue import IMAGES, PROGRAMS, Image

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def stages(text: str) -> dict[str, str]:
    """What stands in each stage, by its name."""
    parts = re.split(r"^FROM \S+ AS (\S+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def words_after(command: str, stage: str) -> list[str]:
    """The arguments of a command, over several lines perhaps, as far as its instruction goes or `&&`."""
    return re.split(r"&&|\n", stage.replace("\\\n", " ").split(command, 1)[1])[0].split()


def commands(stage: str) -> str:
    return "".join(line for line in stage.splitlines(keepends=True) if not line.startswith("#"))


def settings(stage: str) -> list[str]:
    return re.findall(r"^(?:ARG|ENV|WORKDIR|SHELL|USER) .*$", stage, re.MULTILINE)


STAGES = stages(DOCKERFILE)
BASES = {name: base for base, name in re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)}


class Targets(unittest.TestCase):
    def test_every_image_is_a_target_on_the_base(self) -> None:
        on_base = set(re.findall(r"^FROM base AS (\S+)$", DOCKERFILE, re.MULTILINE))
        self.assertEqual(on_base, {image.name for image in IMAGES})

    def test_every_program_is_built_and_stripped(self) -> None:
        self.assertEqual(set(re.findall(r"--package (\S+)", STAGES["build"])), set(PROGRAMS))
        self.assertIn(f"for program in {' '.join(PROGRAMS)};", STAGES["build"])

    def test_dependencies_are_compiled_as_the_programs_are(self) -> None:
        cooked = words_after("cargo chef cook --recipe-path /recipe.json", STAGES["cooked"])
        built = words_after("cargo build", STAGES["build"])
        self.assertEqual(cooked, built)
        self.assertEqual(built[:3], ["--profile", "dist", "--locked"])
        # So would another variable be another build, or another folder be an empty one.
        self.assertEqual(settings(STAGES["cooked"]), [])
        self.assertEqual(settings(STAGES["build"]), ["ARG ONDOL_COMMIT=unknown"])

    def test_no_commit_and_no_mount_comes_between_dependencies_and_their_layer(self) -> None:
        for name in ("chef", "planner", "cooked"):
            with self.subTest(name):
                self.assertNotIn("ONDOL_COMMIT", commands(STAGES[name]))
        self.assertNotIn("COPY . .", STAGES["cooked"])
        targets = re.findall(r"--mount=type=cache\S*,target=([^,\s]+)", DOCKERFILE)
        self.assertEqual(set(targets), {"/usr/local/cargo/registry"})

    def test_programs_are_compiled_where_their_dependencies_were(self) -> None:
        self.assertEqual([BASES[name] for name in ("planner", "cooked", "build")], ["chef", "chef", "cooked"])

    def test_ports_are_the_catalogues(self) -> None:
        for image in IMAGES:
            with self.subTest(image.name):
                ports = [port for port in (image.grpc, image.admin) if port]
                exposed = re.findall(r"^EXPOSE (.+)$", STAGES[image.name], re.MULTILINE)
                self.assertEqual(exposed, [" ".join(map(str, ports))] if ports else [])
                self.assertEqual(self.listening(image), {str(port) for port in ports})

    def listening(self, image: Image) -> set[str]:
        return set(re.findall(r"ONDOL_(?:LISTEN|ADMIN_ADDR)=0\.0\.0\.0:(\d+)", STAGES[image.name]))

    def test_each_starts_its_program_and_has_its_own_bill(self) -> None:
        for image in IMAGES:
            with self.subTest(image.name):
                self.assertIn(f'ENTRYPOINT ["/usr/local/bin/{image.program}"]', STAGES[image.name])
                self.assertIn(f"/bills/{image.name}.cdx.json ", STAGES[image.name])

    def test_ports_are_the_ones_that_programs_have_by_themselves(self) -> None:
        addresses = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
        for image in (one for one in IMAGES if one.admin):
            with self.subTest(image.name):
                row = next(
                    line for line in addresses.splitlines() if line.startswith(f"| `{image.program}` |")
                )
                self.assertEqual(set(re.findall(r"127\.0\.0\.1:(\d+)", row)), self.listening(image))


class Rules(unittest.TestCase):
    def test_what_it_stands_on_is_named_by_tag_and_digest(self) -> None:
        pins = re.findall(r"^ARG (BASE|RUST|PYTHON)=(\S+)$", DOCKERFILE, re.MULTILINE)
        self.assertEqual([name for name, _ in pins], ["BASE", "RUST", "PYTHON"])
        for name, image in pins:
            with self.subTest(name):
                self.assertRegex(image, r"^[a-z.]+/[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}$")

    def test_the_compiler_is_the_oldest_that_is_supported(self) -> None:
        manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
        oldest = re.search(r'^rust-version = "(.+)"$', manifest, re.MULTILINE).group(1)
        self.assertIn(f"/rust:{oldest}-", DOCKERFILE)

    def test_what_cooks_is_pinned_with_its_own_dependencies(self) -> None:
        self.assertRegex(STAGES["chef"], r"cargo install --locked cargo-chef --version \d+\.\d+\.\d+\n")

    def test_nothing_runs_in_what_is_shipped(self) -> None:
        for name in ("base", *(image.name for image in IMAGES)):
            with self.subTest(name):
                self.assertNotRegex(STAGES[name], r"(?m)^(RUN|ADD|HEALTHCHECK|VOLUME|SHELL|CMD)\b")

    def test_no_builder_is_fetched_to_read_it(self) -> None:
        self.assertNotRegex(DOCKERFILE, r"(?m)^#\s*syntax\s*=")

    def test_the_context_has_no_tests(self) -> None:
        """Their files are targets in cargo-chef's recipe, which must change for dependencies only."""
        left_out = set((ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines())
        for top in ("libs", "services", "tools"):
            for name in ("tests", "examples", "benches"):
                if any((ROOT / top).glob(f"*/{name}")):
                    self.assertIn(f"{top}/*/{name}", left_out)

    def test_the_context_has_every_member_of_the_workspace(self) -> None:
        allowed = set(
            re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
        )
        manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
        members = re.search(r"^members = \[(.+)\]$", manifest, re.MULTILINE).group(1)
        folders = {member.split("/")[0] for member in re.findall(r'"([^"]+)"', members)}
        self.assertLessEqual(folders | {"proto", "Cargo.toml", "Cargo.lock", "LICENSE"}, allowed)
