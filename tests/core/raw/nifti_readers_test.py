"""core/raw against readers that share no code with it: nibabel and SimpleITK."""
import os
import pathlib
import subprocess

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

PROGRAM = pathlib.Path(os.environ["SGPSAM_BIN_DIR"]) / "nifti_round_trip"
SHARED = pathlib.Path(__file__).parents[3].parent / "shared" / "samples" / "nifti"
SHAPE = (7, 6, 5)


def rewrite(what, source, target):
    done = subprocess.run([PROGRAM, what, source, target], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def oblique(hand=1.0):
    """RAS affine: turned about two axes, anisotropic."""
    a, b = 0.4, -0.3
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = z @ x @ np.diag([0.7, -1.3, 2.5 * hand])
    affine[:3, 3] = [-83.5, 121.25, 700]
    return affine


def samples(dtype):
    values = np.arange(np.prod(SHAPE)).reshape(SHAPE) % 120
    return (values - (60 if np.issubdtype(dtype, np.signedinteger) else 0)).astype(dtype)


def sitk_affine_ras(image):
    flip = np.diag([-1.0, -1.0, 1.0])
    affine = np.eye(4)
    affine[:3, :3] = flip @ np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    affine[:3, 3] = flip @ image.GetOrigin()
    return affine


def check(path, array, affine):
    image = nibabel.load(path)
    assert np.array_equal(np.asanyarray(image.dataobj), array)
    assert np.allclose(image.affine, affine, atol=1e-4)
    other = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(other).T, array)
    assert np.allclose(sitk_affine_ras(other), affine, atol=1e-4)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_every_type_in_either_byte_order_and_version(tmp_path, dtype, order, kind):
    array = samples(np.dtype(dtype))
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.dtype(dtype).newbyteorder(order))
    image = kind(array, oblique(), header)
    image.set_sform(oblique(), 1)
    image.set_qform(oblique(), 1)
    source = tmp_path / "in.nii.gz"
    nibabel.save(image, source)
    check(rewrite("volume", source, tmp_path / "out.nii"), array, oblique())


@pytest.mark.parametrize("hand", [1.0, -1.0])
@pytest.mark.parametrize("forms", ["sform", "qform", "neither"])
def test_affine_is_what_itk_reads(tmp_path, hand, forms):
    image = nibabel.Nifti1Image(samples(np.int16), oblique(hand))
    image.set_sform(oblique(hand), 1 if forms == "sform" else 0)
    image.set_qform(oblique(hand), 1 if forms == "qform" else 0)
    source = tmp_path / "in.nii"
    nibabel.save(image, source)
    expected = sitk_affine_ras(sitk.ReadImage(str(source)))
    check(rewrite("volume", source, tmp_path / "out.nii"), samples(np.int16), expected)


@pytest.mark.parametrize("slope,intercept", [(1, -1024), (0.25, 3), (2, 0)])
def test_scaling_is_what_itk_does(tmp_path, slope, intercept):
    image = nibabel.Nifti1Image(samples(np.int16), oblique())
    source = tmp_path / "in.nii"
    nibabel.save(image, source)
    raw = bytearray(source.read_bytes())
    raw[112:120] = np.array([slope, intercept], "<f4").tobytes()
    source.write_bytes(raw)
    itk = sitk.ReadImage(str(source))
    assert itk.GetPixelID() == sitk.sitkFloat32
    out = rewrite("volume", source, tmp_path / "out.nii")
    assert nibabel.load(out).get_data_dtype() == np.float32
    check(out, sitk.GetArrayFromImage(itk).T, oblique())


@pytest.mark.parametrize("units", [1, 2, 3])
def test_units_are_what_itk_makes_of_them(tmp_path, units):
    image = nibabel.Nifti1Image(samples(np.int16), np.diag([2.0, 3.0, 4.0, 1.0]))
    image.header["xyzt_units"] = units
    source = tmp_path / "in.nii"
    nibabel.save(image, source)
    spacing = sitk.ReadImage(str(source)).GetSpacing()
    out = rewrite("volume", source, tmp_path / "out.nii")
    assert np.allclose(nibabel.load(out).header.get_zooms(), spacing)


def test_long_integers_become_int32(tmp_path):
    source = tmp_path / "in.nii.gz"
    nibabel.save(nibabel.Nifti1Image(samples(np.int64), oblique(), dtype=np.int64), source)
    check(rewrite("volume", source, tmp_path / "out.nii"), samples(np.int32), oblique())


@pytest.mark.parametrize("hand", [1.0, -1.0])
def test_labels_lie_on_the_volume(tmp_path, hand):
    source = tmp_path / "in.nii"
    nibabel.save(nibabel.Nifti1Image(samples(np.int16), oblique(hand)), source)
    out = rewrite("labels", source, tmp_path / "out.nii.gz")
    assert nibabel.load(out).get_data_dtype() == np.uint8
    check(out, (samples(np.int16) > 0).astype(np.uint8), oblique(hand))


def test_labels_between_many_empty_slices(tmp_path):
    array = np.zeros((131, 77, 61), np.int16)
    array[40:90, 30:60, 20:25] = 1
    array[0, 0, 0] = array[130, 76, 60] = array[5, 6, 50] = 1
    source = tmp_path / "in.nii"
    nibabel.save(nibabel.Nifti1Image(array, oblique()), source)
    check(rewrite("labels", source, tmp_path / "out.nii.gz"), array.astype(np.uint8), oblique())
    subprocess.run(["gzip", "-t", tmp_path / "out.nii.gz"], check=True)


def test_tilted_labels_keep_their_sform(tmp_path):
    tilted = np.array([[-0.8, 0, 0, 5], [0, -0.8, 0.5, 6], [0, 0, 2, 7], [0, 0, 0, 1.0]])
    image = nibabel.Nifti1Image(samples(np.int16), tilted)
    image.set_qform(None, 0)
    source = tmp_path / "in.nii"
    nibabel.save(image, source)
    out = nibabel.load(rewrite("labels", source, tmp_path / "out.nii.gz"))
    assert np.allclose(out.affine, tilted, atol=1e-5)
    assert out.header["qform_code"] == 0


@pytest.mark.parametrize("name", ["example_ct", "example_ct_sm", "example_mr_sm", "example_seg"])
def test_shared_samples(tmp_path, name):
    source = SHARED / f"{name}.nii.gz"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    itk = sitk.ReadImage(str(source))
    out = rewrite("volume", source, tmp_path / "out.nii")
    check(out, sitk.GetArrayFromImage(itk).T, sitk_affine_ras(itk))
