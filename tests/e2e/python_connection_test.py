"""The Python package's connections: what it sends again, when and where, against services that refuse as the test says, over
real connections. What certificates do is in tls_test.py."""

import concurrent.futures
import contextlib

import grpc
import numpy
import pytest
from google.protobuf import any_pb2, duration_pb2, wrappers_pb2

NOW = 1000.0


@pytest.fixture(scope="module")
def retry(sdk):
    import sgpsam.retry
    return sgpsam.retry


@pytest.fixture(scope="module")
def waits(retry):
    """Of the attempts that fail so, given as (kind, wait), in seconds; -1: there is no further one."""
    def of(most, servers, deadline, *failures):
        attempts = retry.Attempts(most, servers, deadline)
        found = [attempts.wait_after(retry.Failure(Exception("x"), kind, wait), NOW, 0.5) for kind, wait in failures]
        return [-1 if wait is None else wait for wait in found]
    return of


GONE, NOBODY = ("unavailable", None), ("unreachable", None)


@pytest.mark.parametrize("most, servers, left, failures, expected", [
    (4, 1, None, [GONE] * 4, [1, 2, 4, -1]),
    (1, 1, None, [GONE], [-1]),
    (4, 3, None, [GONE] * 4, [0, 0, 1, -1]),
    (4, 2, None, [("unavailable", 7), ("unavailable", 0), ("unavailable", 61)], [7, 0, -1]),
    (4, 1, 1.5, [GONE] * 2, [1, -1]),
    (4, 1, None, [NOBODY], [-1]),
    (4, 5, None, [NOBODY] * 5, [0, 0, 0, 0, -1]),
    (4, 1, None, [GONE, NOBODY, NOBODY], [1, 2, 4]),
    (4, 3, None, [("final", None)], [-1]),
])
def test_attempts_wait_as_those_of_the_c_plus_plus_client(waits, most, servers, left, failures, expected):
    assert waits(most, servers, None if left is None else NOW + left, *failures) == pytest.approx(expected)


# --- against services


@pytest.fixture(scope="module")
def pb(sdk):
    from sgpsam.v1 import segmentation_pb2
    return segmentation_pb2


@pytest.fixture(scope="module")
def retry_info(sdk):
    from sgpsam.v1 import error_details_pb2

    def of(seconds):
        delay = duration_pb2.Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))
        info = wrappers_pb2.BytesValue(value=delay.SerializeToString())   # google.rpc.RetryInfo on the wire
        detail = any_pb2.Any(type_url="type.googleapis.com/google.rpc.RetryInfo", value=info.SerializeToString())
        return ("grpc-status-details-bin", error_details_pb2.RpcStatus(details=[detail]).SerializeToString())
    return of


class Service:
    """Refuses its first calls and answers from then on."""

    def __init__(self, pb, refusals, code=grpc.StatusCode.UNAVAILABLE, trailing=(), half=False):
        self.pb, self.refusals, self.code, self.trailing, self.half = pb, refusals, code, trailing, half
        self.calls = 0

    def segment(self, requests, context):
        self.calls += 1
        header = next(requests).header
        if self.calls <= self.refusals:
            if self.half:
                yield from self.answer(header, 1)
            context.set_trailing_metadata(self.trailing)
            context.abort(self.code, "not now")
        yield self.pb.SegmentResponse(accepted=self.pb.Accepted(request_id="r", chunk_bytes=1 << 20))
        yield self.pb.SegmentResponse(need_volume=self.pb.NeedVolume())
        assert sum(len(request.chunk.data) for request in requests) == header.volume.size_bytes
        yield from self.answer(header, None)

    def answer(self, header, size):
        shape = list(header.volume.raw.shape)
        bits = bytes(-(-int(numpy.prod(shape)) // 8))
        output = self.pb.Output(kind=self.pb.OUTPUT_KIND_MASK, size_bytes=len(bits))
        yield self.pb.SegmentResponse(result=self.pb.SegmentResult(
            targets=[self.pb.ResultTarget(voxels=7)], outputs=[output], volume_shape=shape, voxel_to_lps=[0.0] * 12))
        yield self.pb.SegmentResponse(output=self.pb.OutputChunk(data=bits[:size]))


@pytest.fixture
def serve(pb):
    """Starts services; gives their addresses, separated by commas."""
    with contextlib.ExitStack() as stack:
        def start(*services, hosts=None):
            addresses = []
            for service, host in zip(services, hosts or ["127.0.0.1:0"] * len(services), strict=True):
                server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
                server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("sgpsam.v1.SegmentationService", {
                    "Segment": grpc.stream_stream_rpc_method_handler(
                        service.segment, pb.SegmentRequest.FromString, pb.SegmentResponse.SerializeToString)})])
                port = server.add_insecure_port(host)
                addresses.append(f"{host.rpartition(':')[0]}:{port}")
                server.start()
                stack.callback(server.stop, None)
            return ",".join(addresses)
        yield start


def ask(sdk, targets, value=1, max_attempts=4, **more):
    volume = sdk.Volume.from_array(numpy.full((4, 5, 6), value, numpy.int16), (1, 1, 1))
    with sdk.Client(targets, max_attempts=max_attempts) as client:
        return client.segment(volume, sdk.Target([sdk.Click.voxel(1, 1, 1)]), **more)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_the_whole_request_is_sent_again_when_the_server_asked_for_it(sdk, pb, serve, retry_info, code):
    service = Service(pb, 3, code, [retry_info(0.001)])
    assert ask(sdk, serve(service)).uploaded_bytes == 240
    assert service.calls == 4


