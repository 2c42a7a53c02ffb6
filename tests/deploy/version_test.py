"""The version has one place, project() in CMakeLists.txt; what cannot read it from there says the same."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(sgpsam VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


@pytest.mark.parametrize("file, line", [
    ("client/python/pyproject.toml", f'version = "{VERSION}"'),
    ("helm/sgp-sam/Chart.yaml", f"version: {VERSION}"),
    ("helm/sgp-sam/Chart.yaml", f'appVersion: "{VERSION}"'),
])
def test_every_package_says_the_projects_version(file, line):
    assert line in (ROOT / file).read_text().splitlines()


def test_the_changelog_has_this_release_with_its_date():
    assert re.search(rf"^## \[{re.escape(VERSION)}\] - \d{{4}}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("program", ["sgpsam", "sgpsam-gateway", "sgpsam-server", "sgpsam-worker"])
def test_programs_say_it(program):
    path = pathlib.Path(os.environ["SGPSAM_BIN_DIR"]) / program
    if not path.exists():
        pytest.skip(f"{program} is not in this build")
    assert VERSION in subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
