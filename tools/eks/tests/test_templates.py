"""The templates are what CloudFormation takes, as far as cfn-lint knows, and fit what else is checked in."""

import ipaddress
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import charts
import deployed
from tests import place


def lint(*files: Path) -> str:
    fetch = [sys.executable, str(place.ROOT / "tools/fetch/fetch.py"), "path", "cfn-lint"]
    launcher = subprocess.run(fetch, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    command = [launcher, "--include-checks", "I", "--regions", "ap-northeast-2", "us-east-1", "--"]
    told = subprocess.run([*command, *map(str, files)], capture_output=True, text=True)
    return told.stdout + ("" if told.returncode in (0, 2, 4, 6, 8, 10, 12, 14) else told.stderr)


def names_in(properties: dict[str, Any]) -> list[Any]:
    """Those by which AWS knows one thing of its kind in an account, or in the world."""
    once = {"BucketName", "ManagedPolicyName", "Name", "RoleName"}
    once |= {"ReplicationGroupId", "UserGroupId", "UserId"}
    policy = properties.get("CachePolicyConfig", {})
    return [value for of in (properties, policy) for key, value in of.items() if key in once]


class Lint(unittest.TestCase):
    def test_nothing_is_found(self) -> None:
        self.assertGreater(len(place.TEMPLATES), 5)
        self.assertEqual(lint(*place.TEMPLATES), "")

    def test_a_mistake_is_found(self) -> None:
        text = (place.EKS / "data.yaml").read_text("utf-8").replace("MultiAZEnabled", "MultiAZEnable")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "data.yaml")
            file.write_text(text, encoding="utf-8")
            self.assertIn("MultiAZEnable", lint(file))


