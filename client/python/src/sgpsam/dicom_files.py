"""What lies in files, folders and archives: the DICOM files among it, for the server to choose the series from."""

from __future__ import annotations

import os
import pathlib
import re
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_HEAD_BYTES = 132
_MARK_AT = 128
_MAX_FILES = 4096                        # the contract's, of one upload
_MAX_LOOKED_AT = 200_000
_MAX_ARCHIVE_BYTES = 16 << 30
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


def looks_like_dicom(head: bytes) -> bool:
    """As the server decides it (core/dicom/file_summary.h): the mark DICM after a preamble of 128 bytes, or file meta
    information or a data set from the start."""
    if head[_MARK_AT:_HEAD_BYTES] == b"DICM":
        return True
    if len(head) < 8:
        return False
    group, element = (int.from_bytes(head[at:at + 2], "little") for at in (0, 2))
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    if group == 0x0002:
        return element <= 0x0010 and explicit
    if group == 0x0008:
        return element <= 0x0018
    return group == 0x0800 and explicit and head[2] == 0 and head[3] <= 0x18


@dataclass
class Found:
    names: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, data: bytes) -> None:
        if not data:
            self.passed_over["empty file"] += 1
        elif looks_like_dicom(data[:_HEAD_BYTES]):
            self.names.append(name)
            self.files.append(data)
            if len(self.files) > _MAX_FILES:
                raise ValueError(f"more than {_MAX_FILES} DICOM files: name the folder of one series")
        else:
            self.passed_over["not DICOM"] += 1


def is_archive(path: pathlib.Path) -> bool:
    return path.name.lower().endswith(_ARCHIVES)


def find(paths: Sequence[pathlib.Path]) -> Found:
    """Folders are searched with their subfolders, in the order of the names; archives (.zip, .tar, .tar.gz) too."""
    found = Found()
    for path in paths:
        if path.is_dir():
            for inner in _files_below(path):
                if is_archive(inner):
                    found.passed_over["archive"] += 1
                elif not inner.is_file():
                    found.passed_over["not a regular file"] += 1
                else:
                    _add_file(inner, found)
        elif is_archive(path):
            _add_archive(path, found)
        else:
            _add_file(path, found)
    if not found.files:
        others = ", ".join(f"{kind}: {files}" for kind, files in found.passed_over.items())
        raise ValueError(f"{', '.join(map(str, paths))}: there is no DICOM file" + (f" ({others})" if others else ""))
    return found


def _files_below(folder: pathlib.Path) -> list[pathlib.Path]:
    found: list[pathlib.Path] = []
    seen: set[str] = set()               # a linked folder may hold itself

    def stop(error: OSError) -> None:
        raise error

    for root, folders, files in os.walk(folder, onerror=stop, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        found += [pathlib.Path(root, name) for name in files]
        if len(found) > _MAX_LOOKED_AT:
            raise ValueError(f"{folder} holds more than {_MAX_LOOKED_AT} files: name a smaller folder")
    return sorted(found)


def _add_file(path: pathlib.Path, found: Found) -> None:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        found.add(str(path), head + file.read() if looks_like_dicom(head) else head)


def _add_archive(path: pathlib.Path, found: Found) -> None:
    total = 0
    try:
        for name, data in _zipped(path) if path.name.lower().endswith(".zip") else _tarred(path):
            total += len(data)
            if total > _MAX_ARCHIVE_BYTES:
                raise ValueError(f"{path} grows to more than {_MAX_ARCHIVE_BYTES} bytes: unpack it first")
            found.add(f"{path}/{name}", data)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{path} cannot be read as an archive: {error}") from None


def _zipped(path: pathlib.Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                with archive.open(entry) as file:
                    yield entry.filename, file.read(_MAX_ARCHIVE_BYTES + 1)


def _tarred(path: pathlib.Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for entry in archive:
            file = archive.extractfile(entry) if entry.isfile() else None
            if file is not None:
                yield entry.name, file.read(_MAX_ARCHIVE_BYTES + 1)


_FILES = re.compile(r"\bfiles? (\d+)((?:, \d+)*(?: and \d+)?)")


def with_names(message: str, names: Sequence[str]) -> str:
    """The server's "file 3" and "files 2 and 5", counted from 1, with the names behind the numbers."""
    def named(number: re.Match[str]) -> str:
        index = int(number[0])
        return f"{number[0]} ({names[index - 1]})" if 1 <= index <= len(names) else number[0]
    return _FILES.sub(lambda files: re.sub(r"\d+", named, files[0]), message)
