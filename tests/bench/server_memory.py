"""Peak memory of sgpsam-server for one raw volume, as a multiple of the volume's bytes.

    build/deps/venv/bin/python tests/bench/server_memory.py [MiB]

Starts a server with the tiny model, sends a small volume (everything is loaded then), then one of the
given size (default 512 MiB, raw, int16), and prints the high-water mark of the server's own memory.
Ends with 1 if peak - constant is more than 1.6 times the volume.
"""

import sys

from bench_server import memory_mib, running_server, segment

LIMIT = 1.6


def main():
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    with running_server() as (server, pb, stub):
        idle = memory_mib(server.pid, "VmRSS")
        small = segment(pb, stub, 8)
        constant = memory_mib(server.pid, "VmHWM") - small
        volume = segment(pb, stub, 2 * mib)
        peak = memory_mib(server.pid, "VmHWM")
    ratio = (peak - constant) / volume
    print(f"idle {idle:.0f} MiB, constant {constant:.0f} MiB, volume {volume:.0f} MiB, peak {peak:.0f} MiB: "
          f"{ratio:.2f} times the volume plus the constant (limit {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
