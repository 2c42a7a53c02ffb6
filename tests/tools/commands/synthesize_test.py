"""synthesize: what it writes, seen by readers that are not ours, against what it says."""

import json

import nibabel
import numpy
import pydicom
import pytest

from conftest import FAILED, USAGE, call

SMALL = ["--shape", "96,96,40", "--spacing", "2,2,3"]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    said = json.loads(call("synthesize", "--seed", 3, *SMALL, "--lesions", 2, "--organ", "liver",
                           "--out", folder / "ct", "--nifti", folder / "ct.nii"))
    return folder, said


def test_a_series_is_what_the_nifti_file_is_and_says_that_it_is_synthetic(series):
    folder, said = series
    slices = sorted((pydicom.dcmread(path) for path in (folder / "ct").iterdir()),
                    key=lambda one: one.ImagePositionPatient[2])
    assert len(slices) == said["files"] == 40
    for name in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({str(one[name].value) for one in slices}) == 1
    assert len({one.SOPInstanceUID for one in slices}) == 40
    assert all("SYNTHETIC" in str(one.PatientName) for one in slices)
    volume = nibabel.load(folder / "ct.nii")
    stacked = numpy.stack([one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in slices])
    numpy.testing.assert_array_equal(stacked.transpose(2, 1, 0), numpy.asarray(volume.dataobj))
    x, y, z = slices[0].ImagePositionPatient
    numpy.testing.assert_allclose(volume.affine[:3, 3], [-x, -y, z], atol=1e-3)
    numpy.testing.assert_allclose(volume.header.get_zooms(), [2, 2, 3])


def test_the_lesions_are_where_it_says(series):
    folder, said = series
    volume = nibabel.load(folder / "ct.nii")
    assert 1 <= len(said["lesions"]) <= 2
    for lesion in said["lesions"]:
        assert lesion["volume_ml"] == pytest.approx(lesion["voxels"] * 2 * 2 * 3 / 1000)
        assert lesion["organ"] == "liver"
        x, y, z = lesion["centre_lps_mm"]
        index = numpy.linalg.inv(volume.affine) @ [-x, -y, z, 1]
        numpy.testing.assert_allclose(index[:3], numpy.round(index[:3]), atol=1e-3)
        assert (index[:3] > 0).all() and (index[:3] < volume.shape).all()


def test_images_that_differ_share_no_uid(series, tmp_path):
    folder, _ = series
    call("synthesize", "--seed", 3, *SMALL, "--noise", 5, "--out", tmp_path / "other")
    uids = [{pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in where.iterdir()}
            for where in (folder / "ct", tmp_path / "other")]
    assert not uids[0] & uids[1]


def test_a_data_set_is_read_by_nibabel_and_labels_the_lesions(tmp_path):
    said = json.loads(call("synthesize", "--seed", 3, "--format", "nnunet", "--cases", 2, "--split", "validation",
                           *SMALL, "--out", tmp_path / "data"))
    assert said["cases"] == 2
    described = json.loads((tmp_path / "data/dataset.json").read_text())
    assert "ynthetic" in described["description"] and described["numTraining"] == 2
    for case in described["synthetic"]["cases"]:
        image = nibabel.load(tmp_path / f"data/imagesTr/{case['id']}_0000.nii.gz")
        labels = nibabel.load(tmp_path / f"data/labelsTr/{case['id']}.nii.gz")
        assert image.get_data_dtype() == numpy.int16 and labels.get_data_dtype() == numpy.uint8
        assert image.shape == labels.shape == (96, 96, 40)
        numpy.testing.assert_array_equal(image.affine, labels.affine)
        values = numpy.asarray(labels.dataobj)
        assert set(numpy.unique(values)) == {0, 1}
        assert values.sum() == sum(lesion["voxels"] for lesion in case["lesions"])


def test_wrong_usage_and_taken_folders_leave_nothing_behind(tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").touch()
    out = ["--out", tmp_path / "out"]
    assert "not an empty folder" in call("synthesize", "--seed", 3, *SMALL, "--out", taken, code=FAILED)
    assert "no room" in call("synthesize", "--seed", 3, "--shape", "8,8,8", "--diameter", 90, *out, code=FAILED)
    assert "--cases" in call("synthesize", "--seed", 3, "--cases", 2, *out, code=FAILED)
    assert "--nifti" in call("synthesize", "--seed", 3, "--format", "nnunet", "--nifti", tmp_path / "n", *out, code=FAILED)
    for wrong in (["--split", "all"], ["--organ", "lung"], ["--format", "png"], ["--shape", "1,2"], ["--seed", 2**30]):
        call("synthesize", "--seed", 3, *out, *wrong, code=USAGE)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
