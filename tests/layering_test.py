"""Reads #include lines against the two tables below: who may see whom, and which folder may see
which third party. Libraries catch wrong calls; only this catches wrong includes, because Debian
puts every third-party header into one folder and ours all start at the repository's root.

    build/deps/venv/bin/python -m pytest tests/layering_test.py
"""

import dataclasses
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

BELOW_MODEL = ["core/base/", "core/engine/"]
DICOM_FILES = ["core/dicom/dataset/", "core/dicom/folder/"]
DICOM = [*DICOM_FILES, "core/dicom/derived/", "core/dicom/series/", "core/dicom/seg/"]
BELOW_SEGMENT = ["core/base/", "core/volume/", "core/engine/", "core/raw/", *DICOM, "core/transform/", "core/looks/", "core/metrics/",
                 "core/batching/"]

# Who may include headers of whom (docs/architecture.md). Rules are path prefixes, the longest one
# decides; every rule sees itself.
SEES = {
    "core/base/": [],
    "core/volume/": ["core/base/"],
    "core/engine/": ["core/base/"],
    "core/raw/": ["core/base/", "core/volume/"],
    # What files are, and which of them are one series: shared with clients, so without DCMTK and volumes.
    "core/dicom/dataset/": ["core/base/"],
    "core/dicom/folder/": ["core/base/", "core/dicom/dataset/"],
    "core/dicom/dcmtk/": ["core/base/", "core/dicom/dataset/"],
    "core/dicom/pixels/": ["core/base/", "core/volume/", "core/dicom/dataset/", "core/dicom/dcmtk/"],
    "core/dicom/derived/": ["core/base/", "core/dicom/dataset/", "core/dicom/dcmtk/"],
    "core/dicom/series/": ["core/base/", "core/volume/", "core/dicom/dataset/", "core/dicom/folder/", "core/dicom/pixels/",
                           "core/dicom/derived/"],
    "core/dicom/seg/": ["core/base/", "core/volume/", "core/dicom/dataset/", "core/dicom/dcmtk/", "core/dicom/pixels/",
                        "core/dicom/derived/", "core/dicom/series/"],
    "core/dicom/ct/": ["core/base/", "core/volume/", "core/dicom/dataset/", "core/dicom/dcmtk/"],
    "core/transform/": ["core/base/", "core/volume/", "core/engine/"],
    "core/looks/": ["core/base/", "core/volume/", "core/engine/", "core/transform/"],
    "core/metrics/": ["core/base/"],
    "core/model_file/": BELOW_MODEL,
    "core/checkpoint/": ["core/base/", "core/model_file/"],
    "core/model/": BELOW_MODEL + ["core/model_file/"],
    "core/torch/": BELOW_MODEL + ["core/model_file/", "core/model/"],
    "core/worker_link/": BELOW_MODEL,
    "core/batching/": BELOW_MODEL + ["core/metrics/"],
    "server/": BELOW_SEGMENT + ["core/worker_link/", "server/segment/", "server/schedule/", "server/access/", "server/doors/grpc/", "server/doors/admin/",
                                "server/program/"],
    "server/access/": ["core/base/"],
    "server/schedule/": ["core/base/", "core/batching/"],
    "server/doors/grpc/": BELOW_SEGMENT + ["server/segment/", "server/schedule/", "proto/"],
    "server/doors/admin/": ["core/base/", "core/batching/", "core/metrics/", "core/worker_link/"],
    "server/segment/": BELOW_SEGMENT,
    "server/program/": ["core/base/"],
    "server/worker/": BELOW_MODEL + ["core/torch/", "core/worker_link/", "server/program/"],
    "client/cpp/": ["core/base/", *DICOM_FILES, "proto/"],
    "client/picture/": [],
    # and sgpsam/client.h, as any caller; how a program reads its flags is the same for all.
    "client/gateway/": ["core/base/", "client/gateway/http/", "client/gateway/nninteractive/", "server/program/"],
    "client/gateway/http/": ["core/base/"],
    "client/gateway/nninteractive/": ["core/base/", "client/gateway/http/"],
    "client/cli/": ["core/base/", "core/volume/", "core/raw/", *DICOM, "client/picture/"],   # and sgpsam/client.h, as any caller
    "tools/": ["core/torch/", "tools/commands/"],
    "tools/synthesis/": ["core/base/", "core/volume/", "core/raw/"],
    "tools/learn/cases/": ["core/base/", "core/volume/", "core/raw/", "tools/synthesis/"],
    "tools/learn/evaluation/": ["core/base/", "core/volume/", "core/engine/", "core/transform/", "core/looks/", "tools/learn/cases/"],
    "tools/learn/train/": BELOW_MODEL + ["core/model_file/", "core/model/", "core/torch/", "core/volume/", "core/transform/",
                                         "tools/learn/cases/", "tools/learn/evaluation/"],
    "tools/commands/": BELOW_MODEL + ["core/volume/", "core/raw/", "core/dicom/series/", "core/dicom/ct/", "core/transform/", "core/looks/",
                                      "core/checkpoint/", "core/model_file/", "core/torch/", "tools/synthesis/", "tools/learn/cases/",
                                      "tools/learn/evaluation/", "tools/learn/train/"],   # and sgpsam/client.h, to measure a server
    "proto/": [],
}


