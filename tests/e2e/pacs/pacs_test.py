"""The result of a real request goes into a real archive next to its source, on every way in, and comes
back the same on every way out."""

import dataclasses
import io
import pathlib

import highdicom
import numpy
import pydicom
import pytest

import ct_series
import orthanc

pytestmark = pytest.mark.skipif(bool(orthanc.MISSING), reason=f"not installed: {', '.join(orthanc.MISSING)}")

WAYS_IN = {
    "storescu": lambda archive, files: archive.c_store("storescu", files),
    "dcmsend": lambda archive, files: archive.c_store("dcmsend", files),
    "STOW-RS": lambda archive, files: archive.stow(files),
}


@dataclasses.dataclass
class Segmented:
    sources: list[pathlib.Path]
    seg: pathlib.Path
    voxels: int      # of the mask, as the server counted them


# Frames of whole bytes, and frames that end inside a byte: archives treat them differently.
@pytest.fixture(scope="module", params=[(96, 112), (101, 103)], ids=lambda size: f"{size[0]}x{size[1]}")
def segmented(request, segment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    sources = ct_series.write_series(folder, *request.param)
    seg = tmp_path_factory.mktemp("seg") / "lesion.dcm"
    k, j, i = ct_series.CENTRE
    said = segment(folder, seg, f"--voxel={i},{j},{k}")
    return Segmented(sources, seg, said["targets"][0]["voxels"])


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with orthanc.Orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture(params=WAYS_IN)
def stored(request, archive, segmented):
    """The archive, holding one segmented series that came in on one of the ways."""
    archive.forget_everything()
    WAYS_IN[request.param](archive, [*segmented.sources, segmented.seg])
    return archive


def read(data):
    return pydicom.dcmread(io.BytesIO(data))


def mask_of(dataset):
    """[k, j, i], by position: what a reader that shares no code with our writer sees."""
    seg = highdicom.seg.Segmentation.from_dataset(dataset)
    return seg.get_volume(segment_numbers=[1]).array[..., 0]


def test_sources_and_seg_come_back_identical(stored, segmented):
    for path in [*segmented.sources, segmented.seg]:
        sent = pydicom.dcmread(path)
        for data in (stored.file(sent.SOPInstanceUID), stored.wado(sent)):
            back = read(data)
            assert back == sent                              # every element of the data set
            assert back.PixelData == sent.PixelData
            assert back.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID


def test_the_mask_in_the_archive_is_the_mask_of_the_server(stored, segmented):
    sent = pydicom.dcmread(segmented.seg)
    back = mask_of(read(stored.wado(sent)))
    assert back.any()
    numpy.testing.assert_array_equal(back, mask_of(sent))
    numpy.testing.assert_array_equal(numpy.count_nonzero(back), segmented.voxels)


def test_the_archive_lists_the_seg_in_the_study_of_its_source(stored, segmented):
    sent = pydicom.dcmread(segmented.seg)
    [found] = stored.qido_series(pydicom.dcmread(segmented.sources[0]).StudyInstanceUID, "SEG")
    assert found["0020000E"]["Value"] == [sent.SeriesInstanceUID]


def test_every_instance_that_the_seg_refers_to_is_in_the_archive(stored, segmented):
    seg = read(stored.wado(pydicom.dcmread(segmented.seg)))
    referred = {item.ReferencedSOPInstanceUID for series in seg.ReferencedSeriesSequence
                for item in series.ReferencedInstanceSequence}
    assert referred == {pydicom.dcmread(path).SOPInstanceUID for path in segmented.sources}
    for uid in referred:
        assert read(stored.file(uid)).SOPInstanceUID == uid


def test_frames_can_be_retrieved_one_by_one_where_they_fill_whole_bytes(stored, segmented):
    seg = pydicom.dcmread(segmented.seg)
    frame_bytes, rest = divmod(seg.Rows * seg.Columns, 8)
    if rest:
        pytest.skip("Orthanc does not serve single frames of a SEG whose frames end inside a byte")
    for number in (1, seg.NumberOfFrames):
        assert stored.wado_frame(seg, number) == seg.PixelData[(number - 1) * frame_bytes:number * frame_bytes]
