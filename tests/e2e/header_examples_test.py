"""The example in each public header of the C++ client, compiled against the installed package and run as it stands there, with a
server's address for the one that it names."""

import pathlib
import re
import subprocess

import pytest
from conftest import BIN, ROOT

HEADERS = sorted((ROOT / "client/cpp/include/sgpsam").glob("*.h"))
PRINTED = {"client.h": "", "volume.h": r"\d+ files; 262144 bytes\n"}
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(examples LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_FLAGS "-Wall -Wextra -Werror")
find_package(sgpsam REQUIRED)
"""


def example_of(header):
    """The indented lines of the comment that a header opens with."""
    opening = header.read_text().split("#ifndef", 1)[0]
    return "\n".join(re.findall(r"^//     (.*)$", opening, re.MULTILINE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ct, server):
    folder = tmp_path_factory.mktemp("examples")
    (folder / "path/to").mkdir(parents=True)
    (folder / "path/to/series").symlink_to(ct.folder)
    subprocess.run(["cmake", "--install", BIN.parent, "--component", "client", "--prefix", folder / "installed"],
                   check=True, capture_output=True, timeout=120)
    project = PROJECT
    for header in HEADERS:
        code = example_of(header).replace("localhost:50051", server.grpc).replace("12.5, -40, -310", ct.click)
        (folder / f"{header.stem}.cc").write_text(
            f'#include <fstream>\n#include <iostream>\n\n#include "sgpsam/{header.name}"\n\nint main() {{\n{code}\n}}\n')
        project += f"add_executable({header.stem} {header.stem}.cc)\ntarget_link_libraries({header.stem} PRIVATE sgpsam::client)\n"
    (folder / "CMakeLists.txt").write_text(project)
    for command in (["-S", folder, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={folder / 'installed'}"],
                    ["--build", folder / "build"]):
        done = subprocess.run(["cmake", *command], capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_header_has_an_example_that_runs_below():
    assert {header.name for header in HEADERS} == PRINTED.keys()
    assert [header.name for header in HEADERS if len(example_of(header).splitlines()) < 4] == []


@pytest.mark.parametrize("header, printed", PRINTED.items())
def test_the_example_runs(folder, header, printed):
    done = subprocess.run([folder / "build" / pathlib.Path(header).stem], cwd=folder, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(printed, done.stdout)
    if header == "client.h":
        assert (folder / "lesion.dcm").read_bytes()[128:132] == b"DICM"
