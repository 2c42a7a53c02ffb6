"""What can go wrong on the other side, as a small tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError, Message

from sgpsam.dicom_files import with_names
from sgpsam.v1 import error_details_pb2 as details_pb

_DETAILS = "grpc-status-details-bin"
_ERROR_INFO = "/google.rpc.ErrorInfo"
_DOMAIN = "sgpsam"


class SgpsamError(Exception):
    """The server, or the way to it, failed.

    code: gRPC's name, e.g. "INVALID_ARGUMENT".
    reason: which refusal it is, e.g. "POINT_OUTSIDE_VOLUME"; these names, listed in the server's proto/README.md, are
    never changed. Empty where the server gave none.
    metadata: what the reason is about, e.g. {"target": "2", "point": "1"}, counted from 1.
    """

    def __init__(self, code: str, message: str, reason: str = "", metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.reason = reason
        self.metadata: dict[str, str] = dict(metadata or {})


class InvalidInput(SgpsamError):
    """The volume or the prompts were refused; the same request will be refused again."""


class Unavailable(SgpsamError):
    """Nobody answers, or the server is shutting down; try again later."""


class Busy(Unavailable):
    """The server has no room for this request now; try again later."""


class NotTrusted(SgpsamError):
    """The server's certificate is not trusted, or it does not speak TLS; trying again does not help."""


class DeadlineExceeded(SgpsamError, TimeoutError):
    """The result was not there within `timeout`."""


class Cancelled(SgpsamError):
    """The call was cancelled, by this side or by the server."""


class ServerError(SgpsamError):
    """The server failed, or its answer breaks the contract."""


_TYPES: dict[str, type[SgpsamError]] = {
    "INVALID_ARGUMENT": InvalidInput,
    "FAILED_PRECONDITION": InvalidInput,
    "OUT_OF_RANGE": InvalidInput,
    "NOT_FOUND": InvalidInput,
    "UNIMPLEMENTED": InvalidInput,
    "UNAUTHENTICATED": NotTrusted,
    "UNAVAILABLE": Unavailable,
    "RESOURCE_EXHAUSTED": Busy,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "CANCELLED": Cancelled,
}


def from_grpc(error: grpc.RpcError, files: Sequence[str] = ()) -> SgpsamError:
    """`files`: the names of the files that were sent, by which the server's "file 3" is called."""
    code = str(error.code().name)
    reason, metadata = _reason_in(details_of(error))
    return _TYPES.get(code, ServerError)(code, with_names(str(error.details() or ""), files), reason, metadata)


def details_of(error: grpc.RpcError) -> bytes:
    """What the server gave with its error, as google.rpc.Status."""
    return next((value for key, value in error.trailing_metadata() or () if key == _DETAILS), b"")


def details_in(status: bytes) -> Sequence[any_pb2.Any]:
    read = parsed(details_pb.RpcStatus, status)
    return list(read.details) if read else []


def _reason_in(status: bytes) -> tuple[str, dict[str, str]]:
    for detail in details_in(status):
        if detail.type_url.endswith(_ERROR_INFO):
            info = parsed(details_pb.ErrorInfo, detail.value)
            if info and info.domain == _DOMAIN and info.reason:
                return info.reason, dict(sorted(info.metadata.items()))
    return "", {}


_Message = TypeVar("_Message", bound=Message)


def parsed(message: type[_Message], data: bytes) -> _Message | None:
    """None for what a proxy made; protobuf in plain Python says so with more than its own exception."""
    read: _Message = message()
    try:
        read.ParseFromString(data)
        return read
    except (DecodeError, ValueError, RecursionError):
        return None


def broken_contract(what: str) -> SgpsamError:
    return ServerError("INTERNAL", f"the server's answer breaks the contract: {what}")
