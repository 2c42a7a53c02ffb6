"""One Segment call on the wire: requests go out while answers come in, so that a refusal stops an
upload at once."""

from __future__ import annotations

import collections
import queue
import threading
from collections.abc import Callable, Iterator, Sequence

import grpc
import numpy as np

from sgpsam import dicom_files
from sgpsam import request as requests
from sgpsam import result as results
from sgpsam.errors import InvalidInput, broken_contract
from sgpsam.request import Target
from sgpsam.result import PatchPosition, PreviousLogits, Progress, PromptUse, Result, TargetResult
from sgpsam.retry import Failure
from sgpsam.v1 import segmentation_pb2 as pb
from sgpsam.v1 import segmentation_pb2_grpc as rpc
from sgpsam.volume import Volume

ProgressCallback = Callable[[Progress], None]

_MAX_CHUNK_BYTES = 1 << 20   # the contract's limit, and the fastest size measured


class Call:
    """grpc pulls requests from a thread of its own; the thread that reads the answers puts into a queue
    what may be pulled next, and None at the end."""

    def __init__(self, stub: rpc.SegmentationServiceStub, volume: Volume, targets: Sequence[Target],
                 progress: ProgressCallback | None) -> None:
        self._stub = stub
        self._volume = volume
        self._targets = targets
        self._progress = progress
        self._reporting = threading.Lock()
        self._outgoing: queue.SimpleQueue[Iterator[pb.SegmentRequest] | None] = queue.SimpleQueue()
        self._accepted: pb.Accepted | None = None
        self._result: pb.SegmentResult | None = None
        self._outputs: list[bytearray] = []
        self._uploaded = 0

    def run(self, header: pb.SegmentHeader, timeout: float | None) -> Result:
        """Once. Failure for what the server, or the way to it, let fail; SgpsamError for what this side finds wrong."""
        self._outgoing.put(iter([pb.SegmentRequest(header=header)]))
        stream = self._stub.Segment(self._requests(), timeout=timeout)
        try:
            for response in stream:
                self._handle(response)
        except grpc.RpcError as error:
            raise Failure.of(error, self._volume.names) from None
        finally:
            self._outgoing.put(None)
            stream.cancel()   # no effect on a call that is over
        return self._finish(header.output)

    def _requests(self) -> Iterator[pb.SegmentRequest]:
        while (messages := self._outgoing.get()) is not None:
            yield from messages

    def _handle(self, response: pb.SegmentResponse) -> None:
        kind = response.WhichOneof("kind")
        if kind == "accepted":
            self._accepted = response.accepted
        elif kind == "need_volume":
            self._outgoing.put(self._chunks())
            self._outgoing.put(None)
        elif kind == "need_logits":
            self._outgoing.put(iter([self._logits(index) for index in response.need_logits.target_index]))
        elif kind == "progress":
            self._report(_progress(response.progress))
        elif kind == "result":
            self._result = response.result
            self._outputs = [bytearray() for _ in response.result.outputs]
        elif kind == "output":
            self._take(response.output)

    def _chunks(self) -> Iterator[pb.SegmentRequest]:
        limit = min(_MAX_CHUNK_BYTES, self._accepted.chunk_bytes) if self._accepted else _MAX_CHUNK_BYTES
        total = self._volume.size_bytes
        for part in self._volume.parts:
            view = memoryview(part)
            for at in range(0, len(part), limit):
                data = bytes(view[at:at + limit])
                yield pb.SegmentRequest(chunk=pb.PayloadChunk(data=data))
                self._uploaded += len(data)
                self._report(Progress("receive", self._uploaded, total))

    def _logits(self, index: int) -> pb.SegmentRequest:
        previous = self._targets[index].previous if index < len(self._targets) else None
        if previous is None:
            raise broken_contract("logits were asked for that nobody named")
        if previous.samples is None:
            raise InvalidInput("NOT_FOUND", f"the server no longer has the previous logits of target {index + 1}; "
                                            "give their samples too, or leave them out")
        samples = requests.logits_bytes(previous)
        return pb.SegmentRequest(logits=pb.PreviousLogitsData(target_index=index, samples=samples))

    def _take(self, chunk: pb.OutputChunk) -> None:
        if self._result is None or chunk.output_index >= len(self._outputs):
            raise broken_contract("an output that was not announced")
        output = self._outputs[chunk.output_index]
        output += chunk.data
        if len(output) > self._result.outputs[chunk.output_index].size_bytes:
            raise broken_contract("an output longer than announced")
        total = sum(output.size_bytes for output in self._result.outputs)
        self._report(Progress("send", sum(map(len, self._outputs)), total))

    def _report(self, progress: Progress) -> None:
        if self._progress is not None:
            with self._reporting:
                self._progress(progress)

    def _finish(self, asked: pb.OutputOptions) -> Result:
        message = self._result
        if message is None or self._accepted is None:
            raise broken_contract("the call ended without a result")
        if any(len(data) != output.size_bytes for data, output in zip(self._outputs, message.outputs, strict=True)):
            raise broken_contract("the result is incomplete")
        if len(message.volume_shape) != 3 or len(message.voxel_to_lps) != 12:
            raise broken_contract("a result without its grid")
        shape = tuple(reversed(message.volume_shape))
        parts = Parts(message, [bytes(data) for data in self._outputs], asked, shape)
        return Result(
            targets=[parts.target(index) for index in range(len(message.targets))],
            file=b"" if asked.format == pb.MASK_FORMAT_RAW_BITS else parts.mask_file(),
            upright_image=parts.upright_image(),
            model=results.model_identity(message.model), volume_sha256=message.volume_sha256,
            shape=shape, voxel_to_lps=np.array(message.voxel_to_lps).reshape(3, 4),
            stage_seconds={results.stage_name(time.stage): time.seconds for time in message.stage_times},
            warnings=self._warnings(message), passed_over=self._passed_over(message),
            request_id=self._accepted.request_id, uploaded_bytes=self._uploaded,
            own_grid=asked.upright)

    def _warnings(self, message: pb.SegmentResult) -> list[str]:
        own = self._volume.passed_over
        if not own:
            return list(message.warnings)
        return [dicom_files.describe_passed_over(own), *message.warnings]

    def _passed_over(self, message: pb.SegmentResult) -> dict[str, int]:
        counted = collections.Counter(self._volume.passed_over)
        counted.update({some.kind: some.files for some in message.passed_over})
        return dict(counted)