@dataclasses.dataclass(frozen=True)
class ThirdParty:
    name: str
    headers: str        # what its #include lines look like
    allowed: list[str]  # prefixes of the files that may see it
    transitive: bool    # also through headers of ours; False where a public header of ours shows it on purpose
    never: tuple[str, ...] = ()


THIRD_PARTIES = [
    ThirdParty("DCMTK", r"dcmtk/", ["core/dicom/"], transitive=True, never=("core/dicom/dataset/", "core/dicom/folder/")),
    ThirdParty("OpenJPEG", r"openjpeg", ["core/dicom/pixels/"], transitive=True),
    ThirdParty("libpng", r"png\.h", ["client/picture/"], transitive=True),
    ThirdParty("FreeType", r"(ft2build|freetype)", ["client/picture/"], transitive=True),
    ThirdParty("Boost", r"boost/", ["client/gateway/http/"], transitive=True),
    ThirdParty("C-Blosc2", r"blosc2", ["client/gateway/nninteractive/"], transitive=True),
    ThirdParty("libarchive", r"archive(_entry)?\.h", ["client/cpp/"], transitive=True),
    ThirdParty("LibTorch", r"(ATen|torch|c10)/|cuda_", ["core/model/", "core/torch/", "server/worker/", "tools/learn/train/", "tools/commands/"],
               transitive=True),
    ThirdParty("DCMTK's network half", r"dcmtk/dcm(net|qrdb|tls)/", [], transitive=True),
    ThirdParty("gRPC and protobuf", r"(grpc|grpcpp|google/protobuf)/|.*\.pb\.h$", ["proto/", "server/", "client/cpp/"],
               transitive=True, never=("server/worker/", "server/program/", "server/segment/", "server/schedule/")),
    ThirdParty("the contract's types", r"sgpsam/v1/", ["proto/", "server/doors/grpc/", "client/cpp/"], transitive=False),
    ThirdParty("the client library", r"sgpsam/(client|volume)\.h", ["client/", "tools/commands/"], transitive=True),
    ThirdParty("flags", r"absl/flags/", ["server/", "client/gateway/"], transitive=True,
               never=("server/doors/", "server/segment/", "server/schedule/", "client/gateway/http/", "client/gateway/nninteractive/")),
    ThirdParty("prometheus-cpp", r"prometheus/", ["core/metrics/", "server/"], transitive=False),
]

@dataclasses.dataclass(frozen=True)
class Source:
    """Of what tests cannot repeat: time, chance, waiting. Only files that lie in the folders of `allowed` use it, or, of tests,
    the files of `allowed`."""
    name: str
    pattern: str
    folders: tuple[str, ...]
    allowed: dict[str, str]   # and why


