"""The chart: linted, rendered for the ways it is used, every manifest checked against the schemas of
Kubernetes, and wrong values refused with a message that names the place."""

import pathlib
import re
import shutil
import subprocess

import jsonschema
import kubernetes_validate
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "sgp-sam"
BUILT = ROOT / "build" / "deps" / "helm" / "helm"
HELM = str(BUILT) if BUILT.exists() else shutil.which("helm")
KUBERNETES = ["1.27", "1.31", "1.35"]   # the oldest that Chart.yaml allows, and two newer ones

pytestmark = pytest.mark.skipif(not HELM, reason="no helm here: tests/deploy/install_helm.sh builds it")

WAYS_TO_USE = {
    "defaults": {},
    "model on a claim": {"model": {"existingClaim": "weights", "subPath": "v1"}},
    "gpu": {"gpu": {"count": 2, "runtimeClassName": "nvidia"}, "server": {"precision": "bf16"},
            "rollout": {"maxUnavailable": 1, "maxSurge": 0}},
    "everything set": {
        "replicas": 3,
        "image": {"repository": "registry.example:5000/team/sgpsam-server", "digest": "sha256:" + "0a" * 32,
                  "pullPolicy": "Always", "pullSecrets": ["registry"]},
        "server": {"threads": 8, "drainSeconds": 300, "extraEnv": {"SGPSAM_VOLUME_CACHE_BYTES": 1073741824}},
        "tls": {"existingSecret": "certificate", "clientCaSecret": "certificate"},
        "service": {"type": "LoadBalancer", "grpcPort": 9000, "httpPort": 9001, "headless": False,
                    "annotations": {"example.org/a": "b"}},
        "serviceMonitor": {"enabled": True, "interval": "30s", "labels": {"release": "prometheus"}},
        "serviceAccountName": "segmenter", "priorityClassName": "clinical",
        "podAnnotations": {"example.org/a": "b"}, "podLabels": {"team": "imaging"},
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {}}, "fullnameOverride": "lesions",
    },
}

# The part of the operator's ServiceMonitor that we use; its definition is not part of Kubernetes.
SERVICE_MONITOR = {
    "type": "object", "required": ["apiVersion", "kind", "metadata", "spec"], "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "monitoring.coreos.com/v1"}, "kind": {"const": "ServiceMonitor"},
        "metadata": {"type": "object", "required": ["name"]},
        "spec": {
            "type": "object", "required": ["selector", "endpoints"], "additionalProperties": False,
            "properties": {
                "selector": {"type": "object", "required": ["matchLabels"]},
                "endpoints": {"type": "array", "minItems": 1, "items": {
                    "type": "object", "required": ["port"], "additionalProperties": False,
                    "properties": {"port": {"type": "string"}, "path": {"type": "string", "pattern": "^/"},
                                   "interval": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}}}}}}}}


def helm(*arguments, values=None):
    """Runs helm with `values` on standard input."""
    given = ["--values", "-"] if values is not None else []
    return subprocess.run([HELM, *arguments, *given], input=yaml.dump(values or {}), capture_output=True, text=True,
                          check=False)


def render(values, version="1.31"):
    done = helm("template", "demo", str(CHART), "--kube-version", version, values=values)
    assert done.returncode == 0, done.stderr
    return {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(done.stdout) if item}


def refusal(values):
    done = helm("template", "demo", str(CHART), "--kube-version", "1.31", values=values)
    assert done.returncode != 0
    return done.stderr


def only(manifests, kind):
    return next(item for (its_kind, _), item in manifests.items() if its_kind == kind)


def pod(values):
    return only(render(values), "Deployment")["spec"]["template"]["spec"]


def environment(values):
    return {item["name"]: item["value"] for item in pod(values)["containers"][0]["env"]}


@pytest.mark.parametrize("way", WAYS_TO_USE)
def test_the_chart_passes_strict_lint(way):
    done = helm("lint", "--strict", str(CHART), values=WAYS_TO_USE[way])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("way", WAYS_TO_USE)
