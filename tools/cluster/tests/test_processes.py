"""Processes that are started, waited for and ended, and the ports and keys that they are given."""

import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

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
    def test_a_server_is_believed_by_its_names(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(Path(folder), "ca")
            made = authority.signed("server", "server", "group", ("DNS:localhost", "IP:127.0.0.1"))
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(made.file, made.key)
            client = ssl.create_default_context(cafile=str(authority.own.file))
            handshake(client, server, "localhost")
            with self.assertRaises(ssl.SSLCertVerificationError):
                handshake(client, server, "other.example")


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """In memory: each side reads what the other wrote until both are content."""
    ways = [ssl.MemoryBIO() for _ in range(2)]
    sides = [
        client.wrap_bio(ways[0], ways[1], server_hostname=name),
        server.wrap_bio(ways[1], ways[0], server_side=True),
    ]
    for _ in range(4):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