def test_the_attempts_end_with_the_servers_error(sdk, pb, serve, retry_info):
    service = Service(pb, 9, trailing=[retry_info(0.001)])
    address = serve(service)
    with pytest.raises(sdk.Unavailable, match="not now"):
        ask(sdk, address, max_attempts=3)
    assert service.calls == 3
    with pytest.raises(sdk.Unavailable):
        ask(sdk, address, max_attempts=1)
    assert service.calls == 4


def test_a_pushback_is_honoured(sdk, pb, serve):
    service = Service(pb, 2, trailing=[("grpc-retry-pushback-ms", "1")])
    ask(sdk, serve(service))
    assert service.calls == 3


@pytest.mark.parametrize("pushback", ["-1", "soon"])
def test_a_pushback_that_forbids_it_or_is_no_number_ends_the_call(sdk, pb, serve, retry_info, pushback):
    service = Service(pb, 1, trailing=[retry_info(0.001), ("grpc-retry-pushback-ms", pushback)])
    with pytest.raises(sdk.Unavailable):
        ask(sdk, serve(service))
    assert service.calls == 1


def test_the_longer_of_both_waits_counts_and_more_than_a_minute_is_not_waited(sdk, pb, serve, retry_info):
    service = Service(pb, 1, trailing=[retry_info(3600), ("grpc-retry-pushback-ms", "1")])
    with pytest.raises(sdk.Unavailable):
        ask(sdk, serve(service))
    assert service.calls == 1


def test_a_wait_that_would_pass_the_timeout_is_not_begun(sdk, pb, serve, retry_info):
    service = Service(pb, 1, trailing=[retry_info(50)])
    with pytest.raises(sdk.Unavailable):
        ask(sdk, serve(service), timeout=40)
    assert service.calls == 1


@pytest.mark.parametrize("code, hint", [(grpc.StatusCode.INVALID_ARGUMENT, True), (grpc.StatusCode.INTERNAL, True),
                                        (grpc.StatusCode.RESOURCE_EXHAUSTED, False)])   # too large a message, for instance
def test_what_is_wrong_with_the_request_is_not_sent_again(sdk, pb, serve, retry_info, code, hint):
    service = Service(pb, 1, code, [retry_info(0.001)] if hint else [])
    with pytest.raises(sdk.SgpsamError):
        ask(sdk, serve(service))
    assert service.calls == 1


def test_volumes_go_round_several_servers_and_stay_where_they_are(sdk, pb, serve):
    services = [Service(pb, 0) for _ in range(3)]
    volumes = [sdk.Volume.from_array(numpy.full((4, 5, 6), value, numpy.int16), (1, 1, 1)) for value in range(3)]
    asked = []
    with sdk.Client(serve(*services)) as client:
        for volume in [*volumes, *volumes[::-1]]:
            before = [service.calls for service in services]
            client.segment(volume, sdk.Target([sdk.Click.voxel(1, 1, 1)]))
            asked += [n for n, service in enumerate(services) if service.calls > before[n]]
    assert sorted(asked[:3]) == [0, 1, 2] and asked == asked[::-1]


def test_all_addresses_of_a_name_are_gone_round(sdk, pb, serve):
    services = [Service(pb, 0), Service(pb, 0)]
    port = serve(services[0]).rpartition(":")[2]
    try:
        serve(services[1], hosts=[f"[::1]:{port}"])
    except RuntimeError:
        pytest.skip("localhost has no second address here")
    with sdk.Client(f"dns:///localhost:{port}") as client:
        for value in range(2000):   # the second connection may be slower to come
            volume = sdk.Volume.from_array(numpy.full((4, 5, 6), value % 9, numpy.int16), (1, 1, 1))
            client.segment(volume, sdk.Target([sdk.Click.voxel(1, 1, 1)]))
            if min(service.calls for service in services) > 0:
                return
    raise AssertionError("one address got every call")


def test_another_run_begins_at_the_same_server(sdk, pb, serve):
    services = [Service(pb, 0), Service(pb, 0)]
    targets = serve(*services)
    for _ in range(3):
        ask(sdk, targets)
    assert sorted(service.calls for service in services) == [0, 3]


def test_a_server_that_is_gone_or_busy_is_passed_over_at_once(sdk, pb, serve):
    busy, good = Service(pb, 99), Service(pb, 0)
    targets = f"127.0.0.1:1, {serve(busy, good)}"
    for value in range(6):
        ask(sdk, targets, value)
    assert good.calls == 6


def test_a_call_begins_anew_after_half_an_answer(sdk, pb, serve):
    services = [Service(pb, 1, half=True), Service(pb, 1, half=True)]
    assert ask(sdk, serve(*services), max_attempts=3).mask.shape == (4, 5, 6)
    assert [service.calls for service in services] in ([2, 1], [1, 2])


@pytest.mark.parametrize("targets", ["", ",", "a:1,", ",a:1", "a:1,,b:2"])
def test_servers_are_named_without_gaps(sdk, targets):
    with pytest.raises(ValueError, match="no server given"):
        sdk.Client(targets)
