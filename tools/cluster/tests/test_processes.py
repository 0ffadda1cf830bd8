"""Processes that are started, waited for and ended, and the ports and keys that they are given."""

import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from certificates import Authority
from cluster import Cluster, Failed
from ports import free, listens
from processes import Processes


class Ports(unittest.TestCase):
    def test_no_two_are_the_same_and_nobody_listens(self) -> None:
        ports = free(50)
        self.assertEqual(50, len(set(ports)))
        with socket.socket() as one:
            one.bind(("127.0.0.1", ports[0]))
            self.assertFalse(listens(ports[0]))
            one.listen()
            self.assertTrue(listens(ports[0]))


class Ends(unittest.TestCase):
    def setUp(self) -> None:
        self.processes = Processes()
        self.addCleanup(self.processes.stop)

    def test_all_are_ended_and_their_folder_is_gone(self) -> None:
        self.processes.start("sleeper", ["sleep", "600"])
        (_, process) = self.processes.started[0]
        self.processes.stop()
        self.assertIsNotNone(process.poll())
        self.assertFalse(self.processes.folder.exists())

    def test_one_may_be_ended_before_the_others_and_is_not_missed(self) -> None:
        first, second = (self.processes.start(name, ["sleep", "600"]) for name in ("first", "second"))
        self.processes.end_one("first")
        self.assertIsNotNone(first.poll())
        self.assertIsNone(second.poll())
        self.assertEqual([], self.processes.ended())

    def test_one_that_does_not_start_is_told_with_its_log(self) -> None:
        self.processes.start("broken", [sys.executable, "-c", "raise SystemExit('no such flag')"])
        with self.assertRaisesRegex(
            SystemExit, "broken did not start; its log is .*broken.log\nno such flag"
        ):
            self.processes.until("broken", lambda: False)
        self.processes.stop()
        self.assertIn("no such flag", self.processes.log("broken").read_text())
        subprocess.run(["rm", "-r", str(self.processes.folder)], check=True)

    def test_one_that_ends_by_itself_is_noticed(self) -> None:
        cluster = Cluster()
        self.addCleanup(cluster.stop)
        cluster.processes.start("short", [sys.executable, "-c", ""])
        with self.assertRaisesRegex(Failed, "short has ended; the logs are in"):
            cluster.until("nothing", lambda: False, 30)
        cluster.processes.keep = False

    def test_what_never_comes_is_told_with_the_last_refusal(self) -> None:
        cluster = Cluster()
        self.addCleanup(cluster.stop)

        def refused() -> bool:
            raise Failed("kubectl get: not found")

        with self.assertRaisesRegex(Failed, "not in 1 s: a pod; kubectl get: not found"):
            cluster.until("a pod", refused, 1)
        cluster.processes.keep = False


class Keys(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.authority = Authority(self.folder, "ca")
        made = self.authority.signed("server", "server", names=("DNS:localhost", "IP:127.0.0.1"))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(made.file, made.key)

    def client(self, authority: Authority) -> ssl.SSLContext:
        """One that believes this authority."""
        return ssl.create_default_context(cafile=str(authority.own.file))

    def test_a_server_is_believed_by_its_names(self) -> None:
        for name in ("localhost", "127.0.0.1"):
            handshake(self.client(self.authority), self.server, name)
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "Hostname mismatch"):
            handshake(self.client(self.authority), self.server, "other.example")

    def test_nobody_is_believed_by_the_word_of_another_authority(self) -> None:
        """Though it is called the same."""
        (self.folder / "another").mkdir()
        another = self.client(Authority(self.folder / "another", "ca"))
        with self.assertRaises(ssl.SSLCertVerificationError):
            handshake(another, self.server, "localhost")

    def test_a_user_is_known_by_name_and_group_and_refused_without(self) -> None:
        self.server.verify_mode = ssl.CERT_REQUIRED
        self.server.load_verify_locations(str(self.authority.own.file))
        made = self.authority.signed("user", "system:someone", "system:masters")
        client = self.client(self.authority)
        client.load_cert_chain(made.file, made.key)
        known = dict(pair for (pair,) in handshake(client, self.server, "localhost")["subject"])
        self.assertEqual({"commonName": "system:someone", "organizationName": "system:masters"}, known)
        with self.assertRaisesRegex(ssl.SSLError, "PEER_DID_NOT_RETURN_A_CERTIFICATE"):
            handshake(self.client(self.authority), self.server, "localhost")


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> "dict[str, Any]":
    """In memory: each side reads what the other wrote until both are content. Returns whom the server then
    knows, if it has asked."""
    ways = [ssl.MemoryBIO() for _ in range(2)]
    sides = [
        client.wrap_bio(ways[0], ways[1], server_hostname=name),
        server.wrap_bio(ways[1], ways[0], server_side=True),
    ]
    left = sides
    for _ in range(4):
        left = [side for side in left if not content(side)]
    if left:
        raise AssertionError(f"{len(left)} of two sides have come to no end")
    return sides[1].getpeercert() or {}


def content(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
