"""The fitting of a model to a player, in a process of its own of the lowest priority, which ends with its answer.

The model's file and the lesson on standard input, as JSON; on the output the layers that are others now, as an .npz,
or on the error output the line that says why there are none.
"""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from livegen.errors import LivegenError
from livegen.own_processes import spawn_command
from livegen.priority import be_nice

if TYPE_CHECKING:
    from livegen.inference.contract import Layers

NICE = 19
PATIENCE_S = 120.0
REFUSED = 2
_ALONE = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}


def layers_after(path: Path, lesson: str) -> "Layers":
    """The last layers of a model after a lesson; waits for the other process.  Raises LivegenError."""
    import numpy as np

    question = json.dumps({"model": str(path), "lesson": lesson}).encode()
    try:
        done = subprocess.run(
            spawn_command("livegen.daemon.engine.fitting_process"),
            input=question,
            capture_output=True,
            timeout=PATIENCE_S,
            env={**os.environ, **_ALONE},
        )
    except subprocess.TimeoutExpired:
        raise LivegenError(f"learning took longer than {PATIENCE_S:.0f} s") from None
    if done.returncode == REFUSED:
        raise LivegenError(done.stderr.decode(errors="replace").strip()[-400:])
    if done.returncode:
        raise LivegenError(f"learning failed (the process ended with {done.returncode})")
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as arrays:
        return dict(arrays)


def main() -> int:
    """Answer one question; 2 with a line where it cannot be answered."""
    be_nice(NICE)  # before what it takes is loaded, which is most of its work
    import numpy as np

    from livegen.inference import onnx_file
    from livegen.inference.heads import fitted
    from livegen.inference.lesson import lesson_from

    question = json.load(sys.stdin)
    try:
        file = onnx_file.read(Path(question["model"]))
        layers = fitted(file, lesson_from(question["lesson"]).rows)
    except LivegenError as error:
        print(error, file=sys.stderr)
        return REFUSED
    np.savez(sys.stdout.buffer, allow_pickle=False, **layers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
