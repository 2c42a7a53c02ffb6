"""The command line against the real server: what it writes, says and returns."""

import json
import os
import pty
import re
import resource
import signal
import subprocess

import masks
import nibabel
import numpy
import pydicom
import pytest
from conftest import BIN, ROOT, running_server


def test_seg_nifti_and_bits_hold_the_same_mask(segment, ct, tmp_path):
    sources = masks.sources_in_order(ct.folder)
    said = [segment(ct.folder, tmp_path / name, "--point", ct.click) for name in ("m.dcm", "m.nii.gz", "m.bits")]
    bits = masks.from_bits(tmp_path / "m.bits", masks.shape_of(sources))
    assert bits.any()
    numpy.testing.assert_array_equal(masks.from_seg(tmp_path / "m.dcm", sources), bits)
    numpy.testing.assert_array_equal(masks.labels_from_nifti(tmp_path / "m.nii.gz"), bits.astype(numpy.uint8))
    assert {answer["targets"][0]["voxels"] for answer in said} == {int(bits.sum())}


def test_nifti_input_gives_the_mask_of_the_same_series(segment, ct, tmp_path):
    segment(ct.folder, tmp_path / "dicom.nii.gz", "--point", ct.click)
    segment(ct.nifti, tmp_path / "nifti.nii.gz", "--point", ct.click)
    numpy.testing.assert_array_equal(masks.labels_from_nifti(tmp_path / "dicom.nii.gz"),
                                     masks.labels_from_nifti(tmp_path / "nifti.nii.gz"))


def test_second_click_uploads_and_encodes_nothing(segment, server, ct, tmp_path):
    segment(ct.folder, tmp_path / "a.dcm", "--point", ct.click)
    received = server.metric("sgpsam_received_bytes_total")
    said = segment(ct.folder, tmp_path / "b.dcm", "--point", ct.click, "--negative-point", ct.beside)
    assert said["uploaded_bytes"] == 0
    assert said["targets"][0]["embedding_cached"]
    assert server.metric("sgpsam_received_bytes_total") == received


def test_refines_by_digest_or_by_samples_alike(segment, server, ct, tmp_path):
    first = segment(ct.folder, tmp_path / "1.bits", "--point", ct.click, "--save-logits", tmp_path / "l.json")
    assert (tmp_path / "l.json").stat().st_mode & 0o777 == 0o600, "their digest opens a cached result"
    saved = json.loads((tmp_path / "l.json").read_text())
    saved["targets"][0]["logits_sha256"] = "00" * 32          # a digest that the server has never seen
    (tmp_path / "forgotten.json").write_text(json.dumps(saved))
    more = ["--point", ct.click, "--negative-point", ct.beside]
    plain = segment(ct.folder, tmp_path / "plain.bits", *more)
    segment(ct.folder, tmp_path / "digest.bits", *more, "--previous-logits", tmp_path / "l.json")
    received = server.metric("sgpsam_received_bytes_total")
    again = segment(ct.folder, tmp_path / "samples.bits", *more, "--previous-logits", tmp_path / "forgotten.json")
    assert server.metric("sgpsam_received_bytes_total") - received == 32 ** 3 * 4
    assert (tmp_path / "digest.bits").read_bytes() == (tmp_path / "samples.bits").read_bytes()
    logits = {answer["targets"][0]["logits_sha256"] for answer in (first, plain, again)}
    assert len(logits) == 3, "the earlier logits must make a difference"


