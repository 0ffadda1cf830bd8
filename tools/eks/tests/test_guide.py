"""What the guide says can be done as it is written: as far as that goes without an account."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import charts
import guide
from tests import place

PROGRAMS = os.environ.get("ONDOL_TEST_PROGRAMS", "")
# What `aws` does besides calling an operation of a service.
CUSTOM = {
    ("cloudformation", "deploy"): {
        "--stack-name",
        "--template-file",
        "--parameter-overrides",
        "--capabilities",
        "--region",
    },
    ("cloudformation", "wait"): {"--stack-name"},
    ("elasticache", "wait"): {"--replication-group-id"},
    # An operation, of which `aws` calls the endpoint by another name.
    ("sns", "subscribe"): {"--topic-arn", "--protocol", "--notification-endpoint"},
    ("eks", "update-kubeconfig"): {"--name"},
    ("s3", "cp"): {"--recursive"},
}
GLOBAL = {"--query", "--output", "--region"}


def users_of(secrets: set[str]) -> tuple[set[str], set[str]]:
    """The ExternalSecrets of prod by these names, and the workloads whose pods name what they make."""
    found = {("ondol", release): manifests for release, manifests in place.rendered().items()}
    found["monitoring", "observability"] = charts.render("observability", place.values("observability"))
    made, using = set(), set()
    for (namespace, _), all_of_it in found.items():
        for manifest in all_of_it:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            if kind == "ExternalSecret" and name in secrets:
                made.add(f"{namespace}/{name}")
            pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
            if isinstance(pod, dict) and secrets & set(secrets_of(pod)):
                using.add(f"{namespace}/{kind.lower()}/{name}")
    return made, using


def secrets_of(part: Any) -> Iterator[str]:
    """What a pod's volumes and variables come from."""
    if isinstance(part, list):
        for one in part:
            yield from secrets_of(one)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in ("secret", "secretKeyRef", "secretRef") and isinstance(value, dict):
                yield value.get("secretName", value.get("name", ""))
            yield from secrets_of(value)


class Words(unittest.TestCase):
    def test_every_block_is_shell_that_can_be_read(self) -> None:
        self.assertGreater(len(guide.shell()), 20)
        for block in guide.shell():
            with self.subTest(page=block.page, block=block.text[:60]):
                told = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
                self.assertEqual((told.returncode, told.stderr), (0, ""))

    def test_a_block_that_needs_more_says_so(self) -> None:
        for block in guide.shell():
            calls = [words[0] for words in guide.calls(block.text)]
            with self.subTest(page=block.page, block=block.text[:60]):
                if {"aws", "eksctl"} & set(calls):
                    self.assertEqual(block.mark, guide.AWS)
                elif "kubectl" in calls:
                    self.assertIn(block.mark, (guide.CLUSTER, guide.NODES))

    def test_every_file_exists(self) -> None:
        for page in guide.PAGES:
            text = (place.ROOT / "docs" / page).read_text("utf-8")
            named = set(re.findall(r"\b(?:deploy|helm|tools|docs)/[\w./*-]*[\w*]", text))
            named = {name for name in named if "llm-medium" not in name}
            for name in named | {f"docs/{link}" for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text)}:
                with self.subTest(page=page, name=name):
                    # What is written of prod's images comes with the first promotion.
                    self.assertTrue(list(place.ROOT.glob(os.path.normpath(name))), name)

    def test_every_heading_that_is_linked_exists(self) -> None:
        for page in guide.PAGES:
            text = (place.ROOT / "docs" / page).read_text("utf-8")
            for file, heading in re.findall(r"\]\(([\w-]+\.md)#([\w-]+)\)", text):
                with self.subTest(page=page, link=f"{file}#{heading}"):
                    there = (place.ROOT / "docs" / file).read_text("utf-8")
                    found = re.findall(r"^#+ (.*)$", there, re.MULTILINE)
                    self.assertIn(
                        heading, {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}
                    )

    def test_versions_are_the_same_everywhere(self) -> None:
        text = (place.ROOT / "docs/eks.md").read_text("utf-8")
        pinned = dict(re.findall(r"^\| ([\w -]+) \| (\d[\d.]*) \|", text, re.MULTILINE))
        written = dict(re.findall(r"helm upgrade --install (\S+) \S+ --version (\S+)", text))
        self.assertEqual(pinned["AWS Load Balancer Controller"], written["aws-load-balancer-controller"])
        self.assertEqual(pinned["External Secrets"], written["external-secrets"])
        self.assertEqual(pinned["KEDA"], written["keda"])
        for name in ("Argo Rollouts", "Argo CD"):
            folder = name.lower().replace(" ", "-")
            file = place.CONTROLLERS / folder / "kustomization.yaml"
            self.assertIn(f"/v{pinned[name]}/", file.read_text("utf-8"))
        self.assertIn(
            f":v{pinned['Cluster Autoscaler']}", (place.CONTROLLERS / "autoscaler.yaml").read_text("utf-8")
        )
        self.assertEqual(pinned["Kubernetes"], place.cluster()["metadata"]["version"])
        # The charts are held against the custom resources of these very versions.
        crds = (place.ROOT / "tools/charts/crds.py").read_text("utf-8")
        for name in ("KEDA", "External Secrets", "Argo Rollouts"):
            self.assertIn(f'"v{pinned[name]}"', crds)


