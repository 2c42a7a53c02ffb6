"""Segmentations as highdicom, pydicom and dcmqi write them, in every type, encoding and orientation, read by
seg_mask_reader and compared voxel for voxel with the truth and with what highdicom reads. The series and the
masks are made up here.

Run by ctest, which sets SGPSAM_BIN_DIR.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import zlib

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import (CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian,
                         ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless,
                         RLELossless)

READER = pathlib.Path(os.environ["SGPSAM_BIN_DIR"]) / "seg_mask_reader"
SHARED = pathlib.Path(__file__).resolve().parents[5] / "shared"

DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"

COLUMNS, ROWS, SLICES = 37, 33, 6   # 1,221 pixels: no multiple of 8
SPACING = (0.75, 0.5, 2.5)          # between rows, columns, slices
ORIGIN = np.array([-20.0, 15.0, 40.0])
# Oblique: rotated about x by 3, 4, 5.
ROW, COLUMN = np.array([1.0, 0, 0]), np.array([0, 0.8, 0.6])
NORMAL = np.cross(ROW, COLUMN)


def slice_of(k):
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"1.2.826.0.1.3680043.8.498.5.{k + 1}"
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
    ds.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.3"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Synthetic^Made Up", "SYNTHETIC", "", ""
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "", "", "", "", ""
    ds.Modality, ds.Manufacturer, ds.SeriesNumber, ds.InstanceNumber = "CT", "Synthetic", 1, k + 1
    ds.ImagePositionPatient = [float(v) for v in ORIGIN + k * SPACING[2] * NORMAL]
    ds.ImageOrientationPatient = [*map(float, ROW), *map(float, COLUMN)]
    ds.PixelSpacing, ds.SliceThickness = list(SPACING[:2]), SPACING[2]
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    ds.PixelData = np.arange(ROWS * COLUMNS, dtype="<i2").tobytes()
    return ds


class Series:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.images = [slice_of(k) for k in range(SLICES)]
        for k, image in enumerate(self.images):
            image.save_as(folder / f"{k}.dcm", enforce_file_format=True)


@pytest.fixture(scope="session")
def series(tmp_path_factory):
    return Series(tmp_path_factory.mktemp("series") / "ct")


def speckles(seed):
    return (np.random.default_rng(seed).random((SLICES, ROWS, COLUMNS)) < 0.3).astype(np.uint8)


def affine():
    """Index k, j, i -> LPS, as highdicom has it."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = NORMAL * SPACING[2], COLUMN * SPACING[0], ROW * SPACING[1]
    matrix[:3, 3] = ORIGIN
    return matrix


def descriptions(count):
    return [hd.seg.SegmentDescription(n, f"Lesion {n}", codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Lesion,
                                      hd.seg.SegmentAlgorithmTypeValues.MANUAL) for n in range(1, count + 1)]


def segmentation(series, pixels, kind, segments, **options):
    return hd.seg.Segmentation(
        series.images, pixels, kind, descriptions(segments), "1.2.826.0.1.3680043.8.498.7", 7,
        "1.2.826.0.1.3680043.8.498.8", 1, "Synthetic", "Synthetic", "1", "1", **options)


def read(series, path, out):
    """Masks by segment number, and the warnings; a refusal is a ValueError with the reader's words."""
    out.mkdir(exist_ok=True)
    done = subprocess.run([READER, str(series.folder), str(path), str(out)], capture_output=True, text=True)
    if done.returncode:
        assert done.returncode == 1, done
        raise ValueError(done.stderr)
    lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
    masks = {int(line[1]): np.fromfile(out / f"segment_{line[1]}.bits", np.uint8).reshape(SLICES, ROWS, COLUMNS)
             for line in lines if line[0] == "segment"}
    return masks, [" ".join(line[1:]) for line in lines if line[0] == "warning"]


def by_highdicom(path, number, threshold=None):
    """The mask on the series' grid, placed by highdicom's own affine."""
    seg = hd.seg.segread(path)
    if seg.SegmentationType == "LABELMAP":   # one segment of it alone is wrong in highdicom 0.28 beyond 255
        volume = seg.get_volume(combine_segments=True)
        array = volume.array == number
    else:
        volume = seg.get_volume(segment_numbers=[number], dtype=np.float32 if threshold else np.uint8)
        array = volume.array[..., 0] >= (threshold or 1)
    mask = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    to_series = np.linalg.inv(affine()) @ volume.affine
    for index in np.argwhere(array):
        at = to_series @ [*index, 1]
        k, j, i = np.rint(at[:3]).astype(int)
        assert np.abs(at[:3] - (k, j, i)).max() < 1e-3
        mask[k, j, i] = 1
    return mask


