"""A small CT series made by pydicom: a source that shares no code with ours."""

import numpy
import pydicom
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

SLICES, SPACING, CENTRE = 12, (3.0, 1.5, 1.5), (6, 40, 48)   # k, j, i; the centre of the ball


def write_series(folder, rows, columns):
    """A ball in a noisy box, CT, one file per slice; UIDs and values clearly synthetic."""
    k, j, i = numpy.ogrid[:SLICES, :rows, :columns]
    inside = sum(((axis - centre) * step) ** 2 for axis, centre, step in zip((k, j, i), CENTRE, SPACING)) < 12 ** 2
    noise = numpy.random.default_rng(rows).integers(-20, 20, inside.shape)
    volume = (1024 + 40 + 60 * inside + noise).astype(numpy.uint16)
    root = f"1.2.826.0.1.3680043.8.498.{rows}.{columns}"
    return [write_slice(folder / f"{number}.dcm", pixels, number, root) for number, pixels in enumerate(volume)]


def write_slice(path, pixels, number, root):
    file_meta = pydicom.dataset.FileMetaDataset()
    file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = pydicom.dataset.FileDataset(str(path), {}, file_meta=file_meta, preamble=b"\0" * 128)
    for name, value in {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": f"{root}.4.{number + 1}", "StudyInstanceUID": f"{root}.1",
        "SeriesInstanceUID": f"{root}.2", "FrameOfReferenceUID": f"{root}.3", "PositionReferenceIndicator": "",
        "PatientName": "SYNTHETIC^PHANTOM", "PatientID": "SYN-1", "PatientBirthDate": "", "PatientSex": "",
        "StudyDate": "20260101", "StudyTime": "101010", "StudyID": "1", "AccessionNumber": "",
        "ReferringPhysicianName": "", "Manufacturer": "SYNTHETIC", "Modality": "CT", "SeriesNumber": "1",
        "ImageType": ["DERIVED", "PRIMARY", "AXIAL"], "InstanceNumber": str(number + 1), "KVP": "",
        "AcquisitionNumber": "1", "ImagePositionPatient": [-60, -55, number * SPACING[0]],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": list(SPACING[1:]), "SliceThickness": SPACING[0],
        "Rows": pixels.shape[0], "Columns": pixels.shape[1], "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
        "PixelRepresentation": 0, "RescaleIntercept": -1024, "RescaleSlope": 1}.items():
        setattr(file, name, value)
    file.add_new("PixelData", "OW", pixels.tobytes())
    file.save_as(path, enforce_file_format=True)
    return path
