"""Repository tools that make a model file from a checkpoint and prove it right; not in the
wheel.
"""

from livegen.extras import need

need("train", "torch", "onnx")  # said in a line before an import fails in twenty
