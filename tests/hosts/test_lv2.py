"""The plug-in as LV2: a note through jalv over a private JACK server."""

import os
import subprocess
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from tests.e2e.harness import Partner, private_server, wait_for
from tests.hosts.host import BUILT
from tests.hosts.peer import Peer

pytestmark = pytest.mark.plugin


def test_a_note_over_jack_comes_back_through_jalv(tmp_path: Path) -> None:
    peer = Peer(tmp_path)
    with private_server() as server:
        found = {"LV2_PATH": str(BUILT), "XDG_DATA_HOME": str(tmp_path), "LIVEGEN_COMMAND": "false"}
        jalv = subprocess.Popen(
            ["jalv", "-n", "jam", "-c", "through=0", "urn:livegen:jam"],
            env=os.environ | server.environment | found,
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        try:
            wait_for(lambda: bool(peer.of("hello")))
            names = [name for name in server.ports() if name.startswith("jam:")]
            into, out = (next(n for n in names if way in n.lower()) for way in ("in", "out"))
            partner = Partner(into.partition(":")[2], out.partition(":")[2])
            partner.send(0x90, 60, 80)
            wait_for(lambda: any(data[:2] == b"\x90\x48" for data in partner.listen()))
            partner.send(0x80, 60, 0)
            wait_for(lambda: any(data[:2] == b"\x80\x48" for data in partner.listen()))
            partner.close()
        finally:
            jalv.terminate()
            jalv.wait(10)
            assert jalv.stdin is not None
            jalv.stdin.close()
            peer.close()
