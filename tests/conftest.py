"""What every test may use: the folder of real data and reference numbers that lies beside the project."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

os.environ.setdefault("NH2015_DIR", str(SHARED / "nh2015"))
torch.set_num_threads(1)  # the tests are many small products: more threads only wait for each other


@pytest.fixture(scope="session")
def golden():
    """Reference numbers: `golden("regression/common")["alphas"]`."""
    return lambda name: np.load(SHARED / "golden" / f"{name}.npz", allow_pickle=False)