SOURCES = [
    Source("the real clock", r"absl::(Now|GetCurrentTimeNanos)\(|Clock::Real\(|(system|steady|high_resolution)_clock::now|clock_gettime|"
           r"gettimeofday|\btime\(nullptr|\w+With(Timeout|Deadline)\(",
           ("core/", "server/"),
           {"core/base": "it is the clock, and a call's deadline is meant by it", "server": "the program gives it to its parts",
            "core/torch": "how long the self-test took, for a metric",
            "server/schedule": "a drain ends after its time, whoever stays"}),
    Source("random numbers of its own", r"BitGen|RAND_bytes|mt19937|random_device|SplitMix64\(|getrandom\(|std::rand\(",
           ("core/", "server/", "client/", "tools/"),
           {"core/model_file": "a seeded weight by its index", "core/dicom/dataset": "fresh UIDs",
            "client/gateway/nninteractive": "tokens of leases",
            "server/doors/grpc": "request ids"}),
    Source("sleeping in a test", r"SleepFor\(|sleep_for\(|sleep_until\(|usleep\(|nanosleep\(|time\.sleep\(", ("tests/",),
           {"tests/server/test_server.h": "asks /metrics until it is there", "tests/core/batching/worker_pool_test.cc": "a random schedule",
            "tests/core/worker_link/short_lived_server_main.cc": "lives so long, and dies",
            "tests/tools/commands/train_test.py": "asks for a file until it is there",
            "tests/e2e/pacs/orthanc.py": "asks a foreign server until it is there"}),
]

@dataclasses.dataclass(frozen=True)
class Words:
    """Of a caller's: what no text of core or of the way of a request says, since it knows no caller."""
    name: str
    pattern: str


CALLERS_WORDS = [
    Words("an enum of the contract", r"(MASK_FORMAT|DELIVERY|PRIORITY|POLARITY|SAMPLE_TYPE|AXIS_ORDER|OUTPUT_KIND)_"),
    Words("a field of the contract", r"\b((inference|output|preprocessing|targets)\.[a-z]|volume\.(format|size_bytes|sha256|delivery)|DicomSeries\.|Need(Volume|Logits))|previous_logits|max_patches|seg_series|"
                                     r"\b(spacing_mm|origin_lps|direction_lps|size_bytes):"),
    Words("an option of a command line", r"(?<!\S)--[a-z]"),
]
KNOWS_NO_CALLER = ("core/", "server/segment/", "server/schedule/")
COMMAND_LINES = ("core/worker_link/",)   # of a process that it starts itself
LITERAL = re.compile(r"//[^\n]*|'(?:\\.|[^'\n])'|" r'"((?:[^"\\\n]|\\.)*)"')   # a comment, or the text of a string

# Folders that only keep a large one tidy: the rule of the one around them is theirs.
PARTS = ("server/segment/outputs/", "client/cli/preview/", "client/cpp/example/", "client/cpp/include/sgpsam/")
FOLDERS = ["core", "server", "client", "tools", "tests"]
OURS = ("core/", "server/", "client/", "tools/", "proto/", "tests/")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def read_sources(root):
    """Path (from the root) -> text of every C++ file of ours."""
    return {str(path.relative_to(root)): path.read_text()
            for folder in FOLDERS for path in sorted((root / folder).rglob("*"))
            if path.suffix in (".h", ".cc") and path.is_file()}


def rule_of(path):
    return max((rule for rule in SEES if path.startswith(rule)), key=len, default=None)


def includes_by_file(sources):
    return {path: INCLUDE.findall(text) for path, text in sources.items()}


def reachable(path, includes):
    """Everything that including `path` brings in: its own includes and those of our headers among them."""
    seen, waiting = set(), [path]
    while waiting:
        for name in includes.get(waiting.pop(), []):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def wrong_directions(sources):
    found = []
    for path, names in includes_by_file(sources).items():
        if path.startswith("tests/"):
            continue  # tests may see everything
        rule = rule_of(path)
        if rule is None:
            found.append(f"{path}: no rule in SEES covers it")
            continue
        folder = path.rpartition("/")[0] + "/"
        if folder != rule and folder not in PARTS:
            found.append(f"{path}: {folder} has no rule of its own in SEES")
            continue
        for name in names:
            if name.startswith(OURS) and rule_of(name) not in [rule, *SEES[rule]]:
                found.append(f"{path} includes {name}: {rule} may see only {', '.join(SEES[rule]) or 'itself'}")
    return found


