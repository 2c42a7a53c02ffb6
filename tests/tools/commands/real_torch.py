"""The real PyTorch from build/deps/torch, for tests that ask it to write or to read a file.

That package is made for CUDA and brings none of NVIDIA's libraries: importing it fails in the dynamic linker. No test
computes on a GPU, so empty libraries of the missing names stand in. The linker then resolves a function when it is
first called, which is never.
"""

import ctypes
import os
import pathlib
import re
import subprocess
import sys

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parents[3] / "build/deps/torch"


def _missing_libraries():
    listed = subprocess.run(["ldd", *sorted(PACKAGE.glob("torch/lib/*.so"))], capture_output=True, text=True, check=True)
    return sorted(set(re.findall(r"(\S+) => not found", listed.stdout)))


def _load_stand_in(name, folder):
    subprocess.run(["cc", "-shared", "-nostdlib", f"-Wl,-soname,{name}", "-x", "c", os.devnull, "-o", folder / name],
                   check=True)
    ctypes.CDLL(str(folder / name))   # whoever needs this name from now on gets it


def load(folder):
    """The module torch, once a process; `folder` takes the stand-ins."""
    if not PACKAGE.exists():
        pytest.skip(f"no PyTorch in {PACKAGE}")
    for name in _missing_libraries():
        _load_stand_in(name, folder)
    sys.path.append(str(PACKAGE))
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        import torch
    finally:
        sys.setdlopenflags(flags)
    return torch
