"""sgpsam-server and sgpsam-worker as programs: their command lines, what they ask of the system, how they end."""

import os
import pathlib
import re
import resource
import signal
import subprocess

import pytest
from conftest import BIN, ROOT

CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


def run(program, *arguments, **environment):
    return subprocess.run([BIN / program, *arguments], env={**os.environ, **environment}, capture_output=True, text=True,
                          timeout=60)


@pytest.mark.parametrize("program, flag", [("sgpsam-server", "--max_in_flight=16"), ("sgpsam-worker", "--threads=0")])
def test_help_lists_the_flags_with_their_defaults(program, flag):
    done = run(program, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert flag in done.stdout
    assert "flagfile" in done.stdout and "undefok" not in done.stdout
    assert str(ROOT) not in done.stdout


@pytest.mark.parametrize("program", ["sgpsam-server", "sgpsam-worker"])
def test_version_is_the_projects(program):
    version = re.search(r"project\(\w+\s+VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    done = run(program, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{program} {version}\n", "")


@pytest.mark.parametrize("program", ["sgpsam-server", "sgpsam-worker"])
def test_the_document_on_configuration_has_the_table_that_the_program_prints(program):
    table = run(program, "--help=markdown").stdout
    assert table.count("\n") > 4
    assert table in CONFIGURATION, f"put the output of {program} --help=markdown into docs/configuration.md"


@pytest.mark.parametrize("arguments, environment, complaint", [
    ([], {}, "--model must be given"),
    (["--model=m", "--max_in_flite=3"], {}, "no flag --max_in_flite"),
    (["--model=m", "--max_in_flight=many"], {}, "--max_in_flight cannot be read"),
    (["--model=m", "--max_in_flight=0"], {}, "--max_in_flight must be 1 to 1024"),
    (["m.safetensors"], {}, "only flags are understood"),
    (["--model=m"], {"SGPSAM_MAX_IN_FLITE": "3"}, "SGPSAM_MAX_IN_FLITE"),
])
def test_a_mistake_in_the_flags_is_named_and_ends_with_2(arguments, environment, complaint):
    done = run("sgpsam-server", *arguments, **environment)
    assert done.returncode == 2
    assert complaint in done.stderr and "--help" in done.stderr
    assert done.stdout == ""


def test_a_worker_that_nobody_started_says_so():
    done = run("sgpsam-worker", "--device=cpu")
    assert done.returncode == 2 and "started by sgpsam-server" in done.stderr
