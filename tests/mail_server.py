"""A mail server: ``python mail_server.py PORT FOLDER``; a real SMTP process.

Keeps each letter as a file in FOLDER. The word in FOLDER/mode says how it behaves:
``good``, ``refuse`` (no such mailbox), ``busy`` (grey-listing), ``spam`` (not this
letter) or ``lose`` (takes the letter, but the line breaks before it can say so).
There is no mailbox ``nobody@``.
"""

import contextlib
import socketserver
import subprocess
import sys
import time
import uuid
from email import message_from_bytes, policy
from pathlib import Path

from tests.tasks.processes import free_port

CODES = {"refuse": (550, "RCPT"), "busy": (450, "RCPT"), "spam": (554, "DATA")}


class Session(socketserver.StreamRequestHandler):
    def say(self, code, text="ok"):
        self.wfile.write(f"{code} {text}\r\n".encode())

    def mode(self):
        return (self.server.folder / "mode").read_text().strip()

    def refused(self, step, line=""):
        code, when = CODES.get(self.mode(), (0, ""))
        if step == "RCPT" and "<nobody@" in line:
            code, when = 550, step
        if when == step:
            self.say(code, "no")
        return when == step

    def handle(self):
        self.say(220, "test")
        for line in self.rfile:
            verb = line.split(maxsplit=1)[0].decode().upper() if line.strip() else ""
            if verb == "QUIT":
                self.say(221)
                return
            if verb == "DATA":
                if not self.take():
                    return
            elif not (verb == "RCPT" and self.refused("RCPT", line.decode())):
                self.say(250)

    def take(self):
        self.say(354, "go on")
        lines = list(iter(self.rfile.readline, b".\r\n"))
        if self.refused("DATA"):
            return True
        letter = b"".join(
            line[1:] if line.startswith(b"..") else line for line in lines
        )
        path = self.server.folder / f"{time.time_ns()}-{uuid.uuid4().hex}.eml"
        path.write_bytes(letter)
        if self.mode() == "lose":
            return False
        self.say(250)
        return True


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class MailServer:
    """What tests see of the process."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.behave("good")

    def begin(self, settings):
        """Forget all letters; become the server that the settings name."""
        for path in self.folder.glob("*.eml"):
            path.unlink()
        self.behave("good")
        if self.process is None:
            self.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", self.port
        settings.EMAIL_TIMEOUT = 5
        settings.GONGKAI_MAIL = True

    def behave(self, mode):
        (self.folder / "mode").write_text(mode)

    def start(self):
        """Run it; returns once it answers."""
        command = [sys.executable, "-m", "tests.mail_server"]
        self.process = subprocess.Popen([*command, str(self.port), str(self.folder)])
        ready = self.folder / "ready"
        for _attempt in range(200):
            if ready.exists():
                return
            time.sleep(0.05)
        raise AssertionError("the mail server does not start")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        (self.folder / "ready").unlink(missing_ok=True)

    @property
    def letters(self):
        """All letters so far, the oldest first."""
        paths = sorted(self.folder.glob("*.eml"))
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in paths
        ]


@contextlib.contextmanager
def mail_server(folder):
    """A running server that keeps its letters in this folder."""
    server = MailServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main():
    port, folder = sys.argv[1:]
    with Server(("127.0.0.1", int(port)), Session) as server:
        server.folder = Path(folder)
        (server.folder / "ready").touch()
        server.serve_forever()


if __name__ == "__main__":
    main()
