"""A worker whose processor computes bfloat16 convolutions wrongly, as oneDNN once did on AMX: the wrong kernel is
preloaded into the real sgpsam-worker, and the server must not serve what comes of it."""

import contextlib
import json
import shlex
import subprocess

import pytest
from conftest import BIN, ROOT, START_SECONDS, running_server

DEMO = ROOT / "deploy/models/sgpsam-lesions.safetensors"
WRONG_KERNEL = BIN.parent / "tests/libpreloaded_wrong_kernel.so"


@pytest.fixture(scope="module")
def wrong_worker(tmp_path_factory):
    path = tmp_path_factory.mktemp("worker") / "sgpsam-worker"
    path.write_text(f"#!/bin/sh\nexec env LD_PRELOAD={shlex.quote(str(WRONG_KERNEL))} "
                    f"{shlex.quote(str(BIN / 'sgpsam-worker'))} \"$@\"\n")
    path.chmod(0o755)
    return path


@contextlib.contextmanager
def served(worker, log, *flags):
    """The server and what it says of its model; what it and its worker log goes to `log`."""
    with log.open("w") as stderr, running_server(DEMO, "--precision=bf16", f"--worker_binary={worker}", *flags,
                                                 stderr=stderr) as server:
        described = subprocess.run([BIN / "sgpsam", "model", "--server", server.grpc, "--json"], check=True,
                                   capture_output=True, text=True)
        yield server, json.loads(described.stdout)


def test_a_wrong_kernel_is_caught_and_float32_served(wrong_worker, tmp_path):
    with served(wrong_worker, tmp_path / "log") as (server, model):
        assert model["precision"] == "fp32"
        assert server.metric("sgpsam_self_test_result", device="cpu", result="fell_back") == 1
        assert server.metric("sgpsam_self_test_embedding_error", device="cpu") > 0.1
        assert server.metric("sgpsam_model_info", precision="fp32") == 1
    log = (tmp_path / "log").read_text()
    assert "self-test failed" in log and "ERROR" in log.upper()


def test_a_right_kernel_passes(tmp_path):
    with served(BIN / "sgpsam-worker", tmp_path / "log") as (server, model):
        assert model["precision"] == "bf16"
        assert server.metric("sgpsam_self_test_result", device="cpu", result="passed") == 1
        assert server.metric("sgpsam_self_test_dice", device="cpu") >= 0.99
        assert 0 < server.metric("sgpsam_self_test_embedding_error", device="cpu") < 0.03
    assert "self-test failed" not in (tmp_path / "log").read_text()


def test_without_the_self_test_nobody_would_know(wrong_worker, tmp_path):
    with served(wrong_worker, tmp_path / "log", "--self_test=off") as (server, model):
        assert model["precision"] == "bf16"
        assert server.metric("sgpsam_self_test_result", device="cpu", result="off") == 1


def test_refusing_ends_the_server_with_the_reason(wrong_worker):
    done = subprocess.run([BIN / "sgpsam-server", f"--model={DEMO}", "--device=cpu", "--precision=bf16",
                           "--listen=127.0.0.1:0", "--http_listen=127.0.0.1:0", "--self_test=refuse",
                           f"--worker_binary={wrong_worker}"], capture_output=True, text=True, timeout=START_SECONDS)
    assert done.returncode == 1 and done.stdout == ""
    assert "the self-test failed" in done.stderr and "bf16" in done.stderr
