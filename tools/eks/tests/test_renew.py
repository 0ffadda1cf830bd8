"""A secret is read before pods are restarted for it, and none of the old pods is left when it is told so."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from typing import Any

from tests import place

# A cluster in a file: the operator reads at the third look, and of old pods one more goes with each look.
KUBECTL = """
    import json, sys
    from pathlib import Path

    file = Path(__file__).with_name("cluster.json")
    state = json.loads(file.read_text("utf-8"))
    words = sys.argv[1:]
    state["calls"].append(words)
    answer = {}
    if words[0] == "annotate":
        state["asked"] = True
    elif words[1] == "externalsecret":
        state["looks"] += state["asked"]
        read = state["reads"] and state["looks"] > 2
        answer = {"status": {"syncedResourceVersion": "2-b" if read else "1-a"}}
    elif words[:2] == ["get", "pods"]:
        if state["restarted"] and state["old"]:
            state["new"].append("new-" + state["old"].pop())
        status = {"conditions": [{"type": "Ready", "status": "True"}]}
        pods = [{"metadata": {"uid": uid}, "status": status} for uid in state["old"] + state["new"]]
        answer = {"items": pods}
    elif words[0] == "get":
        answer = {"spec": {"selector": {"matchLabels": {"app": words[2]}}}}
    else:
        state["restarted"] = True
    file.write_text(json.dumps(state), encoding="utf-8")
    print(json.dumps(answer))
"""


class Renewed(unittest.TestCase):
    def run_in(self, *words: str, reads: bool = True) -> "tuple[subprocess.CompletedProcess, dict[str, Any]]":
        with tempfile.TemporaryDirectory() as folder:
            program, file = Path(folder, "kubectl"), Path(folder, "cluster.json")
            program.write_text(f"#!{sys.executable}\n{textwrap.dedent(KUBECTL)}", encoding="utf-8")
            program.chmod(0o755)
            state = {"calls": [], "asked": False, "looks": 0, "reads": reads, "restarted": False, "new": []}
            file.write_text(json.dumps({**state, "old": ["a", "b"]}), encoding="utf-8")
            path = f"{folder}{os.pathsep}{os.environ['PATH']}"
            command = [sys.executable, str(place.ROOT / "tools/eks/renew.py"), *words]
            done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True)
            return done, json.loads(file.read_text("utf-8"))

    def test_pods_are_restarted_after_the_secret_was_read_and_all_go(self) -> None:
        done, state = self.run_in("ondol/redis", "--restart", "ondol/rollout/api", "ondol/deployment/mcp")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((state["old"], sorted(state["new"])), ([], ["new-a", "new-b"]))
        self.assertGreater(state["looks"], 2)
        verbs = [words[0] for words in state["calls"]]
        last_look = max(at for at, words in enumerate(state["calls"]) if words[1] == "externalsecret")
        self.assertLess(last_look, verbs.index("patch"))
        self.assertIn(["rollout", "restart", "deployment/mcp", "--namespace", "ondol"], state["calls"])
        (patch,) = [words for words in state["calls"] if words[0] == "patch"]
        self.assertRegex(patch[patch.index("--patch") + 1], r'"restartAt": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"')

    def test_nothing_is_restarted_for_a_secret_that_is_not_read(self) -> None:
        words = ("ondol/redis", "--timeout", "1", "--restart", "ondol/rollout/api")
        done, state = self.run_in(*words, reads=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the operator has not read ondol/redis", done.stderr)
        self.assertFalse(state["restarted"])

    def test_what_has_no_such_form_is_refused(self) -> None:
        done, state = self.run_in("redis")
        self.assertEqual(done.returncode, 1)
        self.assertIn("redis: expected 2 names", done.stderr)
        self.assertEqual(state["calls"], [])
