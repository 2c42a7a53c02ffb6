"""A volume as the server takes it: the bytes of a DICOM series, of a NIfTI file, or raw samples."""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sgpsam import dicom_files, libraries, samples
from sgpsam.choices import numbers
from sgpsam.libraries import NibabelImage, PydicomDataset, SimpleITKImage
from sgpsam.v1 import segmentation_pb2 as pb

PathLike: TypeAlias = str | os.PathLike[str]
VolumeLike: TypeAlias = ("Volume | PathLike | Sequence[PathLike] | SimpleITKImage | NibabelImage | PydicomDataset | "
                         "Sequence[PydicomDataset]")

_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


class Volume:
    """Immutable: keep one for several clicks, and its digest is computed once. Nothing is decoded
    here; whether the bytes are a sound volume is the server's answer."""

    def __init__(self, parts: Sequence[bytes], source: pb.VolumeSource,
                 shape: tuple[int, ...] | None = None, names: Sequence[str] = (),
                 passed_over: Mapping[str, int] | None = None) -> None:
        """Use the functions below."""
        self.parts = tuple(parts)
        self.shape = shape               # k, j, i; None unless made from an array
        self.names = tuple(names)        # of the parts that came from files
        self.passed_over = dict(passed_over or {})   # files next to the series that were not sent, by kind
        self._source = source

    @staticmethod
    def of(source: VolumeLike) -> Volume:
        """Whatever of the functions below fits: a path or a list of paths, an image of SimpleITK or nibabel, the
        pydicom datasets of a series. An array needs its spacing, so it needs from_array."""
        if isinstance(source, Volume):
            return source
        if isinstance(source, (str, os.PathLike)):
            return Volume.from_path(source)
        if isinstance(source, SimpleITKImage):
            return Volume.from_sitk(source)
        if isinstance(source, NibabelImage):
            return Volume.from_nibabel(source)
        if isinstance(source, PydicomDataset):
            return Volume.from_pydicom([source])
        if isinstance(source, (list, tuple)) and source:
            paths = [item for item in source if isinstance(item, (str, os.PathLike))]
            if len(paths) == len(source):
                return Volume.from_path(paths[0]) if len(paths) == 1 else Volume.from_files(paths)
            datasets = [item for item in source if isinstance(item, PydicomDataset)]
            if len(datasets) == len(source):
                return Volume.from_pydicom(datasets)
        if isinstance(source, np.ndarray):
            raise ValueError("an array does not say where its voxels lie: Volume.from_array(array, spacing=…)")
        what = "an empty list" if source in ([], ()) else type(source).__name__
        raise ValueError(f"a volume is a Volume, a path, a list of paths, an image of SimpleITK or nibabel, or the "
                         f"pydicom datasets of a series, not {what}")

    @staticmethod
    def from_path(path: PathLike, series: str | int = "") -> Volume:
        """NIfTI by its name (.nii, .nii.gz), or the DICOM files of a folder and its subfolders, of a .zip, .tar or
        .tar.gz, or one file. The server finds the image series among them, passes over what else lies there, and
        says so in the result's `warnings` and `passed_over`. `series`: which one is meant where there are several,
        by its SeriesInstanceUID or SeriesNumber."""
        path = pathlib.Path(path)
        if path.name.lower().endswith((".nii", ".nii.gz")) and not path.is_dir():
            return Volume.from_nifti(path.read_bytes())
        return Volume.from_files([path], series)

    @staticmethod
    def from_files(paths: Sequence[PathLike], series: str | int = "") -> Volume:
        """The DICOM files there, any order, as from_path finds them."""
        found = dicom_files.find([pathlib.Path(path) for path in paths])
        source = Volume.from_dicom(found.files, series)._source
        return Volume(found.files, source, names=found.names, passed_over=found.passed_over)

    @staticmethod
    def from_dicom(files: Sequence[bytes], series: str | int = "") -> Volume:
        """The bytes of the files of one series, any order, or of several, of which `series` names one."""
        sizes = [len(file) for file in files]
        return Volume(files, pb.VolumeSource(dicom=pb.DicomSeries(file_sizes_bytes=sizes, series=str(series))))

    @staticmethod
    def from_nifti(data: bytes) -> Volume:
        """The bytes of one .nii or .nii.gz."""
        return Volume([data], pb.VolumeSource(nifti=pb.Nifti()))

    @staticmethod
    def from_array(array: npt.ArrayLike, spacing: Sequence[float], origin: Sequence[float] = (0.0, 0.0, 0.0),
                   direction: Sequence[float] = _IDENTITY) -> Volume:
        """Axes k, j, i (slices, rows, columns). spacing (mm), origin (LPS mm) and direction (row-major
        3x3, column c = where index c grows) are in i, j, k: SimpleITK's values fit as they are.
        Any numbers that the contract has a type for which holds them exactly; ValueError for others."""
        array = np.asanyarray(array)
        if array.ndim != 3:
            raise ValueError(f"expected an array with 3 axes (slices, rows, columns), not {array.ndim}")
        if np.ndim(direction) == 2:
            direction = np.ravel(direction).tolist()
        sample_type, little_endian = samples.in_contract(array)
        raw = pb.RawVolume(shape=array.shape[::-1], sample_type=sample_type,
                           spacing_mm=numbers("spacing (i, j, k in mm)", spacing, 3),
                           origin_lps=numbers("origin (x, y, z in LPS mm)", origin, 3),
                           direction_lps=numbers("direction (3x3, row-major)", direction, 9))
        return Volume([little_endian.tobytes()], pb.VolumeSource(raw=raw), array.shape)

    @staticmethod
    def from_sitk(image: SimpleITKImage) -> Volume:
        array, grid = libraries.of_sitk(image)
        return Volume.from_array(array, *grid)

    @staticmethod
    def from_nibabel(image: NibabelImage) -> Volume:
        """The voxels as nibabel scales them, where its affine says that they lie. Masks have its axes reversed."""
        array, grid = libraries.of_nibabel(image)
        return Volume.from_array(array, *grid)

    @staticmethod
    def from_pydicom(datasets: Sequence[PydicomDataset]) -> Volume:
        """The datasets of one series, any order."""
        return Volume.from_dicom([libraries.dicom_file(dataset) for dataset in datasets])

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
