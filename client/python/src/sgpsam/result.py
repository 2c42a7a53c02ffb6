"""What comes back."""

from __future__ import annotations

import gzip
import os
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sgpsam import grid, libraries
from sgpsam.errors import broken_contract
from sgpsam.v1 import segmentation_pb2 as pb

Mask = npt.NDArray[np.bool_]             # axes k, j, i
Samples = npt.NDArray[np.float32]

_OWN_GRID = ("with upright=True the mask lies in `file`, a NIfTI file with a grid of its own: save it as .nii.gz, or "
             "ask without upright")


@dataclass(frozen=True)
class PatchPosition:
    """Where a patch lies in its volume."""

    centre: tuple[float, float, float]   # x, y, z in LPS mm
    spacing_mm: float                    # of its voxels


@dataclass(frozen=True)
class PreviousLogits:
    """What a result knew of a target, to go on from in the next call, for which one negative click is enough.
    Digest or samples suffice: the samples are sent only if the server no longer knows the digest."""

    sha256: bytes = b""
    samples: Samples | None = None       # ModelDescription.logits_side ** 3, flat
    patch: PatchPosition | None = None   # where they lie: where the next call's first patch will lie again


@dataclass(frozen=True)
class Gate:
    block: int                           # encoder block after which the module sits
    score: float
    open: bool


@dataclass(frozen=True)
class PromptUse:
    """What became of one prompt."""

    kind: str                            # "point", "box", "line", "scribble", "mask", "previous_logits"
    number: int                          # of its kind, from 1, in the target's order
    clicks: int                          # that the model got of it in the first patch
    box_corners: bool                    # the model got its corners
    mask_logits: bool                    # the model got it as mask logits
    confined: bool                       # what lay outside of it was cut off
    enforced: bool                       # the model contradicted it, and the mask was changed


@dataclass(frozen=True)
class TargetResult:
    voxels: int
    volume_ml: float
    touches_patch_border: bool           # the lesion may go on outside what the model saw
    embedding_cached: bool
    patches: int                         # that were looked at; 0: nothing was asked for
    spacing_mm: float                    # of those that the mask comes from
    iou_prediction: float                # the model's raw output; not a calibrated confidence
    gates: Sequence[Gate]
    previous: PreviousLogits
    mask: Mask | None = None             # output="mask" or "nifti"
    probabilities: Samples | None = None   # on request; axes k, j, i
    confidence: float | None = None      # the Dice to expect of the mask, 0 to 1; None: not estimated
    dropped_components: int = 0          # parts that the model found and that no prompt asks for
    enforced_prompts: int = 0            # that the model contradicted and that changed the mask
    prompts: Sequence[PromptUse] = ()    # what became of each
    # On request; axes k, j, i: the standard deviation of several looks' probabilities, 0 to 0.5.
    uncertainty: Samples | None = None

    @property
    def empty(self) -> bool:
        """Nothing was found at the prompts."""
        return self.voxels == 0


@dataclass(frozen=True)
class ModelIdentity:
    name: str
    version: str
    weights_sha256: bytes


@dataclass(frozen=True)
class ModelDescription:
    model: ModelIdentity
    patch_voxels: tuple[int, ...]
    patch_spacing_mm: float
    finest_spacing_mm: float  # above 0: spacing="auto" is the default
    precision: str
    gate_blocks: tuple[int, ...]
    box_corner_embeddings: int           # what the first positive box becomes: 0 a click, 2 its corners
    devices: tuple[str, ...]
    server_version: str
    max_volume_bytes: int
    max_targets: int
    logits_side: int                     # PreviousLogits.samples has the cube of this


@dataclass(frozen=True)
class Progress:
    """`bytes_done` and `bytes_total` are set for "receive" (upload) and "send" (download)."""

    stage: str                           # "receive", "decode", … as in Result.stage_seconds
    bytes_done: int = 0
    bytes_total: int = 0
    target: int = 0
    patch: int = 0                       # of that target, from 1, while it is being looked at; else 0
    patches: int = 0                     # the most that the target may take
    queue_position: int = 0
    expected_seconds: float = 0.0        # 0: not known