def test_every_manifest_is_valid(way, version):
    for (kind, _), manifest in render(WAYS_TO_USE[way], version).items():
        if kind == "ServiceMonitor":
            jsonschema.validate(manifest, SERVICE_MONITOR)
        else:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_the_validation_finds_a_wrong_manifest():
    manifest = only(render({}), "Deployment")
    manifest["spec"]["template"]["spec"]["containers"][0]["startupProbe"]["grpc"]["port"] = "grpc"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, "1.31", strict=True)


def test_the_pod_is_locked_down():
    spec = pod({})
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def test_probes_ask_the_grpc_health_service_on_the_grpc_port():
    container = pod({"service": {"grpcPort": 9000}})["containers"][0]
    assert [container[probe]["grpc"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")] == [
        {"port": 9000}] * 3


TLS = {"tls": {"existingSecret": "certificate", "clientCaSecret": "callers"}}


def test_probes_still_reach_a_server_that_speaks_tls():
    container = pod({**TLS, "service": {"httpPort": 9001}})["containers"][0]
    assert [container[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")] == [
        {"path": "/readyz", "port": 9001}] * 3
    assert not any("grpc" in container[probe] for probe in ("startupProbe", "readinessProbe", "livenessProbe"))


def test_certificates_are_mounted_as_folders_where_the_flags_look_for_them():
    spec = pod(TLS)
    given = environment(TLS)
    mounts = {mount["mountPath"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume["secret"] for volume in spec["volumes"]}
    for flag, secret in (("CERT", "certificate"), ("KEY", "certificate"), ("CLIENT_CA", "callers")):
        path = pathlib.PurePosixPath(given[f"SGPSAM_TLS_{flag}"])
        mount = mounts[str(path.parent)]
        assert mount["readOnly"] and "subPath" not in mount   # which would keep the first certificate for ever
        assert volumes[mount["name"]]["secretName"] == secret
        assert path.name in [item["key"] for item in volumes[mount["name"]]["items"]]
        assert volumes[mount["name"]]["defaultMode"] == 0o440
    assert [name for name in environment({}) if "TLS" in name] == []


def test_ports_say_which_protocol_they_speak():
    def protocols(values):
        return {port.get("appProtocol") for (kind, _), item in render(values).items() if kind == "Service"
                for port in item["spec"]["ports"] if port["name"] == "grpc"}

    assert protocols({}) == {"kubernetes.io/h2c"}
    assert protocols(TLS) == {"https"}


@pytest.mark.parametrize("drain, stop", [(60, 5), (3600, 300), (1, 0)])
def test_kubernetes_waits_longer_than_prestop_and_drain(drain, stop):
    spec = pod({"server": {"drainSeconds": drain}, "preStopSeconds": stop})
    assert spec["terminationGracePeriodSeconds"] > drain + stop
    assert spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", str(stop)]
    assert environment({"server": {"drainSeconds": drain}})["SGPSAM_DRAIN_TIMEOUT"] == f"{drain}s"


@pytest.mark.parametrize("which", ["startup", "liveness"])
def test_a_probe_waits_at_least_as_long_as_asked(which):
    probe = pod({"probes": {f"{which}Seconds": 61, "periodSeconds": 20}})["containers"][0][f"{which}Probe"]
    assert 61 <= probe["failureThreshold"] * probe["periodSeconds"] < 61 + 20


def server_flags():
    """As docs/configuration.md lists them, which a test holds against the program's --help."""
    page = (ROOT / "docs/configuration.md").read_text().split("## sgpsam-server")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `--(\w+)` \|", page, re.MULTILINE))


def test_every_flag_of_the_server_has_a_value_or_a_place_in_extra_env():
    refused = refusal({"server": {"extraEnv": {"SGPSAM_NO_FLAG": 1}}})
    further = re.search(r"there are (SGPSAM_\w+(?:, SGPSAM_\w+)*)", refused).group(1).split(", ")
    of_values = {item["name"] for item in pod(TLS)["containers"][0]["env"]}
    assert of_values.isdisjoint(further)
    assert {name.removeprefix("SGPSAM_").lower() for name in {*of_values, *further}} == server_flags(), (
        "a flag came or went: the chart lists them in templates/_helpers.tpl, sgp-sam.checkEnvironment")


def test_flags_reach_the_server_as_written():
    given = environment({"server": {"maxBytesInFlight": 17179869184, "extraEnv": {"SGPSAM_MAX_BATCH": 2}},
                         "resources": {"limits": {"memory": "32Gi"}}})
    assert given["SGPSAM_MAX_BYTES_IN_FLIGHT"] == "17179869184"
    assert given["SGPSAM_MAX_BATCH"] == "2"


def test_the_model_comes_from_the_claim_only_if_one_is_named():
    assert "volumes" not in pod({})
    spec = pod({"model": {"path": "/weights/lesion.safetensors", "existingClaim": "weights"}})
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "weights", "readOnly": True}
    assert spec["containers"][0]["volumeMounts"][0]["mountPath"] == "/weights"


def test_a_gpu_is_a_limit_beside_the_other_resources():
    assert "nvidia.com/gpu" not in pod({})["containers"][0]["resources"]["limits"]
    limits = pod({"gpu": {"count": 2}})["containers"][0]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == 2 and "memory" in limits


@pytest.mark.parametrize("count, device, started", [
    (0, "auto", "cpu"), (1, "auto", "cuda:0"), (3, "auto", "cuda:0,cuda:1,cuda:2"), (2, "cuda:1,cuda:0", "cuda:1,cuda:0"),
    (1, "cuda:0,cuda:0,cpu", "cuda:0,cuda:0,cpu"), (0, "cpu,cpu", "cpu,cpu")])
def test_every_gpu_that_is_paid_for_has_a_worker(count, device, started):
    values = {"gpu": {"count": count}, "server": {"device": device}, "resources": {"limits": {"memory": "20Gi"}}}
    assert environment(values)["SGPSAM_DEVICE"] == started


def memory(limit, **server):
    return {"resources": {"requests": {"memory": "1Mi"}, "limits": {"memory": limit}}, "server": server}


GIB = 1 << 30
SMALL = {"maxVolumeBytes": GIB, "maxBytesInFlight": GIB,
         "extraEnv": {"SGPSAM_VOLUME_CACHE_BYTES": 0, "SGPSAM_EMBEDDING_CACHE_BYTES": 0, "SGPSAM_LOGITS_CACHE_BYTES": 0,
                      "SGPSAM_MAX_BATCH": 1}}


@pytest.mark.parametrize("limit, server, needed", [
    ("10.5Gi", {}, 10.5), (str(int(10.5 * GIB)), {}, 10.5), (f"{int(10.5 * GIB)}000m", {}, 10.5), ("11.5e9", {}, 10.5),
    ("12G", {}, 10.5), ("12.5Gi", {"extraEnv": {"SGPSAM_MAX_BATCH": 4}}, 12.5), ("3328Mi", SMALL, 3.1),
    ("16.9Gi", {"maxBytesInFlight": 8 * GIB}, 16.9),
])
def test_the_memory_limit_holds_what_the_flags_admit(limit, server, needed):
    render(memory(limit, **server))
    assert f"the flags admit {needed} GiB" in refusal(memory(str(int((needed - 0.1) * GIB)), **server))


def test_without_a_memory_limit_nothing_is_compared():
    assert "limits" not in pod({"resources": {"limits": None}})["containers"][0]["resources"]


def test_service_and_monitor_select_the_pods():
    manifests = render(WAYS_TO_USE["everything set"])
    labels = only(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    service = only(manifests, "Service")
    assert service["spec"]["selector"].items() <= labels.items()
    monitor = only(manifests, "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] in [port["name"] for port in service["spec"]["ports"]]


WRONG = [
    ({"server": {"device": "gpu"}}, "/server/device"),
    ({"server": {"device": "cuda:0"}}, "set gpu.count=1"),
    ({"server": {"device": "auto,cpu"}}, "/server/device"),
    ({"server": {"device": "cpu"}, "gpu": {"count": 1}}, "cuda:0 of gpu.count=1 would lie idle"),
    ({"server": {"device": "cuda:0,cuda:2"}, "gpu": {"count": 3}}, "cuda:1 of gpu.count=3 would lie idle"),
    ({"server": {"device": "cuda:1"}, "gpu": {"count": 1}}, "set gpu.count=2"),
    ({"gpu": {"count": 2, "resourceName": "nvidia.com/mig-1g.10gb"}}, "set gpu.count=1 and more replicas"),
    ({"resources": {"limits": {"nvidia.com/gpu": 1}}}, "resources.limits.nvidia.com/gpu: set gpu.count instead"),
    ({"resources": {"limits": {"memory": "1Gi"}}}, "resources.limits.memory is 1Gi, but the flags admit 10.5 GiB"),
    ({"resources": {"limits": {"memory": "16GB"}}}, '"16GB" is no quantity'),
    ({"resources": {"requests": {"memory": "32Gi"}}}, "resources.requests.memory is 32Gi, more than"),
    ({"rollout": {"maxSurge": 0}}, "set one of them to 1"),
    ({"rollout": {"maxSurge": "0%", "maxUnavailable": "0%"}}, "no pod could ever be replaced"),
    ({"server": {"extraEnv": {"SGPSAM_TYPO": 1}}}, "server.extraEnv.SGPSAM_TYPO: the server has no such flag"),
    ({"server": {"maxBytesInFlight": 1024}}, "at least server.maxVolumeBytes"),
    ({"server": {"precision": "fp16"}}, "/server/precision"),
    ({"server": {"maxInFlight": 0}}, "/server/maxInFlight"),
    ({"server": {"drainSecond": 3}}, "'drainSecond' not allowed"),
    ({"server": {"extraEnv": {"PATH": "/x"}}}, "PATH"),
    ({"server": {"extraEnv": {"SGPSAM_MODEL": "/x"}}}, "set model.path instead"),
    ({"server": {"extraEnv": {"SGPSAM_TLS_KEY": "/x"}}}, "set tls.existingSecret instead"),
    ({"tls": {"clientCaSecret": "callers"}}, "set tls.existingSecret too"),
    ({"tls": {"existingSecret": "not a name"}}, "/tls/existingSecret"),
    ({"model": {"path": "weights.pth"}}, "/model/path"),
    ({"model": {"subPath": "v1"}}, "model.existingClaim"),
    ({"image": {"digest": "sha256:12"}}, "/image/digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
    ({"gpu": {"count": -1}}, "/gpu/count"),
    ({"replicas": "two"}, "/replicas"),
    ({"service": {"grpcPort": 443}}, "/service/grpcPort"),
    ({"service": {"grpcPort": 9464}}, "must differ"),
    ({"serviceMonitor": {"enabled": "yes"}}, "/serviceMonitor/enabled"),
    ({"serviceMonitor": {"interval": "15"}}, "/serviceMonitor/interval"),
    ({"replica": 1}, "'replica' not allowed"),
]


@pytest.mark.parametrize("values, named", WRONG, ids=[named for _, named in WRONG])
def test_a_wrong_value_is_refused_by_name(values, named):
    assert named in refusal(values)


def leaves(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict) and value and prefix != "resources.":
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def test_the_readme_explains_every_value():
    readme = (CHART / "README.md").read_text()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert [name for name in leaves(values) if f"| `{name}` |" not in readme] == []
