"""Small network questions that the shell scripts ask; standard library only.

``free PORT…`` exits 1 and names the first port that is taken; ``pick N`` prints
N ports nobody uses; ``wait PID URL`` returns when the address answers 200, and
exits 1 when the process is gone or 120 s have passed; ``healthy URL`` exits 1 unless
it answers under the first name of ``ALLOWED_HOSTS``.
"""

import os
import socket
import sys
import time
import urllib.error
import urllib.request


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def pick(count: int) -> list[int]:
    """Return ports that nobody uses; all are held open until all are chosen."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def answers(url: str, host: str = "") -> bool:
    """Whether the address answers without an error (asked under this host name)."""
    headers = {"Host": host} if host else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310
            return reply.status < 400
    except (OSError, urllib.error.URLError):
        return False


def alive(pid: int) -> bool:
    """Whether the process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait(pid: int, url: str, timeout_s: float = 120.0) -> bool:
    """Wait until the address answers; False when the process ended or time is up."""
    deadline = time.monotonic() + timeout_s
    while not answers(url):
        if not alive(pid) or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def main(command: str, *arguments: str) -> int:
    """Answer one question of a shell script by output and exit code."""
    if command == "pick":
        sys.stdout.write(" ".join(map(str, pick(int(arguments[0])))) + "\n")
        return 0
    if command == "healthy":
        host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*")
        return 0 if answers(arguments[0], host) else 1
    if command == "wait":
        return 0 if wait(int(arguments[0]), arguments[1]) else 1
    taken = [port for port in arguments if not is_free(int(port))]
    sys.stdout.write("".join(f"{port}\n" for port in taken[:1]))
    return 1 if taken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
