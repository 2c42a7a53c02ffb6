"""Reads every SEG that seg_fixture_writer makes with readers that share no code with the writer:
dciodvfy, dcentvfy, pydicom (raw bits unpacked here), highdicom and dcmqi. Compares voxel by voxel, by
position or source instance, never by order or by counts.

Run by ctest, which sets SEG_FIXTURE_WRITER to the program.
"""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pydicom
import pytest
from pydicom.pixels.utils import unpack_bits

WRITER = os.environ.get("SEG_FIXTURE_WRITER", "")

CASES = (
    [f"residue_{n}" for n in range(8)]
    + ["overlap", "single_slice", "interior_gap", "first_and_last", "one_voxel", "all_empty"]
    + ["one_of_two_empty", "segments_300", "gantry_tilt", "sagittal", "odd_attributes", "lossy"]
)


@pytest.fixture(scope="session")
def fixtures(tmp_path_factory):
    out = tmp_path_factory.mktemp("seg")
    subprocess.run([WRITER, str(out)], check=True)
    return out


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.seg_path = folder / "seg.dcm"
        self.sources = sorted((folder / "source").glob("*.dcm"))
        meta = json.loads((folder / "truth.json").read_text())
        self.all_empty = meta["all_empty"]
        self.instances = meta["instances"]
        shape = (meta["slices"], meta["rows"], meta["columns"])
        self.truth = [
            np.fromfile(folder / f"segment_{n + 1}.bits", dtype=np.uint8).reshape(shape)
            for n in range(meta["segments"])
        ]

    @functools.cached_property
    def seg(self):
        return pydicom.dcmread(self.seg_path)

    @functools.cached_property
    def positions(self):
        """SOP instance -> ImagePositionPatient as it stands in the source, as text."""
        found = {}
        for path in self.sources:
            source = pydicom.dcmread(path, stop_before_pixels=True)
            found[str(source.SOPInstanceUID)] = "\\".join(
                str(value.original_string) for value in source.ImagePositionPatient
            )
        return found


@pytest.fixture(params=CASES)
def case(request, fixtures):
    return Case(fixtures / "cases" / request.param)


def expect_equal(read, case):
    """`read`: one array [slices, rows, columns] for each segment."""
    assert len(read) == len(case.truth)
    for number, (ours, truth) in enumerate(zip(read, case.truth), 1):
        assert np.array_equal(ours, truth), f"segment {number}: {np.sum(ours != truth)} voxels differ"


def frames_by_pydicom(seg):
    """Frames by the standard's words alone: bit n of the frames' sequence is bit n % 8 of byte n // 8."""
    bits = np.unpackbits(np.frombuffer(seg.PixelData, np.uint8), bitorder="little")
    count = int(seg.NumberOfFrames) * seg.Rows * seg.Columns
    assert not bits[count:].any()
    assert np.array_equal(unpack_bits(seg.PixelData)[:count], bits[:count])
    return bits[:count].reshape(int(seg.NumberOfFrames), seg.Rows, seg.Columns)


def read_by_position(seg, case):
    by_position = {position: case.instances.index(uid) for uid, position in case.positions.items()}
    read = [np.zeros_like(truth) for truth in case.truth]
    for frame, group in zip(frames_by_pydicom(seg), seg.PerFrameFunctionalGroupsSequence):
        position = "\\".join(
            str(v.original_string) for v in group.PlanePositionSequence[0].ImagePositionPatient
        )
        segment = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        read[segment - 1][by_position[position]] = frame
    return read


