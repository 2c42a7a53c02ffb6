"""TLS between the real programs: which flags a server refuses, and what the command line and the Python package say where the
two ends do not trust each other."""

import contextlib
import os
import shutil
import subprocess

import numpy
import pytest
from conftest import BIN, ROOT, running_server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "tests/support/make_certificates.sh", folder], check=True)
    return folder


@pytest.fixture
def files(certificates, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(certificates, tmp_path / "certificates")


def flags(folder, shown, client_ca=None):
    return [f"--tls_cert={folder / shown}.pem", f"--tls_key={folder / shown}.key",
            *([f"--tls_client_ca={folder / client_ca}.pem"] if client_ca else [])]


class Servers:
    """Started when they are first asked for; they live as long as the module."""

    def __init__(self, stack, model, folder):
        self.stack, self.model, self.folder, self.running = stack, model, folder, {}

    def __call__(self, shown=None, client_ca=None):
        key = shown, client_ca
        if key not in self.running:
            given = flags(self.folder, shown, client_ca) if shown else []
            started = self.stack.enter_context(running_server(self.model, *given))
            self.running[key] = f"localhost:{started.grpc.split(':')[1]}"
        return self.running[key]


@pytest.fixture(scope="module")
def servers(model, certificates):
    with contextlib.ExitStack() as stack:
        yield Servers(stack, model, certificates)


# --- the server's flags


@pytest.mark.parametrize("given, complaint", [
    (["--tls_cert={}/server.pem"], "--tls_key must be given with --tls_cert"),
    (["--tls_key={}/server.key"], "--tls_cert must be given with --tls_key"),
    (["--tls_client_ca={}/authority.pem"], "--tls_cert must be given with --tls_client_ca"),
    (["--tls_cert={}/absent.pem", "--tls_key={}/server.key"], "--tls_cert: cannot open {}/absent.pem"),
    (["--tls_cert={}/text.pem", "--tls_key={}/server.key"], "--tls_cert: {}/text.pem holds no certificate"),
    (["--tls_cert={}/damaged.pem", "--tls_key={}/server.key"], "--tls_cert: {}/damaged.pem holds a certificate that is damaged"),
    (["--tls_cert={}/server.pem", "--tls_key={}/text.pem"], "--tls_key: {}/text.pem holds no private key"),
    (["--tls_cert={}/server.pem", "--tls_key={}/encrypted.key"], "--tls_key: {}/encrypted.key is protected by a passphrase"),
    (["--tls_cert={}/server.pem", "--tls_key={}/client.key"], "--tls_key: the key in {}/client.key does not belong"),
    (["--tls_cert={}/server.pem", "--tls_key={}/server.key", "--tls_client_ca={}/server.key"],
     "--tls_client_ca: {}/server.key holds no certificate"),
])
def test_flags_and_files_that_contradict_each_other_end_the_server_with_2(certificates, given, complaint):
    done = subprocess.run([BIN / "sgpsam-server", "--model=m", *(flag.format(certificates) for flag in given)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert complaint.format(certificates) in done.stderr and "--help" in done.stderr


def lines_of(key):
    """What of a key must be nowhere: its lines of base64."""
    return [line for line in key.read_text().splitlines() if len(line) > 20 and "-----" not in line]


def test_no_key_reaches_the_log_whatever_happens_to_it(model, files, sgpsam):
    keys = [line for name in ("server", "renewed", "client") for line in lines_of(files / f"{name}.key")]
    assert len(keys) >= 6
    with running_server(model, *flags(files, "server", "authority"), stderr=subprocess.PIPE) as server:
        address = f"localhost:{server.grpc.split(':')[1]}"
        shown = ["--tls-cert", files / "client.pem", "--tls-key", files / "client.key"]
        assert sgpsam("model", "--server", address, "--tls-ca", files / "authority.pem", *shown).returncode == 0
        (files / "server.key").write_bytes((files / "renewed.key").read_bytes())   # without its certificate
        until_code(4, sgpsam, "model", "--server", address, "--tls-ca", files / "authority.pem", *shown)
        server.process.terminate()
        log = server.process.stderr.read()
    assert "grpc error" in log   # it was noticed
    assert [line for line in keys if line in log] == []


# --- the command line


def until_code(code, sgpsam, *arguments):
    """Asks until it ends so; the test's time limit is the failure."""
    while (done := sgpsam(*arguments)).returncode != code:
        os.sched_yield()
    return done


REFUSALS = {
    "wrong authority": ("server", None, "stranger", None, 1, "signed by an authority that is trusted here", "--tls-ca"),
    "expired": ("expired", None, "authority", None, 1, "have the certificate renewed", "--tls-ca"),
    "wrong host name": ("elsewhere", None, "authority", None, 1, "not for the name in localhost", "subjectAltName"),
    "no client certificate": ("server", "authority", "authority", None, 4, "may ask its callers for a certificate",
                              "--tls-cert and --tls-key"),
    "client certificate of a stranger": ("server", "authority", "authority", "strange_client", 4,
                                         "may not accept the certificate", "--tls-cert"),
    "expired client certificate": ("server", "authority", "authority", "expired_client", 4,
                                   "may not accept the certificate", "--tls-cert"),
    "plain client": ("server", None, None, None, 4, "may speak TLS", "--tls-ca"),
    "plain server": (None, None, "authority", None, 1, "does not speak TLS", "without --tls-ca"),
}


def options(folder, ca, shown=None):
    given = ["--tls-ca", folder / f"{ca}.pem"] if ca else []
    return [*given, *(["--tls-cert", folder / f"{shown}.pem", "--tls-key", folder / f"{shown}.key"] if shown else [])]


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says_what_to_type(servers, certificates, sgpsam, refusal):
    server, client_ca, ca, shown, code, complaint, typed = refusal
    address = servers(server, client_ca)
    done = sgpsam("model", "--server", address, *options(certificates, ca, shown))
    assert done.returncode == code
    assert complaint in done.stderr and typed in done.stderr
    assert done.stderr.count("\n") == 1, "gRPC's own lines beside ours"
    if server == "server":
        good = sgpsam("model", "--server", address, *options(certificates, "authority", "client"))
        assert good.returncode == 0, good.stderr


def test_a_series_is_segmented_over_tls_with_what_the_environment_says(servers, certificates, ct, tmp_path):
    done = subprocess.run(
        [BIN / "sgpsam", "segment", ct.folder, "--point", ct.click, "--out", tmp_path / "lesion.dcm"],
        env={**os.environ, "SGPSAM_SERVER": servers("server", "authority"),
             "SGPSAM_TLS_CA": str(certificates / "authority.pem"), "SGPSAM_TLS_CERT": str(certificates / "client.pem"),
             "SGPSAM_TLS_KEY": str(certificates / "client.key")},
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 6), done.stderr
    assert (tmp_path / "lesion.dcm").read_bytes()[128:132] == b"DICM"


@pytest.mark.parametrize("given, complaint", [
    (["--tls-cert", "client.pem", "--tls-key", "client.key"], "--tls-cert requires --tls-ca"),
    (["--tls-ca", "authority.pem", "--tls-cert", "client.pem"], "--tls-cert requires --tls-key"),
    (["--tls-ca", "absent.pem"], "absent.pem"),
    (["--tls-ca", "text.pem"], "text.pem holds no certificate in PEM"),
    (["--tls-ca", "authority.pem", "--tls-cert", "client.pem", "--tls-key", "server.key"], "does not belong to"),
])
def test_options_that_contradict_each_other_are_wrong_usage(certificates, sgpsam, given, complaint):
    named = [certificates / word if "." in word else word for word in given]
    done = sgpsam("model", "--server", "localhost:1", *named)
    assert done.returncode == 2 and complaint in done.stderr


def test_the_authorities_of_the_system_are_trusted_on_request_alone(servers, certificates):
    address = servers("server")
    done = subprocess.run([BIN / "sgpsam", "model", "--server", address, "--tls-ca", "system"],
                          env={**os.environ, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(certificates / "authority.pem")},
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert subprocess.run([BIN / "sgpsam", "model", "--server", address, "--tls-ca", "system"], capture_output=True,
                          timeout=60, check=False).returncode == 1


# --- the Python package


def certified(sdk, folder, ca, shown=None):
    shows = {"cert": folder / f"{shown}.pem", "key": folder / f"{shown}.key"} if shown else {}
    return sdk.Tls(ca=folder / f"{ca}.pem", **shows) if ca else None


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_the_package_raises_what_to_do(servers, certificates, sdk, refusal):
    server, client_ca, ca, shown, code, complaint, _ = refusal
    address = servers(server, client_ca)
    with sdk.Client(address, tls=certified(sdk, certificates, ca, shown)) as client:
        with pytest.raises(sdk.NotTrusted if code == 1 else sdk.Unavailable, match=complaint):
            client.describe_model(timeout=60)
    if server == "server":
        with sdk.Client(address, tls=certified(sdk, certificates, "authority", "client")) as good:
            assert good.describe_model(timeout=60).server_version


def test_an_array_is_segmented_over_tls(servers, certificates, sdk):
    array = numpy.zeros((20, 32, 32), numpy.int16)
    array[5:15, 10:20, 10:20] = numpy.arange(10) + 100
    with sdk.Client(servers("server", "authority"), tls=certified(sdk, certificates, "authority", "client")) as client:
        result = client.segment(sdk.Volume.from_array(array, (1.5, 1.5, 3)), sdk.Target([sdk.Click.voxel(14, 14, 9)]))
    assert result.mask.shape == array.shape


@pytest.mark.parametrize("ca, cert, key, error, complaint", [
    ("absent.pem", None, None, FileNotFoundError, "absent.pem"),
    ("text.pem", None, None, ValueError, "text.pem holds no certificate"),
    ("damaged.pem", None, None, ValueError, "damaged.pem holds no certificate in PEM, or a damaged one"),
    ("authority.pem", "client.pem", None, ValueError, "given together"),
    ("authority.pem", "client.pem", "server.key", ValueError, "server.key are not a certificate and its private key"),
    ("authority.pem", "server.pem", "encrypted.key", ValueError, "without a passphrase"),
])
def test_files_that_are_none_are_named_before_anything_is_sent(certificates, sdk, ca, cert, key, error, complaint):
    ca, cert, key = (name and certificates / name for name in (ca, cert, key))
    with pytest.raises(error, match=complaint):
        sdk.Client("localhost:1", tls=sdk.Tls(ca, cert, key))


def test_a_certificate_that_is_replaced_counts_for_the_clients_that_follow(model, files, sgpsam, sdk):
    with running_server(model, *flags(files, "server")) as server:
        address = f"localhost:{server.grpc.split(':')[1]}"
        with sdk.Client(address, tls=certified(sdk, files, "authority")) as open_before:
            assert open_before.describe_model(timeout=60).server_version
            for ending in (".pem", ".key"):
                shutil.copy(files / f"strange_server{ending}", files / f"new{ending}")
                os.replace(files / f"new{ending}", files / f"server{ending}")
            until_code(0, sgpsam, "model", "--server", address, "--tls-ca", files / "stranger.pem")
            assert sgpsam("model", "--server", address, "--tls-ca", files / "authority.pem").returncode == 1
            assert open_before.describe_model(timeout=60).server_version
        with sdk.Client(address, tls=certified(sdk, files, "stranger")) as after:
            assert after.describe_model(timeout=60).server_version
