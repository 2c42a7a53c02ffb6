"""tools/region_growing.py: what it makes of lesions whose answer is known."""

import csv
import json
import subprocess
import sys

import nibabel
import numpy

from conftest import HERE

SCRIPT = HERE.parents[2] / "tools/region_growing.py"
SIDE = 20


def write_set(folder, layout):
    """Two cases with a ball of value 300 in 100, and one darker half of it in the second case; clicks in the ball."""
    folder.mkdir()
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir()
    lines = []
    for case, radius in (("a", 4), ("b", 6)):
        ball = numpy.linalg.norm(numpy.indices((SIDE,) * 3).T - 10, axis=-1).T <= radius
        image = numpy.where(ball, 300, 100).astype(numpy.int16)
        if case == "b":
            image[:, :, :10] -= numpy.where(ball, 150, 0)[:, :, :10].astype(numpy.int16)
        far = numpy.zeros_like(ball)
        far[0, 0, 0] = True    # another lesion of the same label
        image_name = f"{case}_0000.nii.gz" if layout == "nnunet" else f"{case}.nii.gz"
        nibabel.save(nibabel.Nifti1Image(image, numpy.eye(4)), folder / "imagesTr" / image_name)
        nibabel.save(nibabel.Nifti1Image((ball | far).astype(numpy.uint8), numpy.eye(4)),
                     folder / "labelsTr" / f"{case}.nii.gz")
        lines.append({"set": folder.name, "case": case, "lesion": 2, "size": "5to10mm" if case == "a" else "ge10mm",
                      "i": 10, "j": 10, "k": 12})
    if layout == "nnunet":
        description = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "lesion": 1}, "file_ending": ".nii.gz"}
    else:
        description = {"modality": {"0": "CT"}, "labels": {"0": "background", "1": "lesion"},
                       "training": [{"image": f"./imagesTr/{case}.nii.gz", "label": f"./labelsTr/{case}.nii.gz"}
                                    for case in "ab"]}
    (folder / "dataset.json").write_text(json.dumps(description))
    return lines


def write_csv(path, lines):
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, ["set", "case", "lesion", "size", "i", "j", "k"])
        out.writeheader()
        out.writerows(lines)


def grow(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True)


def cells(table, title):
    line = next(line for line in table.splitlines() if line.startswith(title))
    return line[46:].split()


def test_finds_what_is_of_one_brightness_and_only_that(tmp_path):
    lines = write_set(tmp_path / "one", "nnunet") + write_set(tmp_path / "two", "msd")
    write_csv(tmp_path / "scores.csv", lines)
    done = grow(tmp_path / "scores.csv", f"{tmp_path / 'one'}:label=lesion,channel=0", f"{tmp_path / 'two'}:label=1")
    assert done.returncode == 0, done.stderr
    tables = done.stdout.split("two: ")
    assert tables[0].startswith("one: 2 lesions of 2 cases")
    ball = numpy.linalg.norm(numpy.indices((SIDE,) * 3).T - 10, axis=-1).T <= 6
    bright = ball[:, :, 10:].sum()
    half = 2 * bright / (bright + ball.sum())
    for table in tables:
        for method in ("ConnectedThreshold", "ConfidenceConnected"):
            mean, below_5, to_10, above_10 = cells(table, method)
            assert (below_5, to_10) == ("-", "1.000") and float(above_10) == round(half, 3)
            assert abs(float(mean) - (1 + half) / 2) < 1e-3


def test_a_click_outside_every_lesion_is_refused(tmp_path):
    lines = write_set(tmp_path / "one", "nnunet")
    lines[1]["i"] = 0
    write_csv(tmp_path / "scores.csv", lines)
    assert "is in no lesion" in grow(tmp_path / "scores.csv", tmp_path / "one").stderr
    assert "no lesion of a set" in grow(tmp_path / "scores.csv", f"{tmp_path / 'one'}:name=other").stderr
