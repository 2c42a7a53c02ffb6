"""Whether a call that failed is sent again, when, and why not: every call of the contract may be, since the server
keeps nothing of it and the volume stays with the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import grpc
from google.protobuf import duration_pb2, wrappers_pb2

from sgpsam.errors import SgpsamError, details_in, details_of, from_grpc, parsed

LONGEST_WAIT = 60.0   # that a server may ask for; beyond it the error goes to the caller at once

_FIRST_BACKOFF, _LONGEST_BACKOFF, _SPREAD = 1.0, 10.0, 0.2
_PUSHBACK = "grpc-retry-pushback-ms"
_RETRY_INFO = "/google.rpc.RetryInfo"
# How gRPC says that a call never left.
_NO_CONNECTION = ("failed to connect to all addresses", "connections to all backends failing", "DNS resolution failed")

# final: another attempt would fail likewise, or the server forbade it; unreachable: no server was reached, and nothing
# sent; unavailable: the server is busy, going or gone.
Kind = Literal["final", "unreachable", "unavailable"]


class Failure(Exception):
    """How an attempt ended that the server, or the way to it, let fail. wait: for how many seconds the server asked."""

    def __init__(self, error: SgpsamError, kind: Kind = "final", wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.kind = kind
        self.wait = wait

    @staticmethod
    def of(call: grpc.RpcError, files: Sequence[str] = ()) -> Failure:
        """Of google.rpc.RetryInfo and the pushback the longer wait counts; a pushback below 0, or none that is a
        number, forbids another attempt."""
        error = from_grpc(call, files)
        pushback = _pushback(call)
        waits = [wait for wait in (pushback, _retry_info(call)) if wait is not None]
        wait = max(0.0, *waits) if waits else None
        # What is too large for one message is exhausted, too, and stays so.
        busy = error.code == "UNAVAILABLE" or (
            error.code == "RESOURCE_EXHAUSTED" and (wait is not None or error.reason == "SERVER_BUSY"))
        if not busy or (pushback is not None and pushback < 0):
            return Failure(error, "final", wait)
        return Failure(error, "unreachable" if error.message.startswith(_NO_CONNECTION) else "unavailable", wait)


class Attempts:
    """The attempts of one call, one server after the other. most: of those that reach a server, and one that reaches
    none. Times are seconds of one clock."""

    def __init__(self, most: int, servers: int, deadline: float | None) -> None:
        self._most = most
        self._servers = servers
        self._deadline = deadline
        self._tried = self._attempts = self._backoffs = 0
        self._reached = False

    def wait_after(self, failure: Failure, now: float, chance: float) -> float | None:
        """How long to wait before the next attempt, on the next server; None: there is none. `chance`, 0 to 1, spreads
        those who were refused together."""
        wait = self._wait(failure, chance)
        return None if wait is None or (self._deadline is not None and now + wait >= self._deadline) else wait

    def _wait(self, failure: Failure, chance: float) -> float | None:
        if failure.kind == "final":
            return None
        self._tried += 1
        another = self._tried < self._servers
        if failure.kind == "unreachable" and another:
            return 0.0
        self._attempts += 1
        self._reached = self._reached or failure.kind == "unavailable"
        # Who was never there is not waited for: the address may be wrong, and a person waits.
        if self._attempts >= self._most or not self._reached:
            return None
        if failure.wait is not None:
            return failure.wait if failure.wait <= LONGEST_WAIT else None
        if another:
            return 0.0
        backoff = min(_FIRST_BACKOFF * 2.0 ** self._backoffs, _LONGEST_BACKOFF)
        self._backoffs += 1
        return backoff * (1 - _SPREAD + 2 * _SPREAD * chance)


def _pushback(call: grpc.RpcError) -> float | None:
    for key, value in call.trailing_metadata() or ():
        if key == _PUSHBACK:
            try:
                return float(int(value)) / 1000
            except ValueError:
                return -1.0
    return None


def _retry_info(call: grpc.RpcError) -> float | None:
    for detail in details_in(details_of(call)):
        if detail.type_url.endswith(_RETRY_INFO):
            # google.rpc.RetryInfo is one Duration, its field 1: what a BytesValue has there, too.
            info = parsed(wrappers_pb2.BytesValue, detail.value)
            delay = info and parsed(duration_pb2.Duration, info.value)
            if delay:
                return float(delay.seconds + delay.nanos / 1e9)
    return None
