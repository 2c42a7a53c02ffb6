"""sgpsam-gateway as a program, for the tests of this folder."""

import contextlib
import dataclasses
import re
import select
import subprocess

from conftest import BIN, START_SECONDS


@dataclasses.dataclass
class Gateway:
    url: str                 # of nnInteractive's protocol
    process: subprocess.Popen


@contextlib.contextmanager
def running_gateway(server, *flags, **options):
    """From its line that it is ready to its end; `server` is an address."""
    command = [BIN / "sgpsam-gateway", f"--server={server}", "--nninteractive_listen=127.0.0.1:0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            assert select.select([process.stdout], [], [], START_SECONDS)[0], "the gateway does not become ready"
            match = re.fullmatch(r"ready nninteractive=(\S+)\n", process.stdout.readline())
            assert match, "the gateway ended before it was ready"
            yield Gateway(f"http://{match.group(1)}", process)
        finally:
            process.terminate()
            code = process.wait(60)
        assert code == 0, "SIGTERM must end the gateway with code 0"