@dataclass(frozen=True)
class Result:
    targets: Sequence[TargetResult]      # as in the request
    file: bytes                          # output="seg" or "nifti": the file's bytes; else empty
    model: ModelIdentity
    volume_sha256: bytes
    shape: tuple[int, ...]               # of masks and probabilities: k, j, i
    voxel_to_lps: npt.NDArray[np.float64]   # 3x4: LPS mm = voxel_to_lps @ (i, j, k, 1)
    stage_seconds: Mapping[str, float]   # the server's
    # What was repaired, assumed or passed over, and which prompts were not used as given.
    warnings: Sequence[str]
    request_id: str                      # quote it in a bug report
    uploaded_bytes: int = 0              # of the volume; 0: the server had it
    passed_over: Mapping[str, int] = field(default_factory=dict)   # files next to the series, by kind
    upright_image: bytes = b""           # upright=True: .nii.gz of the volume
    own_grid: bool = False               # upright=True: `file` lies on a grid of its own, not on shape and voxel_to_lps

    @property
    def empty(self) -> bool:
        """For at least one target nothing was found; TargetResult.empty says for which."""
        return any(target.empty for target in self.targets)

    @property
    def mask(self) -> Mask:
        """The first target's mask."""
        return self._mask_of(0)

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """All targets in one label map, axes k, j, i: 1 for the first; where they overlap, the later one's number."""
        labels = np.zeros(self.shape, np.uint8)
        for index in range(len(self.targets)):
            labels[self._mask_of(index)] = index + 1
        return labels

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """voxel_to_lps as nibabel has it: 4x4, from i, j, k to RAS millimetres."""
        if self.own_grid:
            raise ValueError(_OWN_GRID)
        return grid.to_affine(self.voxel_to_lps)

    def to_sitk(self, target: int | None = None) -> Any:
        """A SimpleITK.Image (uint8) on the volume's grid: `labels`, or the mask of one target, counted from 0."""
        return libraries.to_sitk(self._image(target), self.voxel_to_lps)

    def to_nibabel(self, target: int | None = None) -> Any:
        """A nibabel.Nifti1Image (uint8) with axes i, j, k, else as to_sitk."""
        return libraries.to_nibabel(self._image(target), self.voxel_to_lps)

    def save(self, path: str | os.PathLike[str]) -> None:
        """The DICOM-SEG of output="seg", as .dcm; with upright=True the server's file, as .nii.gz; else `labels` with
        their place, in the format of the name: NIfTI (nibabel or SimpleITK writes it), or another that SimpleITK
        writes, such as .nrrd."""
        name = os.fspath(path)
        if self.own_grid:
            if not name.lower().endswith(".nii.gz"):
                raise ValueError("an upright mask has a name that ends in .nii.gz")
            pathlib.Path(name).write_bytes(self.file)
            return
        is_seg = self.targets[0].mask is None
        if is_seg != name.lower().endswith(".dcm"):
            raise ValueError('a DICOM-SEG has a name that ends in .dcm' if is_seg else
                             'for a DICOM-SEG ask for output="seg"')
        if is_seg:
            pathlib.Path(name).write_bytes(self.file)
        else:
            libraries.write(self.labels, self.voxel_to_lps, name)

    def _image(self, target: int | None) -> npt.NDArray[np.uint8]:
        return self.labels if target is None else self._mask_of(target).astype(np.uint8)

    def _mask_of(self, index: int) -> Mask:
        mask = self.targets[index].mask
        if self.own_grid:
            raise ValueError(_OWN_GRID)
        if mask is None:
            raise ValueError('a DICOM-SEG is in `file`; for numpy ask for output="mask"')
        return mask


def stage_name(stage: pb.Stage) -> str:
    return str(pb.Stage.Name(stage)).removeprefix("STAGE_").lower()


def model_identity(message: pb.ModelIdentity) -> ModelIdentity:
    return ModelIdentity(message.name, message.version, message.weights_sha256)


def describe(message: pb.DescribeModelResponse) -> ModelDescription:
    return ModelDescription(
        model=model_identity(message.model), patch_voxels=tuple(message.patch_voxels),
        patch_spacing_mm=message.patch_spacing_mm, finest_spacing_mm=message.finest_spacing_mm,
        precision=message.precision,
        gate_blocks=tuple(message.gate_blocks), box_corner_embeddings=message.box_corner_embeddings,
        devices=tuple(message.devices), server_version=message.server_version,
        max_volume_bytes=message.max_volume_bytes, max_targets=message.max_targets,
        logits_side=message.logits_side)


def mask_from_bits(bits: bytes, shape: tuple[int, ...]) -> Mask:
    voxels = int(np.prod(shape))
    if len(bits) != (voxels + 7) // 8:
        raise broken_contract("a mask of another size than its volume")
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), count=voxels, bitorder="little")
    return flat.astype(bool).reshape(shape)


def labels_from_nifti(data: bytes) -> npt.NDArray[np.uint8]:
    """The server's own label maps: NIfTI-1, little endian, uint8. Axes k, j, i."""
    raw = gzip.decompress(data)
    dims = np.frombuffer(raw, "<i2", count=8, offset=40)
    offset = int(np.frombuffer(raw, "<f4", count=1, offset=108)[0])
    shape = (int(dims[3]), int(dims[2]), int(dims[1]))
    if raw[344:348] != b"n+1\0" or len(raw) - offset != int(np.prod(shape)):
        raise broken_contract("a NIfTI file of another kind than announced")
    return np.frombuffer(raw, np.uint8, offset=offset).reshape(shape)
