"""The documents point at things that exist: linked files, and the tests that docs/reliability.md names."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [path for folder in ("", "docs", "core", "proto", "client", "helm/sgp-sam")
             for path in sorted((ROOT / folder).glob("*.md"))] + sorted((ROOT / "client").glob("*/*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_linked_file_exists(document):
    links = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_test_named_in_reliability_exists():
    written = {f"{suite}.{name}" for path in (ROOT / "tests").rglob("*.cc")
               for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", path.read_text())}
    written |= {name for path in (ROOT / "tests").rglob("*_test.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    named = re.findall(r"`([A-Z]\w+\.\w+|test_\w+)`", (ROOT / "docs" / "reliability.md").read_text())
    assert len(named) > 30
    assert sorted(set(named) - written) == []
