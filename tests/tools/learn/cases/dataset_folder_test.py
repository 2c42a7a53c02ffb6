"""tools/learn/cases on folders that nibabel wrote, against SimpleITK's components."""
import json
import os
import pathlib
import shutil
import subprocess

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

PROGRAM = pathlib.Path(os.environ["SGPSAM_BIN_DIR"]) / "read_cases"
SAMPLES = pathlib.Path(__file__).parents[4].parent / "shared" / "samples" / "nifti"
SHAPE = (31, 26, 17)
AFFINE = np.array([[0.1, -0.9, 0, 5], [0.9, 0.1, 0.3, 6], [0, -0.2, 2.5, 7], [0, 0, 0, 1.0]])


def read_cases(folder, label, channel=""):
    """Id -> number of targets or what is wrong; image and targets lie in folder/out."""
    (folder / "out").mkdir()
    done = subprocess.run([PROGRAM, folder, label, channel, folder / "out"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def make_folder(folder, description):
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir()
    (folder / "dataset.json").write_text(json.dumps(description))


def noise(seed):
    return np.random.default_rng(seed).normal(0, 100, SHAPE).astype(np.float32)


def blobs(seed, labels=3):
    """Noise that is smoothed until it hangs together in places."""
    image = sitk.DiscreteGaussian(sitk.GetImageFromArray(noise(seed)), 2.0)
    values = sitk.GetArrayFromImage(image)
    return np.digitize(values, np.quantile(values, [0.7, 0.8, 0.9])[:labels]).astype(np.uint8)


def components(mask):
    """Voxels of each 26-connected component."""
    found = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True)
    array = sitk.GetArrayFromImage(found)
    return {frozenset(map(tuple, np.argwhere(array == n))) for n in range(1, array.max() + 1)}


def targets_of(path):
    array = np.asarray(nibabel.load(path).dataobj)
    return [frozenset(map(tuple, np.argwhere(array == n))) for n in range(1, array.max() + 1)]


def check_targets(folder, case, count, mask):
    targets = targets_of(folder / "out" / f"{case}-targets.nii")
    assert len(targets) == int(count) > 1
    assert set(targets) == components(mask)


def test_the_decathlons_layout(tmp_path):
    make_folder(tmp_path, {
        "modality": {"0": "CT"}, "labels": {"0": "background", "1": "liver", "2": "cancer", "3": "cyst"},
        "training": [{"image": f"./imagesTr/{c}.nii.gz", "label": f"./labelsTr/{c}.nii.gz"} for c in "xy"]})
    for seed, case in enumerate("xy"):
        nibabel.save(nibabel.Nifti1Image(noise(10 + seed), AFFINE), tmp_path / "imagesTr" / f"{case}.nii.gz")
        nibabel.save(nibabel.Nifti1Image(blobs(seed), AFFINE), tmp_path / "labelsTr" / f"{case}.nii.gz")
    counts = read_cases(tmp_path, "cancer")
    assert list(counts) == ["x", "y"]
    for seed, case in enumerate("xy"):
        check_targets(tmp_path, case, counts[case], blobs(seed) == 2)
        image = nibabel.load(tmp_path / "out" / f"{case}-image.nii")
        assert np.array_equal(np.asarray(image.dataobj), noise(10 + seed))
        assert np.allclose(image.affine, AFFINE, atol=1e-4)


def test_a_4d_image_of_the_decathlons_layout(tmp_path):
    make_folder(tmp_path, {
        "modality": {"0": "FLAIR", "1": "T1w", "2": "T2w"}, "labels": {"0": "background", "1": "oedema"},
        "training": [{"image": "./imagesTr/x.nii.gz", "label": "./labelsTr/x.nii.gz"}]})
    volumes = np.stack([noise(seed) for seed in range(3)], axis=3)
    nibabel.save(nibabel.Nifti1Image(volumes, AFFINE), tmp_path / "imagesTr" / "x.nii.gz")
    nibabel.save(nibabel.Nifti1Image(blobs(0, labels=1), AFFINE), tmp_path / "labelsTr" / "x.nii.gz")
    counts = read_cases(tmp_path, "oedema", "T1w")
    check_targets(tmp_path, "x", counts["x"], blobs(0, labels=1) == 1)
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "out" / "x-image.nii").dataobj), noise(1))


