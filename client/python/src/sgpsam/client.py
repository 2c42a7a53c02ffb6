"""One class over one connection, or several."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Literal

import grpc

from sgpsam import request as requests
from sgpsam import result as results
from sgpsam.call import Call, ProgressCallback
from sgpsam.choices import choice, numbers
from sgpsam.connection import Servers, Tls
from sgpsam.request import SegSeries, Target
from sgpsam.result import ModelDescription, Result
from sgpsam.retry import Failure
from sgpsam.v1 import segmentation_pb2 as pb
from sgpsam.v1 import segmentation_pb2_grpc as rpc
from sgpsam.volume import Volume, VolumeLike

Output = Literal["mask", "seg", "nifti"]
Priority = Literal["stat", "routine", "batch"]

# A label map has room for one target a voxel; bits keep every target whole.
_FORMATS = {"mask": pb.MASK_FORMAT_RAW_BITS, "seg": pb.MASK_FORMAT_DICOM_SEG, "nifti": pb.MASK_FORMAT_NIFTI}
_PRIORITIES = {"stat": pb.PRIORITY_STAT, "routine": pb.PRIORITY_ROUTINE, "batch": pb.PRIORITY_BATCH}


class Client:
    """`target` is gRPC's: "host:port", "dns:///name:port", "unix:/path"; or several, separated by commas. Calls go
    round them, and round all addresses of a "dns:///name:port"; those about one volume stay with one target as long as
    it answers, so that the volume is uploaded once. The connection is made by the first call. May be used from several
    threads.

    tls: None: the connection is not encrypted.
    max_attempts: how often one call may be sent, at least once; 1: never again. Only what a busy or leaving server
    refused and what was lost with its connection is; on the next server at once, else after as long as the server
    asked (google.rpc.RetryInfo, grpc-retry-pushback-ms; above a minute the call fails), or a second, two, four. Never
    past the timeout. Progress begins anew. A server that cannot be reached is not waited for.
    """

    def __init__(self, target: str, *, tls: Tls | None = None, max_attempts: int = 4) -> None:
        self._servers = Servers(target, tls, max_attempts)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._servers.close()

    def describe_model(self, timeout: float | None = None) -> ModelDescription:
        """What the server serves. Costs nothing."""
        return self._servers.call(b"", timeout, _describe)

    def segment(self, volume: VolumeLike, targets: Target | Sequence[Target], *,
                output: Output = "mask", probabilities: bool = False, logits: bool = True,
                upright: bool = False, clamp: tuple[float, float] | None = None, max_patches: int = 0,
                spacing: float | Literal["auto"] | None = None, idempotency_key: str = "",
                priority: Priority = "routine", seg_series: SegSeries | None = None,
                timeout: float | None = None, progress: ProgressCallback | None = None, modality: str = "",
                max_looks: int | None = None, max_steps: int | None = None,
                uncertainty: bool = False) -> Result:
        """Blocks until the result is there, or raises SgpsamError (see errors.py).

        volume: a Volume, or what Volume.of takes. Sent only if the server lacks it.
        targets: 1 to 16; each becomes one segment.
        logits: also fetch what TargetResult.previous needs when the server forgets (128 KiB a target).
        upright: with output="nifti", of a stack that leans (gantry tilt): the mask in Result.file and the image in
        Result.upright_image lie on a grid at right angles, which every reader opens.
        clamp: intensities are clamped to [first, second] before the model sees them.
        max_patches: the most patches that a target may take, 1 to 27: around the prompts, at other spacings, along
        a mask that touches its patch's border; 1: the first patch alone; 0: the server's default, 8.
        spacing: edge of the model's voxels in mm, 0.25 to 3, or "auto": the model's own, and a mask that is small
        or large for it is looked at again. Default: "auto" if the model has learned from finer ones than 1.5.
        seg_series: which series a DICOM-SEG goes into, so that repeated results belong together.
        max_looks, max_steps: within max_patches, each 0 to 26: looks at other spacings than the first, and steps along
        a lesion from patch to patch.
        uncertainty: also how far several looks are from each other, voxel by voxel (TargetResult.uncertainty).
        modality: of a volume that is not DICOM, such as "CT"; "": not known.
        idempotency_key: same key, volume, targets and model: same UIDs in the DICOM-SEG.
        timeout: seconds for the whole call. progress: called from any thread, one call at a time; must
        not raise.
        """
        if upright and output != "nifti":
            raise ValueError('upright goes with output="nifti"')
        volume = Volume.of(volume)
        targets = _targets(targets, volume)
        header = pb.SegmentHeader(
            volume=volume.source(), targets=[requests.to_message(target) for target in targets],
            output=pb.OutputOptions(format=choice("output", output, _FORMATS), probabilities=probabilities,
                                    logits=logits, upright=upright, uncertainty=uncertainty),
            idempotency_key=idempotency_key, priority=choice("priority", priority, _PRIORITIES),
            inference=_inference(max_patches, spacing))
        header.volume.modality = modality
        if max_looks is not None:
            header.inference.max_looks = max_looks
        if max_steps is not None:
            header.inference.max_steps = max_steps
        if seg_series is not None:
            header.output.seg_series.CopyFrom(seg_series.message())
        if clamp is not None:
            least, most = numbers("clamp", clamp, 2)
            header.preprocessing.CopyFrom(pb.PreprocessingOptions(has_clamp=True, clamp_min=least, clamp_max=most))
        return self._servers.call(volume.sha256, timeout, lambda stub, left: (
            Call(stub, volume, targets, progress).run(header, left)))


def _describe(stub: rpc.SegmentationServiceStub, timeout: float | None) -> ModelDescription:
    try:
        return results.describe(stub.DescribeModel(pb.DescribeModelRequest(), timeout=timeout))
    except grpc.RpcError as error:
        raise Failure.of(error) from None


def _targets(given: Target | Sequence[Target], volume: Volume) -> list[Target]:
    targets = [given] if isinstance(given, Target) else list(given)
    for number, target in enumerate(targets, 1):
        if not isinstance(target, Target):
            raise ValueError(f"target {number} is {type(target).__name__}, not a Target")
        if target.mask is not None and volume.shape is not None and target.mask.shape != volume.shape:
            raise ValueError(f"the mask of target {number} has the shape {target.mask.shape}, its volume "
                             f"{volume.shape} (axes k, j, i)")
    return targets


def _inference(max_patches: int, spacing: float | Literal["auto"] | None) -> pb.InferenceOptions:
    if spacing == "auto":
        return pb.InferenceOptions(max_patches=max_patches, auto_spacing=True)
    if spacing is None:
        return pb.InferenceOptions(max_patches=max_patches)
    if isinstance(spacing, str):
        raise ValueError(f"spacing is a number of mm, 'auto' or None, not {spacing!r}")
    return pb.InferenceOptions(max_patches=max_patches, spacing_mm=float(spacing))
