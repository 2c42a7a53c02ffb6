"""The README's examples, as they stand there: the Python one runs, the C++ one is the program that the
client's install test compiles."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def example(name):
    blocks = re.findall(rf"<!-- example: {re.escape(name)} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 1
    return blocks[0]


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    """What the README's protoc line makes, in a folder of its own."""
    folder = tmp_path_factory.mktemp("stubs")
    command = re.search(r"`python (-m grpc_tools\.protoc [^`]*)`", README).group(1)
    arguments = command.replace("=.", f"={folder}").split()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)
    return folder


def test_the_python_example_segments(server, stubs):
    script = stubs / "example.py"
    script.write_text(example("python"))
    run = subprocess.run([sys.executable, script, server.grpc], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert re.fullmatch(r"\d+ voxels\n", run.stdout)


def test_the_cpp_example_is_the_program_that_is_compiled():
    assert example("client/cpp/example/segment.cc") == (ROOT / "client/cpp/example/segment.cc").read_text()
