"""How an audio network hears like a human brain: modules used by the notebooks."""

import os

# Threads that wait for each other sleep instead of spinning: measured with a second program on two cores, training is
# much faster; alone it is a few per cent slower. It must be set before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# HDF5 would refuse to write where a file system has no locks. Files are written under a name of their own and then
# moved, so that nobody reads one that is being written. It is asked for when HDF5 is first imported
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
