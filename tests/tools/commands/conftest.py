"""The real sgpsam-model for the tests of this folder, and a small seeded model."""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# Taken out of the environment: the server refuses SGPSAM_ variables that belong to no flag.
BIN = pathlib.Path(os.environ.pop("SGPSAM_BIN_DIR", ROOT / "build/release/bin")).resolve()
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(HERE))

import real_torch   # noqa: E402

FAILED, USAGE = 1, 2


def call(*arguments, code=0):
    """Runs sgpsam-model; returns stdout, or stderr if it is meant to fail."""
    done = subprocess.run([BIN / "sgpsam-model", *map(str, arguments)], capture_output=True, text=True, timeout=250)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stderr}"
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    call("make-seeded", "--seed", 5, "--config", "tiny", "--out", path)
    return path


@pytest.fixture(scope="session")
def torch(tmp_path_factory):
    return real_torch.load(tmp_path_factory.mktemp("stand-ins"))


@pytest.fixture(scope="session")
def golden():
    if not (SHARED / "golden/seed1.safetensors").exists():
        pytest.skip(f"no golden data in {SHARED}")
    return SHARED / "golden"
