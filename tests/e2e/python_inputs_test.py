"""What the Python package takes and gives back: numbers, clicks and images as other libraries hold them, against
those libraries; and what it refuses before anything is sent."""

import gzip
import io
import zlib

import masks
import nibabel
import numpy
import pydicom
import pytest
import SimpleITK

SPACING, ORIGIN = (1.25, 0.75, 2.5), (-10.0, 20.5, 30.0)
OBLIQUE = numpy.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, -1.0]])   # turned, and head to feet


@pytest.fixture(scope="module")
def client(sdk, server):
    with sdk.Client(server.grpc) as connected:
        yield connected


@pytest.fixture
def nobody(sdk):
    """Whatever reaches the network through this is Unavailable."""
    with sdk.Client("127.0.0.1:1") as unconnected:
        yield unconnected


@pytest.fixture
def volume(sdk):
    return sdk.Volume.from_array(numpy.arange(24, dtype=numpy.int16).reshape(2, 3, 4), (1, 1, 2.5))


def body():
    """Something to click on, different along every axis."""
    array = numpy.zeros((40, 50, 60), numpy.int16)
    array[10:30, 15:40, 20:45] = numpy.arange(25) + 100
    return array


def sitk_image(dtype=numpy.int16):
    image = SimpleITK.GetImageFromArray(body().astype(dtype))
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    image.SetDirection(OBLIQUE.ravel())
    return image


def nibabel_affine():
    return numpy.vstack([numpy.diag([-1, -1, 1]) @ numpy.column_stack([OBLIQUE * SPACING, ORIGIN]), [0, 0, 0, 1]])


def in_body(sdk):
    return sdk.Target([sdk.Click.voxel(32, 27, 20)])


def message(target):
    from sgpsam import request
    return request.to_message(target)


WRONG_OPTIONS = [
    ({"output": "dicom"}, "output is one of 'mask', 'seg', 'nifti', not 'dicom'"),
    ({"priority": "high"}, "priority is one of 'stat', 'routine', 'batch', not 'high'"),
    ({"priority": None}, "priority is one of"),
    ({"spacing": "Auto"}, "'auto' or None, not 'Auto'"),
    ({"clamp": (-100,)}, "clamp: expected 2 finite numbers"),
    ({"clamp": (-100, float("nan"))}, "clamp: expected 2 finite numbers"),
]


@pytest.mark.parametrize("options, named", WRONG_OPTIONS, ids=[named for _, named in WRONG_OPTIONS])
def test_a_misspelt_option_is_refused_before_anything_is_sent(sdk, nobody, volume, options, named):
    with pytest.raises(ValueError, match=named):
        nobody.segment(volume, in_body(sdk), **options)


WRONG_PROMPTS = [
    ({"clicks": [(1, 2)]}, "position: expected 3 finite numbers"),
    ({"clicks": (1, 2, 3)}, "a click is a Click, or x, y, z in patient millimetres, not 1"),
    ({"clicks": ["1,2,3"]}, "a click is a Click"),
    ({"clicks": [(1, 2, float("inf"))]}, "3 finite numbers"),
    ({"clicks": [((1, 2, 3), "no")]}, "positive is True or False"),
    ({"clicks": [((1, 2, 3), True, "voxels")]}, "space is one of 'patient', 'voxel', not 'voxels'"),
    ({"box": ((1, 2, 3), (4, 5, 6))}, "box is a Box"),
    ({"lines": [(1, 2, 3)]}, "lines is a Line or several, not tuple"),
    ({"scribbles": numpy.ones((2, 3, 4), bool)}, "scribbles is a Scribble or several"),
    ({"colour": (255, 0)}, "a colour is red, green and blue"),
    ({"colour": (255, 0, 256)}, "each 0 to 255"),
    ({"type": ("59441001", "SCT")}, "a code is value, scheme and meaning"),
    ({"mask": numpy.full((2, 3, 4), 2)}, "mask=labels == 2"),
    ({"previous": b"digest"}, "previous is TargetResult.previous"),
]


@pytest.mark.parametrize("prompts, named", WRONG_PROMPTS, ids=[named for _, named in WRONG_PROMPTS])
def test_a_wrong_prompt_is_refused_where_it_is_written(sdk, prompts, named):
    with pytest.raises(ValueError, match=named):
        sdk.Target(**prompts)


