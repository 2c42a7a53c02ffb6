"""What a program learns of an error: the reason, as every client gets it, and as a foreign reader of google.rpc.Status does."""

import json
import os
import pathlib
import re
import subprocess
import sys

import grpc
import pytest
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory


@pytest.fixture(scope="session")
def google_rpc():
    """google.rpc.Status and ErrorInfo as googleapis defines them (google/rpc/status.proto, error_details.proto), made here
    by hand, in a pool of their own: what grpcio-status and others read errors with."""
    file = descriptor_pb2.FileDescriptorProto(name="google/rpc/by_hand.proto", package="google.rpc", syntax="proto3",
                                              dependency=["google/protobuf/any.proto"])
    text, number, message = (getattr(descriptor_pb2.FieldDescriptorProto, "TYPE_" + kind) for kind in ("STRING", "INT32", "MESSAGE"))

    def add(fields, name, tag, kind, repeated_type=None):
        label = "LABEL_REPEATED" if repeated_type else "LABEL_OPTIONAL"
        fields.add(name=name, number=tag, type=kind, label=label, type_name=repeated_type)

    status = file.message_type.add(name="Status")
    add(status.field, "code", 1, number)
    add(status.field, "message", 2, text)
    add(status.field, "details", 3, message, ".google.protobuf.Any")
    info = file.message_type.add(name="ErrorInfo")
    add(info.field, "reason", 1, text)
    add(info.field, "domain", 2, text)
    entry = info.nested_type.add(name="MetadataEntry")
    entry.options.map_entry = True
    add(entry.field, "key", 1, text)
    add(entry.field, "value", 2, text)
    add(info.field, "metadata", 3, message, ".google.rpc.ErrorInfo.MetadataEntry")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"google.rpc.{name}")) for name in ("Status", "ErrorInfo")}


def refused(sdk, server, **header):
    """Sends one header that the server refuses; returns the error."""
    from sgpsam.v1 import segmentation_pb2 as pb
    from sgpsam.v1 import segmentation_pb2_grpc as rpc
    with grpc.insecure_channel(server.grpc) as channel, pytest.raises(grpc.RpcError) as caught:
        list(rpc.SegmentationServiceStub(channel).Segment(iter([pb.SegmentRequest(header=pb.SegmentHeader(**header))])))
    return caught.value


def raw_volume():
    return {"raw": {"shape": [8, 8, 8], "sample_type": "SAMPLE_TYPE_UINT8", "spacing_mm": [1, 1, 1]}, "size_bytes": 512}


def target(i):
    return {"prompts": {"points": [{"voxel": {"i": i, "j": 1, "k": 1}}]}}


def test_a_foreign_reader_finds_the_reason(sdk, server, google_rpc):
    error = refused(sdk, server, volume=raw_volume(), targets=[target(1), target(9)])
    [details] = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    status = google_rpc["Status"].FromString(details)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    [detail] = status.details
    assert detail.type_url == "type.googleapis.com/google.rpc.ErrorInfo"
    info = google_rpc["ErrorInfo"]()
    assert detail.Unpack(info)
    assert (info.reason, info.domain) == ("POINT_OUTSIDE_VOLUME", "sgpsam")
    assert {"target": "2", "point": "1"}.items() <= dict(info.metadata).items()


@pytest.mark.parametrize(("header", "reason", "field"), [
    ({}, "INVALID_HEADER", "volume.size_bytes"),
    ({"volume": raw_volume()}, "INVALID_HEADER", "targets"),
    ({"volume": raw_volume(), "targets": [target(1)], "inference": {"max_patches": 28}}, "INVALID_HEADER", "inference.max_patches"),
    ({"volume": raw_volume(), "targets": [target(1)], "output": {"format": "MASK_FORMAT_DICOM_SEG"}}, "SEG_NEEDS_DICOM", "output.format"),
    ({"volume": {**raw_volume(), "size_bytes": 1 << 60}, "targets": [target(1)]}, "VOLUME_TOO_LARGE", "volume.size_bytes"),
    ({"volume": {"raw": {**raw_volume()["raw"], "spacing_mm": [1, 1, 0]}, "size_bytes": 512}, "targets": [target(1)]},
     "INVALID_GEOMETRY", "volume.raw"),
])
def test_a_header_is_refused_with_its_field(sdk, server, header, reason, field):
    from sgpsam.errors import from_grpc
    error = from_grpc(refused(sdk, server, **header))
    assert (error.reason, error.metadata["field"]) == (reason, field)
    assert "sgpsam.v1" not in error.message