def expect(masks, truth):
    assert sorted(masks) == sorted(truth)
    for number, mask in truth.items():
        assert np.array_equal(masks[number], mask), f"segment {number}: {np.sum(masks[number] != mask)} voxels differ"


def swap_words(data):
    return np.frombuffer(data + b"\0" * (len(data) % 2), "<u2").astype(">u2").tobytes()


def rewritten(ds, syntax, path, vr=None):
    """The same object in another native transfer syntax, by the standard's words alone."""
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        # OB: bytes in order. OW: words swapped, whatever lies in them (PS3.5 7.3, 8.2).
        ds["PixelData"].VR = vr
        if vr == "OW":
            ds.PixelData = swap_words(ds.PixelData)
    ds.save_as(path, enforce_file_format=True)


# ---- encodings -----------------------------------------------------------------------------------

NATIVE = [(ExplicitVRLittleEndian, None), (ImplicitVRLittleEndian, None), (DeflatedExplicitVRLittleEndian, None),
          (ExplicitVRBigEndian, "OB"), (ExplicitVRBigEndian, "OW")]


def name(value):
    return value.name.replace(" ", "") if isinstance(value, pydicom.uid.UID) else str(value)


@pytest.mark.parametrize("syntax, vr", NATIVE, ids=name)
@pytest.mark.parametrize("kind, count", [("BINARY", 2), ("FRACTIONAL", 2), ("LABELMAP", 2), ("LABELMAP", 300)])
def test_native_encodings(series, tmp_path, kind, count, syntax, vr):
    if vr == "OB" and count == 300:
        pytest.skip("16-bit samples are OW")
    labels = np.random.default_rng(1).integers(0, count + 1, (SLICES, ROWS, COLUMNS)).astype(np.uint16)
    rewritten(segmentation(series, labels, kind, count), syntax, tmp_path / "seg.dcm", vr)
    masks, warnings = read(series, tmp_path / "seg.dcm", tmp_path / "out")
    expect(masks, {n: (labels == n).astype(np.uint8) for n in range(1, count + 1)})
    assert bool(warnings) == (kind == "FRACTIONAL")
    if syntax != ExplicitVRBigEndian:
        assert np.array_equal(by_highdicom(tmp_path / "seg.dcm", 1, 0.5 if kind == "FRACTIONAL" else None), masks[1])


@pytest.mark.parametrize("kind, count, syntax", [
    ("BINARY", 2, JPEG2000Lossless),
    ("FRACTIONAL", 2, JPEG2000Lossless), ("FRACTIONAL", 2, JPEGLSLossless), ("FRACTIONAL", 2, RLELossless),
    ("LABELMAP", 2, JPEG2000Lossless), ("LABELMAP", 2, JPEGLSLossless), ("LABELMAP", 2, RLELossless),
    ("LABELMAP", 300, JPEG2000Lossless), ("LABELMAP", 300, JPEGLSLossless), ("LABELMAP", 300, RLELossless),
], ids=name)
def test_compressed_encodings(series, tmp_path, kind, count, syntax):
    labels = np.random.default_rng(2).integers(0, count + 1, (SLICES, ROWS, COLUMNS)).astype(np.uint16)
    seg = segmentation(series, labels, kind, count, transfer_syntax_uid=syntax)
    seg.save_as(tmp_path / "seg.dcm")
    masks, _ = read(series, tmp_path / "seg.dcm", tmp_path / "out")
    expect(masks, {n: (labels == n).astype(np.uint8) for n in range(1, count + 1)})
    assert np.array_equal(by_highdicom(tmp_path / "seg.dcm", 1, 0.5 if kind == "FRACTIONAL" else None), masks[1])


def packbits(data):
    """RLE of one frame: literal runs of up to 128 bytes (PS3.5 annex G), one segment."""
    runs = b"".join(bytes([len(part) - 1]) + part for part in (data[n:n + 128] for n in range(0, len(data), 128)))
    frame = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + b"\0" * 56 + runs
    return frame + b"\0" * (len(frame) % 2)


def deflated(data):
    deflate = zlib.compressobj(wbits=-15)
    frame = deflate.compress(data) + deflate.flush()
    return frame + b"\0" * (len(frame) % 2)


def encapsulated(series, path, count=SLICES, encode=packbits, syntax=RLELossless, **options):
    ds = segmentation(series, speckles(3), "BINARY", 1)
    frames = [encode(np.packbits(frame.reshape(-1), bitorder="little").tobytes()) for frame in ds.pixel_array]
    ds.PixelData = pydicom.encaps.encapsulate(frames[:count], **options)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless   # any that pydicom knows for encapsulated pixels
    ds.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes().replace(JPEG2000Lossless.encode(), syntax.encode().ljust(22, b"\0"), 1))


