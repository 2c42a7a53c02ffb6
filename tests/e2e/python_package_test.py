"""The Python package as it is built and installed: from its source distribution, with the oldest libraries that it
promises to run with (the other tests of this folder run it with the newest), and clean under ruff and mypy."""

import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import venv

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.version import Version

PACKAGE = ROOT / "client/python"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
OLDEST = ROOT / "build/deps/client-oldest"

A_CALL = """
import sys
import google.protobuf, grpc, numpy, sgpsam
array = numpy.zeros((20, 32, 32), numpy.int64)
array[5:15, 10:20, 10:20] = numpy.arange(10) + 100
with sgpsam.Client(sys.argv[1]) as client:
    result = client.segment(sgpsam.Volume.from_array(array, (1.5, 1.5, 3)), sgpsam.Target([((14, 14, 9), True, "voxel")]))
assert result.mask.shape == array.shape and result.mask.sum() == result.targets[0].voxels
print(sgpsam.__version__, google.protobuf.__version__, grpc.__version__, numpy.__version__)
"""


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def oldest():
    """Name -> version of the libraries in OLDEST."""
    assert OLDEST.is_dir(), "run deploy/setup.sh tests"
    return {item.name: item.version for item in importlib.metadata.distributions(path=[str(OLDEST)])}


def test_a_call_works_beside_the_oldest_libraries(sdk, server, oldest, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    path = f"{pathlib.Path(sdk.__file__).parents[1]}:{OLDEST}"
    printed = run(tmp_path / "venv/bin/python", "-W", "error", "-c", A_CALL, server.grpc,
                  env={**os.environ, "PYTHONPATH": path}, timeout=120)
    assert printed.split() == [PROJECT["version"], oldest["protobuf"], oldest["grpcio"], oldest["numpy"]]


def test_what_was_tested_is_what_the_package_asks_for(sdk, oldest):
    wheel = importlib.metadata.Distribution.at(next(pathlib.Path(sdk.__file__).parents[1].glob("sgpsam-*.dist-info")))
    asked = {item.name: item.specifier for item in map(Requirement, wheel.requires)}
    assert all(specifier.contains(importlib.metadata.version(name)) for name, specifier in asked.items())
    bounds = {name: Version(str(specifier).removeprefix(">=")) for name, specifier in asked.items()}
    assert bounds == {name: Version(version) for name, version in oldest.items()}


def test_the_version_is_the_projects(sdk):
    cmake = re.search(r"project\(sgpsam VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    chart = re.search(r'appVersion: "(.*)"', (ROOT / "helm/sgp-sam/Chart.yaml").read_text()).group(1)
    assert cmake == chart == PROJECT["version"] == sdk.__version__


def test_the_generated_code_is_the_contracts(tmp_path):
    compiler = run("protoc", "--version")
    if not compiler.startswith("libprotoc 3.21."):
        pytest.skip(f"the contract is compiled with Debian 12's libprotoc 3.21, not {compiler}")
    run(PACKAGE / "generate.sh", tmp_path)
    for made in (tmp_path / "sgpsam/v1").iterdir():
        assert made.read_text() == (PACKAGE / "src/sgpsam/v1" / made.name).read_text(), "run client/python/generate.sh"


def test_is_lint_free():
    run(sys.executable, "-m", "ruff", "check", "--no-cache", PACKAGE)


def test_is_typed(sdk, tmp_path):
    run(sys.executable, "-m", "mypy", "--config-file", PACKAGE / "pyproject.toml", "--cache-dir", tmp_path, "-p", "sgpsam",
        cwd=pathlib.Path(sdk.__file__).parents[1])
