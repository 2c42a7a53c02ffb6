"""A volume as the server takes it: the bytes of a DICOM series, of a NIfTI file, or raw samples."""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sgpsam.v1 import segmentation_pb2 as pb

PathLike = str | os.PathLike[str]

_DICOM_MARK_AT = 128
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_SAMPLE_TYPES = {
    "int8": pb.SAMPLE_TYPE_INT8, "uint8": pb.SAMPLE_TYPE_UINT8, "int16": pb.SAMPLE_TYPE_INT16,
    "uint16": pb.SAMPLE_TYPE_UINT16, "int32": pb.SAMPLE_TYPE_INT32, "uint32": pb.SAMPLE_TYPE_UINT32,
    "float32": pb.SAMPLE_TYPE_FLOAT32, "float64": pb.SAMPLE_TYPE_FLOAT64,
}


class Volume:
    """Immutable: keep one for several clicks, and its digest is computed once. Nothing is decoded
    here; whether the bytes are a sound volume is the server's answer."""

    def __init__(self, parts: Sequence[bytes], source: pb.VolumeSource,
                 shape: tuple[int, ...] | None = None) -> None:
        """Use the functions below."""
        self.parts = tuple(parts)
        self.shape = shape               # k, j, i; None unless made from an array
        self._source = source

    @staticmethod
    def from_path(path: PathLike) -> Volume:
        """A folder: its DICOM files (with the DICM mark, not DICOMDIR, no subfolders), any order.
        A file: NIfTI by its name (.nii, .nii.gz), else a DICOM series of one file."""
        path = pathlib.Path(path)
        if path.is_dir():
            return Volume.from_files(_dicom_files(path))
        if path.name.lower().endswith((".nii", ".nii.gz")):
            return Volume.from_nifti(path.read_bytes())
        return Volume.from_files([path])

    @staticmethod
    def from_files(paths: Sequence[PathLike]) -> Volume:
        """The DICOM files of one series, any order."""
        return Volume.from_dicom([pathlib.Path(path).read_bytes() for path in paths])

    @staticmethod
    def from_dicom(files: Sequence[bytes]) -> Volume:
        """The bytes of the files of one series, any order."""
        series = pb.DicomSeries(file_sizes_bytes=[len(file) for file in files])
        return Volume(files, pb.VolumeSource(dicom=series))

    @staticmethod
    def from_nifti(data: bytes) -> Volume:
        """The bytes of one .nii or .nii.gz."""
        return Volume([data], pb.VolumeSource(nifti=pb.Nifti()))

    @staticmethod
    def from_array(array: npt.NDArray[np.generic], spacing: Sequence[float],
                   origin: Sequence[float] = (0.0, 0.0, 0.0),
                   direction: Sequence[float] = _IDENTITY) -> Volume:
        """Axes k, j, i (slices, rows, columns). spacing (mm), origin (LPS mm) and direction (row-major
        3x3, column c = where index c grows) are in i, j, k: SimpleITK's values fit as they are."""
        sample_type = _SAMPLE_TYPES.get(array.dtype.name)
        if array.ndim != 3 or sample_type is None:
            raise ValueError(f"expected a 3D array of {', '.join(_SAMPLE_TYPES)}, "
                             f"not {array.ndim}D of {array.dtype.name}; convert it first")
        raw = pb.RawVolume(shape=array.shape[::-1], sample_type=sample_type, spacing_mm=spacing,
                           origin_lps=origin, direction_lps=direction)
        samples = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        return Volume([samples], pb.VolumeSource(raw=raw), array.shape)

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.parts))

    @functools.cached_property
    def sha256(self) -> bytes:
        """The contract's VolumeSource.sha256, 32 bytes."""
        digests = [hashlib.sha256(part).digest() for part in self.parts]
        if self._source.HasField("dicom"):
            return hashlib.sha256(b"".join(sorted(digests))).digest()
        return digests[0]

    def source(self) -> pb.VolumeSource:
        """Names the volume by its digest; the server asks for the bytes if it lacks them."""
        source = pb.VolumeSource()
        source.CopyFrom(self._source)
        source.size_bytes = self.size_bytes
        source.sha256 = self.sha256
        source.delivery = pb.DELIVERY_BY_DIGEST
        return source


def _has_dicom_mark(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        return file.read(_DICOM_MARK_AT + 4)[_DICOM_MARK_AT:] == b"DICM"


def _dicom_files(folder: pathlib.Path) -> list[pathlib.Path]:
    files = [path for path in sorted(folder.iterdir())
             if path.is_file() and path.name != "DICOMDIR" and _has_dicom_mark(path)]
    if not files:
        raise ValueError(f"{folder} holds no DICOM file (none has the DICM mark; subfolders are not searched)")
    return files