def test_a_wrong_scribble_is_refused_where_it_is_drawn(sdk):
    for arguments, named in [((numpy.zeros((2, 3, 4), bool),), "marks at least one voxel"),
                             ((numpy.ones((2, 3, 4), bool), "no"), "positive is True or False"),
                             ((numpy.ones((2, 3, 4), bool), True, (-1, 0, 0)), "first is i, j, k"),
                             ((numpy.ones((3, 4), bool),), "three axes")]:
        with pytest.raises(ValueError, match=named):
            sdk.Scribble(*arguments)


def test_of_a_scribble_the_part_that_has_marks_is_sent(sdk):
    marks = numpy.zeros((6, 5, 4), bool)
    marks[2, 1, 0] = marks[3, 3, 2] = True
    sent, = message(sdk.Target(scribbles=sdk.Scribble(marks, False, first=(10, 20, 30)))).prompts.scribbles
    assert (list(sent.shape), list(sent.first_voxel)) == ([3, 3, 2], [10, 21, 32])
    bits = numpy.unpackbits(numpy.frombuffer(zlib.decompress(sent.zlib_bits), numpy.uint8), count=18, bitorder="little")
    assert bits.nonzero()[0].tolist() == [0, 17]


def test_the_first_positive_box_is_sent_where_every_server_reads_it(sdk):
    boxes = [sdk.Box((1, 2, 3), (4, 5, 6)), sdk.Box((1, 2, 3), (4, 5, 6), positive=False)]
    sent = message(sdk.Target(box=boxes)).prompts
    assert sent.HasField("box") and len(sent.boxes) == 1
    assert not message(sdk.Target(box=boxes[::-1])).prompts.HasField("box")


def test_a_mask_of_another_shape_is_refused_though_it_has_as_many_voxels(sdk, nobody, volume):
    with pytest.raises(ValueError, match=r"mask of target 2 has the shape \(4, 3, 2\), its volume \(2, 3, 4\)"):
        nobody.segment(volume, [sdk.Target([(1, 1, 1)]), sdk.Target(mask=numpy.ones((4, 3, 2), bool))])
    with pytest.raises(ValueError, match="target 1 is tuple, not a Target"):
        nobody.segment(volume, [(1, 2, 3)])


def test_clicks_are_tuples_arrays_and_numpy_numbers_too(sdk):
    written = message(sdk.Target([sdk.Click.patient(1, 2, 3), sdk.Click.voxel(4, 5, 6, positive=False)]))
    for clicks in ([(1, 2, 3), ((4, 5, 6), False, "voxel")],
                   [numpy.array([1, 2, 3]), sdk.Click(numpy.array([4, 5, 6], numpy.float32), numpy.False_, "voxel")],
                   [tuple(map(numpy.int64, (1, 2, 3))), [[4, 5, 6], False, "voxel"]],
                   numpy.array([[1.0, 2.0, 3.0]])):
        assert message(sdk.Target(clicks)).prompts.points == written.prompts.points[:len(clicks)]
    assert len(message(sdk.Target(sdk.Click.voxel(1, 2, 3))).prompts.points) == 1
    box = sdk.Box(numpy.array([1, 2, 3]), (numpy.float32(4), 5, 6), "voxel")
    assert message(sdk.Target(box=box)).prompts.box.voxel_b.i == 4
    code = pydicom.sr.coding.Code("59441001", "SCT", "Lymph node")
    assert message(sdk.Target(type=code)).type.meaning == "Lymph node"


EXACT = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64",
         "longdouble", ">i2", ">f4", ">i8"]
