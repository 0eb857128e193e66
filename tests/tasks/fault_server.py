"""A portal that misbehaves, a real HTTP process: ``fault_server.py PORT [PEM]``.

With a file of certificate and key it speaks TLS.
"""

import contextlib
import http.client
import json
import random
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATE = {"mode": "good", "asked": [], "items": {}}  # changed by POST /__fault
CROWD = {"now": 0, "most": 0}  # requests that are answered at once
CROWD_LOCK = threading.Lock()
LATE = []  # requests that the line keeps back: (method, path, body, headers)
CHANCE = random.Random(7)
FAULTS = ("lost", "dropped", "broken", "busy", "twice", "late", "slow")


def send_on(method, path, body, headers):
    """Pass one request on to the real portal; status, body and kind of its answer."""
    upstream = http.client.HTTPConnection(STATE["upstream"], timeout=20)
    with contextlib.closing(upstream):
        upstream.request(method, path, body or None, headers)
        response = upstream.getresponse()
        kind = response.headers.get("Content-Type", "")
        return response.status, response.read(), kind


def send_late(path=None):
    """Deliver what was kept back, for one path or all, the newest first; statuses."""
    kept = [request for request in LATE if path in (None, request[1])]
    for request in kept:
        LATE.remove(request)
    return [send_on(*request)[0] for request in reversed(kept)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status, body=b"{}", kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self):
        if self.path == "/__late":
            self._body()
            return self._answer(200, json.dumps(send_late()).encode())
        if self.path == "/__plan":
            STATE["plan"] = json.loads(self._body())
            return self._answer(200)
        LATE.clear()
        STATE.clear()
        STATE.update(json.loads(self._body()), asked=[], items={})
        CROWD.update(most=0)
        return self._answer(200)

    def do_GET(self):
        if self.path in ("/__asked", "/__met"):
            told = STATE.get(self.path[3:], [])
            return self._answer(200, json.dumps(told).encode())
        if self.path == "/__most":
            return self._answer(200, json.dumps(CROWD["most"]).encode())
        return self._respond(b"")

    def do_HEAD(self):
        self._respond(b"")

    def do_PUT(self):
        if STATE["mode"] == "unread" and "/files/" in self.path:
            STATE["asked"].append(f"{self.command} {self.path}")
            time.sleep(STATE["seconds"])  # and takes nothing of the body
            self.close_connection = True
            return
        self._respond(self._body())

    def _respond(self, body):
        with CROWD_LOCK:
            CROWD["now"] += 1
            CROWD["most"] = max(CROWD.values())
        try:
            self._respond_as_told(body)
        finally:
            with CROWD_LOCK:
                CROWD["now"] -= 1

    def _respond_as_told(self, body):
        STATE["asked"].append(f"{self.command} {self.path}")
        broken = STATE.get("all_broken") or "upstream" in STATE
        if "/manifest/" in self.path and not broken:
            return self._answer(200, b'{"items": [], "next": null}')
        if self.command == "PUT" and STATE.get("good_for", 0) > 0:
            STATE["good_for"] -= 1
            return self._good(body)
        return getattr(self, f"_{STATE['mode']}")(body)

    def _receipt(self, body, **changes):
        sent = json.loads(body)
        receipt = {name: sent[name] for name in ("key", "version", "sha256")}
        return json.dumps({**receipt, "url": "http://x/", **changes}).encode()

    def _good(self, body):
        if self.command != "PUT":
            return self._answer(404)
        return self._answer(200, self._receipt(body))

    def _status(self, body):
        kind = STATE.get("kind", "application/json")
        text = STATE.get("body", "{}").encode()
        self._answer(STATE["status"], text, kind, **STATE.get("headers", {}))

    def _html(self, body):
        self._answer(200, b"<html><title>Login</title></html>", "text/html")

    def _redirect(self, body):
        where = STATE.get("location", "/elsewhere")
        self._answer(STATE.get("status", 302), b"", Location=where)

    def _wrong_echo(self, body):
        self._answer(200, self._receipt(body, **STATE["changes"]))

    def _cut(self, body):
        receipt = self._receipt(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(receipt) + 10))
        self.end_headers()
        self.wfile.write(receipt)
        self.close_connection = True

    def _slow(self, body):
        time.sleep(STATE["seconds"])
        self._answer(200, self._receipt(body))

    def _drip(self, body):
        """One byte of the headers at a time: no single read ever times out."""
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
                self.wfile.write(bytes([byte]))
                time.sleep(0.2)
        except OSError:
            self.close_connection = True

    def _drop(self, body):
        self.close_connection = True
        self.connection.close()

    def _upstream(self, body):
        return send_on(self.command, self.path, body, dict(self.headers))

    def _lossy(self, body):
        """Passes everything on to a real portal; loses three answers of ten."""
        answer = self._upstream(body)
        if CHANCE.random() < 0.3:
            return self._drop(body)
        return self._answer(*answer)

    def _line(self, body):
        """Passes on to a real portal; every PUT may meet a fault.

        ``plan`` names what the next ones meet; after it ``rate`` of them draw one.
        """
        request = (self.command, self.path, body, dict(self.headers))
        fault, plan = "", STATE.get("plan", [])
        if self.command == "PUT" and plan:
            fault = plan.pop(0)
        elif self.command == "PUT" and CHANCE.random() < STATE.get("rate", 0):
            fault = CHANCE.choice(FAULTS)
        STATE.setdefault("met", []).append(fault)
        if fault == "broken":
            return self._answer(CHANCE.choice((500, 502, 504)), b"oops", "text/plain")
        if fault == "busy":
            return self._answer(429, Retry_After="1")
        if fault in ("dropped", "late"):
            if fault == "late":
                LATE.append(request)
            return self._drop(body)
        return self._pass_on(request, fault)

    def _pass_on(self, request, fault):
        """The portal gets it; its answer may be lost, or come late or for a copy."""
        status, text, kind = send_on(*request)
        if STATE.get("rate"):
            send_late(self.path)  # older ones come after this one
        if fault == "twice":
            status, text, kind = send_on(*request)
        if fault == "slow":
            time.sleep(STATE["seconds"])
        if fault == "lost":
            return self._drop(b"")
        with contextlib.suppress(OSError):  # whoever asked may be gone
            self._answer(status, text, kind)

    def _doubling(self, body):
        """Sends some requests twice and gives the second answer, as a proxy may."""
        answer = self._upstream(body)
        if CHANCE.random() < 0.3:
            answer = self._upstream(body)
        return self._answer(*answer)

    def _late(self, body):
        """Loses every other PUT's answer, and repeats that PUT after a newer one."""
        kept = STATE.setdefault("kept", [])
        answer = self._upstream(body)
        if self.command != "PUT":
            return self._answer(*answer)
        if kept:
            send_on(*kept.pop())
            return self._answer(*answer)
        kept.append((self.command, self.path, body, dict(self.headers)))
        return self._drop(body)

    def _endless(self, body):
        """A good status, and a body that never ends."""
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * 1_000_000)
                time.sleep(0.02)
        except OSError:
            self.close_connection = True

    def _unread(self, body):
        """Says that it lacks the files; what is sent of them it never reads."""
        names = [row["sha256"] for row in json.loads(body)["attachments"]]
        self._answer(422, json.dumps({"error": "x", "missing": names}).encode())

    def _honest(self, body):
        """Takes its time, and shows what it took."""
        time.sleep(STATE.get("seconds", 0))
        if self.command == "PUT":
            STATE["items"][self.path] = json.loads(body)
            return self._answer(200, self._receipt(body))
        held = STATE["items"].get(self.path)
        return self._answer(200 if held else 404, json.dumps(held or {}).encode())

    def _lying_withdrawal(self, body):
        """Confirms the withdrawal and still shows the item."""
        if self.command == "PUT":
            STATE["items"][self.path] = json.loads(body)
            return self._answer(200, self._receipt(body))
        shown = {**STATE["items"][self.path], "state": "published"}
        return self._answer(200, json.dumps(shown).encode())


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    if sys.argv[2:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
