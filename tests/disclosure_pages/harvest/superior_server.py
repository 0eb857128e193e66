"""A superior's site: ``python superior_server.py PORT``; a real HTTP process.

``POST /__set`` gives the pages as JSON: path → {status, headers, body (base64), etag,
drip_s}; ``GET /__asked`` tells what was asked for since then.
"""

import base64
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATE = {"pages": {}, "asked": []}  # changed by POST /__set


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):  # noqa: N802
        length = int(self.headers["Content-Length"])
        STATE["pages"] = json.loads(self.rfile.read(length))
        STATE["asked"] = []
        self.answer(200, {}, b"")

    def do_GET(self):  # noqa: N802
        if self.path == "/__asked":
            self.answer(200, {}, json.dumps(STATE["asked"]).encode())
            return
        page = STATE["pages"].get(self.path)
        status = 404 if page is None else page.get("status", 200)
        page = page or {}
        headers = page.get("headers", {})
        if etag := page.get("etag"):
            headers = {**headers, "ETag": etag}
            if self.headers.get("If-None-Match") == etag:
                status = 304
        STATE["asked"].append(
            {"path": self.path, "status": status, "at": time.time(),
             "host": self.headers.get("Host")}
        )  # fmt: skip
        body = b"" if status == 304 else base64.b64decode(page.get("body", ""))
        self.answer(status, headers, body, page.get("drip_s", 0))

    def answer(self, status, headers, body, drip_s=0):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not drip_s:
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes([byte]))
            time.sleep(drip_s)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
