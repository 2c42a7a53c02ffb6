"""What lies in files, folders and archives: the DICOM files among it, for the server to choose the series from."""

from __future__ import annotations

import gzip
import io
import os
import pathlib
import re
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

_HEAD_BYTES = 132
_MARK_AT = 128
_MAX_FILES = 4096                        # the contract's, of one upload
_MAX_LOOKED_AT = 200_000
_MAX_FILE_BYTES = (1 << 31) - 1           # the contract's, of one DICOM file
_MAX_ENTRIES = 100_000                    # of an archive, and the bytes that they may grow to
_MAX_ARCHIVE_BYTES = 16 << 30
_MAX_RATIO = 1000                         # pixels that are all air deflate to less than that
_MAX_SMALL_BYTES = 64 << 20               # the ratio is not asked below this
_BLOCK_BYTES = 1 << 20
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# As core/dicom/folder/file_summary.cc: what follows _STORAGE; ending in ".": all that begin so. The first that fits
# wins.
_OTHER_OBJECTS = {
    "66.4": "segmentation", "66.5": "segmentation", "66.7": "segmentation", "66.1": "registration",
    "66.2": "registration", "66.3": "registration", "88.59": "key object selection", "88.": "structured report",
    "11.": "presentation state", "481.": "radiotherapy object", "104.": "encapsulated document"}
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_LONG_VRS = (b"OB", b"OW", b"UN", b"UT", b"SQ")


def looks_like_dicom(head: bytes | bytearray) -> bool:
    """As the server decides it (core/dicom/folder/file_summary.h): the mark DICM after a preamble of 128 bytes, or file
    meta information or a data set from the start."""
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


def sop_class(data: bytes) -> str:
    """MediaStorageSOPClassUID (0002,0002) of the file meta information; "" where there is none that can be read."""
    at = _HEAD_BYTES if data[_MARK_AT:_HEAD_BYTES] == b"DICM" else 0
    while data[at:at + 2] == b"\x02\x00" and at + 12 <= len(data):
        element = int.from_bytes(data[at + 2:at + 4], "little")
        is_long = data[at + 4:at + 6] in _LONG_VRS
        value = at + (12 if is_long else 8)
        end = value + int.from_bytes(data[value - (4 if is_long else 2):value], "little")
        if element == 0x0002:
            return data[value:end].rstrip(b"\0 ").decode("ascii", "replace")
        if element > 0x0002:
            return ""
        at = end
    return ""


def other_object(uid: str) -> str:
    """What an object of this SOP class is that is surely no image; "" for all others: the server looks at those."""
    if uid == _MEDIA_DIRECTORY:
        return "media directory"
    name = uid.removeprefix(_STORAGE)
    if name == uid:
        return ""
    return next((kind for known, kind in _OTHER_OBJECTS.items()
                 if name == known or (known.endswith(".") and name.startswith(known))), "")


def counted_kinds(passed_over: Mapping[str, int]) -> str:
    """"3 not DICOM, 1 segmentation", as the server words it (core/dicom/folder/series_choice.h)."""
    def counted(kind: str, files: int) -> str:
        if files == 1 or kind.startswith(("not ", "of ")):
            return f"{files} {kind}"
        return f"{files} {kind[:-1]}ies" if kind.endswith("y") else f"{files} {kind}s"
    return ", ".join(counted(kind, files) for kind, files in passed_over.items())


def describe_passed_over(passed_over: Mapping[str, int]) -> str:
    """"12 files passed over: 3 not DICOM, 9 segmentations"."""
    files = sum(passed_over.values())
    return f"{files} file{'' if files == 1 else 's'} passed over: {counted_kinds(passed_over)}"