def test_nnunets_layout_with_a_region(tmp_path):
    make_folder(tmp_path, {
        "channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "whole": [1, 2, 3], "core": [2, 3]},
        "file_ending": ".nii.gz", "numTraining": 1, "regions_class_order": [1, 2]})
    for channel in range(2):
        nibabel.save(nibabel.Nifti1Image(noise(channel), AFFINE), tmp_path / "imagesTr" / f"x_000{channel}.nii.gz")
    nibabel.save(nibabel.Nifti1Image(blobs(3).astype(np.float64), AFFINE), tmp_path / "labelsTr" / "x.nii.gz")
    counts = read_cases(tmp_path, "core", "T2")
    check_targets(tmp_path, "x", counts["x"], blobs(3) >= 2)
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "out" / "x-image.nii").dataobj), noise(1))


@pytest.mark.parametrize("orientation", ["LPS", "ASR", "IRP"])
def test_a_label_in_another_orientation(tmp_path, orientation):
    make_folder(tmp_path, {"labels": {"0": "background", "1": "a"},
                           "training": [{"image": "imagesTr/x.nii", "label": "labelsTr/x.nii"}]})
    label = nibabel.Nifti1Image(blobs(5, labels=1), AFFINE)
    turned = label.as_reoriented(nibabel.orientations.ornt_transform(
        nibabel.io_orientation(AFFINE), nibabel.orientations.axcodes2ornt(orientation)))
    nibabel.save(nibabel.Nifti1Image(noise(5), AFFINE), tmp_path / "imagesTr" / "x.nii")
    nibabel.save(turned, tmp_path / "labelsTr" / "x.nii")
    counts = read_cases(tmp_path, "a")
    check_targets(tmp_path, "x", counts["x"], blobs(5, labels=1) == 1)


def test_a_label_that_lost_its_affine_is_refused_by_itself(tmp_path):
    make_folder(tmp_path, {"channel_names": {"0": "CT"}, "labels": {"background": 0, "a": 1}, "numTraining": 2,
                           "file_ending": ".nii"})
    for case, affine in (("x", np.eye(4)), ("y", AFFINE)):
        nibabel.save(nibabel.Nifti1Image(noise(1), AFFINE), tmp_path / "imagesTr" / f"{case}_0000.nii")
        nibabel.save(nibabel.Nifti1Image(blobs(1, labels=1), affine), tmp_path / "labelsTr" / f"{case}.nii")
    counts = read_cases(tmp_path, "a")
    assert counts["x"].startswith(f"INVALID_ARGUMENT: {tmp_path}/labelsTr/x.nii: its grid is not the image's")
    check_targets(tmp_path, "y", counts["y"], blobs(1, labels=1) == 1)


def test_a_real_ct_and_its_segmentation(tmp_path):
    if not SAMPLES.exists():
        pytest.skip(f"{SAMPLES} is not there")
    segmentation = np.asarray(nibabel.load(SAMPLES / "example_seg.nii.gz").dataobj)
    values = [int(v) for v in np.unique(segmentation) if v > 0]
    make_folder(tmp_path, {"channel_names": {"0": "CT"}, "numTraining": 1, "file_ending": ".nii.gz",
                           "labels": {"background": 0, **{f"organ {v}": v for v in values}}})
    shutil.copy(SAMPLES / "example_ct_sm.nii.gz", tmp_path / "imagesTr" / "x_0000.nii.gz")
    shutil.copy(SAMPLES / "example_seg.nii.gz", tmp_path / "labelsTr" / "x.nii.gz")
    counts = read_cases(tmp_path, f"organ {values[0]}")
    assert set(targets_of(tmp_path / "out" / "x-targets.nii")) == components(segmentation == values[0])
    assert int(counts["x"]) == len(components(segmentation == values[0]))
