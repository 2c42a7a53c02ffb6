"""The shipped model on CT phantoms of what a z-score over voxels above 0 refuses or loses: darker than 0 HU, beside
bone, in lung and in fat. Images and truth are made here, by numpy; lesions like these are not trained on."""

import csv
import json

import nibabel as nib
import numpy as np
import pytest

from conftest import HERE, call

MODEL = HERE.parents[2] / "deploy/models/sgpsam-lesions.safetensors"
SHAPE, SPACING = (128, 128, 80), (0.8, 0.8, 1.25)
RADII = (3, 6, 10, 20)
KINDS = {  # HU inside and around
    "ground_glass": (-600, -850), "part_solid": (-600, -850), "solid_in_lung": (40, -850), "node_in_fat": (60, -100),
    "cyst_in_fat": (-5, -100), "fat_in_fat": (-60, -100), "beside_bone": (60, 0),
}


def blurred(values, sigmas):
    for axis, sigma in enumerate(sigmas):
        kernel = np.exp(-0.5 * (np.arange(-4, 5) / sigma) ** 2)
        padded = np.pad(values, [(4, 4) if a == axis else (0, 0) for a in range(3)], mode="edge")
        values = sum(weight * np.take(padded, np.arange(values.shape[axis]) + n, axis)
                     for n, weight in enumerate(kernel / kernel.sum()))
    return values


def phantom(kind, radius, seed):
    """A ball of `radius` mm -> HU, truth. Noise of about 12 HU."""
    inside, around = KINDS[kind]
    x, y, z = np.ogrid[tuple(slice(-(n // 2) * s, (n - n // 2 - 0.5) * s, s) for n, s in zip(SHAPE, SPACING))]
    away = np.sqrt(x * x + y * y + z * z)
    values = np.where(away <= radius, inside, around).astype(float)
    if kind == "part_solid":
        values[away <= radius / 2] = -100
    if kind == "beside_bone":
        values[(abs(x - radius - 8) < 6) & (abs(y) < 15) & (abs(z) < 99)] = 1200
    noise = 60 * blurred(np.random.default_rng(seed).normal(size=SHAPE), [0.6] * 3)
    return blurred(values, [0.6 / s for s in SPACING]) + noise, away <= radius


@pytest.fixture(scope="module")
def dice(tmp_path_factory):
    """{kind: {radius: (Dice after one click, after five)}}; nothing was refused."""
    folder = tmp_path_factory.mktemp("phantoms")
    affine = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1])
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir()
    cases = [(kind, radius) for kind in KINDS for radius in RADII]
    for seed, (kind, radius) in enumerate(cases):
        values, truth = phantom(kind, radius, seed)
        name = f"{kind}-{radius}"
        nib.save(nib.Nifti1Image(np.round(values).astype(np.int16), affine), folder / f"imagesTr/{name}_0000.nii.gz")
        nib.save(nib.Nifti1Image(truth.astype(np.uint8), affine), folder / f"labelsTr/{name}.nii.gz")
    (folder / "dataset.json").write_text(json.dumps({
        "channel_names": {"0": "CT"}, "labels": {"background": 0, "lesion": 1}, "numTraining": len(cases),
        "file_ending": ".nii.gz"}))
    report = json.loads(call("evaluate", "--model", MODEL, "--data", folder, "--csv", folder / "scores.csv", "--json"))
    assert report["refused"]["clicks"] == 0
    found = {kind: {} for kind in KINDS}
    with (folder / "scores.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            kind, radius = row["case"].split("-")
            found[kind][int(radius)] = float(row["dice_1"]), float(row["dice_5"])
    return found


def test_all_are_taken_and_found_somehow(dice):
    assert all(set(by_radius) == set(RADII) for by_radius in dice.values())


@pytest.mark.parametrize("kind", ["beside_bone", "node_in_fat", "cyst_in_fat"])
def test_one_click_finds_what_contrasts_with_soft_tissue_or_fat(dice, kind):
    assert min(one for one, _ in dice[kind].values()) > 0.6


@pytest.mark.parametrize("kind", ["fat_in_fat", "solid_in_lung"])
def test_five_clicks_find_faint_lesions_in_fat_and_solid_ones_in_lung(dice, kind):
    assert sum(five for _, five in dice[kind].values()) / len(RADII) > 0.7


def test_five_clicks_find_large_ground_glass(dice):
    assert min(dice["ground_glass"][radius][1] for radius in (10, 20)) > 0.7
