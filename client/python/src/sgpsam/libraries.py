"""Images as other libraries hold them. None of these is needed: what is not there was not used to make the image."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import io
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from sgpsam import grid
from sgpsam.grid import Grid, Matrix


@runtime_checkable
class SimpleITKImage(Protocol):
    @property
    def GetSpacing(self) -> Callable[..., Any]: ...  # noqa: N802
    @property
    def GetDirection(self) -> Callable[..., Any]: ...  # noqa: N802


@runtime_checkable
class NibabelImage(Protocol):
    @property
    def affine(self) -> Any: ...
    @property
    def dataobj(self) -> Any: ...


@runtime_checkable
class PydicomDataset(Protocol):
    @property
    def save_as(self) -> Callable[..., Any]: ...
    @property
    def to_json(self) -> Callable[..., Any]: ...


def of_sitk(image: Any) -> tuple[npt.NDArray[Any], Grid]:
    """Axes k, j, i."""
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ValueError(f"expected an image with 3 dimensions and one value a voxel, not {image.GetDimension()} and "
                         f"{image.GetNumberOfComponentsPerPixel()}")
    place = Grid(image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    return _library("SimpleITK").GetArrayFromImage(image), place


def of_nibabel(image: NibabelImage) -> tuple[npt.NDArray[Any], Grid]:
    """Axes k, j, i; scaled as nibabel scales."""
    if image.affine is None:
        raise ValueError("the image has no affine, so its voxels have no place")
    array = np.asanyarray(image.dataobj)
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3:
        raise ValueError(f"expected an image with 3 dimensions, not {array.ndim}")
    return array.transpose(2, 1, 0), grid.from_affine(image.affine)


def dicom_file(dataset: PydicomDataset) -> bytes:
    """The dataset as a file has it. ValueError if it lacks what a file needs, its transfer syntax above all."""
    out = io.BytesIO()
    since_pydicom_3 = "enforce_file_format" in inspect.signature(dataset.save_as).parameters
    options = {"enforce_file_format": True} if since_pydicom_3 else {"write_like_original": False}
    try:
        dataset.save_as(out, **options)
    except (AttributeError, ValueError, KeyError) as error:
        raise ValueError(f"pydicom cannot write the dataset as a file: {error}") from error
    return out.getvalue()


def to_sitk(array: npt.NDArray[Any], voxel_to_lps: Matrix) -> Any:
    """A SimpleITK.Image of an array with axes k, j, i."""
    place = grid.from_voxel_to_lps(voxel_to_lps)
    image = _library("SimpleITK").GetImageFromArray(array)
    image.SetSpacing(place.spacing)
    image.SetOrigin(place.origin)
    image.SetDirection(place.direction)
    return image


def to_nibabel(array: npt.NDArray[Any], voxel_to_lps: Matrix) -> Any:
    """A nibabel.Nifti1Image of an array with axes k, j, i; its own axes are i, j, k."""
    image = _library("nibabel").Nifti1Image(array.transpose(2, 1, 0), grid.to_affine(voxel_to_lps))
    image.header.set_xyzt_units("mm")
    image.set_sform(image.affine, code="scanner")
    image.set_qform(image.affine, code="scanner")
    return image


def write(array: npt.NDArray[Any], voxel_to_lps: Matrix, path: str) -> None:
    """The format is the name's: NIfTI by nibabel, if it is there, everything else by SimpleITK."""
    if path.lower().endswith((".nii", ".nii.gz")) and importlib.util.find_spec("nibabel"):
        to_nibabel(array, voxel_to_lps).to_filename(path)
    else:
        _library("SimpleITK").WriteImage(to_sitk(array, voxel_to_lps), path, True)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(f"this needs {name}: pip install {name}") from None