def misplaced_third_parties(sources):
    found = []
    includes = includes_by_file(sources)
    for path, names in includes.items():
        if path.startswith("tests/"):
            continue
        for party in THIRD_PARTIES:
            seen = reachable(path, includes) if party.transitive else names
            hits = sorted(name for name in seen if re.match(party.headers, name))
            if hits and (not path.startswith(tuple(party.allowed)) or path.startswith(party.never)):
                found.append(f"{path} sees {hits[0]}: {party.name} belongs in {', '.join(party.allowed)}")
    return found


def misplaced_sources(texts):
    return [f"{path}: {source.name} belongs in {', '.join(source.allowed)}"
            for path, text in texts.items() for source in SOURCES
            if path.startswith(source.folders) and not source.allowed.keys() & {path, path.rpartition("/")[0]}
            and re.search(source.pattern, text)]


def callers_words(sources):
    return [f"{path}: \"{literal}\" names {words.name}"
            for path, text in sources.items() if path.startswith(KNOWS_NO_CALLER) and not path.startswith(COMMAND_LINES)
            for literal in LITERAL.findall(text) for words in CALLERS_WORDS if re.search(words.pattern, literal)]


def json_in_headers(sources):
    """It is the slowest header of all to parse; json_fwd.hpp says the names."""
    return [path for path, text in sources.items() if path.endswith(".h") and not path.startswith("tests/") and "nlohmann/json.hpp" in text]


def guard_of(path):
    installed = path.replace("client/cpp/include/sgpsam/", "client/")   # as the world includes them
    return "SGPSAM_" + re.sub(r"[^A-Za-z0-9]", "_", installed).upper() + "_"


def wrong_guards(sources):
    found = []
    for path, text in sources.items():
        if not path.endswith(".h"):
            continue
        guard = guard_of(path)
        if f"#ifndef {guard}\n#define {guard}\n" not in text or not text.rstrip().endswith(f"#endif  // {guard}"):
            found.append(f"{path}: expected the include guard {guard}")
    return found


@pytest.fixture(scope="module")
def sources():
    found = read_sources(ROOT)
    assert len(found) > 20, "the sources were not found: is this the repository?"
    return found


def test_folders_include_only_what_lies_below_them(sources):
    assert wrong_directions(sources) == []


def test_headers_bring_no_json_parser(sources):
    assert json_in_headers(sources) == []
    assert json_in_headers({"core/looks/a.h": '#include "nlohmann/json.hpp"\n'}) == ["core/looks/a.h"]


def test_third_parties_stay_in_their_folders(sources):
    assert misplaced_third_parties(sources) == []


def test_headers_are_guarded_by_their_path(sources):
    assert wrong_guards(sources) == []


def test_time_chance_and_sleep_come_from_where_they_may(sources):
    scripts = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "tests").rglob("*.py"))
               if path != pathlib.Path(__file__).resolve()}
    assert misplaced_sources({**sources, **scripts}) == []


def folders_of_the_architecture():
    """What the first column of the table in docs/architecture.md names."""
    named = set()
    for row in re.findall(r"^\| (`[^|]*) \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([^`]+)`", row):   # `core/dicom/derived`, `series`: a name alone lies next to the one before
            folder = name if "/" in name or not folder else str(pathlib.PurePosixPath(folder).parent / name)
            named.add(folder)
    return named


def test_the_architecture_names_every_folder_that_has_a_rule():
    in_the_servers_row = {"server/program", "server/worker"}
    rules = {rule.rstrip("/") for rule in SEES} - {"tools", "proto"} - in_the_servers_row
    named = folders_of_the_architecture()
    assert sorted(rules - named) == []
    assert sorted(folder for folder in named if not (ROOT / folder).is_dir()) == []


