"""Executors of jobs: this machine, several at once, or the workers of a Dask cluster. Both return futures."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

from helpers.batch.attempt import attempt
from helpers.errors import UserError
from helpers.report.kernels import cores

CONNECT_S = 30


class Local:
    """Up to `jobs` at once on this machine, whose cores they share."""

    def __init__(self, jobs: int, threads: int | None = None):
        self.places = jobs
        self.threads = threads or max(1, cores() // jobs)
        self._pool = ThreadPoolExecutor(jobs)

    def submit(self, spec: dict):
        return self._pool.submit(attempt, spec | {"threads": self.threads})

    def close(self) -> None:
        """Wait for running jobs, which have been told to stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Cluster:
    """The workers of a Dask scheduler; a job whose worker dies is given to another one.

    They need this package and the same folders under the same names. Raises UserError where there is no scheduler.
    """

    def __init__(self, address: str, threads: int | None = None):
        try:
            from distributed import Client
        except ImportError:
            raise UserError("`--scheduler` needs dask.distributed: pip install -e '.[cluster]'") from None
        try:
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except Exception as error:  # a wrong address makes it raise TypeError, RuntimeError and others
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UserError(
                f"scheduler: no answer from '{address}' ({reason}); start it or correct the address, such as "
                "tcp://host:8786"
            ) from None
        self.places = None  # it keeps its own queue
        self.threads = threads

    def submit(self, spec: dict):
        key = f"{spec['name']}-{uuid.uuid4().hex}"
        return self._client.submit(attempt_here, spec | {"threads": self.threads}, key=key, pure=False)

    def close(self) -> None:
        self._client.close()


def attempt_here(spec: dict) -> dict:
    """Run a job on a worker of the cluster: its threads share the machine's cores, one job each."""
    from distributed import get_worker

    return attempt(spec | {"threads": spec["threads"] or max(1, cores() // get_worker().state.nthreads)})