def test_bits_in_rle(series, tmp_path):
    encapsulated(series, tmp_path / "seg.dcm")
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: speckles(3)})


def test_frames_deflated_one_by_one(series, tmp_path):
    encapsulated(series, tmp_path / "seg.dcm", encode=deflated, syntax=DEFLATED_FRAMES)
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: speckles(3)})
    encapsulated(series, tmp_path / "seg.dcm", encode=lambda data: deflated(data + b"\0\0"),
                 syntax=DEFLATED_FRAMES)
    with pytest.raises(ValueError, match="grows beyond"):
        read(series, tmp_path / "seg.dcm", tmp_path / "out")
    encapsulated(series, tmp_path / "seg.dcm", encode=lambda data: deflated(data[1:]),
                 syntax=DEFLATED_FRAMES)
    with pytest.raises(ValueError, match="instead of"):
        read(series, tmp_path / "seg.dcm", tmp_path / "out")


def test_frames_of_several_fragments(series, tmp_path):
    encapsulated(series, tmp_path / "seg.dcm", fragments_per_frame=2, has_bot=True)
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: speckles(3)})
    encapsulated(series, tmp_path / "seg.dcm", fragments_per_frame=2, has_bot=False)
    with pytest.raises(ValueError, match="no offset table"):
        read(series, tmp_path / "seg.dcm", tmp_path / "out")
    encapsulated(series, tmp_path / "seg.dcm", SLICES - 1)
    with pytest.raises(ValueError, match="fewer compressed frames"):
        read(series, tmp_path / "seg.dcm", tmp_path / "out")


@pytest.mark.parametrize("kind", ["PROBABILITY", "OCCUPANCY"])
@pytest.mark.parametrize("most", [255, 100, 1])
def test_a_fraction_of_one_half_is_in(series, tmp_path, kind, most):
    fractions = np.random.default_rng(4).random((SLICES, ROWS, COLUMNS)).astype(np.float32)
    seg = segmentation(series, fractions, "FRACTIONAL", 1, fractional_type=kind, max_fractional_value=most)
    seg.save_as(tmp_path / "seg.dcm")
    masks, warnings = read(series, tmp_path / "seg.dcm", tmp_path / "out")
    truth = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    for stored, group in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence):
        place = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        truth[round((place - ORIGIN) @ NORMAL / SPACING[2])] = stored * 2.0 >= most
    assert most < 2 or 0 < truth.sum() < truth.size
    expect(masks, {1: truth})
    assert np.array_equal(by_highdicom(tmp_path / "seg.dcm", 1, 0.5), masks[1])
    assert len(warnings) == 1 and kind.lower() in warnings[0] and f"of {most}" in warnings[0]


def test_a_label_map_may_have_another_background(series, tmp_path):
    labels = speckles(5).astype(np.uint8)
    seg = segmentation(series, labels, "LABELMAP", 1)
    pixels = np.frombuffer(seg.PixelData, np.uint8)[:labels.size].copy()
    pixels[:40][pixels[:40] == 0] = 9
    seg.PixelPaddingValue = 9
    seg.PixelData = pixels.tobytes()
    seg.save_as(tmp_path / "seg.dcm")
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: labels})
    seg.PixelPaddingValue = 8
    seg.save_as(tmp_path / "seg.dcm")
    with pytest.raises(ValueError, match="segment that it does not have"):
        read(series, tmp_path / "seg.dcm", tmp_path / "out")


@pytest.mark.parametrize("character_set, label", [
    ("ISO_IR 100", "L\u00e4sion"), ("ISO_IR 144", "\u041e\u0447\u0430\u0433"), ("ISO_IR 192", "\u75c5\u5909"),
    ("GB18030", "\u75c5\u53d8"), (None, "Lesion")])
def test_labels_are_read_in_their_character_set(series, tmp_path, character_set, label):
    seg = segmentation(series, speckles(12), "BINARY", 1)
    seg.SpecificCharacterSet = character_set
    seg.SegmentSequence[0].SegmentLabel = label
    seg.save_as(tmp_path / "seg.dcm")
    done = subprocess.run([READER, series.folder, tmp_path / "seg.dcm", tmp_path], capture_output=True, text=True)
    assert done.stdout == f"segment 1 {label}\n"


# ---- places --------------------------------------------------------------------------------------


