"""The cluster's file is what eksctl takes, and the pods of prod find their roles, nodes, and room."""

import json
import re
import unittest

from jsonschema import Draft7Validator

import charts
import environments
import manifests
from tests import place

# What pods of a machine can ask for: processors, and GiB of memory, less what the system keeps (EKS' own
# formulas) and what runs on each node: network, DNS, disks, logs, figures.
MACHINES = {"m7i.xlarge": (3.92 - 0.4, 14.5 - 0.8), "g5.xlarge": (3.92 - 0.4, 14.5 - 0.8)}


def amount(quantity: object) -> float:
    number, unit = manifests.QUANTITY.fullmatch(str(quantity)).groups()
    return float(number) * manifests.UNITS[unit]


def pods() -> list[tuple[str, charts.Manifest]]:
    return [
        (release, charts.workload(found)["spec"]["template"]["spec"])
        for release, found in place.rendered().items()
    ]


def request(pod: charts.Manifest) -> tuple[float, float]:
    asked = [container["resources"]["requests"] for container in pod["containers"]]
    return sum(amount(one["cpu"]) for one in asked), sum(amount(one["memory"]) for one in asked) / 1024**3


def groups_of(pool: str) -> list[dict]:
    return [group for group in place.cluster()["managedNodeGroups"] if group["labels"]["ondol/pool"] == pool]


def pool_of(pod: charts.Manifest) -> dict:
    """One group of the pool; that they are alike is a test of its own."""
    return groups_of(pod["nodeSelector"]["ondol/pool"])[0]


class Config(unittest.TestCase):
    def test_eksctl_takes_it(self) -> None:
        schema = json.loads((place.ROOT / "tools/eks/eksctl.json").read_text("utf-8"))
        found = [error.message for error in Draft7Validator(schema).iter_errors(place.cluster())]
        self.assertEqual(found, [])
        wrong = {**place.cluster(), "managedNodeGroup": []}
        self.assertTrue(list(Draft7Validator(schema).iter_errors(wrong)))

    def test_the_charts_are_checked_for_its_version(self) -> None:
        self.assertIn(place.cluster()["metadata"]["version"], manifests.KUBERNETES)

    def test_roles_are_those_of_the_template(self) -> None:
        made = {
            role["RoleName"]["Fn::Sub"].replace("${Environment}", "prod")
            for role in place.resources("access", "AWS::IAM::Role")
        }
        given = [one for one in place.cluster()["iam"]["podIdentityAssociations"] if "roleARN" in one]
        self.assertEqual({one["roleARN"].split("/")[1] for one in given}, made)

    def test_every_pod_of_prod_has_its_role(self) -> None:
        given = {
            (one["namespace"], one["serviceAccountName"])
            for one in place.cluster()["iam"]["podIdentityAssociations"]
        }
        accounts = {("ondol", pod["serviceAccountName"]) for _, pod in pods()}
        self.assertEqual(accounts - given, set())
        self.assertEqual({one for one in given if one[0] == "ondol"}, accounts)

    def test_what_watches_finds_its_role(self) -> None:
        given = {
            one["serviceAccountName"]
            for one in place.cluster()["iam"]["podIdentityAssociations"]
            if one["namespace"] == "monitoring"
        }
        found = charts.render("observability", place.values("observability"))
        buckets = place.values("observability")["loki"]["s3"]["bucket"]
        self.assertEqual(buckets, "acme-ondol-prod-logs")
        pod = charts.named(found, "StatefulSet", "loki")["spec"]["template"]["spec"]
        self.assertEqual(given, {pod["serviceAccountName"]})


