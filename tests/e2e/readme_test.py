"""Every code block of every README is run as it stands there, in a folder that looks like a checkout, or is listed with the
reason why it cannot be. What a reader has to fill in (a click, a port, a file of his own) is replaced, and must be there.

A block is known by its page and its first line; one that is in neither list fails."""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

import pydicom
import pytest
from conftest import BIN, ROOT, running

MODEL_SERVER = "build/release/bin/sgpsam-server --model deploy/models/sgpsam-lesions.safetensors --listen 127.0.0.1:50051 --http_listen 127.0.0.1:9464"

NOT_RUN = {
    ("proto/README.md", "client                                             server"): "a picture of the messages' order",
}


def blocks():
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name not in ("build", ".git")]
    for path in [ROOT / "README.md", *(page for folder in sorted(folders) for page in sorted(folder.rglob("README.md")))]:
        page = str(path.relative_to(ROOT))
        for text in re.findall(r"^```[^\n]*\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE):
            yield (page, text.split("\n", 1)[0]), text


BLOCKS = dict(blocks())
RUNS = {}


def runs(page, first_line):
    """Marks the function that runs a block; it gets a Place and the block's text."""
    def mark(function):
        RUNS[page, first_line] = function
        return function
    return mark


class Place:
    """A folder in which the commands of a README find what they name."""

    def __init__(self, folder, ct):
        self.folder, self.ct = folder, ct
        for entry in ROOT.iterdir():
            if entry.name not in ("build", "client", ".git"):
                (folder / entry.name).symlink_to(entry)
        shutil.copytree(ROOT / "client", folder / "client", ignore=shutil.ignore_patterns("build", "*.egg-info"))
        (folder / "build/release").mkdir(parents=True)
        (folder / "build/release/bin").symlink_to(BIN)
        (folder / "path/to").mkdir(parents=True)
        (folder / "path/to/series").symlink_to(ct.folder)
        self.environment = {**os.environ, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
                            "PYTHONDONTWRITEBYTECODE": "1", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def shell(self, text, replaced=(), **environment):
        """What it printed."""
        for old, new in dict(replaced).items():
            assert old in text, f"the block has no {old!r} any more"
            text = text.replace(old, str(new))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, capture_output=True, text=True,
                              timeout=240, env={**self.environment, **environment}, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, text, *arguments, replaced=(), after=""):
        script = self.folder / "example.py"
        for old, new in dict(replaced).items():
            assert old in text, f"the block has no {old!r} any more"
            text = text.replace(old, str(new))
        script.write_text(text + after)
        return self.shell(f"python example.py {' '.join(arguments)}", PYTHONPATH=str(self.folder))


@pytest.fixture(scope="module")
def place(tmp_path_factory, ct):
    return Place(tmp_path_factory.mktemp("checkout"), ct)


@pytest.fixture(scope="module")
def readme_server(place):
    """The server that the root README starts, on free ports."""
    command = MODEL_SERVER.replace(":50051", ":0").replace(":9464", ":0")
    with running(["bash", "-c", f"exec {command}"], cwd=place.folder) as started:
        yield started


@pytest.fixture(scope="module")
def imported(place):
    """weights.safetensors: what the import block makes of a checkpoint, here a tiny one of SAM-Med3D's trainer."""
    shutil.copy(ROOT / "tests/tools/commands/data/tiny_trainer.pth", place.folder / "sam_med3d_turbo.pth")
    place.shell(BLOCKS["README.md", IMPORT], {"turbo.pth ": "turbo.pth --config tiny "})
    return place.folder / "weights.safetensors"


@runs("README.md", "make demo     # builds, starts the server, segments a synthetic CT with one click, shows what happened")
def two_commands(place, text, request):
    demo, test = text.splitlines()
    assert test.split("#")[0].strip() == "make test", "which is what runs this"
    printed = place.shell(demo, {"make demo": "make -o programs demo"})   # the programs are there
    assert "Lesion: " in printed and (place.folder / "build/demo/lesion.png").stat().st_size > 0


@runs("README.md", "make demo DICOM=path/to/series POINT=x,y,z     # one series; the click in patient coordinates, LPS mm")
def demo_of_a_series(place, text, request):
    place.shell(text, {"make demo": "make -o programs demo", "POINT=x,y,z": f"POINT={place.ct.click}"})
    assert pydicom.dcmread(place.folder / "build/demo/lesion.dcm").Modality == "SEG"


@runs("README.md", MODEL_SERVER)
def run_the_server(place, text, request):
    assert text.strip() == MODEL_SERVER
    with urllib.request.urlopen(f"http://{request.getfixturevalue('readme_server').http}/readyz", timeout=30) as page:
        assert page.status == 200


@runs("README.md", 'build/release/bin/sgpsam segment path/to/series --server 127.0.0.1:50051 --point 12.5,-40,-310 '
                   '--label "Liver lesion" --out lesion.dcm')
def segment_preview_metrics(place, text, request):
    server = request.getfixturevalue("readme_server")
    printed = place.shell(text, {"127.0.0.1:50051": server.grpc, "127.0.0.1:9464": server.http, "12.5,-40,-310": place.ct.click})
    assert "sgpsam_requests_total" in printed
    assert pydicom.dcmread(place.folder / "lesion.dcm").SegmentSequence[0].SegmentLabel == "Liver lesion"
    assert (place.folder / "lesion.png").read_bytes().startswith(b"\x89PNG")


STUBS = "pip install grpcio grpcio-tools numpy"


@runs("README.md", STUBS)
def make_the_messages(place, text, request):
    place.shell(text)
    assert (place.folder / "sgpsam/v1/segmentation_pb2_grpc.py").exists()


@runs("README.md", "import sys")
def call_from_python(place, text, request):
    place.shell(BLOCKS["README.md", STUBS])
    printed = place.python(text, request.getfixturevalue("readme_server").grpc,
                           after="\nprint(2 * (mask & lesion).sum() / (mask.sum() + lesion.sum()))\n")
    found, there, dice = re.fullmatch(r"(\d+) voxels found of (\d+)\n(\S+)\n", printed).groups()
    assert 15_000 <= int(found) <= 21_000 and 17_000 <= int(there) <= 19_000 and float(dice) > 0.9


@runs("README.md", "// Segments what is at one click and writes the DICOM-SEG: segment HOST:PORT SERIES X Y Z OUT.dcm")
def call_from_cpp(place, text, request):
    assert text == (ROOT / "client/cpp/example/segment.cc").read_text(), "which the client's install test builds and runs"


IMPORT = "build/release/bin/sgpsam-model import sam_med3d_turbo.pth --out weights.safetensors   # never executes the pickle"


@runs("README.md", IMPORT)
def bring_a_checkpoint(place, text, request):
    assert request.getfixturevalue("imported").exists() and (place.folder / "merged.pth").exists()


@runs("README.md", "build/release/bin/sgpsam-model train --model weights.safetensors --data Task03_Liver --label cancer --out "
                   "lesions.safetensors --steps 2000")
def train_and_evaluate(place, text, request):
    request.getfixturevalue("imported")
    for name, cases in (("Task03_Liver", 6), ("held_out", 3)):
        place.shell(f"build/release/bin/sgpsam-model synthesize --seed 1 --format nnunet --split train --cases {cases} --lesions 1 "
                    f"--shape 64,64,48 --spacing 1.5,1.5,2.5 --out {name}")
        about = place.folder / name / "dataset.json"
        said = json.loads(about.read_text())
        said["labels"] = {"background": 0, "cancer": 1}
        about.write_text(json.dumps(said))
    address = request.getfixturevalue("readme_server").grpc
    printed = place.shell(text, {"--steps 2000": "--steps 1", "--cases 20": "--cases 1", "127.0.0.1:50051": address})
    assert printed.count("\nDice, ") == 6 and (place.folder / "lesions.safetensors").exists() and (place.folder / "made_up/dataset.json").exists()


@runs("client/cpp/README.md", "cmake --install build/release --component client --prefix /opt/sgpsam")
def install_the_cpp_client(place, text, request):
    place.shell(text, {"build/release ": f"{BIN.parent} ", "/opt/sgpsam": place.folder / "opt"})
    assert (place.folder / "opt/include/sgpsam/client.h").exists()


@runs("client/cpp/README.md", "find_package(sgpsam REQUIRED)            # CMAKE_PREFIX_PATH=/opt/sgpsam")
def find_the_cpp_client(place, text, request):
    program = (ROOT / "client/cpp/example/CMakeLists.txt").read_text()   # which the client's install test builds
    for line in text.splitlines():
        assert line.split("#")[0].strip().replace("viewer", "segment") in program


@runs("client/python/README.md", "pip install ./client/python      # from a checkout; needs no compiler")
def install_the_python_package(place, text, request):
    place.shell(text, PIP_NO_DEPS="1", PIP_NO_BUILD_ISOLATION="0", PIP_TARGET=str(place.folder / "site"))
    assert (place.folder / "site/sgpsam/py.typed").exists()


def python_page(place, request, *first_lines):
    """A page's blocks, one after the other in one program."""
    request.getfixturevalue("sdk")
    text = "\n".join(BLOCKS["client/python/README.md", line] for line in first_lines)
    server = request.getfixturevalue("readme_server")
    (place.folder / "volume.nii.gz").write_bytes(gzip.compress(place.ct.nifti.read_bytes()))
    sdk = pathlib.Path(sys.modules["sgpsam"].__file__).parents[1]
    return place.python(f"import sys; sys.path.insert(0, {str(sdk)!r})\n{text}",
                        replaced={"localhost:50051": server.grpc, "12.5, -40, -310": place.ct.click.replace(",", ", ")})


@runs("client/python/README.md", "import sgpsam")
def click_twice(place, text, request):
    assert re.fullmatch(r"[\d.]+ ml\n", python_page(place, request, "import sgpsam"))
    assert pydicom.dcmread(place.folder / "lesion.dcm").Modality == "SEG" and (place.folder / "lesion.nii.gz").exists()


@runs("client/python/README.md", "import SimpleITK")
def take_images(place, text, request):
    python_page(place, request, "import sgpsam", "import SimpleITK")
    assert (place.folder / "lesion.mha").exists()


@runs("client/python/README.md", "import numpy")
def draw(place, text, request):
    python_page(place, request, "import sgpsam", "import SimpleITK", "import numpy")


def render_the_chart(place, text, request):
    helm = ROOT / "build/deps/helm"
    if not (helm / "helm").exists() and not shutil.which("helm"):
        pytest.skip("no helm here: tests/deploy/install_helm.sh builds it")
    printed = place.shell(text, {"helm install": "helm template --kube-version 1.31"}, PATH=f"{helm}:{place.environment['PATH']}")
    assert "kind: Deployment" in printed


runs("helm/sgp-sam/README.md", "# CPU, model on a claim (a PersistentVolumeClaim that holds model.safetensors)")(render_the_chart)
runs("helm/sgp-sam/README.md", "# model baked into an image of your own, scraped by the Prometheus operator")(render_the_chart)


@runs("deploy/models/README.md",
      "build/release/bin/sgpsam-model evaluate --model deploy/models/sgpsam-lesions.safetensors --cases 60 --generated-seed 1")
def the_cards_figures(place, text, request):
    printed = place.shell(text, {"--cases 60": "--cases 1"})
    assert "sgpsam-lesions 1, computed in" in printed and "--generated-seed 1" in printed and "\nDice, 5 clicks" in printed


def test_every_block_is_run_or_excused():
    assert len(list(blocks())) == len(BLOCKS), "two blocks of a page begin alike"
    assert set(BLOCKS) - set(RUNS) - set(NOT_RUN) == set(), "nobody runs these"
    assert (set(RUNS) | set(NOT_RUN)) - set(BLOCKS) == set(), "these are gone from the pages"


@pytest.mark.parametrize("block", [block for block in BLOCKS if block in RUNS],
                         ids=lambda block: f"{block[0]}: {block[1][:40]}")
def test_a_block_does_what_it_says(block, place, request):
    RUNS[block](place, BLOCKS[block], request)
