"""Reads masks with code that is not ours: numpy, nibabel, highdicom. All come as bool, axes k, j, i."""

import pathlib

import highdicom
import nibabel
import numpy
import pydicom


def sources_in_order(source):
    """The datasets of a series' folder (or one file), ascending along the normal of their planes."""
    source = pathlib.Path(source)
    paths = [path for path in source.iterdir() if path.name != "DICOMDIR"] if source.is_dir() else [source]
    datasets = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    row, column = numpy.array(datasets[0].ImageOrientationPatient, float).reshape(2, 3)
    normal = numpy.cross(row, column)
    return sorted(datasets, key=lambda d: numpy.dot(normal, numpy.array(d.ImagePositionPatient, float)))


def from_bits(path, shape):
    bits = numpy.frombuffer(pathlib.Path(path).read_bytes(), numpy.uint8)
    voxels = int(numpy.prod(shape))
    assert len(bits) == (voxels + 7) // 8
    return numpy.unpackbits(bits, bitorder="little")[:voxels].reshape(shape).astype(bool)


def labels_from_nifti(path):
    return numpy.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0)


def affine_lps(path):
    """3x4: LPS mm = this @ (i, j, k, 1)."""
    return (numpy.diag([-1, -1, 1, 1]) @ nibabel.load(path).affine)[:3]


def from_seg(path, sources, segment=1):
    seg = highdicom.seg.segread(path)
    uids = [source.SOPInstanceUID for source in sources]
    frames = seg.get_pixels_by_source_instance(uids, segment_numbers=[segment], assert_missing_frames_are_empty=True)
    return frames[..., 0].astype(bool)


def shape_of(sources):
    return len(sources), sources[0].Rows, sources[0].Columns
