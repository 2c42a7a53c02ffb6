"""Where voxels lie, in the terms of the libraries that hold images. Ours: a 3x4 matrix that takes i, j, k, 1 to LPS
millimetres."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])   # and back


class Grid(NamedTuple):
    """SimpleITK's three, for axes i, j, k in LPS."""

    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]         # 9 values, row-major: column c is where index c grows


def from_affine(affine: npt.NDArray[Any]) -> Grid:
    """Of nibabel's 4x4 matrix, which takes i, j, k to RAS millimetres."""
    to_lps = _LPS_TO_RAS @ np.asarray(affine, np.float64)[:3]
    return from_voxel_to_lps(to_lps)


def from_voxel_to_lps(matrix: Matrix) -> Grid:
    spacing = np.linalg.norm(matrix[:, :3], axis=0)
    if not np.isfinite(matrix).all() or not spacing.all():
        raise ValueError("the image's affine is singular or not finite, so its voxels have no place")
    direction = matrix[:, :3] / spacing
    return Grid(tuple(spacing.tolist()), tuple(matrix[:, 3].tolist()), tuple(direction.ravel().tolist()))


def to_affine(voxel_to_lps: Matrix) -> Matrix:
    """Nibabel's 4x4 matrix, RAS millimetres."""
    return np.vstack([_LPS_TO_RAS @ voxel_to_lps, [0.0, 0.0, 0.0, 1.0]])
