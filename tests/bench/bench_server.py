"""What the Python benchmarks share: a real server with the tiny model, and calls through bare grpcio."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import grpc
import grpc_tools
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.pop("SGPSAM_BIN_DIR", ROOT / "build/release/bin")).resolve()
MIB = 1 << 20
CHUNK = MIB


def contract(folder):
    """The generated modules of the contract."""
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    assert protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"-I{well_known}", f"--python_out={folder}",
                        f"--grpc_python_out={folder}", "sgpsam/v1/segmentation.proto"]) == 0
    sys.path.insert(0, folder)
    from sgpsam.v1 import segmentation_pb2, segmentation_pb2_grpc
    return segmentation_pb2, segmentation_pb2_grpc


@contextlib.contextmanager
def running_server(*flags):
    """Yields the server's process, the contract's messages and a stub."""
    with tempfile.TemporaryDirectory() as folder:
        pb, rpc = contract(folder)
        model = f"{folder}/tiny.safetensors"
        subprocess.run([BIN / "sgpsam-model", "make-seeded", "--config", "tiny", "--seed", "1", "--out", model],
                       check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen([BIN / "sgpsam-server", f"--model={model}", "--listen=127.0.0.1:0",
                                   "--http_listen=127.0.0.1:0", "--device=cpu", *flags], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            port = re.search(r"grpc=127.0.0.1:(\d+)", server.stdout.readline())[1]
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield server, pb, rpc.SegmentationServiceStub(channel)
        finally:
            server.terminate()
            server.wait()


def memory_mib(pid, field):
    """A field of /proc/PID/status: VmRSS (now) or VmHWM (the most so far)."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


def segment(pb, stub, slices, seed=0):
    """Uploads 512 x 512 x slices samples, clicks into their middle and returns their size in MiB."""
    size = 512 * 512 * slices * 2
    header = pb.SegmentHeader(
        volume=pb.VolumeSource(
            raw=pb.RawVolume(shape=[512, 512, slices], sample_type=pb.SAMPLE_TYPE_INT16, spacing_mm=[1, 1, 1]),
            size_bytes=size),
        targets=[pb.Target(prompts=pb.Prompts(points=[
            pb.PointPrompt(voxel=pb.VoxelPoint(i=256, j=256, k=slices // 2))]))],
        inference=pb.InferenceOptions(max_patches=1))   # random weights may mark anything, up to the border
    block = bytes((n + seed) * 2654435761 >> 13 & 63 for n in range(4096)) * (CHUNK // 4096)

    def requests():
        yield pb.SegmentRequest(header=header)
        for start in range(0, size, CHUNK):
            yield pb.SegmentRequest(chunk=pb.PayloadChunk(data=block[:min(CHUNK, size - start)]))

    assert any(response.HasField("result") for response in stub.Segment(requests()))
    return size / MIB