def test_python_has_reason_and_metadata(sdk, server, ct):
    with sdk.Client(server.grpc) as client:
        with pytest.raises(sdk.InvalidInput) as refusal:
            here, outside = sdk.Click.voxel(60, 60, 30), sdk.Click.voxel(60, 60, 3000)
            client.segment(ct.folder, [sdk.Target([here]), sdk.Target([here, outside])])
        assert refusal.value.reason == "POINT_OUTSIDE_VOLUME"
        assert {"target": "2", "point": "2"}.items() <= refusal.value.metadata.items()
        files = sorted(ct.folder.iterdir())
        with pytest.raises(sdk.InvalidInput, match=re.escape(files[39].name)) as refusal:
            client.segment([*files[:40], *files[41:]], sdk.Target([sdk.Click.voxel(60, 60, 30)]))
        assert refusal.value.reason == "MISSING_SLICES"
        assert set(refusal.value.metadata) == {"file", "other_file"}
        assert abs(int(refusal.value.metadata["file"]) - int(refusal.value.metadata["other_file"])) == 1
    with sdk.Client("127.0.0.1:1") as nobody, pytest.raises(sdk.Unavailable) as away:
        nobody.describe_model()
    assert (away.value.reason, away.value.metadata) == ("", {})


def test_details_that_are_none_are_left_out(sdk):
    from sgpsam.errors import from_grpc
    from sgpsam.v1 import error_details_pb2 as pb

    class Foreign(grpc.RpcError):
        def __init__(self, details):
            self._details = details

        def code(self):
            return grpc.StatusCode.INVALID_ARGUMENT

        def details(self):
            return "no"

        def trailing_metadata(self):
            return (("grpc-status-details-bin", self._details),)

    status = pb.RpcStatus()
    status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo",
                       value=pb.ErrorInfo(reason="DAMAGED_FILE", domain="another.service").SerializeToString())
    unnamed = pb.RpcStatus()
    unnamed.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo",
                        value=pb.ErrorInfo(domain="sgpsam", metadata={"file": "3"}).SerializeToString())
    for details in (b"\xff\xff", b"", b"\x12\x02\xff\xfe", status.SerializeToString(), unnamed.SerializeToString()):
        refused = from_grpc(Foreign(details))
        assert (refused.code, refused.message, refused.reason, refused.metadata) == ("INVALID_ARGUMENT", "no", "", {})
    broken_before = pb.RpcStatus()
    broken_before.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff\xff")
    broken_before.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo",
                              value=pb.ErrorInfo(reason="DAMAGED_FILE", domain="sgpsam").SerializeToString())
    assert from_grpc(Foreign(broken_before.SerializeToString())).reason == "DAMAGED_FILE"


def test_details_of_any_bytes_leave_the_error_as_it_is(sdk):
    """Also where protobuf is plain Python, which refuses texts that are no UTF-8 with an exception of its own."""
    program = ("from sgpsam.errors import _reason_in\n"
               "for details in (b'\\x12\\x02\\xff\\xfe', b'\\x0b' * 5000, b'\\xff'): assert _reason_in(details) == ('', {}), details")
    place = str(pathlib.Path(sdk.__file__).parents[1])
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120,
                   env={**os.environ, "PYTHONPATH": place, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"})


def test_the_command_line_types_what_mends_it(sgpsam, server, ct, tmp_path):
    def told(*arguments):
        done = sgpsam("segment", ct.nifti, "--server", server.grpc, "--json", *arguments)
        assert done.returncode == 3, done.stdout + done.stderr
        return json.loads(done.stdout)

    here = ["--voxel", "60,60,30"]
    seg = told("--out", tmp_path / "m.dcm", *here)
    assert (seg["reason"], seg["metadata"]["field"]) == ("SEG_NEEDS_DICOM", "output.format")
    assert "--out NAME.nii.gz" in seg["message"] and "MASK_FORMAT" not in seg["message"]
    outside = told("--out", tmp_path / "m.nii.gz", "--label", "Node", *here, "--label", "Cyst", *here, "--voxel", "60,60,3000")
    assert outside["reason"] == "POINT_OUTSIDE_VOLUME" and outside["metadata"]["target"] == "2"
    assert outside["message"].startswith("target 2 (Cyst): point 2: ")
    spacing = told("--out", tmp_path / "m.nii.gz", "--spacing", "4", *here)
    assert spacing["message"].startswith("--spacing must be ")
    label = told("--out", tmp_path / "m.nii.gz", "--label", "x" * 65, *here)
    assert label["reason"] == "INVALID_HEADER" and "--label" in label["message"]
    assert list(tmp_path.iterdir()) == []