def test_core_knows_no_caller(sources):
    assert callers_words(sources) == []


def test_every_exception_is_needed(sources):
    for source in SOURCES:
        for allowed in source.allowed:
            files = [ROOT / allowed] if (ROOT / allowed).is_file() else [path for path in (ROOT / allowed).iterdir() if path.is_file()]
            assert any(re.search(source.pattern, path.read_text()) for path in files), f"{allowed}: {source.name}"


# The checks themselves, on planted violations.

@pytest.mark.parametrize("path, include", [
    ("core/base/a.cc", "core/volume/volume.h"),          # upwards
    ("core/dicom/series/a.cc", "core/transform/prepare.h"),     # sideways
    ("server/segment/a.cc", "core/torch/torch_engine.h"),
    ("server/segment/a.cc", "server/config.h"),
    ("server/doors/oip/a.cc", "server/doors/grpc/convert.h"),   # a new folder has a rule of its own
    ("server/models/a.cc", "server/segment/segment_pipeline.h"),
    ("server/segment/a.cc", "server/doors/grpc/convert.h"),
    ("server/doors/admin/a.cc", "server/doors/grpc/convert.h"),
    ("server/schedule/a.cc", "server/segment/segment_request.h"),
    ("core/looks/a.cc", "server/segment/segment_pipeline.h"),
    ("core/dicom/series/a.cc", "core/dicom/seg/seg_writer.h"),
    ("client/cpp/a.cc", "core/dicom/series/series_reader.h"),
    ("tools/learn/evaluation/a.cc", "core/raw/nifti.h"),
    ("server/segment/a.cc", "tools/learn/evaluation/overlap.h"),   # scores are for training and evaluation
    ("client/picture/a.cc", "core/volume/mask.h"),           # knows nothing of what is drawn
    ("server/app.cc", "client/picture/picture.h"),
    ("server/app.cc", "core/model_file/model_file.h"),
    ("server/worker/main.cc", "tools/learn/train/training.h"),    # nothing that serves learns
    ("core/model/a.cc", "tools/learn/train/parameters.h"),
    ("core/model/a.cc", "core/checkpoint/pth_reader.h"),
    ("core/torch/torch_engine.cc", "core/checkpoint/pth_reader.h"),   # what serves reads model files only
    ("tools/learn/train/a.cc", "tools/commands/commands.h"),
    ("server/worker/main.cc", "server/segment/segment_pipeline.h"),
    ("client/cpp/a.cc", "server/config.h"),
    ("client/cli/a.cc", "server/segment/segment_pipeline.h"),
    ("client/gateway/http/a.cc", "client/gateway/nninteractive/door.h"),
    ("client/gateway/nninteractive/a.cc", "client/gateway/monailabel/door.h"),   # no protocol sees another
    ("client/gateway/a.cc", "server/segment/segment_pipeline.h"),
    ("tools/commands/a.cc", "server/segment/segment_pipeline.h"),
    ("core/looks/target_segmenter.cc", "core/batching/worker_pool.h"),
    ("core/looks/target_segmenter.h", "core/metrics/metrics.h"),
    ("core/raw/a.cc", "tests/support/fake_clock.h"),
    ("misc/a.cc", "core/base/clock.h"),
])
def test_a_planted_wrong_direction_is_found(path, include):
    assert len(wrong_directions({path: f'#include "{include}"\n'})) == 1


@pytest.mark.parametrize("path, include", [
    ("core/volume/a.cc", "core/base/clock.h"),
    ("core/torch/torch_engine.cc", "core/model/load_weights.h"),
    ("server/worker/main.cc", "core/torch/torch_engine.h"),
    ("tools/commands/a.cc", "core/checkpoint/pth_reader.h"),
    ("tools/commands/a.cc", "tools/learn/evaluation/overlap.h"),
    ("tools/learn/train/a.cc", "core/torch/torch_guard.h"),
    ("tools/commands/a.cc", "tools/learn/train/training.h"),
    ("client/cli/a.cc", "client/picture/picture.h"),
    ("tools/commands/a.cc", "core/looks/target_segmenter.h"),
    ("server/segment/a.cc", "core/looks/target_segmenter.h"),
    ("tests/core/base/a_test.cc", "server/config.h"),
])
def test_an_allowed_direction_passes(path, include):
    assert wrong_directions({path: f'#include "{include}"\n'}) == []


