"""Every program that is shipped, as the loader sees it: what cmake/SgpsamHardening.cmake asks for is in the ELF file, and was
asked for in every source file of ours (the libraries of Debian that are linked in have it, too, and would hide one without)."""

import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SGPSAM_BIN_DIR", ROOT / "build/release/bin")).resolve()
PROGRAMS = sorted(path for path in BIN.glob("sgpsam*") if path.is_file())
OURS = ("core", "server", "client", "tools", "proto")


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], capture_output=True, text=True, check=True).stdout


def test_the_programs_are_known():
    """Whatever the build makes is looked at; without LibTorch these are all."""
    assert {path.name for path in PROGRAMS} >= {"sgpsam", "sgpsam-server"}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_a_program_is_hardened(program):
    header, dynamic, segments = readelf("-h", program), readelf("-d", program), readelf("-l", program)
    assert re.search(r"Type:\s+DYN", header) and re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic), "lies where the system likes"
    assert re.search(r"\(FLAGS_1\).*\bNOW\b", dynamic), "BIND_NOW: nothing is resolved later"
    assert "GNU_RELRO" in segments, "tables of addresses are read-only afterwards"
    assert "TEXTREL" not in dynamic, "code is never written"
    assert re.search(r"GNU_STACK.*\bRW\s+0x", segments), "the stack is not executed"
    symbols = readelf("--dyn-syms", program)
    assert re.search(r"UND __stack_chk_fail\b", symbols), "stack protector"
    assert re.search(r"UND __\w+_chk\b", symbols.replace("__stack_chk_fail", "")), "FORTIFY"


def test_every_source_file_is_compiled_that_way():
    commands = {pathlib.Path(item["file"]): item["command"]
                for item in json.loads((BIN.parent / "compile_commands.json").read_text())}
    ours = {path: command for path, command in commands.items()
            if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS}
    assert len(ours) > 100
    for flag in ("-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"):
        assert [path for path, command in ours.items() if flag not in command.split()] == [], flag
