"""An address that answers nobody: that of a pod that has gone, where the network drops what is sent there."""

import socket
from contextlib import suppress


class Silence:
    """A full queue of connections that nobody takes: the kernel drops further attempts."""

    def __init__(self, address: str, port: int) -> None:
        self.door = socket.socket()
        self.door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.door.bind((address, port))
        self.door.listen(0)
        self.waiting = [self.knock(address, port) for _ in range(3)]

    def knock(self, address: str, port: int) -> socket.socket:
        caller = socket.socket()
        caller.setblocking(False)
        with suppress(BlockingIOError):
            caller.connect((address, port))
        return caller

    def close(self) -> None:
        for one in (*self.waiting, self.door):
            one.close()
