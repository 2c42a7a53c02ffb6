"""What is asked for: clicks, boxes, diameters, scribbles, masks and labels."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sgpsam.choices import choice, triple
from sgpsam.result import PreviousLogits
from sgpsam.v1 import segmentation_pb2 as pb

Space = Literal["patient", "voxel"]
Triple = Sequence[float]                 # three numbers of any type

_SPACES = {"patient": "patient", "voxel": "voxel"}


@dataclass(frozen=True)
class Click:
    """A point inside (positive) or outside of what is wanted."""

    position: Triple                     # x, y, z in LPS mm, or i, j, k in voxels from 0
    positive: bool = True
    space: Space = "patient"

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", triple("a click's position", self.position))
        if self.positive not in (True, False):
            raise ValueError(f"a click's positive is True or False, not {self.positive!r}")
        choice("a click's space", self.space, _SPACES)

    @staticmethod
    def patient(x: float, y: float, z: float, positive: bool = True) -> Click:
        return Click((x, y, z), positive, "patient")

    @staticmethod
    def voxel(i: float, j: float, k: float, positive: bool = True) -> Click:
        return Click((i, j, k), positive, "voxel")


@dataclass(frozen=True)
class Box:
    """Two opposite corners in the same space. Positive: what is wanted lies in it, and what lies well outside is cut
    off; else nothing of it is in the mask."""

    a: Triple
    b: Triple
    space: Space = "patient"
    positive: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", triple("a box's corner a", self.a))
        object.__setattr__(self, "b", triple("a box's corner b", self.b))
        choice("a box's space", self.space, _SPACES)
        if self.positive not in (True, False):
            raise ValueError(f"a box's positive is True or False, not {self.positive!r}")


@dataclass(frozen=True)
class Line:
    """A diameter, as RECIST measures it: its two ends on the border, in the same space."""

    a: Triple
    b: Triple
    space: Space = "patient"

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", triple("a line's end a", self.a))
        object.__setattr__(self, "b", triple("a line's end b", self.b))
        choice("a line's space", self.space, _SPACES)


@dataclass(frozen=True)
class Scribble:
    """Voxels drawn or filled by hand, in any slices: False and True, axes k, j, i, of the whole volume or of the part
    of it that begins at `first`. Only what has marks is sent."""

    mask: npt.NDArray[Any]
    positive: bool = True                # inside of what is wanted, or outside
    first: Sequence[int] = (0, 0, 0)     # i, j, k

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", _as_mask(self.mask))
        if not self.mask.any():
            raise ValueError("a scribble marks at least one voxel")
        if self.positive not in (True, False):
            raise ValueError(f"a scribble's positive is True or False, not {self.positive!r}")
        first = tuple(int(index) for index in self.first)
        if len(first) != 3 or min(first) < 0:
            raise ValueError(f"a scribble's first is i, j, k, each 0 or more, not {self.first!r}")
        object.__setattr__(self, "first", first)


class Code(NamedTuple):
    value: str
    scheme: str
    meaning: str


# Three numbers are a positive click in patient millimetres; a longer tuple has Click's fields in their order.
ClickLike: TypeAlias = Click | Sequence[Any]


class SegSeries(NamedTuple):
    """The series that a DICOM-SEG goes into and how it is called there. Repeated results belong together with
    the same uid, description and number, each with an instance_number of its own."""

    uid: str = ""                        # a valid UID; "": a new series
    description: str = ""                # at most 64 characters; "": "AI segmentation, not for diagnosis"
    number: int = 0                      # 0: 9000
    instance_number: int = 0             # 0: 1
    content_label: str = ""              # at most 16 of A to Z, 0 to 9, space, underscore; "": "SEGMENTATION"
    creator: str = ""                    # the reader, "Family^Given"; "": "SGPSAM^Server"

    def message(self) -> pb.SegSeries:
        return pb.SegSeries(series_uid=self.uid, series_description=self.description, series_number=self.number,
                            instance_number=self.instance_number, content_label=self.content_label,
                            creator=self.creator)


@dataclass(frozen=True)
class Target:
    """Becomes one segment. At least one prompt is needed; where all are negative nothing is found."""

    clicks: ClickLike | Iterable[ClickLike] = ()   # in the order in which they were made; see ClickLike
    box: Box | Iterable[Box] | None = None       # one, or several: at most 16
    previous: PreviousLogits | None = None       # TargetResult.previous of an earlier result
    mask: npt.NDArray[Any] | None = None         # to be corrected: False and True, axes k, j, i; not with `previous`
    label: str = "Lesion"
    category: Code | tuple[str, str, str] | None = None   # default: Morphologically Abnormal Structure
    type: Code | tuple[str, str, str] | None = None       # default: Lesion
    colour: tuple[int, int, int] | None = None   # red, green, blue; default: one of 16, by the target's index
    lines: Line | Iterable[Line] = ()            # at most 4
    scribbles: Scribble | Iterable[Scribble] = ()   # in the order in which they were drawn, at most 16
    average_looks: bool | None = None            # average up to four more patches with the mask; None: no

    def __post_init__(self) -> None:
        object.__setattr__(self, "clicks", _as_clicks(self.clicks))
        object.__setattr__(self, "box", _all_of(Box, "box", () if self.box is None else self.box))
        object.__setattr__(self, "lines", _all_of(Line, "lines", self.lines))
        object.__setattr__(self, "scribbles", _all_of(Scribble, "scribbles", self.scribbles))
        if self.previous is not None and not isinstance(self.previous, PreviousLogits):
            raise ValueError("previous is TargetResult.previous of an earlier result, not "
                             f"{type(self.previous).__name__}")
        if self.mask is not None:
            object.__setattr__(self, "mask", _as_mask(self.mask))
        for name, code in (("category", self.category), ("type", self.type)):
            if code is not None:
                object.__setattr__(self, name, _as_code(code))
        if self.colour is not None:
            object.__setattr__(self, "colour", _as_colour(self.colour))


def _all_of(kind: type[Any], name: str, given: Any) -> tuple[Any, ...]:
    """One, or several of a kind of prompt."""
    several = tuple(given) if isinstance(given, Iterable) else (given,)
    for one in several:
        if not isinstance(one, kind):
            raise ValueError(f"{name} is a {kind.__name__} or several, not {type(one).__name__}")
    return several


def _as_clicks(given: ClickLike | Iterable[ClickLike]) -> tuple[Click, ...]:
    return (given,) if isinstance(given, Click) else tuple(map(_as_click, given))


def _as_click(given: Any) -> Click:
    if isinstance(given, Click):
        return given
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ValueError(f"a click is a Click, or x, y, z in patient millimetres, not {given!r}")
    parts = list(given)
    if 1 <= len(parts) <= 3 and np.ndim(parts[0]) == 1:
        return Click(*parts)
    return Click(parts)


def _as_code(given: Any) -> Code:
    try:
        return Code(*given[:3])          # pydicom's and highdicom's codes begin with the same three
    except (TypeError, ValueError):
        raise ValueError(f"a code is value, scheme and meaning, not {given!r}") from None


def _as_mask(given: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    mask = np.asarray(given)
    if mask.ndim != 3:
        raise ValueError(f"a mask has three axes, k, j, i; this one has {mask.ndim}")
    if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
        raise ValueError("a mask holds False and True (or 0 and 1); of a label map choose one: mask=labels == 2")
    return mask.astype(bool)


def _as_colour(given: Sequence[int]) -> tuple[int, int, int]:
    colour = tuple(int(part) for part in given)
    if len(colour) != 3 or not all(0 <= part <= 255 for part in colour):
        raise ValueError(f"a colour is red, green and blue, each 0 to 255, not {given!r}")
    return colour[0], colour[1], colour[2]


def _patient(position: Triple) -> pb.PatientPoint:
    return pb.PatientPoint(x=position[0], y=position[1], z=position[2])


def _voxel(position: Triple) -> pb.VoxelPoint:
    return pb.VoxelPoint(i=position[0], j=position[1], k=position[2])


def _polarity(positive: bool) -> pb.Polarity:
    return pb.POLARITY_POSITIVE if positive else pb.POLARITY_NEGATIVE


def _click(click: Click) -> pb.PointPrompt:
    polarity = _polarity(click.positive)
    if click.space == "voxel":
        return pb.PointPrompt(voxel=_voxel(click.position), polarity=polarity)
    return pb.PointPrompt(patient=_patient(click.position), polarity=polarity)


def _ends(prompt: Box | Line) -> dict[str, Any]:
    if prompt.space == "voxel":
        return {"voxel_a": _voxel(prompt.a), "voxel_b": _voxel(prompt.b)}
    return {"patient_a": _patient(prompt.a), "patient_b": _patient(prompt.b)}


def _box(box: Box) -> pb.BoxPrompt:
    return pb.BoxPrompt(**_ends(box), polarity=_polarity(box.positive))


def _scribble(scribble: Scribble) -> pb.ScribblePrompt:
    marked = [np.flatnonzero(scribble.mask.any(axis=axes)) for axes in ((0, 1), (0, 2), (1, 2))]   # along i, j, k
    i, j, k = (slice(int(axis[0]), int(axis[-1]) + 1) for axis in marked)
    part = _mask(scribble.mask[k, j, i])
    return pb.ScribblePrompt(zlib_bits=part.zlib_bits, shape=part.shape, axis_order=part.axis_order,
                             first_voxel=np.add(scribble.first, [i.start, j.start, k.start]).tolist(),
                             polarity=_polarity(scribble.positive))


def _code(code: Code | tuple[str, str, str] | None) -> pb.Code | None:
    return pb.Code(value=code[0], scheme=code[1], meaning=code[2]) if code is not None else None


def _previous(previous: PreviousLogits) -> pb.PreviousLogits:
    patch = None
    if previous.patch is not None:
        patch = pb.PatchPosition(centre=_patient(previous.patch.centre), spacing_mm=previous.patch.spacing_mm)
    if previous.sha256:
        return pb.PreviousLogits(sha256=previous.sha256, patch=patch)
    return pb.PreviousLogits(samples=logits_bytes(previous), patch=patch)


def logits_bytes(previous: PreviousLogits) -> bytes:
    if previous.samples is None:
        raise ValueError("previous logits have neither a digest that the server knows nor samples")
    return previous.samples.astype("<f4").tobytes()


def _mask(mask: npt.NDArray[Any]) -> pb.MaskPrompt:
    bits = np.packbits(mask.ravel(), bitorder="little")
    return pb.MaskPrompt(zlib_bits=zlib.compress(bits.tobytes()), shape=mask.shape[::-1],
                         axis_order=pb.AXIS_ORDER_I_FASTEST)


def to_message(target: Target) -> pb.Target:
    prompts = pb.Prompts(points=list(map(_click, _as_clicks(target.clicks))))
    for index, box in enumerate(_all_of(Box, "box", () if target.box is None else target.box)):
        if index == 0 and box.positive:
            prompts.box.CopyFrom(_box(box))   # servers that know one box only read this one
        else:
            prompts.boxes.append(_box(box))
    prompts.lines.extend(pb.LinePrompt(**_ends(line)) for line in _all_of(Line, "lines", target.lines))
    prompts.scribbles.extend(map(_scribble, _all_of(Scribble, "scribbles", target.scribbles)))
    if target.previous is not None:
        prompts.previous_logits.CopyFrom(_previous(target.previous))
    if target.mask is not None:
        prompts.mask.CopyFrom(_mask(target.mask))
    colour = pb.Rgb(red=target.colour[0], green=target.colour[1], blue=target.colour[2]) if target.colour else None
    message = pb.Target(prompts=prompts, label=target.label, category=_code(target.category),
                        type=_code(target.type), colour=colour)
    if target.average_looks is not None:
        message.average_looks = target.average_looks
    return message
