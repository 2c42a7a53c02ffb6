"""Which servers, how, and how often: TLS, several servers, attempts."""

from __future__ import annotations

import os
import random
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import grpc

from sgpsam.errors import NotTrusted, SgpsamError
from sgpsam.retry import Attempts, Failure
from sgpsam.v1 import segmentation_pb2_grpc as rpc

_REMEMBERED_VOLUMES = 4096   # forgetting one costs an upload

_T = TypeVar("_T")


@dataclass(frozen=True)
class Tls:
    """An encrypted connection to a server whose certificate is verified, by the name that it is addressed by.

    ca: file in PEM, authorities of which one signed the server's certificate; None: those that grpcio brings along.
    cert, key: files in PEM, shown to servers that ask for a certificate, and its private key.

    Files are read when the Client is made. OSError for one that cannot be read, ValueError for one that holds something
    else, or a key of another certificate.
    """

    ca: str | os.PathLike[str] | None = None
    cert: str | os.PathLike[str] | None = None
    key: str | os.PathLike[str] | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        if (self.cert is None) != (self.key is None):
            raise ValueError("the client's certificate and its private key are given together")
        ca, key, cert = (None if path is None else Path(path).read_bytes() for path in (self.ca, self.key, self.cert))
        self._check()
        return grpc.ssl_channel_credentials(ca, key, cert)

    def _check(self) -> None:
        """gRPC says no more of a wrong file than that no connection could be made."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca is not None:
            try:
                context.load_verify_locations(self.ca)
            except ssl.SSLError:
                raise ValueError(f"{os.fspath(self.ca)} holds no certificate in PEM, or a damaged one") from None
        if self.cert is not None and self.key is not None:
            try:
                # The empty passphrase, instead of asking the terminal for one.
                context.load_cert_chain(self.cert, self.key, password=lambda: "")
            except ssl.SSLError:
                raise ValueError(f"{os.fspath(self.cert)} and {os.fspath(self.key)} are not a certificate and its "
                                 "private key in PEM, without a passphrase") from None


def _options(target: str) -> list[tuple[str, str]]:
    # Only on request: localhost and most hosts have two addresses, of which the server listens on one.
    return [("grpc.lb_policy_name", "round_robin")] if target.startswith("dns:") else []


class Servers:
    """With a channel each. Calls go round them; those of one volume stay where it was last sent, so that a further
    click finds it there. May be used from several threads."""

    def __init__(self, targets: str, tls: Tls | None, max_attempts: int) -> None:
        self._targets = [target.strip() for target in targets.split(",")]
        if not all(self._targets):
            raise ValueError("no server given; expected HOST:PORT")
        if max_attempts < 1:
            raise ValueError("a call needs at least one attempt")
        self._tls = tls
        self._max_attempts = max_attempts
        credentials = tls.credentials() if tls else None
        self._channels = [grpc.secure_channel(target, credentials, _options(target)) if credentials
                          else grpc.insecure_channel(target, _options(target)) for target in self._targets]
        self._stubs = [rpc.SegmentationServiceStub(channel) for channel in self._channels]  # type: ignore[no-untyped-call]
        self._lock = threading.Lock()
        self._last: dict[bytes, int] = {}
        self._next: int | None = None

    def close(self) -> None:
        for channel in self._channels:
            channel.close()

    def call(self, volume: bytes, timeout: float | None,
             attempt: Callable[[rpc.SegmentationServiceStub, float | None], _T]) -> _T:
        """What `attempt` returns, as often as its failures allow. volume: its digest, or b"" for a call about none."""
        deadline = None if timeout is None else time.monotonic() + timeout
        attempts = Attempts(self._max_attempts, len(self._stubs), deadline)
        server = self._first(volume)
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            try:
                result = attempt(self._stubs[server], left)
            except Failure as failure:
                wait = attempts.wait_after(failure, time.monotonic(), random.random())
                if wait is None:
                    raise self._explained(failure, server) from None
                time.sleep(wait)
                server = (server + 1) % len(self._stubs)
            else:
                self._remember(volume, server)
                return result

    def _first(self, volume: bytes) -> int:
        """The first call of all begins where the digest falls, so that another run of a program finds the volume."""
        with self._lock:
            if volume in self._last:
                return self._last[volume]
            if self._next is None:
                self._next = int.from_bytes(volume[:8], "little") if volume else random.randrange(len(self._stubs))
            first = self._next % len(self._stubs)
            self._next = first + 1
            return first

    def _remember(self, volume: bytes, server: int) -> None:
        if volume and len(self._stubs) > 1:
            with self._lock:
                if len(self._last) >= _REMEMBERED_VOLUMES:
                    self._last.clear()
                self._last[volume] = server

    def _explained(self, failure: Failure, server: int) -> SgpsamError:
        """What is wrong with TLS, if that is what a connection that could not be made looks like, and what to do."""
        error = failure.error
        if failure.kind != "unreachable":
            return error
        untrusted = self._untrusted(error.message, self._targets[server])
        if untrusted:
            return NotTrusted("UNAUTHENTICATED", f"{untrusted} ({error.message})")
        if not any(text in error.message for text in ("Socket closed", "Connection reset", "Broken pipe")):
            return error
        if self._tls is None:
            advice = "it may speak TLS: trust the authority that signed its certificate (tls=Tls(ca=…))"
        elif self._tls.cert is None:
            advice = ("it may ask its callers for a certificate: show a certificate that an authority of the server's "
                      "signed (Tls(…, cert=…, key=…))")
        else:
            advice = ("it may not accept the certificate that was shown, which must be signed by an authority of the "
                      "server's and be within its dates")
        return type(error)(error.code, f"the server closed the connection; {advice} ({error.message})")

    @staticmethod
    def _untrusted(message: str, target: str) -> str:
        if "CERTIFICATE_VERIFY_FAILED" in message:
            return ("the server's certificate was not accepted: it must be signed by an authority that is trusted "
                    "here, and be within its dates; trust the authority that signed it (Tls(ca=…)), or have the "
                    "certificate renewed")
        if "Hostname Verification Check failed" in message or "is not in peer certificate" in message:
            return (f"the server's certificate is not for the name in {target}: use a name that it is for, or "
                    "have one made for this name (subjectAltName)")
        if "WRONG_VERSION_NUMBER" in message:
            return "the server does not speak TLS: connect without TLS, or give the server a certificate"
        return ""
