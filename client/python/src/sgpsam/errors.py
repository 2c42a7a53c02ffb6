"""What can go wrong on the other side, as a small tree."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from sgpsam.dicom_files import with_names


class SgpsamError(Exception):
    """The server, or the way to it, failed. `code` is gRPC's name, e.g. "INVALID_ARGUMENT"."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class InvalidInput(SgpsamError):
    """The volume or the prompts were refused; the same request will be refused again."""


class Unavailable(SgpsamError):
    """Nobody answers, or the server is shutting down; try again later."""


class Busy(Unavailable):
    """The server has no room for this request now; try again later."""


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
    "UNAVAILABLE": Unavailable,
    "RESOURCE_EXHAUSTED": Busy,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "CANCELLED": Cancelled,
}


def from_grpc(error: grpc.RpcError, files: Sequence[str] = ()) -> SgpsamError:
    """`files`: the names of the files that were sent, by which the server's "file 3" is called."""
    code = str(error.code().name)
    return _TYPES.get(code, ServerError)(code, with_names(str(error.details() or ""), files))


def broken_contract(what: str) -> SgpsamError:
    return ServerError("INTERNAL", f"the server's answer breaks the contract: {what}")
