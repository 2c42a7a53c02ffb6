"""Peak memory of sgpsam-server for one raw volume, as a multiple of the volume's bytes.

    SGPSAM_BIN_DIR=build/release/bin build/deps/venv/bin/python tests/bench/server_memory.py [MiB]

Starts a server with the tiny model, sends a small volume (everything is loaded then), then one of the
given size (default 512 MiB, raw, int16), and prints the high-water mark of the server's own memory.
Ends with 1 if peak - constant is more than 1.6 times the volume.
"""

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
BIN = pathlib.Path(os.environ.get("SGPSAM_BIN_DIR", ROOT / "build/release/bin")).resolve()
CHUNK = 1 << 20
MIB = 1 << 20
LIMIT = 1.6


def contract(folder):
    """The generated modules of the contract."""
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    assert protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"-I{well_known}", f"--python_out={folder}",
                        f"--grpc_python_out={folder}", "sgpsam/v1/segmentation.proto"]) == 0
    sys.path.insert(0, folder)
    from sgpsam.v1 import segmentation_pb2, segmentation_pb2_grpc
    return segmentation_pb2, segmentation_pb2_grpc


def memory_mib(pid, field):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


def segment(pb, stub, slices):
    """Uploads 512 x 512 x slices samples and clicks into their middle."""
    size = 512 * 512 * slices * 2
    header = pb.SegmentHeader(
        volume=pb.VolumeSource(
            raw=pb.RawVolume(shape=[512, 512, slices], sample_type=pb.SAMPLE_TYPE_INT16, spacing_mm=[1, 1, 1]),
            size_bytes=size),
        targets=[pb.Target(prompts=pb.Prompts(points=[
            pb.PointPrompt(voxel=pb.VoxelPoint(i=256, j=256, k=slices // 2))]))])
    block = bytes(n * 2654435761 >> 13 & 63 for n in range(CHUNK))

    def requests():
        yield pb.SegmentRequest(header=header)
        for start in range(0, size, CHUNK):
            yield pb.SegmentRequest(chunk=pb.PayloadChunk(data=block[:min(CHUNK, size - start)]))

    assert any(response.HasField("result") for response in stub.Segment(requests()))
    return size / MIB


def main():
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    with tempfile.TemporaryDirectory() as folder:
        pb, rpc = contract(folder)
        model = f"{folder}/tiny.safetensors"
        subprocess.run([BIN / "sgpsam-model", "make-seeded", "--config", "tiny", "--seed", "1", "--out", model],
                       check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen([BIN / "sgpsam-server", f"--model={model}", "--listen=127.0.0.1:0",
                                   "--http_listen=127.0.0.1:0", "--device=cpu"], stdout=subprocess.PIPE, text=True)
        try:
            port = re.search(r"grpc=127.0.0.1:(\d+)", server.stdout.readline())[1]
            stub = rpc.SegmentationServiceStub(grpc.insecure_channel(f"127.0.0.1:{port}"))
            idle = memory_mib(server.pid, "VmRSS")
            small = segment(pb, stub, 8)
            constant = memory_mib(server.pid, "VmHWM") - small
            volume = segment(pb, stub, 2 * mib)
            peak = memory_mib(server.pid, "VmHWM")
        finally:
            server.terminate()
            server.wait()
    ratio = (peak - constant) / volume
    print(f"idle {idle:.0f} MiB, constant {constant:.0f} MiB, volume {volume:.0f} MiB, peak {peak:.0f} MiB: "
          f"{ratio:.2f} times the volume plus the constant (limit {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