def run(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    return result.stdout + result.stderr


# ---- object --------------------------------------------------------------------------------------


def test_dciodvfy_finds_no_error(case):
    report = run("dciodvfy", case.seg_path)
    assert "Segmentation" in report
    assert not [line for line in report.splitlines() if line.startswith("Error")], report


def test_dciodvfy_finds_no_error_in_the_synthetic_ct(fixtures):
    for path in (fixtures / "synthetic_ct").glob("*.dcm"):
        report = run("dciodvfy", path)
        assert "CTImage" in report
        assert "Error" not in report, report


def test_dcentvfy_finds_patient_and_study_as_in_the_sources(case):
    if case.folder.name == "odd_attributes":
        pytest.skip("its malformed values are repaired in the SEG, so they do differ")
    assert run("dcentvfy", *case.sources, case.seg_path) == ""


def test_structure_fits_frames_and_sources(case):
    seg = case.seg
    groups = seg.PerFrameFunctionalGroupsSequence
    assert len(groups) == int(seg.NumberOfFrames)
    referenced = seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert sorted(str(item.ReferencedSOPInstanceUID) for item in referenced) == sorted(case.instances)
    assert seg.SegmentationType == "BINARY"
    used = [str(g.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID) for g in groups]
    ranks = {uid: n for n, uid in enumerate((uid for uid in case.instances if uid in used), 1)}
    for group, uid in zip(groups, used):
        assert len(group.DerivationImageSequence) == 1
        assert len(group.DerivationImageSequence[0].SourceImageSequence) == 1
        position = group.PlanePositionSequence[0].ImagePositionPatient
        assert "\\".join(str(v.original_string) for v in position) == case.positions[uid]
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        assert list(group.FrameContentSequence[0].DimensionIndexValues) == [number, ranks[uid]]


def test_every_value_is_valid_for_its_representation(case):
    bad = []

    def check(_, element):
        values = element.value if element.VM > 1 else [element.value]
        if element.VR == "DS":
            bad.extend(str(v) for v in values if v not in (None, "") and len(str(v.original_string)) > 16)
        if element.VR == "UI":
            bad.extend(str(v) for v in values if v and not pydicom.uid.UID(str(v)).is_valid)

    case.seg.walk(check)
    assert not bad
    assert len(case.seg.ContentLabel) <= 16


def test_empty_frames_are_omitted(case):
    frames = frames_by_pydicom(case.seg)
    if case.all_empty:
        assert len(frames) == len(case.instances)
    else:
        assert all(frame.any() for frame in frames)


def test_overlap_is_declared(case):
    overlap = sum(truth.astype(int) for truth in case.truth).max() > 1
    assert case.seg.SegmentsOverlap == ("YES" if overlap else "NO")


# ---- pixels --------------------------------------------------------------------------------------


def test_pydicom_reads_every_voxel_at_its_position(case):
    expect_equal(read_by_position(case.seg, case), case)


def test_highdicom_reads_every_voxel_by_source_instance(case):
    import highdicom

    seg = highdicom.seg.segread(case.seg_path)
    pixels = seg.get_pixels_by_source_instance(
        case.instances, ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    expect_equal([pixels[..., n] for n in range(pixels.shape[-1])], case)


@pytest.mark.skipif(shutil.which("segimage2itkimage", path=os.path.dirname(sys.executable)) is None,
                    reason="the dcmqi package is not installed")
def test_dcmqi_reads_every_voxel_at_its_position(case, tmp_path):
    import SimpleITK

    if case.folder.name == "segments_300":
        pytest.skip("dcmqi writes one file a segment: the other cases show the same")
    if case.folder.name == "gantry_tilt":
        pytest.skip("dcmqi reads into an ITK image, which has no shear: it drops the tilt")
    tool = os.path.join(os.path.dirname(sys.executable), "segimage2itkimage")
    report = run(tool, "--inputDICOM", case.seg_path, "--outputDirectory", tmp_path, "--outputType", "nrrd")
    written = sorted(tmp_path.glob("*.nrrd"), key=lambda path: int(path.stem.split("-")[-1]))
    assert written, report
    read = [np.zeros_like(truth) for truth in case.truth]
    for path in written:
        image = SimpleITK.ReadImage(str(path))
        for number in np.unique(SimpleITK.GetArrayViewFromImage(image)):
            if number:
                place(image, int(number), read[int(number) - 1], case)
    expect_equal(read, case)


def place(image, number, target, case):
    """Puts the voxels of `image` that have the value into `target`, through patient coordinates."""
    import SimpleITK

    for k, j, i in np.argwhere(SimpleITK.GetArrayViewFromImage(image) == number):
        point = np.array(image.TransformIndexToPhysicalPoint((int(i), int(j), int(k))))
        for slice_index, uid in enumerate(case.instances):
            origin, row, column, spacing = plane_of(case, uid)
            offset = point - origin
            normal = np.cross(row, column)
            if abs(offset @ normal) < 1e-2:
                x, y = offset @ row / spacing[1], offset @ column / spacing[0]
                assert abs(x - round(x)) < 1e-2 and abs(y - round(y)) < 1e-2
                target[slice_index, round(y), round(x)] = 1
                break
        else:
            raise AssertionError("a voxel lies on no slice")


@functools.lru_cache(maxsize=None)
def plane_of_file(path):
    source = pydicom.dcmread(path, stop_before_pixels=True)
    orientation = np.array([float(v) for v in source.ImageOrientationPatient])
    return (
        str(source.SOPInstanceUID),
        np.array([float(v) for v in source.ImagePositionPatient]),
        orientation[:3],
        orientation[3:],
        tuple(float(v) for v in source.PixelSpacing),
    )


def plane_of(case, uid):
    for path in case.sources:
        plane = plane_of_file(path)
        if plane[0] == uid:
            return plane[1:]
    raise KeyError(uid)


# ---- negative controls: the comparisons above can fail ---------------------------------------------


def test_one_flipped_bit_is_noticed(fixtures):
    case = Case(fixtures / "cases" / "residue_3")
    pixels = bytearray(case.seg.PixelData)
    pixels[100] ^= 0x10
    case.seg.PixelData = bytes(pixels)
    with pytest.raises(AssertionError, match="1 voxels differ"):
        expect_equal(read_by_position(case.seg, case), case)


def test_two_swapped_frames_are_noticed(fixtures):
    case = Case(fixtures / "cases" / "residue_3")
    frames = frames_by_pydicom(case.seg)
    frames[[1, 4]] = frames[[4, 1]]
    packed = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    case.seg.PixelData = packed + b"\0" * (len(case.seg.PixelData) - len(packed))
    with pytest.raises(AssertionError, match="voxels differ"):
        expect_equal(read_by_position(case.seg, case), case)


def test_highdicom_notices_a_flipped_bit(fixtures, tmp_path):
    import highdicom

    case = Case(fixtures / "cases" / "residue_5")
    pixels = bytearray(case.seg.PixelData)
    pixels[20] ^= 0x01
    case.seg.PixelData = bytes(pixels)
    case.seg.save_as(tmp_path / "flipped.dcm")
    seg = highdicom.seg.segread(tmp_path / "flipped.dcm")
    read = seg.get_pixels_by_source_instance(
        case.instances, ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    with pytest.raises(AssertionError, match="voxels differ"):
        expect_equal([read[..., 0]], case)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
