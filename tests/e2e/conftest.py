"""The real programs for the tests of this folder: one server with a small seeded model for the whole
session, one synthetic CT series, the command line and the Python package."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Taken out of the environment: the server refuses SGPSAM_ variables that belong to no flag.
BIN = pathlib.Path(os.environ.pop("SGPSAM_BIN_DIR", ROOT / "build/release/bin")).resolve()
SAMPLES = ROOT.parent / "shared/samples"
START_SECONDS = 120


@dataclasses.dataclass
class Server:
    grpc: str
    http: str
    process: subprocess.Popen
    exit_code: int = 0   # expected at its end

    def metric(self, name, **labels):
        """The sum of the series of this name that carry these labels."""
        with urllib.request.urlopen(f"http://{self.http}/metrics", timeout=30) as page:
            lines = page.read().decode().splitlines()
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if re.match(rf"{name}[{{ ]", line) and all(label in line for label in wanted))


@contextlib.contextmanager
def running(command, **options):
    """The server that a command starts, from its line that it is ready to its end; options as for Popen."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            assert select.select([process.stdout], [], [], START_SECONDS)[0], "the server does not become ready"
            match = re.fullmatch(r"ready grpc=(\S+) http=(\S+)\n", process.stdout.readline())
            assert match, "the server ended before it was ready"
            server = Server(*match.groups(), process)
            yield server
        finally:
            process.terminate()
            code = process.wait(60)
        assert code == server.exit_code, "SIGTERM must end the server with code 0"


def running_server(model, *flags, **options):
    return running([BIN / "sgpsam-server", f"--model={model}", "--listen=127.0.0.1:0", "--http_listen=127.0.0.1:0",
                    "--device=cpu", *flags], **options)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    subprocess.run([BIN / "sgpsam-model", "make-seeded", "--config", "tiny", "--seed", "1", "--out", path],
                   check=True, stdout=subprocess.DEVNULL)
    return path


@pytest.fixture(scope="session")
def server(model):
    with running_server(model) as started:
        yield started


@dataclasses.dataclass
class Series:
    folder: pathlib.Path
    nifti: pathlib.Path
    lesion: dict

    @property
    def click(self):
        """A point inside the lesion, as the command line takes it."""
        return ",".join(str(round(x, 3)) for x in self.lesion["centre_lps_mm"])

    @property
    def beside(self):
        """A point 40 mm towards the patient's left of it: outside the lesion, inside the patch."""
        x, y, z = self.lesion["centre_lps_mm"]
        return f"{x + 40:.3f},{y:.3f},{z:.3f}"


@pytest.fixture(scope="session")
def ct(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    done = subprocess.run([BIN / "sgpsam-model", "synthesize", "--seed", "1", "--shape", "256,256,96",
                           "--spacing", "1.40625,1.40625,2.5", "--lesions", "1", "--diameter", "32", "--organ", "liver",
                           "--out", folder / "series", "--nifti", folder / "volume.nii"], check=True, capture_output=True, text=True)
    return Series(folder / "series", folder / "volume.nii", json.loads(done.stdout)["lesions"][0])


@pytest.fixture(scope="session")
def sgpsam():
    """Runs the command line; returns what subprocess.run does."""
    def run(*arguments):
        return subprocess.run([BIN / "sgpsam", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    return run


@pytest.fixture(scope="session")
def segment(sgpsam, server):
    """`sgpsam segment … --json` on the session's server; returns the object it printed."""
    def run(source, out, *arguments):
        done = sgpsam("segment", source, "--server", server.grpc, "--out", out, "--json", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
    return run


@pytest.fixture(scope="session")
def sdk(tmp_path_factory):
    """The Python package, installed from its source distribution."""
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copytree(ROOT / "client/python", folder / "checkout", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    subprocess.run([sys.executable, "-c", "import setuptools.build_meta as b; b.build_sdist('..')"],
                   cwd=folder / "checkout", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    [archive] = folder.glob("sgpsam-*.tar.gz")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps",
                    "--no-build-isolation", "--target", folder / "installed", archive], check=True)
    sys.path.insert(0, str(folder / "installed"))
    import sgpsam as package
    return package
