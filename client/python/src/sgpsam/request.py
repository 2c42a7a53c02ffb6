"""What is asked for: clicks, boxes, masks and labels."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sgpsam.result import PreviousLogits
from sgpsam.v1 import segmentation_pb2 as pb

Space = Literal["patient", "voxel"]
Triple = tuple[float, float, float]


class Click(NamedTuple):
    """A point inside (positive) or outside of what is wanted."""

    position: Triple                     # x, y, z in LPS mm, or i, j, k in voxels from 0
    positive: bool = True
    space: Space = "patient"

    @staticmethod
    def patient(x: float, y: float, z: float, positive: bool = True) -> Click:
        return Click((x, y, z), positive, "patient")

    @staticmethod
    def voxel(i: float, j: float, k: float, positive: bool = True) -> Click:
        return Click((i, j, k), positive, "voxel")


class Box(NamedTuple):
    """Two opposite corners in the same space."""

    a: Triple
    b: Triple
    space: Space = "patient"


class Code(NamedTuple):
    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Target:
    """Becomes one segment. At least one positive click, a box or a mask is needed."""

    clicks: Sequence[Click] = ()         # in the order in which they were made
    box: Box | None = None
    previous: PreviousLogits | None = None       # TargetResult.previous of an earlier result
    mask: npt.NDArray[np.bool_] | None = None    # to be corrected; axes k, j, i; not with `previous`
    label: str = "Lesion"
    category: Code | None = None         # default: Morphologically Abnormal Structure
    type: Code | None = None             # default: Lesion
    colour: tuple[int, int, int] | None = None   # red, green, blue; default 255, 64, 64


def _patient(position: Triple) -> pb.PatientPoint:
    return pb.PatientPoint(x=position[0], y=position[1], z=position[2])


def _voxel(position: Triple) -> pb.VoxelPoint:
    return pb.VoxelPoint(i=position[0], j=position[1], k=position[2])


def _click(click: Click) -> pb.PointPrompt:
    polarity = pb.POLARITY_POSITIVE if click.positive else pb.POLARITY_NEGATIVE
    if click.space == "voxel":
        return pb.PointPrompt(voxel=_voxel(click.position), polarity=polarity)
    return pb.PointPrompt(patient=_patient(click.position), polarity=polarity)


def _box(box: Box) -> pb.BoxPrompt:
    if box.space == "voxel":
        return pb.BoxPrompt(voxel_a=_voxel(box.a), voxel_b=_voxel(box.b))
    return pb.BoxPrompt(patient_a=_patient(box.a), patient_b=_patient(box.b))


def _code(code: Code | None) -> pb.Code | None:
    return pb.Code(value=code.value, scheme=code.scheme, meaning=code.meaning) if code else None


def _previous(previous: PreviousLogits) -> pb.PreviousLogits:
    if previous.sha256:
        return pb.PreviousLogits(sha256=previous.sha256)
    return pb.PreviousLogits(samples=logits_bytes(previous))


def logits_bytes(previous: PreviousLogits) -> bytes:
    if previous.samples is None:
        raise ValueError("previous logits have neither a digest that the server knows nor samples")
    return previous.samples.astype("<f4").tobytes()


def to_message(target: Target) -> pb.Target:
    prompts = pb.Prompts(points=[_click(click) for click in target.clicks])
    if target.box is not None:
        prompts.box.CopyFrom(_box(target.box))
    if target.previous is not None:
        prompts.previous_logits.CopyFrom(_previous(target.previous))
    if target.mask is not None:
        bits = np.packbits(target.mask.astype(bool).ravel(), bitorder="little")
        prompts.mask.zlib_bits = zlib.compress(bits.tobytes())
    colour = pb.Rgb(red=target.colour[0], green=target.colour[1], blue=target.colour[2]) if target.colour else None
    return pb.Target(prompts=prompts, label=target.label, category=_code(target.category),
                     type=_code(target.type), colour=colour)