class Fit(unittest.TestCase):
    def test_what_a_stack_imports_another_exports(self) -> None:
        exported, imported = set(), set()
        for file in place.TEMPLATES:
            text = file.read_text("utf-8")
            exported |= set(re.findall(r'Export: \{Name: !Sub "([^"]+)"\}', text))
            imported |= set(re.findall(r'"Fn::ImportValue": !Sub "([^"]+)"', text))
        self.assertEqual(imported - exported, set())
        self.assertEqual(exported - imported, set())

    def test_subnets_are_apart_and_redis_is_where_policies_look(self) -> None:
        template = place.template("network")["Resources"]
        networks = {
            name: ipaddress.ip_network(resource["Properties"]["CidrBlock"])
            for name, resource in template.items()
            if resource["Type"] == "AWS::EC2::Subnet"
        }
        everything = ipaddress.ip_network(template["Vpc"]["Properties"]["CidrBlock"])
        for name, network in networks.items():
            self.assertTrue(network.subnet_of(everything), name)
            others = [other for key, other in networks.items() if key != name]
            self.assertFalse(any(network.overlaps(other) for other in others), name)
        policy = place.values("api")["networkPolicy"]
        redis = ipaddress.ip_network(policy["redis"][0]["ipBlock"]["cidr"])
        self.assertEqual(
            {name for name, network in networks.items() if network.subnet_of(redis)},
            {"DataA", "DataB", "DataC"},
        )
        balancers = ipaddress.ip_network(policy["loadBalancers"][0]["ipBlock"]["cidr"])
        for name in ("PublicA", "PublicB", "PublicC"):
            self.assertTrue(networks[name].subnet_of(balancers), name)
        pods = ipaddress.ip_network(
            place.template("data")["Resources"]["CacheGroup"]["Properties"]["SecurityGroupIngress"][0][
                "CidrIp"
            ]
        )
        for name in ("PrivateA", "PrivateB", "PrivateC"):
            self.assertTrue(networks[name].subnet_of(pods), name)

    def test_lifecycles_are_those_that_operators_are_told(self) -> None:
        rules = place.template("data")["Resources"]["Artifacts"]["Properties"]["LifecycleConfiguration"]
        days = {
            rule["Prefix"].removeprefix("ondol/"): rule["ExpirationInDays"]
            for rule in rules["Rules"]
            if "Prefix" in rule
        }
        text = (place.ROOT / "docs/operating.md").read_text("utf-8")
        told = re.findall(r"^\| `([a-z]+/)` \| .* \| (?:(\d+) days|as long as)", text, re.MULTILINE)
        self.assertEqual(set(days), {prefix for prefix, _ in told})
        for prefix, number in told:
            if number:
                self.assertEqual(days[prefix], int(number), prefix)

    def test_the_secrets_and_buckets_are_those_that_charts_name(self) -> None:
        secrets = [
            secret["Name"]["Fn::Sub"] for secret in place.resources("data", "AWS::SecretsManager::Secret")
        ]
        made = {name.replace("${Environment}", "prod") for name in secrets}
        asked = {
            key["key"]
            for release in ("api", "observability")
            for keys in place.values(release)["externalSecrets"]["secrets"].values()
            for key in keys.values()
        }
        self.assertEqual(asked, made)
        for release in ("api", "mcp", "worker"):
            self.assertEqual(place.values(release)["objects"]["url"], "s3://acme-ondol-prod/ondol")
        for release in ("llm-small", "llm-large"):
            self.assertEqual(
                place.values(release)["models"]["s3"]["url"], "s3://acme-ondol-prod-models/packages"
            )

    def test_two_environments_fit_into_one_account(self) -> None:
        """Whatever AWS knows by a name of ours has the environment in it, or the environment's host."""
        seen = []
        for file in place.TEMPLATES:
            if file.stem != "registry":
                for kind, resource in place.template(file.stem)["Resources"].items():
                    for name in names_in(resource.get("Properties", {})):
                        seen.append(name)
                        with self.subTest(template=file.stem, resource=kind):
                            self.assertRegex(str(name), r"Environment|Domain")
        self.assertGreater(len(seen), 15)

    def test_the_registry_has_a_place_for_each_image(self) -> None:
        names = {found["RepositoryName"] for found in place.resources("registry", "AWS::ECR::Repository")}
        self.assertEqual(names, {f"ondol/{name}" for name in deployed.IMAGES})

    def test_grpc_goes_past_api_gateway(self) -> None:
        (distribution,) = place.resources("edge", "AWS::CloudFront::Distribution")
        config = distribution["DistributionConfig"]
        direct = [
            behavior for behavior in config["CacheBehaviors"] if behavior["TargetOriginId"] == "balancer"
        ]
        grpc = [
            behavior["PathPattern"] for behavior in direct if behavior.get("GrpcConfig", {}).get("Enabled")
        ]
        packages = set()
        for file in (place.ROOT / "proto").glob("**/*.proto"):
            text = file.read_text("utf-8")
            if re.search(r"^service ", text, re.MULTILINE):
                packages.add(re.search(r"^package ([a-z0-9.]+);", text, re.MULTILINE)[1])
        self.assertGreater(len(packages), 3)
        for path in (*(f"/{package}.Service/Method" for package in packages), "/grpc.health.v1.Health/Check"):
            with self.subTest(path=path):
                self.assertTrue(any(path.startswith(pattern.rstrip("*")) for pattern in grpc))
        self.assertEqual(config["DefaultCacheBehavior"]["TargetOriginId"], "gateway")

    def test_the_stage_is_taken_from_the_path(self) -> None:
        """By the rule of the load balancer, since API Gateway puts it there; and nothing else is changed."""
        (stage,) = place.resources("edge", "AWS::ApiGateway::Stage")
        for environment in ("prod", "staging"):
            alb = place.values("api", environment)["ingress"]["alb"]
            rendered = charts.render("api", place.values("api", environment), "api")
            (http,) = [m for m in rendered if m["kind"] == "Ingress" and m["metadata"]["name"] == "api-http"]
            backends = {
                path["backend"]["service"]["name"]
                for rule in http["spec"]["rules"]
                for path in rule["http"]["paths"]
            }
            (name,) = backends
            note = f"alb.ingress.kubernetes.io/transforms.{name}"
            self.assertEqual(http["metadata"]["annotations"][note], alb["annotations"][note])
            ((transform,),) = [json.loads(alb["annotations"][note])]
            self.assertEqual(transform["type"], "url-rewrite")
            (rewrite,) = transform["urlRewriteConfig"]["rewrites"]
            for before, after in (
                (f"/{stage['StageName']}/v1/models", "/v1/models"),
                (f"/{stage['StageName']}/v1/jobs?page=2", "/v1/jobs?page=2"),
                (f"/{stage['StageName']}/", "/"),
                ("/v1/models", "/v1/models"),
                ("/ondol.jobs.v1.JobService/WatchJob", "/ondol.jobs.v1.JobService/WatchJob"),
            ):
                with self.subTest(environment=environment, before=before):
                    replace = re.sub(r"\$(\d)", r"\\\1", rewrite["replace"])
                    self.assertEqual(re.sub(rewrite["regex"], replace, before), after)

    def test_only_our_cloudfront_is_let_in(self) -> None:
        """Both origins are shown the secret that the web ACL asks for, which stands before both."""
        (acl,) = place.resources("edge", "AWS::WAFv2::WebACL")
        self.assertEqual(acl["DefaultAction"], {"Block": {}})
        rule, before = acl["Rules"]
        before = before["Fn::If"][1]
        header = "x-ondol-origin"
        shown = rule["Statement"]["ByteMatchStatement"]["SearchString"]
        self.assertIn("{{resolve:secretsmanager:${OriginSecret}:", shown["Fn::Sub"])
        for one in (rule, before):
            match = one["Statement"]["ByteMatchStatement"]
            self.assertEqual((one["Action"], match["PositionalConstraint"]), ({"Allow": {}}, "EXACTLY"))
            self.assertEqual(match["FieldToMatch"], {"SingleHeader": {"Name": header}})
            self.assertFalse(one["VisibilityConfig"]["SampledRequestsEnabled"])
        (distribution,) = place.resources("edge", "AWS::CloudFront::Distribution")
        for origin in distribution["DistributionConfig"]["Origins"]:
            self.assertEqual(origin["OriginCustomHeaders"], [{"HeaderName": header, "HeaderValue": shown}])
        guarded = [
            str(one["ResourceArn"]) for one in place.resources("edge", "AWS::WAFv2::WebACLAssociation")
        ]
        self.assertTrue(any("LoadBalancer" in one for one in guarded))
        self.assertTrue(any("/restapis/${Gateway}/stages/${Stage}" in one for one in guarded))