def test_a_call_that_is_killed_while_it_writes_leaves_no_file(server, ct, tmp_path):
    done = subprocess.run([BIN / "sgpsam", "segment", ct.folder, "--server", server.grpc, "--out", tmp_path / "a.dcm",
                           "--point", ct.click], capture_output=True, text=True, timeout=120, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    assert list(tmp_path.iterdir()) == []


def without_times(path):
    """A SEG as text, without the four times at which it was written."""
    seg = pydicom.dcmread(path)
    for keyword in ("InstanceCreationDate", "InstanceCreationTime", "SeriesDate", "SeriesTime", "ContentDate",
                    "ContentTime"):
        delattr(seg, keyword)
    del seg.ContributingEquipmentSequence[0].ContributionDateTime
    return seg.to_json()


def test_same_idempotency_key_gives_the_same_object(segment, ct, tmp_path):
    for name in ("a.dcm", "b.dcm"):
        segment(ct.folder, tmp_path / name, "--point", ct.click, "--idempotency-key", "case 7")
    segment(ct.folder, tmp_path / "c.dcm", "--point", ct.click)
    assert without_times(tmp_path / "a.dcm") == without_times(tmp_path / "b.dcm")
    keyed, fresh = (pydicom.dcmread(tmp_path / name).SOPInstanceUID for name in ("a.dcm", "c.dcm"))
    assert keyed != fresh


def test_repeated_results_belong_to_one_series(segment, ct, tmp_path):
    uid = "1.2.826.0.1.3680043.8.498.77.5"
    for number in ("1", "2"):
        segment(ct.folder, tmp_path / f"{number}.dcm", "--point", ct.click, "--series-uid", uid, "--series-description",
                "Befund Müller", "--series-number", "77", "--instance-number", number, "--content-label", "REVIEW",
                "--creator", "Größer^Anna")
    first, second = (pydicom.dcmread(tmp_path / f"{number}.dcm") for number in ("1", "2"))
    assert first.SeriesInstanceUID == second.SeriesInstanceUID == uid
    assert (int(first.InstanceNumber), int(second.InstanceNumber)) == (1, 2)
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert (first.SeriesDescription, int(first.SeriesNumber)) == ("Befund Müller", 77)
    assert (first.ContentLabel, first.ContentCreatorName) == ("REVIEW", "Größer^Anna")
    done = subprocess.run([BIN / "sgpsam", "segment", ct.folder, "--server", "127.0.0.1:1", "--out",
                           tmp_path / "m.nii.gz", "--point", ct.click, "--creator", "X"], capture_output=True, text=True)
    assert done.returncode == 2 and "--out must end in .dcm" in done.stderr


def test_several_labels_give_several_segments(segment, ct, tmp_path):
    said = segment(ct.folder, tmp_path / "m.dcm", "--label", "First", "--point", ct.click, "--label", "Second",
                   "--voxel", "60,60,30", "--negative-voxel", "90,90,30")
    seg = pydicom.dcmread(tmp_path / "m.dcm")
    assert [segment.SegmentLabel for segment in seg.SegmentSequence] == ["First", "Second"]
    colours = [segment.RecommendedDisplayCIELabValue for segment in seg.SegmentSequence]
    assert colours[0] != colours[1], "targets without a colour look the same"
    sources = masks.sources_in_order(ct.folder)
    for number, target in enumerate(said["targets"], start=1):
        assert masks.from_seg(tmp_path / "m.dcm", sources, number).sum() == target["voxels"]


def drawn(folder, ct, name, *voxels):
    """A NIfTI file on the volume's grid in which these voxels (i, j, k) are marked."""
    image = nibabel.load(ct.nifti)
    marks = numpy.zeros(image.shape, numpy.uint8)
    for voxel in voxels:
        marks[voxel] = 1
    nibabel.save(nibabel.Nifti1Image(marks, image.affine), folder / name)
    return folder / name


def test_every_kind_of_prompt_is_obeyed(segment, ct, tmp_path):
    inside = drawn(tmp_path, ct, "inside.nii.gz", *((i, 62, 30) for i in range(50, 70)), (60, 60, 31))
    outside = drawn(tmp_path, ct, "outside.nii.gz", (58, 62, 31), (59, 62, 31))
    said = segment(ct.nifti, tmp_path / "m.nii.gz", "--voxel-box", "40,40,20,80,80,40", "--voxel-box", "40,40,20,45,45,25:-",
                   "--voxel-line", "55,60,30,65,60,30", "--scribble", f"{inside}:+", "--scribble", f"{outside}:-",
                   "--negative-voxel", "70,70,35")
    assert said["status"] == "ok"
    mask = numpy.asarray(nibabel.load(tmp_path / "m.nii.gz").dataobj) > 0      # axes i, j, k
    assert mask[50:70, 62, 30].all() and mask[60, 60, 31]
    assert not mask[58:60, 62, 31].any() and not mask[40:46, 40:46, 20:26].any() and not mask[70, 70, 35]
    assert not mask[:35].any() and not mask[86:].any(), "what lies outside of a box and its margin is cut off"
    uses = [(use["kind"], use["number"]) for use in said["targets"][0]["prompts"]]
    assert uses == [("point", 1), ("box", 1), ("box", 2), ("line", 1), ("scribble", 1), ("scribble", 2)]
    assert [use["clicks"] for use in said["targets"][0]["prompts"]][1:4] == [0, 9, 3]


def test_a_modality_is_said_of_nifti_alone(segment, sgpsam, server, ct, tmp_path):
    common = ("--max-looks", "0", "--max-steps", "0", "--point", ct.click)
    assert segment(ct.nifti, tmp_path / "m.bits", "--modality", "CT", *common)["targets"][0]["patches"] >= 1
    for source, named, why in ((ct.nifti, "ct", "term of DICOM's Modality"), (ct.folder, "CT", "says it itself")):
        done = sgpsam("segment", source, "--server", server.grpc, "--out", tmp_path / "n.bits", "--modality", named, *common)
        assert done.returncode == 3 and "--modality" in done.stderr and why in done.stderr


def test_a_scribble_may_be_a_dicom_seg(segment, ct, tmp_path):
    segment(ct.folder, tmp_path / "first.dcm", "--point", ct.click)
    said = segment(ct.folder, tmp_path / "m.bits", "--scribble", f"{tmp_path / 'first.dcm'}:+")
    use, = said["targets"][0]["prompts"]
    assert use["kind"] == "scribble" and use["clicks"] == 16


def test_a_negative_click_alone_refines(segment, sgpsam, server, ct, tmp_path):
    one = ("--max-patches", "1")         # where else is looked at depends on the logits
    first = segment(ct.folder, tmp_path / "1.bits", "--point", ct.click, "--save-logits", tmp_path / "l.json", *one)
    saved = json.loads((tmp_path / "l.json").read_text())["targets"][0]
    assert saved["patch"]["spacing_mm"] == 1.5
    assert saved["patch"]["centre_lps_mm"] == pytest.approx([float(x) for x in ct.click.split(",")])
    more = segment(ct.folder, tmp_path / "2.bits", "--negative-point", ct.beside, "--previous-logits", tmp_path / "l.json",
                   *one)
    assert more["targets"][0]["embedding_cached"] and more["uploaded_bytes"] == 0
    assert more["targets"][0]["logits_sha256"] != first["targets"][0]["logits_sha256"]
    none = sgpsam("segment", ct.folder, "--server", server.grpc, "--out", tmp_path / "3.bits")
    assert none.returncode == 3 and "a point, a box, a line, a scribble, a mask, or --previous-logits" in none.stderr


def test_a_first_click_may_be_negative(sgpsam, segment, server, ct, tmp_path):
    alone = sgpsam("segment", ct.folder, "--server", server.grpc, "--out", tmp_path / "1.bits", "--negative-point", ct.beside,
                   "--save-logits", tmp_path / "l.json")
    assert alone.returncode == 6 and "ask for nothing" in alone.stdout
    more = segment(ct.folder, tmp_path / "2.bits", "--negative-point", ct.beside, "--point", ct.click, "--previous-logits",
                   tmp_path / "l.json")
    assert more["status"] == "ok"


def sgpsam_model(*arguments):
    done = subprocess.run([BIN / "sgpsam-model", *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def demo():
    """A server with a model that has learned what a lesion is, and so can find none."""
    with running_server(ROOT / "deploy/models/sgpsam-lesions.safetensors", "--precision=fp32") as running:
        yield running


def test_says_that_nothing_was_found(sgpsam, demo, ct, tmp_path):
    here = ("--voxel", "160,79,55", *["--negative-voxel", "160,79,55"] * 7)
    done = sgpsam("segment", ct.nifti, "--server", demo.grpc, "--out", tmp_path / "m.nii.gz", "--json", "--max-patches", 1,
                  "--label", "Nothing", *here, "--label", "Lesion", "--point", ct.click)
    said = json.loads(done.stdout)
    assert done.returncode == 6 and said["status"] == "nothing_found"
    assert [target["empty"] for target in said["targets"]] == [True, False]
    labels = masks.labels_from_nifti(tmp_path / "m.nii.gz")         # written all the same
    assert (labels == 1).sum() == 0 and (labels == 2).sum() == said["targets"][1]["voxels"]
    done = sgpsam("segment", ct.nifti, "--server", demo.grpc, "--out", tmp_path / "m.nii.gz", "--max-patches", 1, *here)
    assert done.returncode == 6 and "nothing was found at the prompts" in done.stdout


def test_a_negative_click_alone_takes_away_what_is_too_much(sgpsam, demo, tmp_path):
    made = sgpsam_model("synthesize", "--seed", 3, "--shape", "256,256,96", "--spacing", "1.5,1.5,2.5", "--lesions", 1,
                        "--diameter", 32, "--contrast=-50", "--organ", "liver", "--out", tmp_path / "ct", "--nifti", tmp_path / "ct.nii")
    click = ",".join(str(x) for x in made["lesions"][0]["centre_lps_mm"])
    common = ("segment", tmp_path / "ct.nii", "--server", demo.grpc)
    first = sgpsam(*common, "--out", tmp_path / "1.nii.gz", "--point", click, "--save-logits", tmp_path / "l.json")
    assert first.returncode == 0, first.stderr
    mask = masks.labels_from_nifti(tmp_path / "1.nii.gz")
    k, j, i = (int(index) for index in numpy.argwhere(mask)[0])     # on its rim
    second = sgpsam(*common, "--out", tmp_path / "2.nii.gz", "--negative-voxel", f"{i},{j},{k}",
                    "--previous-logits", tmp_path / "l.json")
    assert second.returncode == 0, second.stderr
    corrected = masks.labels_from_nifti(tmp_path / "2.nii.gz")
    assert not corrected[k, j, i]
    assert 2 * (mask & corrected).sum() / (mask.sum() + corrected.sum()) > 0.9


def test_patches_and_spacing_are_the_callers_choice(segment, ct, tmp_path):
    one = segment(ct.folder, tmp_path / "1.bits", "--point", ct.click, "--max-patches", 1)["targets"][0]
    assert one["patches"] == 1 and one["spacing_mm"] == 1.5
    more = segment(ct.folder, tmp_path / "3.bits", "--point", ct.click, "--max-patches", 3)["targets"][0]
    assert 1 <= more["patches"] <= 3
    if more["patches"] == 1:    # what further patches find decides what of the first is kept
        assert more["logits_sha256"] == one["logits_sha256"]
    if one["touches_patch_border"]:
        assert more["patches"] > 1
    fine = segment(ct.folder, tmp_path / "f.bits", "--point", ct.click, "--max-patches", 1, "--spacing", 0.75)
    assert fine["targets"][0]["spacing_mm"] == 0.75
    assert fine["targets"][0]["logits_sha256"] != one["logits_sha256"]
    auto = segment(ct.folder, tmp_path / "a.bits", "--point", ct.click, "--max-patches", 2, "--spacing", "auto")
    assert auto["targets"][0]["patches"] in (1, 2)


def test_a_mask_file_is_a_prompt(segment, sgpsam, server, ct, tmp_path):
    first = segment(ct.folder, tmp_path / "1.nii.gz", "--point", ct.click)
    segment(ct.folder, tmp_path / "1.dcm", "--point", ct.click)
    by_nifti = segment(ct.folder, tmp_path / "2.nii.gz", "--point", ct.click, "--mask", tmp_path / "1.nii.gz")
    by_seg = segment(ct.folder, tmp_path / "3.nii.gz", "--point", ct.click, "--mask", tmp_path / "1.dcm")
    assert by_nifti["targets"][0]["logits_sha256"] == by_seg["targets"][0]["logits_sha256"]
    assert by_nifti["targets"][0]["logits_sha256"] != first["targets"][0]["logits_sha256"]
    done = sgpsam("segment", ct.nifti, "--server", server.grpc, "--out", tmp_path / "4.nii.gz", "--mask", tmp_path / "no")
    assert done.returncode == 1 and str(tmp_path / "no") in done.stderr


@pytest.mark.parametrize("code, status, arguments", [
    (2, "INVALID_ARGUMENT", ["--voxel", "1,2"]),
    (2, "INVALID_ARGUMENT", ["--voxel", "1,2,3", "--spacing", "fine"]),
    (3, "INVALID_ARGUMENT", ["--voxel", "1,2,3", "--spacing", "4"]),
    (2, "INVALID_ARGUMENT", ["--voxel", "1,2,3", "--deadline", "soon"]),
    (3, "INVALID_ARGUMENT", ["--voxel", "1,2,5000"]),
    (3, "INVALID_ARGUMENT", ["--negative-voxel", "1,2,5000"]),
    (5, "DEADLINE_EXCEEDED", ["--voxel", "1,2,3", "--deadline", "1ms"]),
    (4, "UNAVAILABLE", ["--voxel", "1,2,3", "--server", "127.0.0.1:1"]),
])
def test_failures_have_their_exit_codes_and_leave_the_output_alone(sgpsam, server, ct, tmp_path, code, status, arguments):
    out = tmp_path / "m.nii.gz"
    out.write_text("what was there before")
    where = [] if "--server" in arguments else ["--server", server.grpc]
    done = sgpsam("segment", ct.nifti, *where, "--out", out, "--json", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert json.loads(done.stdout)["code"] == status
    assert out.read_text() == "what was there before"
    assert os.listdir(tmp_path) == ["m.nii.gz"]


@pytest.mark.parametrize("code, arguments", [
    (2, []),
    (2, ["IN", "--voxel", "1,2,3", "--server", "SERVER"]),
    (2, ["IN", "--voxel", "1,2,3", "--server", "SERVER", "--out", "mask.png"]),
    (2, ["IN", "--voxel", "1,2,3", "--server", "SERVER", "--out", "mask.nii.gz", "--clamp", "5,1"]),
    (2, ["IN", "--voxel", "1,2,3", "--server", "SERVER", "--out", "m.dcm", "--max-patches", "28"]),
    (1, ["/nowhere", "--voxel", "1,2,3", "--server", "SERVER", "--out", "m.dcm"]),
    (1, ["IN", "--voxel", "60,60,30", "--server", "SERVER", "--out", "/nowhere/m.nii.gz"]),
    (1, ["IN", "--voxel", "60,60,30", "--server", "SERVER", "--out", "/nowhere.d/m.dcm", "--save-logits", "/nowhere/l.json"]),
])
def test_wrong_usage_and_wrong_files_are_told_apart(sgpsam, server, ct, code, arguments):
    words = {"IN": ct.nifti, "SERVER": server.grpc}
    done = sgpsam("segment", *(words.get(word, word) for word in arguments))
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr and not done.stdout


@pytest.mark.parametrize("code, volume, mask, words", [
    (3, "CT", "moved.nii.gz", "its grid is not the image's"),
    (3, "CT", "notes.txt", "notes.txt"),
    (3, "texts", "m.nii.gz", "no DICOM image series: 1 not DICOM"),
    (3, "damaged.zip", "m.nii.gz", "damaged.zip"),
    (1, "CT", "nowhere.nii.gz", "nowhere.nii.gz"),
    (1, "nowhere", "m.nii.gz", "nowhere does not exist"),
    (2, "CT --series 4", "m.nii.gz", "--series: "),
])
def test_both_commands_tell_wrong_input_from_missing_files(segment, sgpsam, server, ct, tmp_path, code, volume, mask, words):
    segment(ct.nifti, tmp_path / "m.nii.gz", "--point", ct.click)
    image = nibabel.load(tmp_path / "m.nii.gz")
    moved = image.affine.copy()
    moved[0, 3] += 5
    nibabel.Nifti1Image(image.dataobj, moved).to_filename(tmp_path / "moved.nii.gz")
    (tmp_path / "texts").mkdir()
    for text in ("notes.txt", "texts/notes.txt", "damaged.zip"):
        (tmp_path / text).write_text("neither an image nor a mask")
    volume, *series = volume.split(" ")
    source = ct.nifti if volume == "CT" else tmp_path / volume
    for done in (sgpsam("segment", source, *series, "--server", server.grpc, "--mask", tmp_path / mask,
                        "--out", tmp_path / "out.nii.gz"),
                 sgpsam("preview", source, tmp_path / mask, *series, "--out", tmp_path / "out.png")):
        assert done.returncode == code and words in done.stderr, done.stderr
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.parametrize("place", [["--out", "/nowhere/m.dcm"], ["--out", "m.dcm", "--save-logits", "/nowhere/l.json"]])
def test_what_could_not_be_written_is_told_before_anything_is_asked(sgpsam, ct, place):
    done = sgpsam("segment", ct.nifti, "--voxel", "60,60,30", "--server", "127.0.0.1:1", *place)   # nobody is there: 4
    assert done.returncode == 1 and "/nowhere" in done.stderr


@pytest.mark.parametrize("arguments, message", [
    (["segmnt", "IN", "--json"], "there is no command 'segmnt'; there are: segment, preview, model"),
    (["segment", "IN", "--server", "S", "--out", "m.dcm", "--json", "--no-such-option"], "no-such-option"),
    (["segment", "--json"], "INPUT"),
    (["model", "--json", "--server"], "--server"),
])
def test_wrong_usage_is_an_object_too_where_objects_are_asked_for(sgpsam, ct, arguments, message):
    done = sgpsam(*(ct.nifti if word == "IN" else word for word in arguments))
    said = json.loads(done.stdout)
    assert done.returncode == 2 and not done.stderr
    assert said["status"] == "error" and said["code"] == "INVALID_ARGUMENT" and message in said["message"]


def test_an_unknown_command_is_named(sgpsam, ct):
    done = sgpsam("segmnt", ct.nifti)
    assert done.returncode == 2 and not done.stdout
    assert "there is no command 'segmnt'" in done.stderr
    assert "nothing was found" in sgpsam("--help").stdout and sgpsam("--help").returncode == 0


def test_errors_are_in_the_command_lines_words(sgpsam, server, ct, tmp_path):
    done = sgpsam("segment", ct.nifti, "--server", server.grpc, "--voxel", "60,60,30", "--out", tmp_path / "m.dcm")
    assert "--out NAME.nii.gz" in done.stderr and "MASK_FORMAT" not in done.stderr
    done = sgpsam("segment", ct.nifti, "--server", server.grpc, "--out", tmp_path / "m.nii.gz", "--label", "Node",
                  "--voxel", "60,60,30", "--label", "Cyst", "--voxel", "60,60,3000")
    assert done.returncode == 3 and "target 2 (Cyst): " in done.stderr


def test_refuses_a_seg_of_what_is_no_dicom(sgpsam, server, ct, tmp_path):
    done = sgpsam("segment", ct.nifti, "--server", server.grpc, "--voxel", "60,60,30", "--out", tmp_path / "m.dcm")
    assert done.returncode == 3
    assert not (tmp_path / "m.dcm").exists()


def test_people_get_lines_and_pipes_get_no_progress(sgpsam, server, ct, tmp_path):
    done = sgpsam("segment", ct.nifti, "--server", server.grpc, "--point", ct.click, "--label", "Liver lesion",
                  "--out", tmp_path / "m.nii.gz")
    assert done.stdout.startswith("Liver lesion: ") and " ml, " in done.stdout.splitlines()[0]
    assert "wrote: " in done.stdout and "gate" not in done.stdout and "prompt_mask" not in done.stdout
    assert done.stderr == ""
    done = sgpsam("segment", ct.nifti, "--server", server.grpc, "--point", ct.click, "--out", tmp_path / "m.nii.gz", "--verbose")
    assert "gate after block" in done.stdout and "prompt_mask " in done.stdout


def test_terminals_get_progress(server, ct, tmp_path):
    reader, terminal = pty.openpty()
    subprocess.run([BIN / "sgpsam", "segment", ct.nifti, "--server", server.grpc, "--point", ct.click,
                    "--out", tmp_path / "m.nii.gz"], check=True, stderr=terminal, stdout=subprocess.DEVNULL)
    os.close(terminal)
    said = os.read(reader, 1 << 20)
    os.close(reader)
    assert b"downloading [####" in said
    assert b", patch 1 of at most 8" in said
    assert b"\n" not in said, "one line, drawn over itself"


def test_preview_draws_seg_and_nifti_over_their_source(segment, sgpsam, ct, tmp_path):
    for mask in ("m.dcm", "m.nii.gz"):
        target = segment(ct.folder, tmp_path / mask, "--point", ct.click, "--label", "L\u00e4sion")["targets"][0]
        for source in (ct.folder, ct.nifti):
            done = sgpsam("preview", source, tmp_path / mask, "--point", ct.click, "--out", tmp_path / "m.png")
            assert done.returncode == 0, done.stderr
            assert re.search(rf"{'L.sion' if mask == 'm.dcm' else 'Segment 1'}, ([0-9.]+) ml\n", done.stdout)
            assert float(re.search(r", ([0-9.]+) ml", done.stdout)[1]) == pytest.approx(target["volume_ml"], rel=0.01)
            picture = (tmp_path / "m.png").read_bytes()
            assert picture.startswith(b"\x89PNG\r\n") and len(picture) > 20_000


def test_preview_takes_a_mask_on_turned_axes_and_no_other_images_mask(segment, sgpsam, ct, tmp_path):
    segment(ct.folder, tmp_path / "m.nii.gz", "--point", ct.click)
    image = nibabel.load(tmp_path / "m.nii.gz")
    nibabel.as_closest_canonical(image).to_filename(tmp_path / "turned.nii.gz")
    moved = image.affine.copy()
    moved[0, 3] += 5
    nibabel.Nifti1Image(image.dataobj, moved).to_filename(tmp_path / "moved.nii.gz")
    drawn = []
    for mask in ("m", "turned"):
        done = sgpsam("preview", ct.folder, tmp_path / f"{mask}.nii.gz", "--out", tmp_path / "m.png")
        assert done.returncode == 0, done.stderr
        drawn.append((tmp_path / "m.png").read_bytes())
    assert drawn[0] == drawn[1]
    for arguments, code, words in ((["moved.nii.gz", "--out", tmp_path / "n.png"], 3, "its grid is not the image's"),
                                   (["m.nii.gz", "--out", tmp_path / "n.jpg"], 2, "must end in .png"),
                                   (["m.nii.gz", "--out", tmp_path / "n.png", "--voxel", "1,2,3000"], 3, "outside")):
        done = sgpsam("preview", ct.folder, tmp_path / arguments[0], *arguments[1:])
        assert done.returncode == code and words in done.stderr
    assert not list(tmp_path.glob("n.*"))


def test_model_says_what_is_served(sgpsam, server):
    said = json.loads(sgpsam("model", "--server", server.grpc, "--json").stdout)
    assert said["patch_voxels"] == [128, 128, 128] and said["patch_spacing_mm"] == 1.5
    assert said["logits_side"] == 32 and len(said["weights_sha256"]) == 64
    assert said["weights_sha256"] in sgpsam("model", "--server", server.grpc).stdout
