"""Whose the patient is, in every language and in every module: series are written by pydicom, our SEG of them is
read by pydicom, dciodvfy, dcentvfy and highdicom. All made up.

Run by ctest, which sets SGPSAM_BIN_DIR.
"""

import copy
import os
import pathlib
import re
import subprocess
import sys
import warnings

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

WRITER = pathlib.Path(os.environ["SGPSAM_BIN_DIR"]) / "seg_fixture_writer"
CASES = pathlib.Path(__file__).parents[5] / "shared" / "cases" / "dicom"
SLICES = 3


def slice_of(k):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.preamble = b"\0" * 128
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.SOPInstanceUID = f"1.2.3.4.{k + 1}"
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20240102", "101500", "A1"
    ds.Modality, ds.ReferringPhysicianName = "CT", ""
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Synthetic^Case", "SYN1", "19700101", "O"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.StudyID = "1.2.3.1", "1.2.3.2", "S1"
    ds.FrameOfReferenceUID = "1.2.3.3"
    ds.SliceThickness, ds.PixelSpacing = "2.5", ["0.7", "0.7"]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = ["0", "0", str(2.5 * k)], ["1", "0", "0", "0", "1", "0"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 5, 6
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleIntercept, ds.RescaleSlope = "0", "1"
    ds.PixelData = np.arange(30, dtype="<i2").tobytes()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    return ds


def series(folder, change):
    """Writes the slices, each passed through `change(dataset, k)`."""
    folder.mkdir()
    for k in range(SLICES):
        ds = slice_of(k)
        change(ds, k)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is wrong on purpose
            ds.save_as(folder / f"{k}.dcm", enforce_file_format=False)
    return folder


class Written:
    def __init__(self, folder, seg, *options):
        result = subprocess.run([str(WRITER), "--series", str(folder), str(seg), *options], capture_output=True, text=True)
        self.warnings = result.stdout
        self.error = result.stderr if result.returncode else ""
        self.path = seg
        self.source = pydicom.dcmread(sorted(folder.glob("*.dcm"))[0])
        self.seg = pydicom.dcmread(seg) if not self.error else None


def counts_bytes(line):
    """dciodvfy counts bytes where PS3.5 counts characters, of a name in each component group."""
    found = re.search(r"<(.*)> - Length invalid for this VR = \d+, expected <= (\d+)", line)
    return found and all(len(part) <= int(found[2]) for part in found[1].split("=" if " PN " in line else "\\"))


def errors_of(path):
    result = subprocess.run(["dciodvfy", path], capture_output=True)
    report = (result.stdout + result.stderr).decode()
    found = [line for line in report.splitlines() if line.startswith("Error")]
    errors = [line for line in found if not counts_bytes(line)]
    summary = "Error - Dicom dataset contains invalid data values for Value Representations"
    return errors if any("for this VR" in line for line in errors) else [e for e in errors if e != summary]


def check_conformance(written):
    assert errors_of(written.path) == []
    import highdicom

    highdicom.seg.segread(written.path)


# ---- texts -----------------------------------------------------------------------------------------

NAMES = {  # ISO 2022 IR 58 and ISO_IR 203, which pydicom does not write, are in text_decoder_test.cc
    "": "Mueller^Joerg",
    "ISO_IR 100": "Müller^Jörg",
    "ISO_IR 101": "Dvořák^Zdeněk",
    "ISO_IR 109": "Ĥoruso^Ĉefa",
    "ISO_IR 110": "Ķirsons^Jānis",
    "ISO_IR 144": "Люксембург^Роза",
    "ISO_IR 127": "قباني^لنزار",
    "ISO_IR 126": "Παπαδόπουλος^Διονύσιος",
    "ISO_IR 138": "שרון^דבורה",
    "ISO_IR 148": "Şimşek^Çağrı",
    "ISO_IR 13": "ﾔﾏﾀﾞ^ﾀﾛｳ",
    "ISO_IR 166": "นามสกุล^ชื่อ",
    "ISO_IR 192": "Wang^XiaoDong=王^小东",
    "GB18030": "Wang^XiaoDong=王^小东琝",
    "GBK": "Wang^XiaoDong=王^小玕",
    "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "ISO 2022 IR 13\\ISO 2022 IR 87": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
    "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126": "Buc^Jérôme=Διονυσιος=Люкceмбург",
}


@pytest.mark.parametrize("character_set", NAMES)
def test_names_and_descriptions_are_as_pydicom_reads_them_in_the_source(character_set, tmp_path):
    name = NAMES[character_set]

    def change(ds, k):
        ds.SpecificCharacterSet = character_set.split("\\") if "\\" in character_set else character_set
        ds.PatientName = name
        ds.StudyDescription = name.split("=")[-1].split("^")[0] or "CT"

    written = Written(series(tmp_path / "in", change), tmp_path / "seg.dcm", "--label", "Leberläsion 肝")
    assert written.error == ""
    assert written.seg.SpecificCharacterSet == "ISO_IR 192"
    assert written.source.PatientName == name  # pydicom wrote what was meant
    assert written.seg.PatientName == name
    assert written.seg.StudyDescription == written.source.StudyDescription
    assert written.seg.SegmentSequence[0].SegmentLabel == "Leberläsion 肝"
    assert written.warnings == ""
    check_conformance(written)


@pytest.mark.parametrize("name", ["Александров^Александр^Александрович", "ก" * 64 + "=" + "山" * 64 + "=" + "や" * 64])
def test_no_name_is_cut_and_the_patient_is_the_sources(name, tmp_path):
    def change(ds, k):
        ds.PatientName = name
        ds.AccessionNumber = "検査番号2024-0012"
        ds.StudyDescription = "МРТ головного мозга с внутривенным контрастированием"

    folder = series(tmp_path / "in", change)
    written = Written(folder, tmp_path / "seg.dcm")
    assert (written.error, written.warnings) == ("", "")
    for keyword in ("PatientName", "AccessionNumber", "StudyDescription"):
        assert written.seg[keyword].value == written.source[keyword].value
    report = subprocess.run(["dcentvfy", *folder.glob("*.dcm"), written.path], capture_output=True, text=True)
    assert report.stdout + report.stderr == ""


# ---- identity --------------------------------------------------------------------------------------


def set_value(keyword, value, only=None):
    def change(ds, k):
        if only is None or k == only:
            setattr(ds, keyword, value)

    return change


def raw_value(keyword, vr, value, only=None):
    """Bytes that pydicom would not write itself."""
    from pydicom.dataelem import RawDataElement
    from pydicom.datadict import tag_for_keyword

    def change(ds, k):
        if only is None or k == only:
            tag = pydicom.tag.Tag(tag_for_keyword(keyword))
            padded = value + (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
            ds._dict[tag] = RawDataElement(tag, vr, len(padded), padded, 0, False, True)

    return change


@pytest.mark.parametrize("change, reason", [
    (set_value("PatientID", ""), r"PatientID \(0010,0020\) is empty"),
    (set_value("PatientID", "9" * 65), r"PatientID \(0010,0020\) has more than 64 characters"),
    (raw_value("PatientID", "LO", b"123\\456"), r"PatientID \(0010,0020\) has several values"),
    (raw_value("PatientName", "PN", b"A^B\\C^D"), r"PatientName \(0010,0010\) has several values"),
    (set_value("PatientID", "OTHER", only=2), r"PatientID \(0010,0020\) differs between files 1 and 3"),
    (set_value("PatientName", "Other^One", only=1), r"PatientName \(0010,0010\) differs between files 1 and 2"),
    (raw_value("StudyInstanceUID", "UI", b"1.2.x"), r"StudyInstanceUID \(0020,000D\) is not a valid UID"),
    (raw_value("SeriesInstanceUID", "UI", b""), r"SeriesInstanceUID \(0020,000E\) is empty"),
])
def test_an_identity_that_would_be_lost_stops_the_seg(change, reason, tmp_path):
    written = Written(series(tmp_path / "in", change), tmp_path / "seg.dcm")
    assert re.search(reason, written.error)
    assert "can be had as NIfTI" in written.error
    for secret in ("SYN1", "Synthetic", "OTHER", "Other^One", "123", "999"):
        assert secret not in written.error + written.warnings
    assert not written.path.exists()


def test_uids_that_begin_with_zero_stay_as_they_are(tmp_path):
    def change(ds, k):
        raw_value("StudyInstanceUID", "UI", b"1.2.03.4")(ds, k)
        raw_value("SOPInstanceUID", "UI", b"1.2.3.00%d" % k)(ds, k)

    written = Written(series(tmp_path / "in", change), tmp_path / "seg.dcm")
    assert written.error == "" and "begins with 0" in written.warnings
    assert written.seg.StudyInstanceUID == "1.2.03.4"
    referenced = written.seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [item.ReferencedSOPInstanceUID for item in referenced] == ["1.2.3.000", "1.2.3.001", "1.2.3.002"]


def test_uids_are_taken_from_the_file_meta_information(tmp_path):
    def change(ds, k):
        ds.SOPClassUID = ds.SOPInstanceUID = ""

    written = Written(series(tmp_path / "in", change), tmp_path / "seg.dcm")
    assert written.error == "" and "taken from the file meta information" in written.warnings
    referenced = written.seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [item.ReferencedSOPInstanceUID for item in referenced] == ["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3"]
    assert {item.ReferencedSOPClassUID for item in referenced} == {"1.2.840.10008.5.1.4.1.1.2"}
    check_conformance(written)


@pytest.mark.parametrize("what", ["missing", "another one in every file"])
def test_a_series_without_a_frame_of_reference_gets_one_of_its_own(what, tmp_path):
    def change(ds, k):
        if what == "missing":
            del ds.FrameOfReferenceUID
        else:
            ds.FrameOfReferenceUID = f"1.2.3.3.{k + 1}"

    folder = series(tmp_path / "in", change)
    written, again = Written(folder, tmp_path / "seg.dcm"), Written(folder, tmp_path / "again.dcm")
    assert written.error == "" and f"FrameOfReferenceUID (0020,0052) is {what}" in written.warnings
    assert written.seg.FrameOfReferenceUID.is_valid
    assert written.seg.FrameOfReferenceUID == again.seg.FrameOfReferenceUID
    check_conformance(written)


# ---- modules ---------------------------------------------------------------------------------------


def code(value, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def qualified(ds, k):
    ds.IssuerOfPatientID = "Klinik Nürnberg"
    qualifiers = Dataset()
    qualifiers.UniversalEntityID, qualifiers.UniversalEntityIDType = "1.2.3.4", "ISO"
    ds.IssuerOfPatientIDQualifiersSequence = [qualifiers]
    issuer = Dataset()
    issuer.LocalNamespaceEntityID = "RIS Süd"
    ds.IssuerOfAccessionNumberSequence = [issuer]
    other = Dataset()
    other.PatientID, other.TypeOfPatientID, other.IssuerOfPatientID = "Ä-17", "TEXT", "Früher"
    ds.OtherPatientIDsSequence = [other, copy.deepcopy(other)]


def deidentified(method, codes):
    def change(ds, k):
        ds.PatientIdentityRemoved = "YES"
        if method:
            ds.DeidentificationMethod = method
        if codes:
            ds.DeidentificationMethodCodeSequence = [code("113100", "Basic Application Confidentiality Profile")]

    return change


def trial(ds, k):
    ds.ClinicalTrialSponsorName, ds.ClinicalTrialProtocolID, ds.ClinicalTrialSubjectID = "S", "P", "1"
    ds.ClinicalTrialTimePointID = "T1"


def animal(ds, k):
    ds.PatientSpeciesDescription, ds.PatientBreedDescription = "Canis lupus", "Köter"
    ds.ResponsiblePerson, ds.ResponsiblePersonRole = "Owner^A", "OWNER"


def child(ds, k):
    ds.ResponsiblePerson, ds.ResponsiblePersonRole, ds.ResponsibleOrganization = "Müller^A", "PARENT", "Heim"


KEPT = {
    "identifiers": (qualified, ["IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence",
                                "IssuerOfAccessionNumberSequence", "OtherPatientIDsSequence"]),
    "de-identified by method": (deidentified("CTP", False), ["PatientIdentityRemoved", "DeidentificationMethod"]),
    "de-identified by codes": (deidentified("", True),
                               ["PatientIdentityRemoved", "DeidentificationMethodCodeSequence"]),
    "de-identified by both": (deidentified(["CTP", "Nähe"], True),
                              ["PatientIdentityRemoved", "DeidentificationMethod",
                               "DeidentificationMethodCodeSequence"]),
    "trial": (trial, ["ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialSubjectID",
                      "ClinicalTrialTimePointID"]),
    "animal": (animal, ["PatientSpeciesDescription", "PatientBreedDescription", "ResponsiblePerson",
                        "ResponsiblePersonRole"]),
    "child": (child, ["ResponsiblePerson", "ResponsiblePersonRole", "ResponsibleOrganization"]),
}


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("module", KEPT)
def test_modules_are_copied_whole(module, implicit, tmp_path):
    change, keywords = KEPT[module]

    def encoded(ds, k):
        ds.SpecificCharacterSet = "ISO_IR 100"
        if implicit:
            ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        change(ds, k)
        for element in ds:
            if element.VR == "SQ":
                element.is_undefined_length = implicit

    written = Written(series(tmp_path / "in", encoded), tmp_path / "seg.dcm")
    assert (written.error, written.warnings) == ("", "")
    for keyword in keywords:
        assert written.seg[keyword].value == written.source[keyword].value, keyword
    check_conformance(written)


@pytest.mark.parametrize("change, absent", [
    (deidentified("", False), "PatientIdentityRemoved"),
    (set_value("ClinicalTrialProtocolID", "P"), "ClinicalTrialProtocolID"),
    (set_value("PatientBreedDescription", "x"), "PatientBreedDescription"),
    (set_value("ResponsiblePerson", "Parent^A"), "ResponsiblePerson"),
])
def test_modules_that_lack_something_are_not_copied(change, absent, tmp_path):
    written = Written(series(tmp_path / "in", change), tmp_path / "seg.dcm")
    assert written.error == "" and f"{absent} (00" in written.warnings
    assert absent not in written.seg
    check_conformance(written)


@pytest.mark.parametrize("thickness", [b"0", b"2.5\\2.5"])
def test_a_thickness_that_is_none_becomes_the_spacing(thickness, tmp_path):
    written = Written(series(tmp_path / "in", raw_value("SliceThickness", "DS", thickness)), tmp_path / "seg.dcm")
    assert written.error == ""
    measures = written.seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.SliceThickness) == 2.5
    check_conformance(written)


# ---- series of results -----------------------------------------------------------------------------


def test_results_in_one_series_agree_about_it(tmp_path):
    folder = series(tmp_path / "in", lambda ds, k: None)
    uid = str(generate_uid())
    results = [Written(folder, tmp_path / f"{n}.dcm", "--into-series", uid, str(n)) for n in (1, 2)]
    assert [result.error for result in results] == ["", ""]
    assert [result.seg.SeriesInstanceUID for result in results] == [uid, uid]
    assert [int(result.seg.InstanceNumber) for result in results] == [1, 2]
    assert results[0].seg.SOPInstanceUID != results[1].seg.SOPInstanceUID
    paths = [result.path for result in results]
    report = subprocess.run(["dcentvfy", *folder.glob("*.dcm"), *paths], capture_output=True, text=True)
    assert report.stdout + report.stderr == ""
    for result in results:
        check_conformance(result)
    own = Written(folder, tmp_path / "own.dcm", "--into-series", str(results[0].source.SeriesInstanceUID), "1")
    assert "the images' own" in own.error


# ---- series of other makers, where they are available ------------------------------------------------

SEG, UIDS = "", "leading zeroes in a UID are the source's"
EXPECTED = {  # "": a conformant SEG; else what stops it
    "10-uid-leading-zero": UIDS, "11-uids-only-in-meta": SEG, "12-no-frame-of-reference": SEG,
    "20-frame-of-reference-per-slice": SEG, "21-two-patients-one-series": r"PatientName .* differs",
    "22-deid-code-sequence-only": SEG, "22b-deid-nothing": SEG, "22c-deid-both": SEG, "30-gb18030-5c": SEG,
    "30b-gb18030-5e": SEG, "31-shift-jis-nonstandard": SEG, "32-thai-utf8-long": SEG, "33-cyrillic-description": SEG,
    "34-utf8-patientid": SEG, "35-iso2022-jp": SEG, "36-latin1": SEG, "37-no-charset-utf8": SEG, "38-latin2": SEG,
    "39-korean": SEG, "40-gbk": SEG, "41-arabic": SEG, "42-gb18030-declared-latin1": r"PatientName .* several values",
    "43-two-patient-ids": r"PatientID .* several values", "43b-two-patient-names": r"PatientName .* several values",
    "43c-long-patient-id": r"PatientID .* more than 64", "44-long-accession": SEG,
    "45-study-uid-leading-zero": UIDS, "45b-series-uid-leading-zero": UIDS, "45c-for-uid-leading-zero": UIDS,
    "45d-uid-letters": r"SOPInstanceUID .* not a valid UID", "46-vet": SEG, "47-trial": SEG, "47b-trial-partial": SEG,
    "48-no-study-uid-etc": r"PatientID .* is empty; StudyInstanceUID .* is empty", "50-iso-dates": SEG,
    "50b-timezone": SEG, "51-slice-thickness-0": SEG, "51b-slice-thickness-two-values": SEG,
    "66b-japanese-three-groups-utf8": SEG, "66c-greek": SEG, "66d-vietnamese": SEG,
}


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not at hand")
@pytest.mark.parametrize("case", EXPECTED)
def test_shared_cases(case, tmp_path):
    written = Written(CASES / case, tmp_path / "seg.dcm")
    expected = EXPECTED[case]
    if expected not in (SEG, UIDS):
        assert re.search(expected, written.error)
        return
    assert written.error == ""
    errors = errors_of(written.path)
    if expected == UIDS:
        errors = [e for e in errors if "Leading zeroes" not in e and "invalid data values" not in e]
    assert errors == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword in ("PatientName", "PatientID", "StudyDescription", "StudyInstanceUID"):
            if keyword in written.source and case not in ("37-no-charset-utf8", ):
                assert written.seg[keyword].value == written.source[keyword].value, keyword


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
