"""What a bill names, and what it says of each part."""

import unittest

from document import bill
from graph import graph_of
from sources import Bundled, checksums, compiler, debian, wheel
from tests.workspace import LOCK, RUSTC, metadata

RUNTIME = Bundled("onnxruntime", "1.31.1", "pkg:pypi/onnxruntime@1.31.1", "0" * 64)


def bill_of(program: str, libraries: tuple = ()) -> dict:
    return bill(graph_of(metadata(), program), checksums(LOCK), compiler(RUSTC), list(libraries))


def by_name(document: dict) -> dict[str, dict]:
    return {component["name"]: component for component in document["components"]}


class TheGraph(unittest.TestCase):
    def test_a_program_has_what_is_linked_and_not_what_built_it(self) -> None:
        graph = graph_of(metadata(), "api")
        self.assertEqual(graph.shipped, {"api", "fault", "serde"})
        self.assertEqual(graph.built_with, {"derive", "syn", "cc"})

    def test_another_program_has_its_own(self) -> None:
        self.assertEqual(graph_of(metadata(), "mcp").shipped, {"mcp", "fault"})

    def test_a_crate_that_is_linked_and_builds_too_counts_as_linked(self) -> None:
        described = metadata()
        described["resolve"]["nodes"][0]["deps"].append({"pkg": "syn", "dep_kinds": [{"kind": None}]})
        graph = graph_of(described, "api")
        self.assertIn("syn", graph.shipped)
        self.assertNotIn("syn", graph.built_with)


class TheBill(unittest.TestCase):
    def test_a_crate_has_its_checksum_address_and_licence(self) -> None:
        serde = by_name(bill_of("api"))["serde"]
        self.assertEqual(serde["purl"], "pkg:cargo/serde@1.0.0")
        self.assertEqual(serde["hashes"], [{"alg": "SHA-256", "content": "a" * 64}])
        self.assertEqual(serde["licenses"], [{"expression": "MIT OR Apache-2.0"}])
        self.assertEqual(serde["scope"], "required")

    def test_what_only_builds_is_excluded(self) -> None:
        named = by_name(bill_of("api"))
        scopes = {name: named[name]["scope"] for name in ("derive", "syn", "cc")}
        self.assertEqual(set(scopes.values()), {"excluded"})
        self.assertNotIn("proptest", named)

    def test_our_crates_are_not_taken_for_others_of_that_name(self) -> None:
        document = bill_of("api")
        for component in (document["metadata"]["component"], by_name(document)["fault"]):
            self.assertNotIn("purl", component)
            self.assertEqual(component["group"], "ondol")

    def test_what_lies_beside_the_program_is_its_dependency(self) -> None:
        document = bill_of("mcp", (RUNTIME,))
        self.assertEqual(by_name(document)["onnxruntime"]["purl"], "pkg:pypi/onnxruntime@1.31.1")
        edges = {entry["ref"]: entry.get("dependsOn") for entry in document["dependencies"]}
        self.assertIn("pkg:pypi/onnxruntime@1.31.1", edges["ondol/mcp@1.0.0"])

    def test_every_reference_leads_to_a_component(self) -> None:
        document = bill_of("api", (RUNTIME,))
        known = {one["bom-ref"] for one in [document["metadata"]["component"], *document["components"]]}
        for entry in document["dependencies"]:
            self.assertLessEqual({entry["ref"], *entry.get("dependsOn", [])}, known)

    def test_the_same_parts_make_the_same_bill_and_others_another(self) -> None:
        self.assertEqual(bill_of("api"), bill_of("api"))
        self.assertNotEqual(bill_of("api")["serialNumber"], bill_of("api", (RUNTIME,))["serialNumber"])

    def test_a_version_with_a_plus_is_written_as_package_urls_want_it(self) -> None:
        described = metadata()
        described["packages"][3]["version"] = "1.0.0+spec"
        graph = graph_of(described, "api")
        document = bill(graph, {**checksums(LOCK), ("serde", "1.0.0+spec"): "a" * 64}, compiler(RUSTC), [])
        self.assertEqual(by_name(document)["serde"]["purl"], "pkg:cargo/serde@1.0.0%2Bspec")


class TheSources(unittest.TestCase):
    def test_a_package_is_called_what_its_index_calls_it(self) -> None:
        entry = {
            "version": "9.1",
            "wheels": {"x86_64": {"file": "nvidia_cudnn_cu13-9.1-py3-none-any.whl", "sha256": "0"}},
        }
        self.assertEqual(
            wheel(entry, "x86_64"), ("nvidia-cudnn-cu13", "9.1", "pkg:pypi/nvidia-cudnn-cu13@9.1", "0")
        )

    def test_a_library_of_debians_is_one_of_debians(self) -> None:
        part = debian("zlib1g@1:1.2.13+dfsg-1")
        self.assertEqual(part.purl, "pkg:deb/debian/zlib1g@1%3A1.2.13%2Bdfsg-1")
        component = by_name(bill_of("mcp", (part,)))["zlib1g"]
        self.assertEqual(component["version"], "1:1.2.13+dfsg-1")
        self.assertNotIn("hashes", component)

    def test_the_compiler_is_known_by_version_and_commit(self) -> None:
        self.assertEqual(compiler(RUSTC), ("1.95.0", "5" * 40))
