"""sgpsam-server and sgpsam-worker as programs: their command lines, what they ask of the system, how they end."""

import contextlib
import fcntl
import os
import pathlib
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import urllib.error
import urllib.request
import zlib

import grpc
import pytest
from conftest import BIN, ROOT, running_server

CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


def run(program, *arguments, **environment):
    return subprocess.run([BIN / program, *arguments], env={**os.environ, **environment}, capture_output=True, text=True,
                          timeout=60)


@pytest.mark.parametrize("program, flag", [("sgpsam-server", "--max_in_flight=16"), ("sgpsam-worker", "--threads=0")])
def test_help_lists_the_flags_with_their_defaults(program, flag):
    done = run(program, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert flag in done.stdout
    assert "flagfile" in done.stdout and "undefok" not in done.stdout
    assert str(ROOT) not in done.stdout


@pytest.mark.parametrize("program", ["sgpsam-server", "sgpsam-worker"])
def test_version_is_the_projects(program):
    version = re.search(r"project\(\w+\s+VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    done = run(program, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{program} {version}\n", "")


@pytest.mark.parametrize("program", ["sgpsam-server", "sgpsam-worker"])
def test_the_document_on_configuration_has_the_table_that_the_program_prints(program):
    table = run(program, "--help=markdown").stdout
    assert table.count("\n") > 4
    assert table in CONFIGURATION, f"put the output of {program} --help=markdown into docs/configuration.md"


@pytest.mark.parametrize("arguments, environment, complaint", [
    ([], {}, "--model must be given"),
    (["--model=m", "--max_in_flite=3"], {}, "no flag --max_in_flite"),
    (["--model=m", "--max_in_flight=many"], {}, "--max_in_flight cannot be read"),
    (["--model=m", "--max_in_flight=0"], {}, "--max_in_flight must be 1 to 1024"),
    (["m.safetensors"], {}, "only flags are understood"),
    (["--model=m"], {"SGPSAM_MAX_IN_FLITE": "3"}, "SGPSAM_MAX_IN_FLITE"),
])
def test_a_mistake_in_the_flags_is_named_and_ends_with_2(arguments, environment, complaint):
    done = run("sgpsam-server", *arguments, **environment)
    assert done.returncode == 2
    assert complaint in done.stderr and "--help" in done.stderr
    assert done.stdout == ""


def test_a_worker_that_nobody_started_says_so():
    done = run("sgpsam-worker", "--device=cpu")
    assert done.returncode == 2 and "started by sgpsam-server" in done.stderr


# --- the contract by hand, for what no client of ours would do


def field(number, value):
    """One protobuf field, of an integer or of bytes."""
    def varint(n):
        return bytes([n & 0x7F | 0x80]) + varint(n >> 7) if n > 0x7F else bytes([n])
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


SIDE = 16
PAYLOAD = bytes(n % 251 for n in range(SIDE ** 3))
RAW_VOLUME = field(1, bytes([SIDE] * 3)) + field(2, 2) + field(3, struct.pack("<3d", 2, 2, 2))
VOXEL = b"".join(bytes([number << 3 | 1]) + struct.pack("<d", SIDE / 2) for number in (1, 2, 3))
TARGET = field(1, field(1, field(2, VOXEL))) + field(2, b"Doe^Jane")
HEADER = field(1, field(1, field(3, RAW_VOLUME) + field(4, len(PAYLOAD))) + field(2, TARGET))
CHUNK = field(2, field(1, PAYLOAD))
SEGMENT = "/sgpsam.v1.SegmentationService/Segment"


@contextlib.contextmanager
def segment_of(server, **options):
    with grpc.insecure_channel(server.grpc, options=[("grpc.use_local_subchannel_pool", 1)], **options) as channel:
        yield channel.stream_stream(SEGMENT)


def code_of(segment, *messages):
    call = segment(iter(messages), timeout=60)
    with contextlib.suppress(grpc.RpcError):
        list(call)
    return call.code()


@contextlib.contextmanager
def open_upload(server):
    """A call that was accepted and then says nothing more."""
    end = threading.Event()

    def messages():
        yield HEADER
        end.wait()

    with segment_of(server) as segment:
        call = segment(messages())
        next(call)
        yield
        end.set()


def http2_call(server, message, **headers):
    """Sends one Segment call frame by frame, in the connection's first window, and waits for the end of its stream."""
    def frame(kind, flags, stream, body):
        return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body

    def text(value):
        return bytes([len(value)]) + value.encode()

    fields = {":method": "POST", ":scheme": "http", ":path": SEGMENT, ":authority": "localhost", "te": "trailers",
              "content-type": "application/grpc", **headers}
    block = b"".join(b"\0" + text(name) + text(value) for name, value in fields.items())
    data = b"".join(frame(0, 0, 1, message[at:at + 16384]) for at in range(0, len(message), 16384))
    assert len(message) < 65536
    host, port = server.grpc.split(":")
    with socket.create_connection((host, int(port))) as connection, connection.makefile("rb") as answers:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(1, 4, 1, block) + data)
        while True:
            head = answers.read(9)
            answers.read(int.from_bytes(head[:3], "big"))
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
            if stream == 1 and (kind == 3 or kind == 1 and flags & 1):   # RST_STREAM, or headers that end it
                return


# --- what they ask of the system


def limits(pid):
    rows = pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {row[:26].strip(): row[26:].split()[:2] for row in rows}