ORIENTATIONS = [(order, flips) for order in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
                for flips in range(8)]


@pytest.mark.parametrize("order, flips", ORIENTATIONS, ids=str)
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_frames_in_every_direction_lie_where_their_positions_say(series, tmp_path, kind, order, flips):
    volume = hd.Volume(speckles(6), affine(), "PATIENT", frame_of_reference_uid=series.images[0].FrameOfReferenceUID)
    turned = volume.permute_spatial_axes(order)
    for axis in range(3):
        turned = turned.flip_spatial(axis) if flips >> axis & 1 else turned
    segmentation(series, turned, kind, 1).save_as(tmp_path / "seg.dcm")
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: speckles(6)})
    assert np.array_equal(by_highdicom(tmp_path / "seg.dcm", 1), speckles(6))


def test_a_part_of_the_volume_lies_where_it_lay(series, tmp_path):
    volume = hd.Volume(speckles(7), affine(), "PATIENT", frame_of_reference_uid=series.images[0].FrameOfReferenceUID)
    segmentation(series, volume[2:5, 1:8, 3:11], "BINARY", 1).save_as(tmp_path / "seg.dcm")
    truth = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    truth[2:5, 1:8, 3:11] = speckles(7)[2:5, 1:8, 3:11]
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: truth})


def groups(ds):
    return [ds.SharedFunctionalGroupsSequence[0], *ds.PerFrameFunctionalGroupsSequence]


def test_references_may_be_missing(series, tmp_path):
    seg = segmentation(series, speckles(8), "BINARY", 1)
    for group in groups(seg):
        group.pop("DerivationImageSequence", None)
    seg.pop("ReferencedSeriesSequence", None)
    seg.save_as(tmp_path / "seg.dcm")
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: speckles(8)})


def test_a_frame_may_refer_to_all_images(series, tmp_path):
    """As dcmqi writes it where a mask's grid is not that of single images."""
    seg = segmentation(series, speckles(9), "BINARY", 1)
    items = [group.DerivationImageSequence[0] for group in groups(seg)[1:]]
    images = [image for item in items for image in item.SourceImageSequence]
    for item in items:
        item.SourceImageSequence = images
    seg.save_as(tmp_path / "each.dcm")
    expect(read(series, tmp_path / "each.dcm", tmp_path / "out")[0], {1: speckles(9)})
    for group in groups(seg)[1:]:
        del group.DerivationImageSequence
    groups(seg)[0].DerivationImageSequence = items[:1]
    seg.save_as(tmp_path / "shared.dcm")
    expect(read(series, tmp_path / "shared.dcm", tmp_path / "out")[0], {1: speckles(9)})


def test_a_series_without_a_frame_of_reference_contradicts_none(series, tmp_path):
    segmentation(series, speckles(13), "BINARY", 1).save_as(tmp_path / "seg.dcm")
    bare = Series(tmp_path / "bare")
    for k, image in enumerate(bare.images):
        del image.FrameOfReferenceUID
        image.save_as(bare.folder / f"{k}.dcm", enforce_file_format=True)
    expect(read(bare, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: speckles(13)})


def moved(seg, along, millimetres):
    for group in groups(seg)[1:]:
        place = group.PlanePositionSequence[0]
        place.ImagePositionPatient = [float(a + millimetres * b)
                                      for a, b in zip(place.ImagePositionPatient, along)]


@pytest.mark.parametrize("change, words", [
    (lambda seg: moved(seg, NORMAL, SPACING[2]), "refers to another slice|beyond the volume"),
    (lambda seg: moved(seg, ROW, 0.25), "voxels away from a voxel"),
    (lambda seg: setattr(seg, "FrameOfReferenceUID", "1.2.3"), "FrameOfReferenceUID"),
    (lambda seg: setattr(groups(seg)[0].PixelMeasuresSequence[0], "PixelSpacing", [0.5, 0.75]),
     "another pixel spacing"),
    (lambda seg: groups(seg)[1].__delattr__("PlanePositionSequence"), "its place in the patient is unknown"),
    (lambda seg: setattr(groups(seg)[2], "PlanePositionSequence", groups(seg)[1].PlanePositionSequence),
     "same place|another slice"),
])
def test_what_contradicts_itself_or_the_series_is_refused(series, tmp_path, change, words):
    seg = segmentation(series, speckles(10), "BINARY", 1)
    change(seg)
    seg.save_as(tmp_path / "seg.dcm")
    with pytest.raises(ValueError, match=words):
        read(series, tmp_path / "seg.dcm", tmp_path / "out")