@dataclass
class Found:
    names: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, data: bytes) -> None:
        if not data:
            self.passed_over["empty file"] += 1
        elif not looks_like_dicom(data[:_HEAD_BYTES]):
            self.passed_over["not DICOM"] += 1
        elif kind := other_object(sop_class(data)):
            self.passed_over[kind] += 1
        else:
            self.names.append(name)
            self.files.append(data)
            if len(self.files) > _MAX_FILES:
                raise ValueError(f"more than {_MAX_FILES} DICOM files: name the folder of one series")


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
        others = counted_kinds(found.passed_over)
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
        if looks_like_dicom(head):
            if os.fstat(file.fileno()).st_size > _MAX_FILE_BYTES:
                raise ValueError(f"{path} is larger than a DICOM file may be, {_MAX_FILE_BYTES} bytes")
            head += file.read()
        found.add(str(path), head)


def _inflated_limit(path: pathlib.Path) -> int:
    return min(_MAX_ARCHIVE_BYTES, max(_MAX_SMALL_BYTES, path.stat().st_size * _MAX_RATIO))


def _grows(path: pathlib.Path, limit: int) -> ValueError:
    return ValueError(f"{path}: the archive's files grow to more than {limit} bytes: unpack it first")


class _Budget:
    """How many bytes an archive's files may still grow to. What is inflated counts, not what an entry announces."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._limit = _inflated_limit(path)
        self._total = 0

    def read(self, name: str, file: IO[bytes]) -> bytes:
        """One entry's bytes; of what is not DICOM only the first few."""
        data = bytearray(file.read(_HEAD_BYTES))
        self._total += len(data)
        if not looks_like_dicom(data):
            return bytes(data)
        while block := file.read(_BLOCK_BYTES):
            data += block
            self._total += len(block)
            if len(data) > _MAX_FILE_BYTES:
                raise ValueError(f"{self._path}/{name} is larger than a DICOM file may be, {_MAX_FILE_BYTES} bytes")
            if self._total > self._limit:
                raise _grows(self._path, self._limit)
        return bytes(data)


def _add_archive(path: pathlib.Path, found: Found) -> None:
    budget = _Budget(path)
    entries = _zipped(path) if path.name.lower().endswith(".zip") else _tarred(path)
    try:
        for number, (name, file) in enumerate(entries, 1):
            if number > _MAX_ENTRIES:
                raise ValueError(f"{path}: the archive has more than {_MAX_ENTRIES} entries")
            found.add(f"{path}/{name}", budget.read(name, file))
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError,
            RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{path} cannot be read as an archive: {error}") from None


def _zipped(path: pathlib.Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                with archive.open(entry) as file:
                    yield entry.filename, file


class _BoundedGzip(gzip.GzipFile):
    """Stops where the limit is passed, also in headers and in what is skipped: to skip is to inflate too."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__(path)
        self._path = path
        self._limit = _inflated_limit(path)

    def read(self, size: int | None = -1) -> bytes:
        self._check(self.tell() + max(0, size or 0))
        return super().read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._check(offset)
        return super().seek(offset, whence)

    def _check(self, end: int) -> None:
        if end > self._limit:
            raise _grows(self._path, self._limit)


def _tarred(path: pathlib.Path) -> Iterator[tuple[str, IO[bytes]]]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with _BoundedGzip(path) if packed else path.open("rb") as stream, \
            tarfile.open(fileobj=stream, mode="r:") as archive:
        for entry in archive:
            member = archive.extractfile(entry) if entry.isfile() else None
            if member is not None:
                yield entry.name, member


_FILES = re.compile(r"\bfiles? (\d+)((?:, \d+)*(?: and \d+)?)")


def with_names(message: str, names: Sequence[str]) -> str:
    """The server's "file 3" and "files 2 and 5", counted from 1, with the names after the numbers."""
    def named(number: re.Match[str]) -> str:
        index = int(number[0])
        return f"{number[0]} ({names[index - 1]})" if 1 <= index <= len(names) else number[0]
    return _FILES.sub(lambda files: re.sub(r"\d+", named, files[0]), message)
