"""The documents point at things that exist: linked files and headings, files and folders that they name, the tests that
docs/reliability.md names, the reasons of errors."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [path for folder in ("", "docs", "core", "proto", "client", "helm/sgp-sam", "deploy/models", "tests/golden")
             for path in sorted((ROOT / folder).glob("*.md"))] + sorted((ROOT / "client").glob("*/*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
HEADING_LINK = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")
PATH = re.compile(r"`((?:core|server|client|tools|tests|proto|docs|deploy|helm|cmake)/[\w./-]+)`")
HISTORY = ("CHANGELOG.md", "decisions.md")   # name what was there


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_linked_file_exists(document):
    links = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def anchors(document):
    """Of its headings, as Markdown readers make them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_linked_heading_exists(document):
    links = [(file, anchor) for file, anchor in HEADING_LINK.findall(document.read_text()) if "://" not in file]
    assert [f"{file}#{anchor}" for file, anchor in links
            if anchor not in anchors(document.parent / file if file else document)] == []


def exists(name):
    """A file or folder, or what a header and its source are called without their endings."""
    return (ROOT / name).exists() or any((ROOT / f"{name}{ending}").exists() for ending in (".h", ".cc", "_test.cc"))


def of_today(document):
    """The text without what it says of folders that are not there yet."""
    return document.read_text().split("## Where what comes goes")[0]


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path.name not in HISTORY],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_is_named_exists(document):
    named = {name for name in PATH.findall(of_today(document)) if not name.startswith(("core/x/", "tests/core/x/"))}
    assert sorted(name for name in named if not exists(name)) == []


def test_every_test_named_in_reliability_exists():
    written = {f"{suite}.{name}" for path in (ROOT / "tests").rglob("*.cc")
               for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", path.read_text())}
    written |= {name for path in (ROOT / "tests").rglob("*_test.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    named = re.findall(r"`([A-Z]\w+\.\w+|test_\w+)`", (ROOT / "docs" / "reliability.md").read_text())
    assert len(named) > 30
    assert sorted(set(named) - written) == []


def test_every_reason_of_an_error_is_in_the_contracts_table_and_no_other():
    enum = re.search(r"enum class Reason \{(.*?)\n\};", (ROOT / "core/base/reason.h").read_text(), re.DOTALL).group(1)
    given = [name for name in re.findall(r"^  k(\w+)", enum, re.MULTILINE) if name != "None"]
    names = dict(re.findall(r'Reason::k(\w+), "(\w+)"', (ROOT / "core/base/reason.cc").read_text()))
    assert len(given) > 20
    assert {name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper() for name in given} == names
    table = (ROOT / "proto/README.md").read_text().split("\n### Reasons\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [names[name] for name in given]