@pytest.mark.skipif(shutil.which("itkimage2segimage", path=os.path.dirname(sys.executable)) is None,
                    reason="the dcmqi package is not installed")
@pytest.mark.parametrize("flips", [(), (1, 2), (0, 1), (0, 2)], ids=str)
def test_dcmqi_masks_on_other_axes(series, tmp_path, flips):
    """As from a NIfTI file whose axes were made RAS+."""
    import json

    import SimpleITK

    image = SimpleITK.GetImageFromArray(speckles(11))
    image.SetOrigin(ORIGIN.tolist())
    image.SetSpacing((SPACING[1], SPACING[0], SPACING[2]))
    image.SetDirection(np.stack([ROW, COLUMN, NORMAL], axis=1).reshape(-1).tolist())
    image = SimpleITK.Flip(image, [2 - axis in flips for axis in range(3)])
    SimpleITK.WriteImage(image, str(tmp_path / "mask.nrrd"))
    code = {"CodeValue": "52988006", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Lesion"}
    (tmp_path / "meta.json").write_text(json.dumps({
        "ContentCreatorName": "Made^Up", "SeriesNumber": "7", "InstanceNumber": "1",
        "segmentAttributes": [[{"labelID": 1, "SegmentAlgorithmType": "MANUAL", "SegmentLabel": "Lesion",
                                "SegmentedPropertyCategoryCodeSequence": code,
                                "SegmentedPropertyTypeCodeSequence": code}]]}))
    tool = os.path.join(os.path.dirname(sys.executable), "itkimage2segimage")
    done = subprocess.run([tool, "--inputImageList", tmp_path / "mask.nrrd", "--inputDICOMDirectory", series.folder,
                           "--inputMetadata", tmp_path / "meta.json", "--outputDICOM", tmp_path / "seg.dcm",
                           "--referencesGeometryCheck", "0"], capture_output=True, text=True)
    assert (tmp_path / "seg.dcm").exists(), done.stdout + done.stderr
    expect(read(series, tmp_path / "seg.dcm", tmp_path / "out")[0], {1: speckles(11)})


# ---- real files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("folder, seg", [("dcmqi/24x38x3/image", "dcmqi/24x38x3/seg/label.seg"),
                                         ("dcmqi/23x38x3/image", "dcmqi/23x38x3/seg/label.seg"),
                                         ("dcmqi/24x38x3/image", "dcmqi/sparse-labelmap-noppv.dcm"),
                                         ("dcmqi/24x38x3/image", "dcmqi/sparse-labelmap-ppv5.dcm"),
                                         ("dcmqi/ct-3slice", "dcmqi/liver.dcm"),
                                         ("dcmqi/ct-3slice", "dcmqi/partial_overlaps.dcm"),
                                         ("dcmqi/ct-3slice", "pydicom/liver_rle.dcm"),
                                         ("dcmqi/ct-3slice", "pydicom/liver_deflate.dcm"),
                                         ("dcmqi/ct-3slice", "pydicom/liver_j2k.dcm")])
def test_samples_of_other_programs(tmp_path, folder, seg):
    root = SHARED / "samples" / "seg"
    if not root.is_dir():
        pytest.skip("no samples")
    done = subprocess.run([READER, root / folder, root / seg, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ds = pydicom.dcmread(root / seg)
    # pydicom decodes neither bits in RLE nor deflated frames; the native original has the same frames.
    original = "dcmqi/liver.dcm" if "rle" in seg or "deflate" in seg else seg
    values = pydicom.dcmread(root / original).pixel_array
    images = [pydicom.dcmread(path) for path in (root / folder).iterdir()]
    direction = np.array(images[0].ImageOrientationPatient, float)
    images.sort(key=lambda d: np.dot(np.cross(direction[:3], direction[3:]), np.array(d.ImagePositionPatient, float)))
    positions = [np.array(d.ImagePositionPatient, float) for d in images]
    numbers = [int(s.SegmentNumber) for s in ds.SegmentSequence if s.SegmentNumber]
    truth = {n: np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8) for n in numbers}
    for frame, group in zip(values.reshape(-1, ds.Rows, ds.Columns), ds.PerFrameFunctionalGroupsSequence):
        at = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        k = int(np.argmin([np.abs(at - p).max() for p in positions]))
        if ds.SegmentationType == "LABELMAP":
            for n in numbers:
                truth[n][k] = frame == n
        else:
            truth[int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)][k] = frame
    for n in numbers:
        mask = np.fromfile(tmp_path / f"segment_{n}.bits", np.uint8).reshape(truth[n].shape)
        assert mask.any() and np.array_equal(mask, truth[n]), n


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
