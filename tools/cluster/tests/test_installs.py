"""What tests run of Argo CD and Argo Rollouts has the version that deploy/eks installs."""

import unittest

import installs
import programs
from repository import ROOT

BUILT = {installs.ARGO_CD: "argo-cd", installs.ROLLOUTS: "argo-rollouts"}


class Versions(unittest.TestCase):
    def test_a_kustomization_installs_it(self) -> None:
        for install, name in BUILT.items():
            with self.subTest(name=name):
                file = ROOT / "deploy/eks/cluster" / name / "kustomization.yaml"
                self.assertIn(install.address, file.read_text("utf-8"))
                self.assertIn(f"/{install.source.version}/", install.address)

    def test_the_module_that_is_built_has_it(self) -> None:
        for install, name in BUILT.items():
            module = programs.SOURCES / name / "go.mod"
            with self.subTest(name=name):
                wanted = f"{install.source.module} {install.source.version}"
                self.assertIn(wanted, module.read_text("utf-8"))
