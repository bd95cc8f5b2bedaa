"""What kernels are forked from: importing this module imports what all chapters need, and computes nothing."""

import ipykernel.kernelapp  # noqa: F401
import plotly.graph_objects  # noqa: F401

from helpers.chapters import registry

registry.chapters()
