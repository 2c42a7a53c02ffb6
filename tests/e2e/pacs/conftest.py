"""A series made by pydicom, segmented by the real programs: what goes into the archive."""

import contextlib
import dataclasses
import json
import os
import pathlib
import select
import subprocess

import numpy
import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

BIN = pathlib.Path(os.environ.get("SGPSAM_BIN_DIR", "build/release/bin")).resolve()
START_SECONDS = 120
SLICES, SPACING, CENTRE = 12, (3.0, 1.5, 1.5), (6, 40, 48)   # k, j, i


@dataclasses.dataclass
class Segmented:
    sources: list[pathlib.Path]
    seg: pathlib.Path
    voxels: int      # of the mask, as the server counted them


@contextlib.contextmanager
def running_server(model):
    with subprocess.Popen([BIN / "sgpsam-server", f"--model={model}", "--listen=127.0.0.1:0",
                           "--http_listen=127.0.0.1:0", "--device=cpu"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert select.select([process.stdout], [], [], START_SECONDS)[0], "the server does not become ready"
            line = process.stdout.readline()
            assert line.startswith("ready grpc="), line
            yield line.split()[1].removeprefix("grpc=")
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    model = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    subprocess.run([BIN / "sgpsam-model", "make-seeded", "--config", "tiny", "--seed", "1", "--out", model], check=True,
                   stdout=subprocess.DEVNULL)
    with running_server(model) as address:
        yield address


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


# Frames of whole bytes, and frames that end inside a byte: archives treat them differently.
@pytest.fixture(scope="session", params=[(96, 112), (101, 103)], ids=lambda size: f"{size[0]}x{size[1]}")
def segmented(request, server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    sources = write_series(folder, *request.param)
    seg = tmp_path_factory.mktemp("seg") / "lesion.dcm"
    k, j, i = CENTRE
    done = subprocess.run([BIN / "sgpsam", "segment", folder, "--server", server, f"--voxel={i},{j},{k}", "--json",
                           "--out", seg], check=True, capture_output=True, text=True, timeout=300)
    return Segmented(sources, seg, json.loads(done.stdout)["targets"][0]["voxels"])
