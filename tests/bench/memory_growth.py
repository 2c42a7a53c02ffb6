"""Memory of sgpsam-server and its worker over 1,000 requests: it must not grow.

    build/deps/venv/bin/python tests/bench/memory_growth.py [REQUESTS]

Every request uploads a 4 MiB volume and goes through every stage: the caches are off, because they grow
to their limits by design. Ends with 1 if either process grows by more than 16 MiB between the first tenth
and the end.
"""

import pathlib
import sys

from bench_server import memory_mib, running_server, segment

LIMIT_MIB = 16
SLICES = 8


def worker_of(pid):
    """The server's only child."""
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def main():
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with running_server("--volume_cache_bytes=0", "--embedding_cache_bytes=0", "--logits_cache_bytes=0") as (server, pb, stub):
        worker = worker_of(server.pid)
        rows = []
        for n in range(requests):
            segment(pb, stub, SLICES, seed=n % 7)
            if n + 1 in (requests // 10, requests):
                rows.append((memory_mib(server.pid, "VmRSS"), memory_mib(worker, "VmRSS")))
    (server_first, worker_first), (server_last, worker_last) = rows
    print(f"after {requests // 10} and {requests} requests: server {server_first:.1f} -> {server_last:.1f} MiB, "
          f"worker {worker_first:.1f} -> {worker_last:.1f} MiB (limit {LIMIT_MIB} MiB of growth each)")
    return 0 if max(server_last - server_first, worker_last - worker_first) <= LIMIT_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