WIRE = {1: "<i1", 2: "<u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 8: "<f8"}   # SampleType


def on_the_wire(volume):
    raw = volume.source().raw
    return numpy.frombuffer(volume.parts[0], WIRE[raw.sample_type]).reshape(tuple(raw.shape)[::-1])


@pytest.mark.parametrize("dtype", EXACT)
def test_every_number_type_of_numpy_arrives_exactly(sdk, dtype):
    array = numpy.array([[[0, 1, 3], [100, 7, 1]]]).astype(dtype)
    numpy.testing.assert_array_equal(on_the_wire(sdk.Volume.from_array(array, (1, 1, 1))), array)


@pytest.mark.parametrize("low, high", [(-32768, 32767), (0, 65535), (-32769, 2**31 - 1), (0, 2**32 - 1), (-1, 2**32),
                                       (-2**53, 2**53)])
def test_wide_integers_arrive_exactly(sdk, low, high):
    array = numpy.array([[[low, high]]], numpy.int64)
    numpy.testing.assert_array_equal(on_the_wire(sdk.Volume.from_array(array, (1, 1, 1))).astype(numpy.int64), array)


@pytest.mark.parametrize("array, named", [
    (numpy.array([[[0, 2**53 + 1]]], numpy.int64), "int64 from 0 to 9007199254740993 cannot be sent exactly"),
    (numpy.array([[[2**64 - 1]]], numpy.uint64), "uint64"),
    (numpy.array([[[1]]], numpy.longdouble) + numpy.longdouble(2)**-63, "cannot be sent exactly"),
    (numpy.array([[[1j]]]), "complex128"),
    (numpy.array([[["1"]]], object), "object"),
    (numpy.ma.masked_equal([[[1, 2]]], 2), "masked values"),
    (numpy.zeros((3, 4), numpy.int16), "3 axes"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_arrive_exactly_is_refused(sdk, array, named):
    with pytest.raises(ValueError, match=named):
        sdk.Volume.from_array(array, (1, 1, 1))


@pytest.mark.parametrize("geometry, named", [
    ({"spacing": (1, 1)}, "spacing .*expected 3"), ({"spacing": 1.5}, "spacing .*expected 3"),
    ({"spacing": (1, 1, float("nan"))}, "spacing .*finite"), ({"spacing": (1, 1, 1), "origin": (0, 0)}, "origin .*expected 3"),
    ({"spacing": (1, 1, 1), "direction": (1, 0, 0)}, "direction .*expected 9"),
])
def test_a_geometry_of_wrong_length_is_refused(sdk, geometry, named):
    with pytest.raises(ValueError, match=named):
        sdk.Volume.from_array(body(), **geometry)


@pytest.mark.parametrize("source, named", [
    (body(), r"Volume\.from_array"), ([], "an empty list"), (3, "not int"), (["a.dcm", body()], "not list"),
    (SimpleITK.Image(4, 4, SimpleITK.sitkInt16), "3 dimensions"),
    (SimpleITK.Image([4, 4, 4], SimpleITK.sitkVectorUInt8, 3), "one value a voxel"),
    (nibabel.Nifti1Image(numpy.zeros((4, 4, 4, 2), numpy.int16), numpy.eye(4)), "3 dimensions, not 4"),
    (nibabel.spatialimages.SpatialImage(numpy.zeros((4, 4, 4)), None), "no affine"),
    (nibabel.spatialimages.SpatialImage(numpy.zeros((4, 4, 4)), numpy.diag([1, 1, 0, 1])), "singular"),
    (pydicom.Dataset(), "pydicom cannot write the dataset"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_volume_is_refused_by_name(sdk, nobody, source, named):
    with pytest.raises(ValueError, match=named):
        nobody.segment(source, in_body(sdk))


def assert_same_place(image, other):
    numpy.testing.assert_allclose(image.GetOrigin(), other.GetOrigin(), atol=1e-4)
    numpy.testing.assert_allclose(image.GetSpacing(), other.GetSpacing(), atol=1e-5)
    numpy.testing.assert_allclose(image.GetDirection(), other.GetDirection(), atol=1e-6)


def test_a_simpleitk_image_comes_back_as_one_in_its_place(sdk, client, tmp_path):
    image = sitk_image()
    result = client.segment(image, in_body(sdk))
    in_mm = sdk.Target([image.TransformIndexToPhysicalPoint((32, 27, 20))])
    numpy.testing.assert_array_equal(client.segment(image, in_mm).mask, result.mask)
    found = result.to_sitk()
    assert_same_place(found, image)
    assert found.GetSize() == image.GetSize() and found.GetPixelID() == SimpleITK.sitkUInt8
    numpy.testing.assert_array_equal(SimpleITK.GetArrayFromImage(found), result.mask)
    (tmp_path / "theirs.nii.gz").write_bytes(client.segment(image, in_body(sdk), output="nifti").file)
    theirs = SimpleITK.ReadImage(str(tmp_path / "theirs.nii.gz"))
    assert_same_place(found, theirs)
    numpy.testing.assert_array_equal(SimpleITK.GetArrayFromImage(theirs), result.mask)


@pytest.mark.parametrize("dtype", [numpy.int16, numpy.float32, numpy.uint8])
def test_a_nibabel_image_comes_back_as_one_in_its_place(sdk, client, dtype):
    image = nibabel.Nifti1Image(body().transpose(2, 1, 0).astype(dtype), nibabel_affine())
    result = client.segment(image, in_body(sdk))
    numpy.testing.assert_array_equal(client.segment(sitk_image(dtype), in_body(sdk)).mask, result.mask)
    numpy.testing.assert_allclose(result.affine, image.affine, atol=1e-5)
    found = result.to_nibabel()
    assert found.shape == image.shape and found.get_data_dtype() == numpy.uint8
    numpy.testing.assert_array_equal(numpy.asanyarray(found.dataobj).transpose(2, 1, 0), result.mask)
    for place in (found.affine, found.get_sform(), found.get_qform()):
        numpy.testing.assert_allclose(place, image.affine, atol=1e-4)


def test_a_scaled_nifti_means_what_nibabel_reads(sdk, client, tmp_path):
    image = nibabel.Nifti1Image(body().transpose(2, 1, 0)[..., None], nibabel_affine())
    image.header.set_slope_inter(0.5, 10)
    nibabel.save(image, tmp_path / "scaled.nii.gz")
    loaded = nibabel.load(tmp_path / "scaled.nii.gz")
    assert loaded.dataobj[32, 27, 20, 0] != body()[20, 27, 32]
    sent = on_the_wire(sdk.Volume.of(loaded))
    numpy.testing.assert_array_equal(sent, loaded.get_fdata()[..., 0].transpose(2, 1, 0))
    by_path = client.segment(tmp_path / "scaled.nii.gz", in_body(sdk))
    by_image = client.segment(loaded, in_body(sdk))
    numpy.testing.assert_array_equal(by_path.mask, by_image.mask)
    numpy.testing.assert_allclose(by_path.voxel_to_lps, by_image.voxel_to_lps, atol=1e-5)


def test_datasets_and_lists_of_paths_are_the_folder(sdk, client, ct):
    target = sdk.Target([tuple(map(float, ct.click.split(",")))])
    folder = client.segment(ct.folder, target, output="seg")
    paths = sorted(ct.folder.iterdir(), reverse=True)
    listed = client.segment(paths, target)
    assert listed.uploaded_bytes == 0 and listed.volume_sha256 == folder.volume_sha256
    datasets = [pydicom.dcmread(path) for path in paths]
    from_datasets = client.segment(datasets, target)
    numpy.testing.assert_array_equal(from_datasets.mask, listed.mask)
    numpy.testing.assert_array_equal(
        masks.from_seg(io.BytesIO(folder.file), masks.sources_in_order(ct.folder)), listed.mask)
    numpy.testing.assert_array_equal(client.segment([ct.nifti], target).mask, listed.mask)


def test_targets_are_numbered_in_one_label_map_and_single_in_their_own(sdk, client):
    targets = [in_body(sdk), sdk.Target([sdk.Click.voxel(22, 17, 12)])]
    result = client.segment(sitk_image(), targets)
    theirs = nibabel.Nifti1Image.from_bytes(gzip.decompress(
        client.segment(sitk_image(), targets, output="nifti").file))
    numpy.testing.assert_array_equal(result.labels, numpy.asanyarray(theirs.dataobj).transpose(2, 1, 0))
    for index in (0, 1):
        own = SimpleITK.GetArrayFromImage(result.to_sitk(index))
        numpy.testing.assert_array_equal(own, result.targets[index].mask)
        numpy.testing.assert_array_equal(numpy.asanyarray(result.to_nibabel(index).dataobj).transpose(2, 1, 0), own)


def test_a_saved_mask_lies_where_its_volume_lies(sdk, client, ct, tmp_path):
    result = client.segment(sitk_image(), in_body(sdk))
    for name in ("mask.nii.gz", "mask.nii", "mask.nrrd", "mask.mha"):
        result.save(tmp_path / name)
        saved = SimpleITK.ReadImage(str(tmp_path / name))
        assert_same_place(saved, sitk_image())
        numpy.testing.assert_array_equal(SimpleITK.GetArrayFromImage(saved), result.mask)
    with pytest.raises(ValueError, match='ask for output="seg"'):
        result.save(tmp_path / "mask.dcm")
    seg = client.segment(ct.folder, sdk.Target([tuple(map(float, ct.click.split(",")))]), output="seg")
    seg.save(tmp_path / "seg.dcm")
    assert pydicom.dcmread(tmp_path / "seg.dcm").Modality == "SEG"
    with pytest.raises(ValueError, match=r"ends in \.dcm"):
        seg.save(tmp_path / "seg.nii.gz")
    with pytest.raises(ValueError, match='ask for output="mask"'):
        seg.to_sitk()
