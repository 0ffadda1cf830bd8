"""Those outside of the cluster: an API that is a tool, a receiver of webhooks. A request is a line of JSON.

outside.py HOST PORT
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()


def tell(**told: object) -> None:
    with lock:
        print(json.dumps({**told, "at": round(time.time(), 3)}), flush=True)


class Outside(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if self.path.startswith("/hooks"):
            self.hear(body)
        else:
            tell(outside="ordered", number=body["number"])
            time.sleep(body["seconds"])
            self.answer({"number": body["number"], "state": "ordered"})

    def hear(self, body: dict) -> None:
        told = {"id": self.headers["webhook-id"], "type": body["type"], "job": body["data"]["name"]}
        tell(outside="told", signed=bool(self.headers.get("webhook-signature")), **told)
        self.answer({})

    def answer(self, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Outside).serve_forever()