class Parts:
    """A result's message and bytes, read target by target."""

    def __init__(self, message: pb.SegmentResult, outputs: Sequence[bytes], asked: pb.OutputOptions,
                 shape: tuple[int, ...]) -> None:
        self._message = message
        self._shape = shape
        self._asked = asked
        self._bytes = {(output.kind, output.target_index): data
                       for output, data in zip(message.outputs, outputs, strict=True)}

    def mask_file(self) -> bytes:
        return self._bytes.get((pb.OUTPUT_KIND_MASK, 0), b"")

    def upright_image(self) -> bytes:
        return self._bytes.get((pb.OUTPUT_KIND_UPRIGHT_IMAGE, 0), b"")

    def target(self, index: int) -> TargetResult:
        message = self._message.targets[index]
        logits = self._bytes.get((pb.OUTPUT_KIND_LOGITS, index))
        probabilities = self._bytes.get((pb.OUTPUT_KIND_PROBABILITIES, index))
        uncertainty = self._bytes.get((pb.OUTPUT_KIND_UNCERTAINTY, index))
        samples = np.frombuffer(logits, "<f4") if logits is not None else None
        return TargetResult(
            voxels=message.voxels, volume_ml=message.volume_ml,
            touches_patch_border=message.touches_patch_border, embedding_cached=message.embedding_cached,
            patches=message.patches, spacing_mm=message.spacing_mm,
            iou_prediction=message.iou_prediction,
            gates=[results.Gate(gate.block, gate.score, gate.open) for gate in message.gates],
            previous=PreviousLogits(message.logits_sha256, samples, _patch(message)), mask=self._mask(index),
            probabilities=self._on_grid(probabilities), uncertainty=self._on_grid(uncertainty),
            confidence=message.confidence if message.HasField("confidence") else None,
            dropped_components=message.dropped_components, enforced_prompts=message.enforced_prompts,
            prompts=[_use(use) for use in message.prompt_uses])

    def _mask(self, index: int) -> results.Mask | None:
        if self._asked.format == pb.MASK_FORMAT_RAW_BITS:
            return results.mask_from_bits(self._bytes.get((pb.OUTPUT_KIND_MASK, index), b""), self._shape)
        if self._asked.format == pb.MASK_FORMAT_NIFTI and not self._asked.upright:   # else on another grid
            return np.asarray(results.labels_from_nifti(self.mask_file()) == index + 1, bool)
        return None

    def _on_grid(self, data: bytes | None) -> results.Samples | None:
        if data is None:
            return None
        if len(data) != 4 * int(np.prod(self._shape)):
            raise broken_contract("a map of another size than its volume")
        return np.frombuffer(data, "<f4").reshape(self._shape)


def _patch(message: pb.ResultTarget) -> PatchPosition | None:
    if not message.HasField("first_patch"):
        return None
    centre = message.first_patch.centre
    return PatchPosition((centre.x, centre.y, centre.z), message.first_patch.spacing_mm)


def _use(message: pb.PromptUse) -> PromptUse:
    known = message.kind in pb.PromptKind.values()
    return PromptUse(pb.PromptKind.Name(message.kind).removeprefix("PROMPT_KIND_").lower() if known else "unknown",
                     message.number, message.clicks, message.box_corners, message.mask_logits, message.confined,
                     message.enforced)


def _progress(message: pb.Progress) -> Progress:
    return Progress(results.stage_name(message.stage), target=message.target_index, patch=message.patch,
                    patches=message.patches,
                    queue_position=message.queue_position, expected_seconds=message.expected_seconds)
