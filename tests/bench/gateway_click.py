"""What a click through sgpsam-gateway costs more than the same click by the Python package.

    build/deps/venv/bin/python tests/bench/gateway_click.py [clicks]

nnInteractive's own client and ours take turns on one volume of 512x512x200 int16 that the server has, with the model that
comes with the project; prints medians, and the median of the differences. Ends with 1 if that is more than 15 ms, or if the
masks differ.
"""

import contextlib
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.pop("SGPSAM_BIN_DIR", ROOT / "build/release/bin"))
SHAPE, SPACING, CENTRE = (200, 512, 512), (2.5, 0.8, 0.8), (100, 250, 300)
LIMIT_MS = 15


def import_sdk():
    """From the source tree, where it is not installed."""
    real = importlib.metadata.version
    importlib.metadata.version = lambda name: "0" if name == "sgpsam" else real(name)
    sys.path.insert(0, str(ROOT / "client/python/src"))
    import sgpsam
    return sgpsam


@contextlib.contextmanager
def running(program, *flags):
    with subprocess.Popen([BIN / program, *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield re.search(r"=(\S+)", process.stdout.readline()).group(1)
        finally:
            process.terminate()


def image():
    away = sum(((axis - at) * mm) ** 2 for axis, at, mm in zip(numpy.ogrid[tuple(map(slice, SHAPE))], CENTRE, SPACING))
    return (numpy.where(away < 225, 30, 100) + numpy.random.default_rng(0).normal(0, 8, SHAPE)).astype(numpy.int16)


def timed(call):
    begin = time.monotonic()
    result = call()
    return (time.monotonic() - begin) * 1000, result


def main():
    clicks = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    sgpsam = import_sdk()
    from nnInteractive.inference.remote.remote_session import nnInteractiveRemoteInferenceSession
    array = image()
    with running("sgpsam-server", f"--model={ROOT / 'deploy/models/sgpsam-lesions.safetensors'}", "--listen=127.0.0.1:0",
                 "--http_listen=127.0.0.1:0", "--device=cpu") as server, \
            running("sgpsam-gateway", f"--server={server}", "--nninteractive_listen=127.0.0.1:0") as gateway, \
            nnInteractiveRemoteInferenceSession(f"http://{gateway}") as viewer, sgpsam.Client(server) as client:
        viewer.set_image(array[numpy.newaxis], {"spacing": list(SPACING)})
        viewer.set_target_buffer(numpy.zeros(SHAPE, numpy.uint8))
        volume, said, previous, times = sgpsam.Volume.from_array(array, SPACING[::-1]), [], None, []
        for n in range(clicks):
            at = (CENTRE[0] + n % 3, CENTRE[1] + 2 * n % 7, CENTRE[2] + n % 5)
            said.append(sgpsam.Click.voxel(*at[::-1]))
            theirs, _ = timed(lambda at=at: viewer.add_point_interaction(at, True))
            ours, result = timed(lambda: client.segment(volume, sgpsam.Target(list(said), previous=previous)))
            previous = result.targets[0].previous
            times.append((theirs, ours))
        equal = bool((viewer.target_buffer.astype(bool) == result.mask).all())
    theirs, ours = numpy.array(times[2:]).T   # the first find nothing in the caches
    more = numpy.median(theirs - ours)
    print(f"gateway {numpy.median(theirs):.1f} ms, Python package {numpy.median(ours):.1f} ms, {more:+.1f} ms in the median of "
          f"{len(theirs)} pairs (limit {LIMIT_MS}); masks {'equal' if equal else 'differ'}")
    return 0 if more <= LIMIT_MS and equal else 1


if __name__ == "__main__":
    sys.exit(main())
