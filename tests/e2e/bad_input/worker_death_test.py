"""A real worker is killed while it computes a caller's request: the caller does not notice."""

import os
import pathlib
import signal
import threading

import numpy
import pytest
from conftest import running_server

TARGETS = 4  # each encodes a patch of its own, so that there is time to interrupt


def children(pid):
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()]


def name(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


def worker_of(server):
    workers = [pid for pid in children(server.process.pid) if name(pid).startswith("sgpsam-worker")]
    assert workers, "the server has no worker"
    return workers[0]


def volume(sdk):
    array = numpy.arange(90 * 120 * 120, dtype=numpy.int32).reshape(90, 120, 120) % 997 + 1
    return sdk.Volume.from_array(array.astype(numpy.int16), (2.0, 2.0, 2.0))


def targets(sdk):
    return [sdk.Target([sdk.Click.voxel(30 + 15 * n, 60, 45)]) for n in range(TARGETS)]


@pytest.fixture(scope="module")
def undisturbed(sdk, server):
    with sdk.Client(server.grpc) as client:
        return client.segment(volume(sdk), targets(sdk), output="nifti").file


def test_a_worker_killed_in_mid_request_is_replaced_unseen(sdk, model, undisturbed):
    with running_server(model) as server, sdk.Client(server.grpc) as client:
        worker = worker_of(server)
        killed = threading.Event()

        def kill_once(progress):
            if "encode" in str(progress.stage).lower() and not killed.is_set():
                killed.set()
                os.kill(worker, signal.SIGKILL)

        result = client.segment(volume(sdk), targets(sdk), output="nifti", progress=kill_once)
        assert killed.is_set()
        assert result.file == undisturbed
        assert server.metric("sgpsam_worker_restarts_total") == 1
        assert server.metric("sgpsam_requests_total", code="OK") == 1
        assert worker_of(server) != worker
        assert client.segment(volume(sdk), targets(sdk), output="nifti").file == undisturbed
