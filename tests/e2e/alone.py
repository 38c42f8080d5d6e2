"""Run a command where there is no network, and tell what it asked for.

    unshare --net --mount python tests/e2e/alone.py OUT.json COMMAND…

In a network of its own, of nothing but the loopback, a name server of ours answers every question with "no such
name" and writes it down.  It is the only way to ask: the files that tell where to ask are ours, and sockets of
services that would ask on behalf of others (systemd-resolved, nscd) are out of sight.  Linux only.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914  # netdevice(7)
IFF_UP = 1
NO_SUCH_NAME = 0x8183  # RFC 1035, section 4.1.1: a response, recursion both ways, code 3
LIMIT_S = 300
HEADER = 12  # bytes before the question
FILES = {
    "/etc/resolv.conf": "nameserver 127.0.0.1\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def bring_up_loopback() -> None:
    """A new network has one device, and that is off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def lead_all_questions_here() -> None:
    """Hide what is configured, in the mounts that are ours alone."""
    for path, text in FILES.items():
        if Path(path).exists():
            ours = Path(tempfile.mkdtemp()) / "file"
            ours.write_text(text)
            subprocess.run(["mount", "--bind", ours, path], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)


def answer_questions(sock: socket.socket, asked: list[str]) -> None:
    """Write down every name, for ever."""
    while True:
        data, peer = sock.recvfrom(4096)
        asked.append(name_in(data))
        answer = data[:2] + struct.pack(">HHHHH", NO_SUCH_NAME, 1, 0, 0, 0) + data[HEADER:]
        sock.sendto(answer, peer)


def name_in(question: bytes) -> str:
    """The name that a question is about: its labels, each after its length."""
    labels, at = [], HEADER
    while at < len(question) and (size := question[at]):
        labels.append(question[at + 1 : at + 1 + size].decode("latin-1"))
        at += 1 + size
    return ".".join(labels)


def tcp_opened() -> int:
    """How many connections were begun in this network so far (`ActiveOpens` of RFC 1213)."""
    names, values = (
        line.split()
        for line in Path("/proc/net/snmp").read_text().splitlines()
        if line.startswith("Tcp:")
    )
    return int(dict(zip(names, values, strict=True))["ActiveOpens"])


def main(out: str, *command: str) -> None:
    """Write {"status", "asked", "connections", "stdout", "stderr"} of the command to `out`."""
    bring_up_loopback()
    lead_all_questions_here()
    asked: list[str] = []
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))
    threading.Thread(target=answer_questions, args=(sock, asked), daemon=True).start()
    before = tcp_opened()
    ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    told = {
        "status": ran.returncode,
        "asked": asked,
        "connections": tcp_opened() - before,
        "stdout": ran.stdout,
        "stderr": ran.stderr,
    }
    Path(out).write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
