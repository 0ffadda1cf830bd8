"""What the page on cost counts is what the files make."""

import re
import unittest

import charts
from tests import place
from tests.test_cluster import amount

# What a gp3 volume has without being paid for, in MB/s.
INCLUDED = 125


def rows() -> dict[str, str]:
    """How many of each thing that is always there."""
    text = (place.ROOT / "docs/eks-cost.md").read_text("utf-8").partition("## What comes with use")[0]
    return dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE))


class Counted(unittest.TestCase):
    def test_volumes(self) -> None:
        found = charts.render("observability", place.values("observability"))
        claims = [
            (one["metadata"]["name"], one["spec"].get("replicas", 1), claim["spec"]["resources"]["requests"])
            for one in found
            for claim in one.get("spec", {}).get("volumeClaimTemplates", [])
        ]
        claims += [
            (one["metadata"]["name"], 1, one["spec"]["resources"]["requests"])
            for one in found
            if one["kind"] == "PersistentVolumeClaim"
        ]
        sizes = {name: count * amount(asked["storage"]) / 1024**3 for name, count, asked in claims}
        told = rows()["volumes"]
        self.assertTrue(told.startswith(f"{sum(sizes.values()):.0f} GB"), (told, sizes))
        for name, size in sizes.items():
            self.assertIn(f"{name.capitalize()} {size:.0f}", told)

    def test_disks_of_nodes(self) -> None:
        groups = place.cluster()["managedNodeGroups"]
        general = [group for group in groups if group["labels"]["ondol/pool"] == "general"]
        (gpu,) = [group for group in groups if group["labels"]["ondol/pool"] == "gpu"]
        least = sum(group["minSize"] for group in general)
        self.assertIn(f"{least} × {general[0]['volumeSize']} GB", rows()["disks of nodes"])
        self.assertIn(f"{gpu['minSize']} × {gpu['volumeSize']} GB", rows()["disks of nodes"])
        more = gpu["volumeThroughput"] - INCLUDED
        self.assertTrue(rows()["their throughput"].startswith(f"{more} MB/s for each GPU node"))
        self.assertFalse([group for group in general if "volumeThroughput" in group])

    def test_addresses(self) -> None:
        """One for each NAT gateway, and one for the load balancer in each public subnet."""
        gateways = len(place.resources("network", "AWS::EC2::NatGateway"))
        public = [
            name for name in place.template("network")["Resources"] if re.fullmatch("Public[A-Z]", name)
        ]
        told = rows()["public IPv4 addresses"]
        self.assertTrue(
            told.startswith(f"{gateways + len(public)} × 730 h: {gateways} of NAT gateways"), told
        )
        self.assertIn(f"{len(public)} of the load balancer", told)

    def test_secrets(self) -> None:
        made = [
            one for name in ("data", "edge") for one in place.resources(name, "AWS::SecretsManager::Secret")
        ]
        self.assertEqual(rows()["secrets"], str(len(made)))

    def test_logs(self) -> None:
        logging = place.cluster()["cloudWatch"]["clusterLogging"]
        told = rows()["logs of the control plane"]
        self.assertEqual(
            told, f"{' and '.join(logging['enableTypes'])}, kept for {logging['logRetentionInDays']} days"
        )
