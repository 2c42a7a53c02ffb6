"""What lies in a folder: mixed exports, archives, several series, rounded and tilted stacks. Right values come from
pydicom (where each source slice lies), SimpleITK and highdicom (who must be able to open the result)."""

import io
import json
import shutil
import subprocess
import tarfile
import zipfile

import highdicom
import masks
import numpy
import pydicom
import pytest
import SimpleITK
from conftest import ROOT

CASES = ROOT.parent / "shared/cases/dicom"


@pytest.fixture
def export(ct, tmp_path):
    """The series as an export has it: in subfolders, next to a media directory, a report and a text."""
    folder = tmp_path / "export"
    images = folder / "DICOM/ST0/SE0"
    shutil.copytree(ct.folder, images)
    first = pydicom.dcmread(sorted(images.iterdir())[0])
    report = pydicom.Dataset()
    report.update({0x00080016: pydicom.DataElement(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.88.33"),
                   0x00080018: pydicom.DataElement(0x00080018, "UI", first.SOPInstanceUID + ".1")})
    report.file_meta = first.file_meta
    report.save_as(folder / "report", enforce_file_format=False, implicit_vr=False, little_endian=True)
    (folder / "README.TXT").write_text("synthetic")
    return folder


def bits(path):
    return path.read_bytes()


def refusal(sgpsam, server, *arguments):
    done = sgpsam("segment", *arguments, "--server", server.grpc, "--json")
    assert done.returncode != 0, done.stdout
    return done.returncode, json.loads(done.stdout)["message"]


def test_subfolders_and_archives_are_the_series_in_them(segment, ct, export, tmp_path):
    plain = segment(ct.folder, tmp_path / "plain.bits", "--point", ct.click)
    assert plain["passed_over"] == {}
    with zipfile.ZipFile(tmp_path / "e.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in export.rglob("*"):
            packed.write(path, path.relative_to(export))
    with tarfile.open(tmp_path / "e.tar.gz", "w:gz") as packed:
        packed.add(export, "export")
    for source in (export, tmp_path / "e.zip", tmp_path / "e.tar.gz"):
        said = segment(source, tmp_path / "other.bits", "--point", ct.click)
        assert bits(tmp_path / "other.bits") == bits(tmp_path / "plain.bits")
        assert said["volume_sha256"] == plain["volume_sha256"]
        assert said["passed_over"] == {"structured report": 1, "not DICOM": 1}
        assert any(warning.startswith("2 files passed over: ") for warning in said["warnings"])


def test_the_result_beside_the_images_changes_nothing(segment, sgpsam, export, ct, tmp_path):
    segment(export, tmp_path / "before.bits", "--point", ct.click)
    segment(export, export / "lesion.dcm", "--point", ct.click)
    said = segment(export, tmp_path / "after.bits", "--point", ct.click)
    assert bits(tmp_path / "after.bits") == bits(tmp_path / "before.bits")
    assert said["passed_over"]["segmentation"] == 1
    done = sgpsam("preview", export, export / "lesion.dcm", "--out", tmp_path / "p.png")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def study(ct, tmp_path):
    """Two series of one study in one folder, numbers 3 and 8."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number, uid in ((3, "1.2.826.0.1.3680043.8.498.3"), (8, "1.2.826.0.1.3680043.8.498.8")):
        for n, path in enumerate(sorted(ct.folder.iterdir())):
            slice_ = pydicom.dcmread(path)
            slice_.SeriesNumber, slice_.SeriesInstanceUID, slice_.SeriesDescription = number, uid, f"Made up {number}"
            slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = f"{uid}.{n}"
            slice_.save_as(folder / f"{n:03}-{number}")
    return folder


def test_several_series_are_listed_and_one_is_chosen(segment, sgpsam, server, study, ct, tmp_path):
    out = tmp_path / "m.nii.gz"
    code, message = refusal(sgpsam, server, study, "--out", out, "--point", ct.click)
    assert code == 2
    assert 'number 3, CT, 96 files, "Made up 3", 1.2.826.0.1.3680043.8.498.3' in message
    assert 'number 8, CT, 96 files, "Made up 8", 1.2.826.0.1.3680043.8.498.8' in message
    segment(ct.folder, tmp_path / "plain.bits", "--point", ct.click)
    for series in ("8", "1.2.826.0.1.3680043.8.498.8"):
        said = segment(study, tmp_path / "m.bits", "--point", ct.click, "--series", series)
        assert bits(tmp_path / "m.bits") == bits(tmp_path / "plain.bits")
        assert said["passed_over"] == {"of another series": 96}
    seg = tmp_path / "m.dcm"
    segment(study, seg, "--point", ct.click, "--series", "8")
    reference, = pydicom.dcmread(seg).ReferencedSeriesSequence
    assert reference.SeriesInstanceUID == "1.2.826.0.1.3680043.8.498.8"
    assert refusal(sgpsam, server, study, "--out", out, "--point", ct.click, "--series", "4")[0] == 2
    assert sgpsam("preview", study, seg, "--series", "8", "--out", tmp_path / "p.png").returncode == 0
    for series in ([], ["--series", "4"]):
        done = sgpsam("preview", study, seg, *series, "--out", tmp_path / "p.png")
        assert done.returncode == 2 and "--series: there " in done.stderr


@pytest.fixture
def python(sdk, server, ct):
    """Segments a volume at the lesion with the Python package; returns the result."""
    with sdk.Client(server.grpc) as client:
        target = sdk.Target([sdk.Click.patient(*map(float, ct.click.split(",")))])
        yield lambda volume, **options: client.segment(volume, target, **options)


def test_the_python_package_finds_the_same_series(sdk, python, export, ct, tmp_path):
    plain = python(ct.folder)
    assert plain.passed_over == {} and plain.mask.any()
    for name, kind in (("e.zip", "zip"), ("e.tar.gz", "gztar"), ("e.tar", "tar")):
        shutil.make_archive(tmp_path / "e", kind, export)
        result = python(tmp_path / name)
        assert (result.mask == plain.mask).all()
        assert result.passed_over == {"structured report": 1, "not DICOM": 1}
    (export / "lesion.dcm").write_bytes(python(export, output="seg").file)
    (export / "empty").touch()
    (export / "again").symlink_to(export, target_is_directory=True)
    result = python(export)
    assert (result.mask == plain.mask).all()
    assert result.passed_over == {"structured report": 1, "not DICOM": 1, "empty file": 1, "segmentation": 1}
    assert result.warnings[0].startswith("3 files passed over: ")
    bare = export / "DICOM/ST0/SE0"
    for path in list(bare.iterdir())[::2]:               # every second one without its preamble
        path.write_bytes(path.read_bytes()[132:])
    assert (python(export).mask == plain.mask).all()


def test_the_server_chooses_where_everything_is_sent(sdk, python, study, ct):
    with pytest.raises(sdk.InvalidInput, match=r"2 image series: that of file 1 \(.*000-3\) with 96 CT images"):
        python(study)
    plain = python(ct.folder)
    for series in (8, "8", "1.2.826.0.1.3680043.8.498.8"):
        result = python(sdk.Volume.from_path(study, series=series))
        assert (result.mask == plain.mask).all()
        assert result.passed_over == {"of another series": 96}
    # A volume that the server has is another one when another series of it is meant.
    seg = python(sdk.Volume.from_path(study, series=3), output="seg").file
    assert pydicom.dcmread(io.BytesIO(seg)).ReferencedSeriesSequence[0].SeriesInstanceUID.endswith(".3")


def test_python_takes_for_dicom_what_the_server_does(sdk, ct):
    from sgpsam.dicom_files import looks_like_dicom
    whole = sorted(ct.folder.iterdir())[0].read_bytes()
    for head in (whole[:132], whole[132:264], b"\x08\0\x05\0\x0a\0\0\0ISO_IR 100", b"\0\x08\0\x08CS\0\x10"):
        assert looks_like_dicom(head), head
    for head in (b"", b"\x08\0", b"PK\3\4" + bytes(200), b"text" * 50, b"\x08\0\x60\0CS\2\0CT", b"\x02\0\x10\0\x12\0\0\0"):
        assert not looks_like_dicom(head), head


def test_an_error_names_the_file(sgpsam, server, export, ct, tmp_path):
    damaged = sorted(export.glob("DICOM/ST0/SE0/*"))[4]
    damaged.write_bytes(damaged.read_bytes()[:5000])
    code, message = refusal(sgpsam, server, export, "--out", tmp_path / "m.nii.gz", "--point", ct.click)
    assert code == 3
    assert message.startswith(f"file 5 ({damaged}): ")


# ---- stacks --------------------------------------------------------------------------------------

def lean(folder, into, shift):
    """The series with every slice's position moved by `shift` mm in x and y for each slice below it, as a gantry that
    is tilted moves them; the pixels stay. Returns the sources in order."""
    into.mkdir()
    sources = [pydicom.dcmread(source.filename) for source in masks.sources_in_order(folder)]
    for k, source in enumerate(sources):
        x, y, z = source.ImagePositionPatient
        source.ImagePositionPatient = [round(x + k * shift[0], 4), round(y + k * shift[1], 4), z]
        source.save_as(into / f"{k:03}")
    return sources


def test_a_leaning_stack_says_who_cannot_read_it_and_has_an_upright_grid(segment, ct, tmp_path):
    sources = lean(ct.folder, tmp_path / "lean", (0.31, -0.77))
    plain = segment(tmp_path / "lean", tmp_path / "m.nii.gz", "--point", ct.click)
    warning, = [text for text in plain["warnings"] if "leans by" in text]
    assert "SimpleITK" in warning and "dcmqi" in warning
    with pytest.raises(RuntimeError, match="orthonormal"):
        SimpleITK.ReadImage(str(tmp_path / "m.nii.gz"))
    said = segment(tmp_path / "lean", tmp_path / "u.nii.gz", "--point", ct.click, "--upright", tmp_path / "i.nii.gz")
    mask, image = (SimpleITK.ReadImage(str(tmp_path / name)) for name in ("u.nii.gz", "i.nii.gz"))
    assert mask.GetSize() == image.GetSize() and mask.GetOrigin() == image.GetOrigin()
    assert numpy.allclose(numpy.reshape(mask.GetDirection(), (3, 3)), numpy.eye(3), atol=1e-5)

    # Each slice by itself, resampled by SimpleITK from where its header says that it lies.
    pixels = SimpleITK.GetArrayFromImage(image)
    labels, own = SimpleITK.GetArrayFromImage(mask), masks.labels_from_nifti(tmp_path / "m.nii.gz")
    assert labels.sum() == own.sum() == said["targets"][0]["voxels"]
    for k in (0, 17, 50, len(sources) - 1):
        source = sources[k]
        stored = source.pixel_array * float(source.RescaleSlope) + float(source.RescaleIntercept)
        for values, order, ours in ((stored, SimpleITK.sitkLinear, pixels), (own[k], SimpleITK.sitkNearestNeighbor, labels)):
            flat = SimpleITK.GetImageFromArray(values.astype(numpy.float64))
            flat.SetSpacing([float(source.PixelSpacing[1]), float(source.PixelSpacing[0])])
            flat.SetOrigin([float(v) for v in source.ImagePositionPatient[:2]])
            grid = SimpleITK.Image(mask.GetSize()[:2], SimpleITK.sitkFloat64)
            grid.SetSpacing(mask.GetSpacing()[:2])
            grid.SetOrigin(mask.GetOrigin()[:2])
            expected = SimpleITK.GetArrayFromImage(SimpleITK.Resample(flat, grid, SimpleITK.Transform(), order, float("nan")))
            inside = numpy.isfinite(expected)
            assert inside.sum() > 0.9 * values.size
            if order == SimpleITK.sitkLinear:
                assert abs(ours[k][inside] - expected[inside]).max() <= 0.51    # rounded to whole numbers
            else:
                assert (ours[k][inside] != expected[inside]).sum() == 0


@pytest.mark.parametrize("arguments", [["--out", "m.dcm", "--upright", "i.nii.gz"],
                                       ["--out", "m.nii.gz", "--upright", "i.dcm"]])
def test_upright_is_nifti(sgpsam, server, ct, tmp_path, arguments):
    placed = [tmp_path / text if text[0] != "-" else text for text in arguments]
    assert refusal(sgpsam, server, ct.folder, "--point", ct.click, *placed)[0] == 2
    assert not list(tmp_path.glob("*"))


# ---- cases as scanners, archives and anonymisers made them --------------------------------------

NOTHING_FOUND = 6
ROUNDED = "off an even grid by up to"
# Case: slices of the volume, what a warning says, what was passed over; or exit code and reason.
ACCEPTED = {
    "01-identical-duplicate": (8, "1 file passed over: 1 identical duplicate", {"identical duplicate": 1}),
    "02-positions-rounded-0.625": (16, ROUNDED, {}),
    "03-iop-rounded-2-decimals": (8, "ImageOrientationPatient is rounded", {}),
    "03-iop-rounded-3-decimals": (8, "ImageOrientationPatient is rounded", {}),
    "03-iop-rounded-4-decimals": (8, None, {}),
    "23-jitter-15-micrometre": (10, None, {}),       # 0.009 of a voxel at the most
    "25-one-slice-spacing-between": (1, "its SpacingBetweenSlices is used", {}),
    "28-gantry-tilt": (8, "leans by 17.19 degrees", {}),
    "29-sagittal-reversed-names": (8, None, {}),
    "52-study-in-one-folder": (6, "1 localizer", {"localizer": 1}),
    "53-localizers-in-the-series": (6, "2 files passed over: 2 localizers", {"localizer": 2}),
    "56-iop-jitter": (8, ROUNDED, {}),
    "57-in-plane-jitter-20um": (8, ROUNDED, {}),
    "58-pixel-spacing-jitter": (8, None, {}),        # 0.005 of a voxel at the most
    "62-philips-dirfile": (8, "1 media directory", {"media directory": 1}),
    "63-own-seg-in-folder": (8, "1 segmentation", {"segmentation": 1}),
    "64-no-preamble-mixed": (8, None, {}),
    "68-ge-mr-positions-0.1mm": (20, ROUNDED, {}),
}
NOT_ACCEPTED = {
    "02c-positions-rounded-0.7-int": "the slices are not evenly spaced: between file ",
    "13-secondary-capture-ct": "is not a CT, MR or PET image",
    "13b-nm-single": "is not a CT, MR or PET image",
    "13c-us-8bit": "is not a CT, MR or PET image",
    "13d-xa3d": "is not a CT, MR or PET image",
    "13e-rtdose": "8 radiotherapy objects",
    "13f-private-sop": "is not a CT, MR or PET image",
    "25b-one-slice-thickness-0": "neither SliceThickness nor SpacingBetweenSlices",
    "26-legacy-converted-enhanced-ct": "multi-frame",
    "27-head-ct-two-spacings": "two slice spacings: 4.000 mm from file ",
    "69-two-echoes-interleaved": "of different echoes",
}

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")


def slices_of(folder):
    """The slices of the volume, as pydicom reads them, each once."""
    sources = [pydicom.dcmread(path, force=True) for path in folder.iterdir() if path.name != "README"]
    return list({source.SOPInstanceUID: source for source in sources
                 if "ImagePositionPatient" in source and "LOCALIZER" not in source.ImageType}.values())


@pytest.fixture
def segment_case(sgpsam, server, tmp_path):
    """Segments in the middle of a case, whatever the small model finds there; returns what was said."""
    def run(name, out):
        done = sgpsam("segment", CASES / name, "--server", server.grpc, "--out", tmp_path / out, "--json",
                      "--voxel", f"20,20,{ACCEPTED[name][0] // 2}")
        assert done.returncode in (0, NOTHING_FOUND), done.stdout + done.stderr
        return json.loads(done.stdout)
    return run


@needs_cases
@pytest.mark.parametrize("name", ACCEPTED)
def test_a_case_is_accepted_and_lies_where_its_slices_lie(segment_case, tmp_path, name):
    slices, warning, passed_over = ACCEPTED[name]
    said = segment_case(name, "m.nii.gz")
    assert said["passed_over"] == {"not DICOM": 1, **passed_over}      # the case's README
    assert warning is None or any(warning in text for text in said["warnings"]), said["warnings"]
    affine = masks.affine_lps(tmp_path / "m.nii.gz")
    sources = slices_of(CASES / name)
    assert len(sources) == slices
    steps = numpy.linalg.norm(affine[:, :3], axis=0)
    normal = numpy.cross(affine[:, 0], affine[:, 1]) / (steps[0] * steps[1])
    for k, source in enumerate(sorted(sources, key=lambda s: numpy.dot(normal, numpy.array(s.ImagePositionPatient, float)))):
        row, column = (numpy.array(source.ImageOrientationPatient[at:at + 3], float) for at in (0, 3))
        row, column = row / numpy.linalg.norm(row), column / numpy.linalg.norm(column)
        for i in (0, source.Columns - 1):
            for j in (0, source.Rows - 1):
                at = (numpy.array(source.ImagePositionPatient, float) + row * i * float(source.PixelSpacing[1])
                      + column * j * float(source.PixelSpacing[0]))
                off = at - affine @ [i, j, k, 1]
                in_voxels = [abs(off @ affine[:, a]) / steps[a] ** 2 for a in (0, 1)] + [abs(off @ normal) / abs(affine[:, 2] @ normal)]
                # Skewed directions are set upright, which moves a corner by more than the stack's own limit.
                assert max(in_voxels) < (0.2 if "iop-rounded" in name else 0.1), (k, i, j, in_voxels)


@needs_cases
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed")
@pytest.mark.parametrize("name", ACCEPTED)
def test_the_seg_of_a_case_is_sound_and_is_read_as_a_volume(segment_case, tmp_path, name):
    segment_case(name, "m.dcm")
    report = subprocess.run(["dciodvfy", tmp_path / "m.dcm"], capture_output=True, text=True)
    assert not [line for line in (report.stdout + report.stderr).splitlines() if line.startswith("Error")]
    seg = highdicom.seg.segread(tmp_path / "m.dcm")
    if "tilt" in name:
        return                     # has no grid at right angles, and says so
    volume = seg.get_volume(combine_segments=True, allow_missing_positions=True)
    assert numpy.allclose(volume.direction.T @ volume.direction, numpy.eye(3), atol=1e-4)


@needs_cases
@pytest.mark.parametrize("name", NOT_ACCEPTED)
def test_a_case_is_refused_for_its_reason(sgpsam, server, tmp_path, name):
    code, message = refusal(sgpsam, server, CASES / name, "--out", tmp_path / "m.nii.gz", "--voxel", "20,20,1")
    assert NOT_ACCEPTED[name] in message
    assert code == 3
    assert not list(tmp_path.iterdir())


META = b"\0" * 128 + b"DICM"


def part10(sop_class, payload=b""):
    """The beginning of a DICOM file, by hand: file meta information with its group length, version and SOP class."""
    uid = sop_class.encode() + b"\0" * (len(sop_class) % 2)
    return (META + b"\2\0\0\0UL\4\0" + (0).to_bytes(4, "little") + b"\2\0\1\0OB\0\0\2\0\0\0\0\1" +
            b"\2\0\2\0UI" + len(uid).to_bytes(2, "little") + uid + payload)


def test_the_python_package_sends_no_objects_without_pixels(sdk, tmp_path):
    storage = "1.2.840.10008.5.1.4.1.1."
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.dcm").write_bytes(part10(storage + "2", bytes([number])))
    plain = sdk.Volume.from_path(folder)
    others = {"66.4": "segmentation", "88.33": "structured report", "88.59": "key object selection",
              "11.1": "presentation state", "481.3": "radiotherapy object", "104.1": "encapsulated document",
              "66.1": "registration"}
    for name, kind in others.items():
        (folder / f"{name}.dcm").write_bytes(part10(storage + name))
    (folder / "DICOMDIR").write_bytes(part10("1.2.840.10008.1.3.10"))
    volume = sdk.Volume.from_path(folder)
    assert (volume.sha256, volume.size_bytes) == (plain.sha256, plain.size_bytes)
    assert volume.passed_over == {**{kind: 1 for kind in others.values()}, "media directory": 1}
    (folder / "7.dcm").write_bytes(part10(storage + "7"))        # may lie in the patient: the server looks
    assert sdk.Volume.from_path(folder).passed_over == volume.passed_over
    from sgpsam import dicom_files
    assert dicom_files.describe_passed_over({"not DICOM": 3, "media directory": 2, "segmentation": 1}) == \
        "6 files passed over: 3 not DICOM, 2 media directories, 1 segmentation"


def test_the_python_package_looks_at_a_bounded_number_of_files(sdk, tmp_path, monkeypatch):
    from sgpsam import dicom_files
    assert dicom_files._MAX_LOOKED_AT == 200_000
    folder = tmp_path / "study"
    (folder / "more").mkdir(parents=True)
    (folder / "a.dcm").write_bytes(part10("1.2.840.10008.5.1.4.1.1.2"))
    (folder / "more/notes.txt").write_text("not DICOM")
    monkeypatch.setattr(dicom_files, "_MAX_LOOKED_AT", 2)
    assert sdk.Volume.from_path(folder).passed_over == {"not DICOM": 1}
    monkeypatch.setattr(dicom_files, "_MAX_LOOKED_AT", 1)
    with pytest.raises(ValueError, match="study holds more than 1 files: name a smaller folder"):
        sdk.Volume.from_path(folder)


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_the_python_package_inflates_no_archive_without_end(sdk, tmp_path, monkeypatch, kind):
    from sgpsam import dicom_files
    monkeypatch.setattr(dicom_files, "_MAX_SMALL_BYTES", 1 << 20)
    monkeypatch.setattr(dicom_files, "_MAX_RATIO", 10)
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(part10("1.2.840.10008.5.1.4.1.1.2"))
    (folder / "b.bin").write_bytes(bytes(1 << 19))       # not DICOM
    good = shutil.make_archive(tmp_path / "good", kind, folder)
    assert sdk.Volume.from_path(good).passed_over == {"not DICOM": 1}
    (folder / "a.dcm").write_bytes(part10("1.2.840.10008.5.1.4.1.1.2", bytes(4 << 20)))
    bomb = shutil.make_archive(tmp_path / "bomb", kind, folder)
    with pytest.raises(ValueError, match="the archive's files grow to more than 1048576 bytes: unpack it first"):
        sdk.Volume.from_path(bomb)
    monkeypatch.setattr(dicom_files, "_MAX_SMALL_BYTES", 1 << 30)
    monkeypatch.setattr(dicom_files, "_MAX_FILE_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="larger than a DICOM file may be"):
        sdk.Volume.from_path(bomb)


def test_an_upright_result_is_saved_as_the_server_wrote_it(sdk, tmp_path):
    from sgpsam import result
    target = result.TargetResult(1, 0.1, False, False, 1, 1.5, 0.9, [], result.PreviousLogits())
    upright = result.Result([target], b"the file", result.ModelIdentity("m", "1", b""), b"", (1, 1, 1), None, {}, [], "r",
                            own_grid=True)
    upright.save(tmp_path / "m.nii.gz")
    assert (tmp_path / "m.nii.gz").read_bytes() == b"the file"
    for name in ("m.dcm", "m.nrrd"):
        with pytest.raises(ValueError, match="an upright mask has a name that ends in .nii.gz"):
            upright.save(tmp_path / name)
        assert not (tmp_path / name).exists()
    for read in (lambda: upright.mask, lambda: upright.labels, lambda: upright.affine, upright.to_sitk):
        with pytest.raises(ValueError, match="with upright=True the mask lies in `file`.* a grid of its own"):
            read()
