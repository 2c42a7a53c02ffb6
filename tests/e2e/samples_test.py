"""Real, openly licensed series (skipped where they are absent): masks of all, and a DICOM-SEG that
independent readers accept wherever the source allows one."""

import json
import subprocess

import masks
import nibabel
import numpy
import pytest
from conftest import SAMPLES

WITH_SEG = ["seg/dcmqi/ct-3slice", "seg/highdicom/ct_image.dcm", "anatomical/explicit", "anatomical/compressed_j2k",
            "anatomical/compressed_jpeg_lossless", "anatomical/non_square_28x64"]
# Sources that no SEG can refer to: what they lack.
WITHOUT_SEG = {"ct_body_j2k": "StudyInstanceUID (0020,000D) is empty"}


def sample(name):
    if not (SAMPLES / name).exists():
        pytest.skip(f"no ../shared/samples/{name} beside the checkout")
    return SAMPLES / name


def middle_of(sources):
    slices, rows, columns = masks.shape_of(sources)
    return f"{columns // 2},{rows // 2},{slices // 2}"


@pytest.mark.parametrize("name", WITH_SEG)
def test_seg_of_a_real_series_is_valid_and_holds_the_mask(segment, tmp_path, name):
    source = sample(name)
    sources = masks.sources_in_order(source)
    click = ["--voxel", middle_of(sources), "--label", "Lesion"]
    said = segment(source, tmp_path / "m.dcm", *click)
    segment(source, tmp_path / "m.bits", *click)
    bits = masks.from_bits(tmp_path / "m.bits", masks.shape_of(sources))
    assert said["targets"][0]["voxels"] == bits.sum()
    numpy.testing.assert_array_equal(masks.from_seg(tmp_path / "m.dcm", sources), bits)
    checked = subprocess.run(["dciodvfy", tmp_path / "m.dcm"], capture_output=True, text=True)
    errors = [line for line in (checked.stdout + checked.stderr).splitlines() if line.startswith("Error")]
    assert errors == []


@pytest.mark.parametrize("name, lack", WITHOUT_SEG.items())
def test_a_series_that_allows_no_seg_is_segmented_to_nifti(segment, sgpsam, server, tmp_path, name, lack):
    source = sample(name)
    sources = masks.sources_in_order(source)
    click = ["--voxel", middle_of(sources)]
    said = segment(source, tmp_path / "m.nii.gz", *click)
    labels = masks.labels_from_nifti(tmp_path / "m.nii.gz")
    assert labels.shape == masks.shape_of(sources) and labels.sum() == said["targets"][0]["voxels"] > 0
    done = sgpsam("segment", source, "--server", server.grpc, *click, "--out", tmp_path / "m.dcm", "--json")
    refusal = json.loads(done.stdout)
    assert done.returncode == 3 and refusal["code"] == "FAILED_PRECONDITION"
    assert lack in refusal["message"]
    assert not (tmp_path / "m.dcm").exists()


@pytest.mark.parametrize("name", ["nifti/example_ct_sm.nii.gz", "nifti/example_mr_sm.nii.gz"])
def test_nifti_comes_back_on_its_own_grid(segment, tmp_path, name):
    source = sample(name)
    segment(source, tmp_path / "m.nii.gz", "--voxel", "50,50,10")
    image, mask = nibabel.load(source), nibabel.load(tmp_path / "m.nii.gz")
    assert mask.shape == image.shape
    numpy.testing.assert_allclose(mask.affine, image.affine, atol=1e-4)