def children(pid):
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()]


def runs(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def until(condition):
    """What the condition gives once that is true; the test's time limit is the failure."""
    while not (found := condition()):
        os.sched_yield()
    return found


@contextlib.contextmanager
def soft_limit(name, soft):
    """Of what is started meanwhile."""
    before = resource.getrlimit(name)
    resource.setrlimit(name, (before[1] if soft is None else soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(name, before)


def test_neither_program_leaves_a_core_dump(model):
    with soft_limit(resource.RLIMIT_CORE, None), running_server(model) as server:
        for pid in (server.process.pid, *children(server.process.pid)):
            assert limits(pid)["Max core file size"] == ["0", "0"]
        server.exit_code = -signal.SIGABRT
        server.process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(server.process.pid, 0)
        server.process.returncode = -os.WTERMSIG(status)
        assert not os.WCOREDUMP(status)


def test_more_idle_connections_than_the_soft_limit_of_descriptors_pass(model):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        with soft_limit(resource.RLIMIT_NOFILE, 256):
            server = stack.enter_context(running_server(model))
        assert limits(server.process.pid)["Max open files"] == [str(hard), str(hard)]
        host, port = server.grpc.split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(400)]
        for _ in range(2):
            with segment_of(server) as segment:
                assert code_of(segment, HEADER, CHUNK) == grpc.StatusCode.OK
            for connection in idle:
                connection.close()


def test_a_compressed_message_is_refused(server):
    with segment_of(server, compression=grpc.Compression.Gzip) as segment:
        assert code_of(segment, HEADER, CHUNK) == grpc.StatusCode.UNIMPLEMENTED


def test_a_compressed_message_is_not_inflated(model):
    with running_server(model) as server:
        def peak():
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) << 10

        with segment_of(server) as segment:
            assert code_of(segment, HEADER, CHUNK) == grpc.StatusCode.OK
        before = peak()
        deflate = zlib.compressobj(9, wbits=31)
        bomb = deflate.compress(bytes(60_000_000)) + deflate.flush()
        http2_call(server, b"\1" + len(bomb).to_bytes(4, "big") + bomb, **{"grpc-encoding": "gzip"})
        assert peak() - before < 16 << 20
        with segment_of(server) as segment:
            assert code_of(segment, HEADER, CHUNK) == grpc.StatusCode.OK


# --- the log


LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z (info|warning|error) .*")


def test_nothing_that_a_caller_sends_is_in_the_log_whatever_grpc_is_told_to_trace(model):
    environment = {**os.environ, "GRPC_VERBOSITY": "DEBUG", "GRPC_TRACE": "all"}
    with running_server(model, stderr=subprocess.PIPE, env=environment) as server:
        with segment_of(server) as segment:
            assert code_of(segment, HEADER, CHUNK) == grpc.StatusCode.OK
        http2_call(server, b"\0\0\0\0\0", te="Doe^Jane")   # gRPC quotes this in an error of its own
        server.process.terminate()
        lines = server.process.stderr.read().splitlines()
    assert any("call ended" in line for line in lines)
    assert [line for line in lines if "Doe" in line or not LINE.fullmatch(line)] == []


def test_a_log_that_nobody_reads_stops_neither_calls_nor_the_end(model):
    with running_server(model, stderr=subprocess.PIPE) as server:
        fcntl.fcntl(server.process.stderr, fcntl.F_SETPIPE_SZ, 4096)   # fifty lines
        with segment_of(server) as segment:
            for _ in range(300):
                assert code_of(segment) == grpc.StatusCode.INVALID_ARGUMENT
        server.process.terminate()
        assert server.process.wait(60) == 0


# --- how they end


def test_sigterm_ends_a_server_whose_model_still_loads(tmp_path):
    worker = tmp_path / "worker"
    worker.write_text("#!/bin/sh\nexec sleep 3600\n")
    worker.chmod(0o755)
    with subprocess.Popen([BIN / "sgpsam-server", "--model=m", f"--worker_binary={worker}", "--listen=127.0.0.1:0",
                           "--http_listen=127.0.0.1:0"]) as process:
        loading, = until(lambda: children(process.pid))
        process.terminate()
        assert process.wait(60) == 0
        assert not runs(loading)


def test_a_second_signal_ends_a_drain_at_once(model):
    def drains(server):
        try:
            return not urllib.request.urlopen(f"http://{server.http}/readyz", timeout=30)
        except urllib.error.HTTPError as error:
            return error.code == 503

    with running_server(model, "--drain_timeout=1h") as server, open_upload(server):
        worker, = children(server.process.pid)
        server.exit_code = 128 + signal.SIGTERM
        server.process.terminate()
        until(lambda: drains(server))
        server.process.terminate()
        assert server.process.wait(60) == 128 + signal.SIGTERM
        until(lambda: not runs(worker))


def test_a_worker_that_hangs_does_not_hold_the_exit(model):
    with running_server(model, "--drain_timeout=1s") as server, segment_of(server) as segment:
        worker, = children(server.process.pid)
        os.kill(worker, signal.SIGSTOP)
        call = segment(iter((HEADER, CHUNK)))
        until(lambda: server.metric("sgpsam_device_busy_seconds_total") > 0)   # the batch is with the worker
        server.process.terminate()
        assert server.process.wait(60) == 0
        assert not runs(worker)
        with pytest.raises(grpc.RpcError) as ended:
            list(call)
        assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
