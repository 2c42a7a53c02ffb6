"""Which numbers a volume may be made of: what the contract lacks is sent as a type that holds it exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sgpsam.v1 import segmentation_pb2 as pb

_SAMPLE_TYPES = {
    "int8": pb.SAMPLE_TYPE_INT8, "uint8": pb.SAMPLE_TYPE_UINT8, "int16": pb.SAMPLE_TYPE_INT16,
    "uint16": pb.SAMPLE_TYPE_UINT16, "int32": pb.SAMPLE_TYPE_INT32, "uint32": pb.SAMPLE_TYPE_UINT32,
    "float32": pb.SAMPLE_TYPE_FLOAT32, "float64": pb.SAMPLE_TYPE_FLOAT64,
}
_FOR_WIDE_INTEGERS = ("int16", "uint16", "int32", "uint32")   # the first that holds all values
_EXACT_IN_FLOAT64 = 2**53


def in_contract(array: npt.NDArray[Any]) -> tuple[pb.SampleType, npt.NDArray[Any]]:
    """The same values in little endian order and a type of the contract. ValueError if none holds them exactly."""
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise ValueError("an array with masked values is no volume: fill them first, array.filled(value)")
    samples = _exact(np.asarray(array))
    return _SAMPLE_TYPES[samples.dtype.name], samples.astype(samples.dtype.newbyteorder("<"), copy=False)


def _exact(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.dtype.name in _SAMPLE_TYPES:
        return array
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind == "f" and array.dtype.itemsize < 4:
        return array.astype(np.float32)
    if array.dtype.kind == "f":
        narrow = array.astype(np.float64)
        if np.array_equal(narrow, array, equal_nan=True):
            return narrow
    if array.dtype.kind in "iu":
        return _narrower(array)
    raise ValueError(f"samples of {array.dtype.name} cannot be sent exactly: convert them to one of "
                     f"{', '.join(_SAMPLE_TYPES)}")


def _narrower(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    least, most = (int(array.min()), int(array.max())) if array.size else (0, 0)
    for name in _FOR_WIDE_INTEGERS:
        if np.iinfo(name).min <= least and most <= np.iinfo(name).max:
            return array.astype(name)
    if max(-least, most) <= _EXACT_IN_FLOAT64:
        return array.astype(np.float64)
    raise ValueError(f"samples of {array.dtype.name} from {least} to {most} cannot be sent exactly: scale them first")