class Room(unittest.TestCase):
    def test_pods_find_the_nodes_that_they_ask_for(self) -> None:
        for release, pod in pods():
            with self.subTest(release=release):
                for taint in pool_of(pod).get("taints", []):
                    keys = [one["key"] for one in pod.get("tolerations", [])]
                    self.assertIn(taint["key"], keys)

    def test_every_pod_fits_on_one(self) -> None:
        for release, pod in pods():
            with self.subTest(release=release):
                for asked, there in zip(request(pod), MACHINES[pool_of(pod)["instanceType"]]):
                    self.assertLessEqual(asked, there)

    def test_pools_are_large_enough_for_all_replicas(self) -> None:
        """Processors decide: of each release as many as its autoscaler may ask for."""
        room = {}
        for release, pod in pods():
            pool = pool_of(pod)
            most = place.values(release)["autoscaling"]["maxReplicas"]
            each = int(MACHINES[pool["instanceType"]][0] // request(pod)[0])
            name = pool["labels"]["ondol/pool"]
            room.setdefault(name, []).append(most / each)
            if name == "gpu":
                self.assertLessEqual(most, pool["maxSize"])
        for name, needed in room.items():
            self.assertLessEqual(sum(needed), sum(group["maxSize"] for group in groups_of(name)), room)

    def test_volumes_of_a_zone_find_nodes_in_it(self) -> None:
        """A volume stays in its zone, so the autoscaler has to be able to bring a node there."""
        found = charts.render("observability", place.values("observability"))
        claims = [one for one in found if one.get("spec", {}).get("volumeClaimTemplates")]
        self.assertGreater(len(claims), 2)
        zones = set(place.cluster()["vpc"]["subnets"]["private"])
        for one in claims:
            pool = one["spec"]["template"]["spec"]["nodeSelector"]["ondol/pool"]
            with self.subTest(name=one["metadata"]["name"]):
                placed = [group.get("availabilityZones", zones) for group in groups_of(pool)]
                self.assertEqual({len(each) for each in placed}, {1})
                self.assertEqual({zone for each in placed for zone in each}, zones)

    def test_the_general_pool_is_as_large_as_is_told(self) -> None:
        general = groups_of("general")
        least, most = (sum(group[size] for group in general) for size in ("minSize", "maxSize"))
        self.assertEqual((least, most), (2, 10))
        self.assertEqual(sum(group["desiredCapacity"] for group in general), least)
        own = ("name", "availabilityZones", "minSize", "desiredCapacity", "maxSize")
        alike = [{key: value for key, value in group.items() if key not in own} for group in general]
        self.assertEqual([alike[0]] * len(alike), alike)
        text = (place.ROOT / "docs/eks.md").read_text("utf-8")
        self.assertIn(f"general {least}–{most} × {general[0]['instanceType']}", text)

    def test_the_autoscaler_balances_groups_that_are_alike(self) -> None:
        text = (place.CONTROLLERS / "autoscaler.yaml").read_text("utf-8")
        self.assertIn("- --balance-similar-node-groups\n", text)

    def test_models_fit_on_the_disk(self) -> None:
        for release, pod in pods():
            for volume in pod.get("volumes", []):
                limit = volume.get("emptyDir", {}).get("sizeLimit")
                if limit:
                    with self.subTest(release=release, volume=volume["name"]):
                        self.assertLess(amount(limit) / 1e9, pool_of(pod)["volumeSize"] / 2)


class Controllers(unittest.TestCase):
    def test_kubernetes_takes_the_manifests(self) -> None:
        for name in ("autoscaler", "storage-class"):
            found = place.documents(place.CONTROLLERS / f"{name}.yaml")
            for version in manifests.KUBERNETES:
                self.assertEqual(manifests.problems(found, version), [], name)

    def test_the_autoscaler_is_kubernetes_own(self) -> None:
        (deployment,) = [
            m for m in place.documents(place.CONTROLLERS / "autoscaler.yaml") if m["kind"] == "Deployment"
        ]
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        version = place.cluster()["metadata"]["version"]
        self.assertRegex(container["image"], rf":v{re.escape(version)}\.\d+$")
        name = place.cluster()["metadata"]["name"]
        self.assertTrue(
            any(argument.endswith(f"cluster-autoscaler/{name}") for argument in container["command"])
        )

    def test_the_store_of_secrets_is_the_one_that_charts_name(self) -> None:
        (store,) = place.documents(place.CONTROLLERS / "secret-store.yaml")
        asked = charts.named(place.rendered()["api"], "ExternalSecret", "redis")
        self.assertEqual(
            asked["spec"]["secretStoreRef"], {"kind": store["kind"], "name": store["metadata"]["name"]}
        )
        self.assertEqual(asked["apiVersion"], store["apiVersion"])
        asking = {
            release.namespace
            for release in environments.environment("prod").releases()
            if "externalSecrets" in place.values(release.name)
        }
        self.assertEqual(store["spec"]["conditions"], [{"namespaces": ["ondol", "monitoring"]}])
        self.assertEqual(asking, {"ondol", "monitoring"})

    def test_what_comes_from_elsewhere_is_pinned(self) -> None:
        for file in place.CONTROLLERS.glob("*/kustomization.yaml"):
            (found,) = place.documents(file)
            for resource in found["resources"]:
                with self.subTest(resource=resource):
                    self.assertRegex(resource, r"^namespace\.yaml$|/v\d+\.\d+\.\d+/")
                    self.assertTrue("://" in resource or (file.parent / resource).is_file())
