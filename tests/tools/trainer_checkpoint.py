"""Writes what torch.save writes, without torch: a zip of stored entries around a pickle whose tensors are
calls of torch._utils._rebuild_tensor_v2 with storages by persistent id. (tests/tools/data has a file by torch.)
"""

import argparse
import collections
import io
import pickle
import sys
import types
import zipfile

import numpy

STORAGES = {"float32": "FloatStorage", "float16": "HalfStorage", "float64": "DoubleStorage", "int64": "LongStorage"}


def _stand_ins():
    """Modules with torch's names, so that the pickler can name what it finds in them."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2():
        raise NotImplementedError

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch._utils = utils
    for name in STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    return torch, utils


class Tensor:
    """A numpy array that is pickled as torch's tensor."""

    def __init__(self, array, key, torch):
        self.array, self.key, self.torch = array, key, torch

    def __reduce__(self):
        strides = tuple(stride // self.array.itemsize for stride in self.array.strides)
        return self.torch._utils._rebuild_tensor_v2, (
            Storage(self), 0, self.array.shape, strides, False, collections.OrderedDict())


class Storage:
    def __init__(self, tensor):
        self.tensor = tensor


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        if not isinstance(thing, Storage):
            return None
        tensor = thing.tensor
        storage = getattr(tensor.torch, STORAGES[tensor.array.dtype.name])
        return "storage", storage, tensor.key, "cuda:0", tensor.array.size


def save(path, arrays, *, protocol=2, compression=zipfile.ZIP_STORED, **extra):
    """The top dict of SAM-Med3D's train.py around `arrays` (name -> numpy array); `extra` joins it."""
    torch, utils = _stand_ins()
    sys.modules["torch"], sys.modules["torch._utils"] = torch, utils
    try:
        state = collections.OrderedDict((name, Tensor(numpy.ascontiguousarray(array), str(key), torch))
                                        for key, (name, array) in enumerate(arrays.items()))
        top = {"epoch": 3, "model_state_dict": state, "losses": [1.0, 0.5],
               "args": argparse.Namespace(task_name="test", lr=8e-4, multi_click=False), **extra}
        stream = io.BytesIO()
        Pickler(stream, protocol=protocol).dump(top)
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("checkpoint/data.pkl", stream.getvalue())
        archive.writestr("checkpoint/byteorder", "little")
        for tensor in state.values():
            archive.writestr(f"checkpoint/data/{tensor.key}", tensor.array.tobytes())
        archive.writestr("checkpoint/version", "3\n")
