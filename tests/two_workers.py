"""A Dask cluster of two processes on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ground.campaign.jobs import event_loop


@contextmanager
def two_workers() -> Iterator[str]:
    """Have the cluster for a while; its address."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        # Theirs are the same rooms of kernels as ours, or the digests of their sources differ.
        preload=["tests.conftest"],
        loop=event_loop(),
    )
    try:
        yield cluster.scheduler_address
    finally:
        # A worker that is just being started anew cannot be stopped: distributed then leaves the cluster running.
        with distributed.Client(cluster) as client:
            client.wait_for_workers(2, timeout=60)
        cluster.close(timeout=20)
