"""prepare and run, and the bench, from a made-up CT to the model's own numbers."""

import json
import subprocess

import numpy
import pytest
from safetensors.numpy import load_file, save_file

from conftest import BIN, FAILED, USAGE, call

CLICKS = ["--click", "70,58,61:+", "--click", "83,58,61:-", "--click", "64,52,70:+"]


@pytest.fixture(scope="session")
def phantom(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom")
    truth = json.loads(call("synthesize", "--seed", 7, "--shape", "160,160,64", "--spacing", "1.5,1.5,2.5",
                            "--out", folder / "series", "--nifti", folder / "ct.nii"))
    return folder, truth


def lesion(truth):
    return ",".join(str(value) for value in truth["lesions"][0]["centre_lps_mm"])


@pytest.fixture(scope="session")
def patch(phantom, tmp_path_factory):
    path = tmp_path_factory.mktemp("patch") / "patch.safetensors"
    call("prepare", "--volume", phantom[0] / "series", "--point", lesion(phantom[1]), "--out", path)
    return path


def test_a_series_and_its_nifti_give_the_same_patch(phantom, patch, tmp_path):
    call("prepare", "--volume", phantom[0] / "ct.nii", "--point", lesion(phantom[1]), "--out", tmp_path / "p")
    left, right = load_file(patch), load_file(tmp_path / "p")
    assert left.keys() == right.keys()
    for name in left:
        numpy.testing.assert_allclose(left[name], right[name], atol=1e-5, err_msg=name)
    assert left["roi"].shape == (1, 1, 128, 128, 128)
    numpy.testing.assert_array_equal(left["roi"], left["input"])


def test_the_patch_is_centred_on_the_point_and_begin_repeats_it(phantom, patch, tmp_path):
    made = load_file(patch)
    x, y, z = phantom[1]["lesions"][0]["centre_lps_mm"]
    centre = made["roi_affine_ras"] @ [64, 64, 64, 1]
    assert numpy.abs(centre[:3] - [-x, -y, z]).max() <= 0.75 + 1e-9   # half a voxel
    begin = ",".join(str(value) for value in made["roi_begin_ijk"])
    call("prepare", "--volume", phantom[0] / "series", f"--begin={begin}", "--out", tmp_path / "p")
    numpy.testing.assert_array_equal(load_file(tmp_path / "p")["roi"], made["roi"])


def test_prepare_refuses_what_it_cannot_place(phantom, tmp_path):
    volume = phantom[0] / "ct.nii"
    assert "outside" in call("prepare", "--volume", volume, "--point", "9999,0,0", "--out", tmp_path / "p", code=FAILED)
    for place in ([], ["--point", "1,2"], ["--begin", "1.5,2,3"], ["--point", "1,2,3", "--begin", "1,2,3"]):
        call("prepare", "--volume", volume, *place, "--out", tmp_path / "p", code=USAGE)
    (tmp_path / "cut.nii").write_bytes(volume.read_bytes()[:5000])
    message = call("prepare", "--volume", tmp_path / "cut.nii", "--begin", "0,0,0", "--out", tmp_path / "p", code=FAILED)
    assert str(tmp_path / "cut.nii") in message
    (tmp_path / "empty").mkdir()
    assert "no files" in call("prepare", "--volume", tmp_path / "empty", "--begin", "0,0,0", "--out", tmp_path / "p", code=FAILED)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("name", ["ct_axial", "mr_sagittal_oblique", "pet_coarse_border"])
def test_prepare_agrees_with_the_reference(golden, tmp_path, name):
    folder = golden / "preprocess"
    call("prepare", "--volume", folder / f"{name}.nii.gz", "--around-label", folder / f"{name}_label.nii.gz",
         "--out", tmp_path / "p")
    made, expected = load_file(tmp_path / "p"), load_file(folder / f"{name}.safetensors")
    for tensor in ("canonical_shape", "canonical_affine_ras", "roi_begin_ijk", "roi_affine_ras"):
        assert made[tensor].dtype == expected[tensor].dtype
        numpy.testing.assert_allclose(made[tensor], expected[tensor], atol=1e-6, err_msg=tensor)
    off = numpy.abs(made["roi"][0, 0, ::3, ::3, ::3] - expected["roi_every_third"]) > 1e-3
    assert off.mean() < 1e-3


def upsample(logits):
    """Trilinear from 32^3 to 128^3, the voxels' outer faces aligned."""
    at = numpy.clip((numpy.arange(128) + 0.5) / 4 - 0.5, 0, 31)
    low = numpy.minimum(at.astype(int), 30)
    for axis in range(3):
        weight = (at - low).reshape([-1 if a == axis else 1 for a in range(3)])
        logits = logits.take(low, axis) * (1 - weight) + logits.take(low + 1, axis) * weight
    return logits


def test_run_writes_every_step(tiny, patch, tmp_path):
    call("run", "--model", tiny, "--patch", patch, *CLICKS, "--out", tmp_path / "o")
    out = load_file(tmp_path / "o")
    assert out["embedding"].shape == (1, 24, 8, 8, 8)
    assert out["gate_scores"].shape == (2,)
    for n in (1, 2, 3):
        assert out[f"click{n}.low_res"].shape == (1, 1, 32, 32, 32)
        assert out[f"click{n}.iou"].shape == (1, 1)
        assert out[f"click{n}.mask_bits"].shape == (128**3 // 8,)
        assert out[f"click{n}.mask_bits"].dtype == numpy.uint8
        bits = numpy.unpackbits(out[f"click{n}.mask_bits"], bitorder="little").reshape(128, 128, 128)
        assert (bits != (upsample(out[f"click{n}.low_res"][0, 0]) > 0)).sum() <= 4


def test_a_step_does_not_depend_on_later_clicks(tiny, patch, tmp_path):
    call("run", "--model", tiny, "--patch", patch, *CLICKS, "--out", tmp_path / "three")
    call("run", "--model", tiny, "--patch", patch, *CLICKS[:2], "--out", tmp_path / "one")
    three, one = load_file(tmp_path / "three"), load_file(tmp_path / "one")
    assert "click2.low_res" not in one
    for name in one:
        numpy.testing.assert_array_equal(one[name], three[name], err_msg=name)
    assert numpy.abs(three["click2.low_res"] - three["click1.low_res"]).max() > 1e-3


def test_fresh_modules_change_nothing(tiny, patch, tmp_path):
    call("make-seeded", "--seed", 5, "--config", "tiny", "--no-sgpm", "--out", tmp_path / "plain")
    for model, out in ((tiny, "a"), (tmp_path / "plain", "b")):
        call("run", "--model", model, "--patch", patch, *CLICKS, "--out", tmp_path / out)
    gated, plain = load_file(tmp_path / "a"), load_file(tmp_path / "b")
    assert gated.keys() - plain.keys() == {"gate_scores"}
    for name in plain:
        numpy.testing.assert_array_equal(gated[name], plain[name], err_msg=name)


def test_run_refuses_wrong_clicks_and_patches(tiny, patch, tmp_path):
    def run(*arguments, code):
        return call("run", "--model", tiny, *arguments, "--out", tmp_path / "o", code=code)

    for click in ("1,2,3", "1,2:+", "a,b,c:+", "1,2,3:*", "nan,1,2:+"):
        run("--patch", patch, "--click", click, code=USAGE)
    run("--patch", patch, code=USAGE)
    assert "outside the patch, 0..127" in run("--patch", patch, "--click", "128,0,0:+", code=FAILED)
    save_file({"input": numpy.zeros((1, 1, 64, 64, 64), numpy.float32)}, tmp_path / "small")
    assert "shape [1,1,128,128,128]" in run("--patch", tmp_path / "small", *CLICKS, code=FAILED)
    save_file({"other": numpy.zeros(1, numpy.float32)}, tmp_path / "other")
    assert "neither a tensor `input` nor `roi`" in run("--patch", tmp_path / "other", *CLICKS, code=FAILED)
    assert not (tmp_path / "o").exists()


def test_run_names_the_model_file_that_is_wrong(patch, tiny, tmp_path):
    (tmp_path / "cut").write_bytes(tiny.read_bytes()[:-4])
    message = call("run", "--model", tmp_path / "cut", "--patch", patch, *CLICKS, "--out", tmp_path / "o", code=FAILED)
    assert str(tmp_path / "cut") in message


def test_run_agrees_with_the_reference(golden, tmp_path):
    import sys
    sys.path.insert(0, str(golden))
    import golden_data
    save_file({"input": golden_data.patch(1)[None, None]}, tmp_path / "p")
    call("make-seeded", "--seed", 1, "--out", tmp_path / "w")
    call("run", "--model", tmp_path / "w", "--patch", tmp_path / "p", *CLICKS, "--out", tmp_path / "o")
    made, expected = load_file(tmp_path / "o"), load_file(golden / "seed1.safetensors")
    for name in ["embedding"] + [f"click{n}.{part}" for n in (1, 2, 3) for part in ("low_res", "iou")]:
        numpy.testing.assert_allclose(made[name], expected[name], rtol=0, atol=1e-4, err_msg=name)
    for n in (1, 2, 3):
        differ = numpy.unpackbits(made[f"click{n}.mask_bits"] ^ expected[f"click{n}.mask_bits"]).sum()
        assert differ <= 4, f"click {n}: {differ} voxels"
    (tmp_path / "w").unlink()


def test_bench_reports_what_it_compares(tiny):
    done = subprocess.run([BIN / "model_bench", "--model", tiny, "--repeat", "1", "--threads", "1", "--json"],
                          capture_output=True, text=True, check=True, timeout=250)
    report = json.loads(done.stdout)
    assert {"encode_ms", "decode_ms", "padded_encode_ms", "plain_decode_ms", "gemm_ms", "encode_gflops",
            "padded_over_encode", "encode_over_gemm", "decode_over_plain", "precision", "threads", "cpu"} <= report.keys()
    assert report["padded_over_encode"] == pytest.approx(report["padded_encode_ms"] / report["encode_ms"])
    assert report["gates_over_encode"] == pytest.approx(report["gates_ms"] / report["encode_without_modules_ms"])
    assert report["unpacked_over_encode"] == pytest.approx(report["unpacked_encode_ms"] / report["encode_ms"])
    for modules in ("closed", "open"):
        assert report[f"{modules}_over_gemm"] == pytest.approx(report[f"encode_{modules}_ms"] / report["gemm_ms"])
    assert report["precision"] == "fp32"
    assert report["threads"] == 1
