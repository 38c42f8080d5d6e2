"""Serve with the options given as JSON in the first argument, as the command line would."""

import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from livegen.daemon.port_process import ServeOptions, serve
from livegen.errors import LivegenError

if __name__ == "__main__":
    # As in a terminal: a shell that runs these tests in the background makes its children ignore this one.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    given: dict[str, Any] = json.loads(sys.argv[1])
    given |= {key: Path(given[key]) for key in ("player", "record", "recordings") if key in given}
    try:
        sys.exit(serve(ServeOptions(**given)))
    except LivegenError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
