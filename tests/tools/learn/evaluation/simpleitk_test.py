"""tools/learn/evaluation against SimpleITK, which shares no code with it."""
import os
import pathlib
import subprocess

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

PROGRAM = pathlib.Path(os.environ["SGPSAM_BIN_DIR"]) / "score_masks"
SPACINGS = [(1.0, 1.0, 1.0), (0.7, 0.7, 2.5), (1.37, 0.61, 0.93), (0.4, 0.4, 0.5)]   # the last one: 2 mm is 5 steps


def smoothed(noise, passes):
    for _ in range(passes):
        for axis in range(3):
            noise = (np.roll(noise, 1, axis) + noise + np.roll(noise, -1, axis)) / 3
    return noise


def blobs(rng, shape):
    """Two masks that overlap in part; both reach the volume's edge now and then."""
    common = smoothed(rng.standard_normal(shape), 3)
    first, second = (common + 0.7 * smoothed(rng.standard_normal(shape), 3) for _ in range(2))
    share = rng.uniform(0.6, 0.97)
    return first > np.quantile(first, share), second > np.quantile(second, share)


def scores(tmp_path, a, b, spacing, tolerance):
    """Ours, and the images as SimpleITK reads them from the same files."""
    paths = [tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"]
    for mask, path in zip((a, b), paths):
        nibabel.save(nibabel.Nifti1Image(mask.astype(np.uint8), np.diag([*spacing, 1.0])), path)
    done = subprocess.run([PROGRAM, *paths, str(tolerance)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    dice, nsd = map(float, done.stdout.split())
    return dice, nsd, *(sitk.ReadImage(str(path)) for path in paths)


def dice_of(a, b):
    measures = sitk.LabelOverlapMeasuresImageFilter()
    measures.Execute(a, b)
    return measures.GetDiceCoefficient()


def border_of(mask):
    eroded = sitk.BinaryErode(sitk.ConstantPad(mask, [1] * 3, [1] * 3), [1, 1, 1], sitk.sitkCross, 0.0, 1.0, False)
    inside = sitk.Crop(eroded, [1] * 3, [1] * 3)
    inside.CopyInformation(mask)
    return sitk.And(mask, sitk.Not(inside))


def nsd_of(a, b, tolerance):
    borders = [border_of(a), border_of(b)]
    within = []
    for border, other in (borders, borders[::-1]):
        distances = sitk.SignedMaurerDistanceMap(other, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
        outside = np.maximum(sitk.GetArrayFromImage(distances), 0)[sitk.GetArrayFromImage(border) > 0]
        within.append(outside <= tolerance * (1 + 1e-6))
    return np.concatenate(within).mean()


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", range(6))
def test_dice_and_surface_dice_of_blobs(tmp_path, spacing, seed):
    rng = np.random.default_rng(seed)
    a, b = blobs(rng, (31, 26, 22))
    for tolerance in (1.0, 2.0, 3.3):
        dice, nsd, image_a, image_b = scores(tmp_path, a, b, spacing, tolerance)
        assert dice == pytest.approx(dice_of(image_a, image_b), abs=1e-6)
        assert nsd == pytest.approx(nsd_of(image_a, image_b, tolerance), abs=1e-6)
        assert 0.1 < dice < 0.95 and 0.1 < nsd


@pytest.mark.parametrize("spacing", SPACINGS)
def test_masks_that_fill_the_volume(tmp_path, spacing):
    full, part = np.ones((14, 12, 9), bool), np.zeros((14, 12, 9), bool)
    part[3:, 2:9, :7] = True
    dice, nsd, image_a, image_b = scores(tmp_path, full, part, spacing, 2.0)
    assert dice == pytest.approx(dice_of(image_a, image_b), abs=1e-6)
    assert nsd == pytest.approx(nsd_of(image_a, image_b, 2.0), abs=1e-6)


def test_masks_far_apart(tmp_path):
    a, b = np.zeros((40, 20, 20), bool), np.zeros((40, 20, 20), bool)
    a[2:6, 3:9, 4:8], b[30:38, 3:9, 4:8] = True, True
    assert scores(tmp_path, a, b, (1.0, 1.0, 1.0), 2.0)[:2] == (0, 0)


def test_masks_of_different_grids_are_refused(tmp_path):
    with pytest.raises(AssertionError, match="masks of one grid"):
        scores(tmp_path, np.ones((4, 5, 6)), np.ones((4, 5, 7)), (1.0, 1.0, 1.0), 2.0)
