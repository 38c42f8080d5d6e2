"""livegen: a jam partner for the DAW."""

import os

__version__ = "0.1.0"

# onnxruntime asks for its maker's host and leaves a device's number in HOME, unless it reads this when it is loaded
# (1.31.1; its `disable_telemetry_events()` comes too late).  Every process of ours passes here before that.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