@pytest.mark.parametrize("path, include", [
    ("core/volume/a.cc", "dcmtk/dcmdata/dctk.h"),
    ("core/dicom/folder/a.cc", "dcmtk/dcmdata/dctk.h"),
    ("client/cli/a.cc", "png.h"),
    ("client/gateway/nninteractive/a.cc", "boost/beast/http.hpp"),
    ("client/gateway/http/a.cc", "blosc2.h"),
    ("core/engine/engine.cc", "ATen/ATen.h"),
    ("core/model_file/a.cc", "ATen/ATen.h"),
    ("server/segment/a.cc", "grpcpp/grpcpp.h"),
    ("server/app.cc", "sgpsam/v1/segmentation.grpc.pb.h"),
    ("core/base/a.cc", "absl/flags/flag.h"),
    ("server/doors/grpc/a.cc", "absl/flags/flag.h"),
    ("core/dicom/dcmtk/a.cc", "dcmtk/dcmnet/scu.h"),
    ("server/worker/main.cc", "grpcpp/server.h"),
    ("core/batching/a.cc", "prometheus/counter.h"),
])
def test_a_planted_third_party_is_found(path, include):
    assert len(misplaced_third_parties({path: f"#include <{include}>\n"})) == 1


@pytest.mark.parametrize("path, line", [
    ("server/segment/a.cc", "const absl::Time now = absl::Now();"),
    ("server/doors/admin/a.cc", "return std::chrono::steady_clock::now();"),
    ("core/transform/a.cc", "absl::BitGen random;"),
    ("tests/server/a_test.cc", "absl::SleepFor(absl::Seconds(1));"),
    ("tests/e2e/a_test.py", "    time.sleep(1)"),
])
def test_a_planted_clock_dice_or_sleep_is_found(path, line):
    assert len(misplaced_sources({path: line})) == 1
    assert misplaced_sources({"client/cli/progress_line.cc": "absl::Now()"}) == []


@pytest.mark.parametrize("text", [
    "ask for MASK_FORMAT_NIFTI", "inference.max_patches is 28", "give previous_logits", "allow more with --max-patches",
    "spacing_mm: each value must be a number", "output.format is unknown",
])
def test_a_planted_word_of_a_caller_is_found(text):
    line = f'return absl::InvalidArgumentError("it is wrong; {text}");\n'
    for path in ("core/raw/a.cc", "server/segment/a.cc"):
        assert len(callers_words({path: line})) == 1
    for path in ("server/doors/grpc/a.cc", "client/cli/a.cc", "core/worker_link/a.cc"):
        assert callers_words({path: line}) == []
    assert callers_words({"core/raw/a.cc": f"// {text}\nint x = 0;\n"}) == []


def test_a_third_party_behind_a_header_is_found():
    planted = {"core/dicom/dcmtk/private.h": "#include <dcmtk/dcmdata/dctk.h>\n",
               "server/segment/a.cc": '#include "core/dicom/dcmtk/private.h"\n'}
    assert misplaced_third_parties(planted) == [
        "server/segment/a.cc sees dcmtk/dcmdata/dctk.h: DCMTK belongs in core/dicom/"]


@pytest.mark.parametrize("text", [
    "#pragma once\n",
    "#ifndef SGPSAM_CORE_BASE_B_H_\n#define SGPSAM_CORE_BASE_B_H_\n#endif  // SGPSAM_CORE_BASE_B_H_\n",
])
def test_a_planted_wrong_guard_is_found(text):
    assert wrong_guards({"core/base/a.h": text}) == ["core/base/a.h: expected the include guard SGPSAM_CORE_BASE_A_H_"]
