"""What is sent to the address of a pod that has gone is lost."""

import socket
import unittest

from pods.silence import Silence
from stand import free_port


class Silent(unittest.TestCase):
    def test_an_attempt_to_connect_is_neither_answered_nor_refused(self) -> None:
        port = free_port()
        silence = Silence("127.0.0.1", port)
        try:
            with socket.socket() as caller:
                caller.settimeout(0.3)
                with self.assertRaises(socket.timeout):
                    caller.connect(("127.0.0.1", port))
        finally:
            silence.close()