class Calls(unittest.TestCase):
    def test_parameters_are_those_of_the_templates(self) -> None:
        called = guide.called("aws")
        deployed = [(block, words) for block, words in called if words[:2] == ["cloudformation", "deploy"]]
        self.assertGreater(len(deployed), 8)
        for block, words in deployed:
            file = words[words.index("--template-file") + 1]
            parameters = place.template(Path(file).stem)["Parameters"]
            at = words.index("--parameter-overrides") if "--parameter-overrides" in words else len(words)
            given = {word.partition("=")[0] for word in words[at + 1 :] if re.match(r"\w+=", word)}
            needed = {name for name, parameter in parameters.items() if "Default" not in parameter}
            with self.subTest(file=file):
                self.assertEqual(given - set(parameters), set())
                # What is deployed again keeps what it is not given.
                if block.page == "eks.md":
                    self.assertEqual(needed - given, set())
                named = "RoleName" in (place.ROOT / file).read_text("utf-8")
                self.assertEqual("CAPABILITY_NAMED_IAM" in words, named)

    def test_somebody_hears_of_a_full_redis(self) -> None:
        (data,) = [
            words
            for block, words in guide.called("aws")
            if "ondol-prod-data" in words and block.page == "eks.md"
            if words[:2] == ["cloudformation", "deploy"]
        ]
        self.assertIn("Alarms=$ALARMS", data)
        self.assertIn("Alarms", place.template("data")["Parameters"])

    def test_what_the_gateway_is_told_reaches_its_stage(self) -> None:
        """It serves a copy, and another load balancer is none of its business until a new one is made."""
        (stage,) = place.resources("edge", "AWS::ApiGateway::Stage")
        told = [
            block
            for block in guide.shell()
            if "deploy/eks/edge.yaml" in block.text and "LoadBalancer=" in block.text
        ]
        self.assertEqual(len(told), 1)
        after = told[0].text.partition("deploy/eks/edge.yaml")[2]
        (made,) = [
            words for words in guide.calls(after) if words[:3] == ["aws", "apigateway", "create-deployment"]
        ]
        self.assertEqual(made[made.index("--stage-name") + 1], stage["StageName"])

    def test_what_has_a_secret_is_restarted_for_it(self) -> None:
        """Each rotation reaches all pods that use its Secrets, in every namespace."""
        calls = [words for block in guide.shell() for words in guide.calls(block.text)]
        renewed = [words[1:] for words in calls if words[0] == "tools/eks/renew.py"]
        self.assertEqual(len(renewed), 2)
        for words in renewed:
            at = words.index("--restart")
            secrets, restarted = set(words[:at]), set(words[at + 1 :])
            with self.subTest(secrets=secrets):
                names = {secret.partition("/")[2] for secret in secrets}
                made, using = users_of(names)
                self.assertEqual(secrets, made)
                self.assertEqual(restarted, using)

    def test_aws_knows_its_operations(self) -> None:
        asked = set()
        for _, words in guide.called("aws"):
            service, operation = words[:2]
            used = {name for name, _ in guide.flags(words)}
            known = CUSTOM.get((service, operation))
            if known is None:
                asked.add((service, operation, *sorted(used - GLOBAL)))
            else:
                self.assertEqual(used - known, set(), words)
        self.assertGreater(len(asked), 8)
        fetch = [sys.executable, str(place.ROOT / "tools/fetch/fetch.py"), "path", "moto"]
        launcher = subprocess.run(fetch, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        site = Path(launcher).parent / "site"
        script = Path(__file__).with_name("operations.py")
        lines = "\n".join(" ".join(one) for one in sorted(asked)) + "\nelasticache modify-user --pasword\n"
        environment = {**os.environ, "PYTHONPATH": str(site)}
        command = [sys.executable, str(script)]
        told = subprocess.run(command, input=lines, env=environment, capture_output=True, text=True)
        self.assertEqual((told.stdout, told.stderr), ("elasticache modify-user: --pasword\n", ""))

    def test_an_upgrade_reaches_every_node(self) -> None:
        """A group of nodes that is not told which version to go to stays at its own."""
        text = (place.ROOT / "docs/eks-operating.md").read_text("utf-8")
        (now, following) = re.search(r'version: "([\d.]+)"\$/  version: "([\d.]+)"/', text).groups()
        self.assertEqual(now, place.cluster()["metadata"]["version"])
        upgraded = [dict(guide.flags(words)) for _, words in guide.called("eksctl") if "nodegroup" in words]
        groups = {group["name"] for group in place.cluster()["managedNodeGroups"]}
        self.assertEqual({one["--name"] for one in upgraded}, groups)
        self.assertEqual({one.get("--kubernetes-version") for one in upgraded}, {following})

    def test_helm_is_given_values_that_exist(self) -> None:
        """Ours are rendered; of others' charts the file is there."""
        for block, words in guide.called("helm"):
            files = [value for name, value in guide.flags(words) if name == "--values" and "$" not in value]
            for file in files:
                with self.subTest(page=block.page, file=file):
                    self.assertTrue((place.ROOT / file).is_file() or "llm-medium" in file)
            if "--repo" in words:
                self.assertIn("--version", words)

    def test_releases_by_hand_are_those_of_prod(self) -> None:
        (loop,) = [block.text for block in guide.shell() if "for release in" in block.text]
        releases = re.search(r"for release in ([\w -]+);", loop)[1].split()
        self.assertEqual(set(releases), set(place.rendered()))

    def test_recipes_exist(self) -> None:
        known = set(re.findall(r"^([a-z][\w-]*)\b.*:", (place.ROOT / "justfile").read_text("utf-8"), re.M))
        called = guide.called("./just")
        self.assertTrue(called)
        for _, words in called:
            self.assertIn(words[0], known)

    def test_the_ingress_that_the_edge_is_made_of_exists(self) -> None:
        names = [m["metadata"]["name"] for m in place.rendered()["api"] if m["kind"] == "Ingress"]
        text = "".join(block.text for block in guide.shell())
        self.assertIn(re.search(r"get ingress (\S+)", text)[1], names)

    def test_values_that_are_shown_are_taken(self) -> None:
        shown = [block for block in guide.blocks() if block.language == "yaml"]
        self.assertEqual(len(shown), 1)
        more = yaml.safe_load(shown[0].text)["routes"]
        values = place.values("api")
        values["routes"]["releases"].update(more["releases"])
        values["routes"]["models"] = more["models"] + values["routes"]["models"]
        found = charts.render("api", {**values, **yaml.safe_load("image: {tag: '1'}")})
        self.assertIn("llm-medium", str(found))

    @unittest.skipUnless(PROGRAMS, "ONDOL_TEST_PROGRAMS does not say where the programs are")
    def test_ondol_knows_its_commands(self) -> None:
        called = [words for _, words in guide.called("ondol")]
        self.assertGreater(len(called), 5)
        for words in called:
            command = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)]
            with tempfile.TemporaryDirectory() as home, self.subTest(words=words):
                told = subprocess.run(
                    [f"{PROGRAMS}/ondol", *command, "--help"],
                    capture_output=True,
                    env={"HOME": home},
                    text=True,
                )
                self.assertEqual(told.returncode, 0, told.stderr)
                for name, _ in guide.flags(words):
                    self.assertIn(name, told.stdout)
