"""What is measured is what is served: evaluate by an engine of its own and by a running server."""

import contextlib
import json
import re
import select
import subprocess

import pytest
from conftest import BIN, FAILED, HERE, USAGE, call

DEMO = HERE.parents[2] / "deploy/models/sgpsam-lesions.safetensors"
CASES = ("--cases", 2, "--generated-seed", 5, "--max-patches", 2, "--json")


@contextlib.contextmanager
def running_server(*flags):
    command = [BIN / "sgpsam-server", f"--model={DEMO}", "--listen=127.0.0.1:0", "--http_listen=127.0.0.1:0",
               "--device=cpu", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert select.select([process.stdout], [], [], 120)[0], "the server does not become ready"
            yield re.match(r"ready grpc=(\S+) ", process.stdout.readline()).group(1)
        finally:
            process.terminate()
            process.wait(60)


def scores(report):
    return [report[metric][clicks][size] for metric in ("dice", "nsd") for clicks in ("1", "3", "5")
            for size in ("all", "lt5mm", "5to10mm", "ge10mm")]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_server_and_an_engine_of_one_precision_give_the_same_numbers(precision):
    here = json.loads(call("evaluate", "--model", DEMO, "--device", "cpu", "--precision", precision, *CASES))
    with running_server(f"--precision={precision}") as address:
        there = json.loads(call("evaluate", "--server", address, *CASES))
    assert here["lesions"]["all"] >= 2
    assert scores(there) == pytest.approx(scores(here), abs=1e-9)
    assert there["gates"] == here["gates"]
    assert there["model"] == here["model"]
    assert here["model"]["precision"] == precision
    assert here["refused"] == there["refused"] and here["passed_over"] == []
    assert here["ball"] == there["ball"] and here["ball"]["dice"]["all"] > 0


def test_a_model_or_a_server_is_measured_and_not_both():
    assert "--server HOST:PORT" in call("evaluate", "--cases", 1, code=FAILED)
    call("evaluate", "--cases", 1, "--model", DEMO, "--server", "localhost:1", code=USAGE)
    call("evaluate", "--cases", 1, "--server", "localhost:1", "--precision", "fp32", code=USAGE)


def test_a_server_is_measured_over_tls(tmp_path):
    subprocess.run([HERE.parents[1] / "support/make_certificates.sh", tmp_path], check=True)
    own = ["--tls-ca", tmp_path / "authority.pem", "--tls-cert", tmp_path / "client.pem", "--tls-key", tmp_path / "client.key"]
    with running_server(f"--tls_cert={tmp_path / 'server.pem'}", f"--tls_key={tmp_path / 'server.key'}",
                        f"--tls_client_ca={tmp_path / 'authority.pem'}") as address:
        assert json.loads(call("evaluate", "--server", address, *own, *CASES))["lesions"]["all"] >= 2
        assert "may speak TLS" in call("evaluate", "--server", address, *CASES, code=FAILED)
    call("evaluate", "--cases", 1, *own, "--model", DEMO, code=USAGE)


def test_a_server_that_is_not_there_is_an_error():
    assert "sgpsam-model: " in call("evaluate", "--cases", 1, "--server", "127.0.0.1:1", code=FAILED)


def test_a_checkpoint_is_told_to_be_imported():
    path = HERE / "data/tiny_trainer.pth"
    for arguments in (["info", path], ["evaluate", "--cases", 1, "--model", path]):
        assert "`sgpsam-model import`" in call(*arguments, code=FAILED)
    done = subprocess.run([BIN / "sgpsam-server", f"--model={path}", "--device=cpu", "--listen=127.0.0.1:0",
                           "--http_listen=127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "`sgpsam-model import`" in done.stderr
