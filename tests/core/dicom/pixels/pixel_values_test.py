"""What a pixel is worth, in every encoding and wherever a header and a codestream disagree: a table of files made
here, each read by series_values (our reader), by pydicom and by GDCM (in SimpleITK) and compared with the truth.

The truth is what the file's maker put in. Where another reader gives something else, the table says why that
reader is not followed, and the test sees to it that it still differs; the reasons name PS3.5 8.1.1 (native pixel
cells: the bits outside of BitsStored are no part of the value) and 8.2 (encapsulated ones: the codestream's own
characteristics decode it). The codecs are partly the same in all three readers (OpenJPEG, CharLS, libjpeg): what
is compared is what each of them makes of the samples.

Run by ctest, which sets SGPSAM_BIN_DIR. All data are synthetic.
"""

import base64
import dataclasses
import io
import os
import pathlib
import struct
import subprocess
import warnings

import jpeg_ls
import numpy as np
import openjpeg.utils
import PIL.Image
import pydicom
import pytest
import SimpleITK as sitk
from pydicom import uid
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_rescale

PROGRAM = pathlib.Path(os.environ["SGPSAM_BIN_DIR"]) / "series_values"
SHARED = pathlib.Path(__file__).resolve().parents[5] / "shared"

ROWS, COLUMNS = 40, 56
JPEG_LOSSLESS, JPEG_LS, JPEG_2000 = uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless

# Why a peer is not followed, or not asked.
NO_DECODER = "not asked: pydicom has no decoder for it in the tests' environment"
NO_SIGN_EXTENSION = "leaves two's complement of the codestream's precision unextended: no value can be negative (8.2)"
CELLS_KEPT = "takes the bits beside BitsStored for part of the value (8.1.1)"
EXTENDS_UNSIGNED = "extends the sign of an unsigned image"
ZERO_SLOPE = "multiplies by a slope of 0: every voxel becomes the intercept"
NEEDS_BOTH = "ignores a rescale without its other half"


# --- values and codestreams ---------------------------------------------------------------------------------------


def values_of(bits, signed):
    """All over the range of this many bits, its ends included."""
    least = -(1 << (bits - 1)) if signed else 0
    ramp = least + (np.arange(ROWS * COLUMNS, dtype=np.int64) * 7919) % (1 << bits)
    ramp[:3] = least, least + (1 << bits) - 1, 0
    return ramp.reshape(ROWS, COLUMNS)


def cells_of(values, bits):
    """Two's complement of this many bits, in 16."""
    return (values & ((1 << bits) - 1)).astype(np.uint16)


def jpeg_lossless(samples, precision):
    """ITU-T T.81 process 14 with the first predictor and one code table: all 17 categories in 5 bits."""
    samples = samples.astype(np.int64)
    predicted = np.empty_like(samples)
    predicted[:, 1:] = samples[:, :-1]
    predicted[1:, 0] = samples[:-1, 0]
    predicted[0, 0] = 1 << (precision - 1)
    bits = []
    for difference in ((samples - predicted) & 0xFFFF).ravel().tolist():
        difference -= 65536 if difference > 32768 else 0
        category = 16 if difference == 32768 else abs(difference).bit_length()
        bits.append(format(category, "05b"))
        if 0 < category < 16:
            bits.append(format(difference if difference > 0 else difference + (1 << category) - 1, f"0{category}b"))
    coded = "".join(bits)
    coded += "1" * (-len(coded) % 8)
    data = int(coded, 2).to_bytes(len(coded) // 8, "big").replace(b"\xff", b"\xff\0")
    rows, columns = samples.shape
    frame = b"\xff\xc3" + struct.pack(">HBHHB3B", 11, precision, rows, columns, 1, 1, 0x11, 0)
    table = b"\xff\xc4" + struct.pack(">H", 2 + 17 + 17) + bytes([0, 0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17))
    scan = b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 1, 0, 0)
    return b"\xff\xd8" + frame + table + scan + data + b"\xff\xd9"


def jpeg_ls_stream(samples, precision, error=0):
    raw = samples.astype(np.uint8 if precision <= 8 else np.uint16).tobytes()
    return bytes(jpeg_ls.encode_pixel_data(raw, rows=samples.shape[0], columns=samples.shape[1], samples_per_pixel=1,
                                           bits_stored=precision, lossy_error=error))


def jpeg_2000(samples, precision, signed=False, **options):
    if signed:  # the numbers instead of their two's complement
        samples = ((samples.astype(np.int64) ^ (1 << (precision - 1))) - (1 << (precision - 1))).astype(np.int16)
    elif precision <= 8:
        samples = samples.astype(np.uint8)
    if signed and precision <= 8:
        samples = samples.astype(np.int8)
    return bytes(openjpeg.utils.encode_array(samples, bits_stored=precision, **options))


def jpeg(samples, **options):
    out = io.BytesIO()
    PIL.Image.fromarray(samples.astype(np.uint8)).save(out, "jpeg", quality=95, **options)
    return out.getvalue()


ENCODERS = {JPEG_LOSSLESS: jpeg_lossless, JPEG_LS: jpeg_ls_stream, JPEG_2000: jpeg_2000}


# --- files --------------------------------------------------------------------------------------------------------


def slice_of(k=0, syntax=uid.ExplicitVRLittleEndian, bits=16, signed=False, allocated=None, **attributes):
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = uid.CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.7.{k + 1}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.5", "1.2.826.0.1.3680043.8.498.6"
    ds.FrameOfReferenceUID, ds.Modality = "1.2.826.0.1.3680043.8.498.8", "CT"
    ds.PatientName, ds.PatientID = "Synthetic^Pixels", "SYNTHETIC"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 2 * k], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [1, 1], 2
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    ds.BitsAllocated = allocated or (8 if bits <= 8 else 16)
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(signed)
    ds.RescaleIntercept, ds.RescaleSlope = 0, 1
    for name, value in attributes.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    return ds


def with_native(ds, cells):
    big = ds.file_meta.TransferSyntaxUID == uid.ExplicitVRBigEndian
    kind = "u1" if ds.BitsAllocated == 8 else ">u2" if big else "<u2"
    ds.PixelData = cells.astype(kind).tobytes()
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
    return ds


def with_frame(ds, frame):
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR = "OB"
    return ds


def with_rle(ds, cells):
    syntax, ds.file_meta.TransferSyntaxUID = ds.file_meta.TransferSyntaxUID, uid.ExplicitVRLittleEndian
    with_native(ds, cells)
    bits = ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = ds.BitsAllocated, ds.BitsAllocated - 1, 0  # whole cells
    ds.compress(syntax)
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits
    return ds


def encoded(ds, cells, precision=None, signed_codestream=False):
    syntax = ds.file_meta.TransferSyntaxUID
    if syntax == uid.RLELossless:
        return with_rle(ds, cells)
    if syntax == JPEG_2000:
        return with_frame(ds, jpeg_2000(cells, precision, signed_codestream))
    if syntax in ENCODERS:
        return with_frame(ds, ENCODERS[syntax](cells, precision))
    return with_native(ds, cells)


def bytes_of(ds):
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def under_syntax(file, ds, syntax):
    """The same bytes after a file meta group that names another transfer syntax."""
    other = pydicom.Dataset()
    other.file_meta = pydicom.dataset.FileMetaDataset(ds.file_meta)
    other.file_meta.TransferSyntaxUID = syntax
    other.SOPClassUID, other.SOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    head = bytes_of(other)

    def start(data):  # of the data set: after the group, whose first element says its length
        return 132 + 12 + struct.unpack("<I", data[140:144])[0]

    return head[:start(head)] + file[start(file):]


# --- the table ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Case:
    name: str
    files: list  # datasets, or bytes
    truth: np.ndarray = None  # the slices one after the other; None: refused
    pydicom: str = ""  # why it gives something else, if it does
    gdcm: str = ""
    warning: str = ""  # a part of one that we give; empty: nothing on the pixels
    refusal: str = ""
    within: float = 0  # lossy

    def __str__(self):
        return self.name


def clean():
    """Header and codestream agree."""
    syntaxes = {"little endian": uid.ExplicitVRLittleEndian, "implicit": uid.ImplicitVRLittleEndian,
                "big endian": uid.ExplicitVRBigEndian, "deflated": uid.DeflatedExplicitVRLittleEndian,
                "RLE": uid.RLELossless, "JPEG lossless": JPEG_LOSSLESS, "JPEG-LS": JPEG_LS, "JPEG 2000": JPEG_2000}
    for name, syntax in syntaxes.items():
        for bits in (8, 10, 12, 16):
            for signed in (False, True):
                truth = values_of(bits, signed)
                ds = encoded(slice_of(syntax=syntax, bits=bits, signed=signed), cells_of(truth, bits), bits, signed)
                yield Case(f"{name}, {bits} bits, {'signed' if signed else 'unsigned'}", [ds], truth,
                           pydicom=NO_DECODER if syntax == JPEG_LOSSLESS else "")


def precision_beside_bits_stored():
    """The codestream has more bits than BitsStored (whole pixel cells, or the sign extended), or fewer."""
    for name, syntax in (("JPEG lossless", JPEG_LOSSLESS), ("JPEG-LS", JPEG_LS), ("JPEG 2000", JPEG_2000)):
        for precision, bits in ((16, 12), (12, 10), (16, 14), (12, 16), (10, 12), (14, 16)):
            for signed in (False, True):
                truth = values_of(min(precision, bits), signed)
                for extended in ((False, True) if signed and precision > bits else (False,)):
                    cells = cells_of(truth, precision if extended else min(precision, bits))
                    ds = encoded(slice_of(syntax=syntax, bits=bits, signed=signed), cells, precision)
                    case = Case(f"{name}, precision {precision}, BitsStored {bits}, "
                                f"{'signed' if signed else 'unsigned'}{', extended' if extended else ''}", [ds], truth)
                    if syntax == JPEG_LOSSLESS:
                        case.pydicom = NO_DECODER
                        case.gdcm = NO_SIGN_EXTENSION if signed and (precision, bits) == (10, 12) else ""
                    elif signed and precision > bits and not extended:
                        case.pydicom = CELLS_KEPT
                    elif signed and precision < bits:
                        case.gdcm = NO_SIGN_EXTENSION
                    if syntax == JPEG_2000 and signed:
                        case.warning = "PixelRepresentation was believed"
                    yield case
                if syntax == JPEG_2000 and signed:
                    cells = cells_of(truth, precision)
                    ds = encoded(slice_of(syntax=syntax, bits=bits, signed=True), cells, precision, True)
                    yield Case(f"JPEG 2000, precision {precision}, BitsStored {bits}, both signed", [ds], truth)


def values_beyond_bits_stored():
    """BitsStored is wrong, or something lies in the bits outside of it."""
    stored = values_of(16, False)
    for bits in (12, 10):
        for name, syntax in (("little endian", uid.ExplicitVRLittleEndian), ("big endian", uid.ExplicitVRBigEndian),
                             ("RLE", uid.RLELossless), ("JPEG lossless", JPEG_LOSSLESS), ("JPEG-LS", JPEG_LS)):
            for signed in (False, True):
                low = stored & ((1 << bits) - 1)
                truth = (low ^ (1 << (bits - 1))) - (1 << (bits - 1)) if signed else low
                ds = encoded(slice_of(syntax=syntax, bits=bits, signed=signed), cells_of(stored, 16), 16)
                sign = "signed" if signed else "unsigned"
                yield Case(f"{name}, 16 bits under BitsStored {bits}, {sign}", [ds], truth,
                           pydicom={JPEG_LOSSLESS: NO_DECODER, JPEG_LS: CELLS_KEPT}.get(syntax, ""),
                           warning="bits outside of BitsStored (0028,0101)")
        # A JPEG 2000 codestream says its precision itself, and unsigned images have no cells to extend.
        ds = encoded(slice_of(syntax=JPEG_2000, bits=bits), cells_of(stored, 16), 16)
        yield Case(f"JPEG 2000, 16 bits under BitsStored {bits}", [ds], stored)
    overlay = values_of(12, False) | (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) % 5 == 0) * 0x8000
    ds = slice_of(bits=12)
    for tag, vr, value in ((0x60000010, "US", ROWS), (0x60000011, "US", COLUMNS), (0x60000040, "CS", "G"),
                           (0x60000050, "SS", [1, 1]), (0x60000100, "US", 16), (0x60000102, "US", 15)):
        ds.add_new(tag, vr, value)
    yield Case("an overlay in the highest bit", [with_native(ds, overlay)], values_of(12, False),
               warning="bits outside of BitsStored (0028,0101)")


def signs():
    """JPEG 2000 says the sign as well: both peers believe PixelRepresentation."""
    for bits in (8, 10, 12, 13, 16):
        for signed in (False, True):
            truth = values_of(bits, signed)
            ds = encoded(slice_of(syntax=JPEG_2000, bits=bits, signed=signed), cells_of(truth, bits), bits, not signed)
            which = "unsigned codestream, signed header" if signed else "signed codestream, unsigned header"
            yield Case(f"JPEG 2000, {bits} bits, {which}", [ds], truth, warning="PixelRepresentation was believed")
    truth = values_of(12, False)
    ds = encoded(slice_of(syntax=JPEG_2000, bits=16), cells_of(truth, 12), 12, True)
    yield Case("JPEG 2000, signed codestream of 12 bits, unsigned header of 16", [ds], truth, gdcm=EXTENDS_UNSIGNED,
               warning="PixelRepresentation was believed")


def high_bits():
    low = values_of(12, False)
    for name, syntax in (("little endian", uid.ExplicitVRLittleEndian), ("RLE", uid.RLELossless)):
        why = "takes the lowest bits, whatever HighBit says (8.1.1)"
        ds = encoded(slice_of(syntax=syntax, bits=12, HighBit=15), cells_of(low << 4, 16))
        yield Case(f"{name}, HighBit 15 of BitsStored 12, values on the left", [ds], low, pydicom=why, gdcm=why)
        ds = encoded(slice_of(syntax=syntax, bits=12, HighBit=15), cells_of(low, 16))
        yield Case(f"{name}, HighBit 15 of BitsStored 12, values on the right", [ds], refusal="HighBit (0028,0102)")
    for name, syntax in (("JPEG-LS", JPEG_LS), ("JPEG 2000", JPEG_2000), ("JPEG lossless", JPEG_LOSSLESS)):
        ds = encoded(slice_of(syntax=syntax, bits=12, HighBit=15), cells_of(low, 12), 12)
        yield Case(f"{name}, precision 12, HighBit 15", [ds], low,
                   pydicom=NO_DECODER if syntax == JPEG_LOSSLESS else "")


def rescaling():
    stored = values_of(12, False)
    scales = [("1", "-1024", 1, -1024, ""), ("0", "0", 1, 0, ZERO_SLOPE), ("0", "-1024", 1, -1024, ZERO_SLOPE),
              (None, None, 1, 0, ""), (None, "-1024", 1, -1024, NEEDS_BOTH), ("2", None, 2, 0, NEEDS_BOTH),
              ("-1", "5", -1, 5, ""), ("0.5", "0", 0.5, 0, "")]
    for slope, intercept, times, plus, why in scales:
        ds = with_native(slice_of(bits=12, RescaleSlope=slope, RescaleIntercept=intercept), cells_of(stored, 12))
        yield Case(f"slope {slope}, intercept {intercept}", [ds], stored * times + plus, pydicom=why,
                   warning="RescaleSlope (0028,1053) is 0" if slope == "0" else "")
    scale = [{"RescaleSlope": None, "RescaleIntercept": None}, {"RescaleSlope": "3", "RescaleIntercept": "1"}]
    some = [with_native(slice_of(k, bits=12, **scale[k % 2]), cells_of(stored, 12)) for k in range(4)]
    yield Case("a slope on some slices only", some, np.stack([stored * 3 + 1 if k % 2 else stored for k in range(4)]))
    some = [with_native(slice_of(k, bits=12, RescaleSlope="0" if k == 2 else "2", RescaleIntercept="-7"),
                        cells_of(stored, 12)) for k in range(4)]
    yield Case("slope 0 on one slice only", some, np.stack([stored * (1 if k == 2 else 2) - 7 for k in range(4)]),
               pydicom=ZERO_SLOPE, warning="RescaleSlope (0028,1053) is 0")


def frames_and_padding():
    stored = values_of(12, True)
    for frames in (None, "1", "0"):
        for syntax in (uid.ExplicitVRLittleEndian, uid.RLELossless, JPEG_LS, JPEG_2000):
            ds = encoded(slice_of(syntax=syntax, bits=12, signed=True), cells_of(stored, 12), 12, True)
            if frames is not None:
                ds.NumberOfFrames = frames
            yield Case(f"NumberOfFrames {frames}, {syntax.name}", [ds], stored,
                       warning="NumberOfFrames (0028,0008) is 0" if frames == "0" else "")
    padded = stored.copy()
    padded[:5] = -2000
    for syntax in (uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.RLELossless, JPEG_LS, JPEG_2000):
        ds = slice_of(syntax=syntax, bits=12, signed=True)
        ds.add_new("PixelPaddingValue", "SS", -2000)
        yield Case(f"padding, {syntax.name}", [encoded(ds, cells_of(padded, 12), 12, True)], padded,
                   warning="PixelPaddingValue (0028,0120) is set")
    ds = slice_of(bits=12)
    ds.add_new("PixelPaddingValue", "US", 63536)
    outside = values_of(12, False)
    outside[:5] = 63536
    yield Case("padding outside of BitsStored", [with_native(ds, outside)], outside & 0xFFF,
               warning="bits outside of BitsStored (0028,0101)")


def value_representations():
    truth = values_of(12, True)
    note = "explicit and implicit value representations"
    for written, named in ((uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian),
                           (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)):
        ds = with_native(slice_of(syntax=written, bits=12, signed=True), cells_of(truth, 12))
        yield Case(f"{written.name} under {named.name}", [under_syntax(bytes_of(ds), ds, named)], truth, warning=note,
                   gdcm="reads only the other way round" if named == uid.ImplicitVRLittleEndian else "")
    odd = values_of(8, False)[:5, :7]  # an odd number of bytes, in 16-bit words
    ds = slice_of(syntax=uid.ExplicitVRBigEndian, bits=8, Rows=5, Columns=7)
    words = np.frombuffer(odd.astype(np.uint8).tobytes() + b"\0", "<u2")
    ds.PixelData = words.astype(">u2").tobytes()
    ds["PixelData"].VR = "OW"
    yield Case("big endian, 8 bits in words, an odd number", [ds], odd)
    ds = slice_of(bits=16, signed=True)
    ds.PixelData = cells_of(values_of(16, True), 16).tobytes()
    ds["PixelData"].VR = "OB"
    yield Case("16 bits in OB", [ds], values_of(16, True))


def lossy():
    smooth = np.add.outer(np.arange(ROWS) * 2, np.arange(COLUMNS) * 3)
    for name, options in (("baseline", {}), ("progressive", {"progressive": True})):
        ds = with_frame(slice_of(syntax=uid.JPEGBaseline8Bit, bits=8), jpeg(smooth % 256, **options))
        yield Case(f"JPEG {name}", [ds], smooth % 256, within=6)
    for signed in (False, True):
        deep = smooth * 10 - (1000 if signed else 0)
        ds = slice_of(syntax=uid.JPEGLSNearLossless, bits=12, signed=signed)
        if not signed:  # near-lossless steps across the ends of two's complement
            frame = jpeg_ls_stream(cells_of(deep, 12), 12, 2)
            yield Case("JPEG-LS near lossless", [with_frame(ds, frame)], deep, within=2)
        ds = slice_of(syntax=uid.JPEG2000, bits=12, signed=signed)
        frame = jpeg_2000(cells_of(deep, 12), 12, signed, compression_ratios=[8])
        sign = "signed" if signed else "unsigned"
        yield Case(f"JPEG 2000 with loss, {sign}", [with_frame(ds, frame)], deep, within=8)


# Made by ojph_compress (OpenJPH 0.9.0) of (331 i + 97 j) mod 4096: 12 columns, 10 rows, 12 bits.
HTJ2K = base64.b64decode("""
    /0//UQApQAAAAAAMAAAACgAAAAAAAAAAAAAADAAAAAoAAAAAAAAAAAABCwEB/1AACAACAAAAB/9SAAwAAgABAAIEBEAB/1wACiBw
    eHh4cHB4/2QAFgABT3BlbkpQSCBWZXIgMC45LjAu/5AACgAAAAAAhQAB/5PAAWqA/1+fpw2VjHGxHDk45RhL/kIBvZgAwACugAFR
    AAKghjAkXzv+BggFxjH32AB3nvMAC551AN7P3wCE99UAwAFoQAFpwACrlCilhbTgP9Lq3ZgEcgJ3AP8BAwMDA5Oe+fAcbxCA31kA
    egD/d/988gBxWYB3AP/Z""")
HTJ2K_DEPTH = 42  # where SIZ has the component's precision and sign


def high_throughput():
    j, i = np.mgrid[0:10, 0:12]
    for signed in (False, True):
        # Unsigned samples are coded less half of their range, signed ones as they are.
        truth = (331 * i + 97 * j) % 4096 - (2048 if signed else 0)
        frame = bytearray(HTJ2K)
        frame[HTJ2K_DEPTH] |= 0x80 if signed else 0
        for syntax in (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K):
            ds = slice_of(syntax=syntax, bits=12, signed=signed, Rows=10, Columns=12)
            yield Case(f"{syntax.name}, {'signed' if signed else 'unsigned'}", [with_frame(ds, bytes(frame))], truth)


def shorter_2000(frame, size):
    """Cut, with the tile-part's length and the end made to fit."""
    tile_part = frame.index(b"\xff\x90")
    length = struct.pack(">I", size - tile_part)
    return frame[:tile_part + 6] + length + frame[tile_part + 10:size] + b"\xff\xd9"


def shorter(frame, size):
    return frame[:size] + b"\xff\xd9"


def refused():
    """Codestreams that end before their image does, although all that is around them fits."""
    noise = cells_of(np.random.default_rng(5).integers(0, 4096, (ROWS, COLUMNS)), 12)
    streams = {"JPEG lossless": (JPEG_LOSSLESS, jpeg_lossless(noise, 12), shorter, 12),
               "JPEG-LS": (JPEG_LS, jpeg_ls_stream(noise, 12), shorter, 12),
               "JPEG baseline": (uid.JPEGBaseline8Bit, jpeg(noise >> 4), shorter, 8),
               "JPEG progressive": (uid.JPEGBaseline8Bit, jpeg(noise >> 4, progressive=True), shorter, 8),
               "JPEG 2000": (JPEG_2000, jpeg_2000(noise, 12), shorter_2000, 12)}
    for name, (syntax, frame, cut, bits) in streams.items():
        for part in (0.4, 0.7, 0.95):
            ds = with_frame(slice_of(syntax=syntax, bits=bits), cut(frame, int(len(frame) * part)))
            yield Case(f"{name}, {part} of it", [ds], refusal="damaged or truncated")
    for name, (syntax, frame, _, bits) in streams.items():
        ds = slice_of(syntax=syntax, bits=bits)
        ds.PixelData, ds["PixelData"].VR = encapsulate([frame, frame]), "OB"
        yield Case(f"{name}, two frames", [ds], refusal="NumberOfFrames")
    ds = with_native(slice_of(bits=12, Rows=ROWS // 2, NumberOfFrames=0), noise)
    yield Case("NumberOfFrames 0, two frames", [ds], refusal="NumberOfFrames is wrong")
    ds = slice_of(syntax=uid.ExplicitVRBigEndian, bits=32, allocated=32)
    ds.PixelData, ds["PixelData"].VR = bytes(4 * ROWS * COLUMNS), "OW"
    yield Case("big endian, 32 bits: peers disagree on the order of words", [ds], refusal="BitsAllocated 32")
    ds = with_frame(slice_of(syntax=JPEG_LS, bits=8), jpeg_ls_stream(noise, 12))
    yield Case("JPEG-LS, precision 12 under BitsAllocated 8", [ds], refusal="BitsAllocated")


def costly():
    """Small files that would cost a codec gigabytes or minutes: refused by their headers."""
    noise = cells_of(np.random.default_rng(5).integers(0, 256, (ROWS, COLUMNS)), 8)
    frame = jpeg_2000(noise, 8)
    assert frame[2:6] == b"\xff\x51" + struct.pack(">H", 41)
    size = struct.pack(">H8IH", 0, COLUMNS, ROWS, 0, 0, 4, 3, 0, 0, 16384) + b"\7\1\1" * 16384
    components = frame[:4] + struct.pack(">H", len(size) + 2) + size + frame[4 + 41:]
    tiles = bytearray(frame)
    tiles[24:32] = struct.pack(">2I", 1, 1)
    layers = bytearray(frame)
    style = frame.index(b"\xff\x52")
    layers[style + 4] |= 1  # with precincts of its own
    layers[style + 2:style + 4] = struct.pack(">H", 18)
    layers[style + 6:style + 8] = b"\xff\xff"
    layers[style + 14:style + 14] = b"\x11" * 6
    for name, stream, why in (("16,384 components in 196 tiles", components, "one component"),
                              ("2,240 tiles", tiles, "more tiles"), ("65,535 layers", layers, "more packets")):
        yield Case(f"JPEG 2000, {name}", [with_frame(slice_of(syntax=JPEG_2000, bits=8), bytes(stream))], refusal=why)
    frame = jpeg(noise, progressive=True)
    scan = frame.rindex(b"\xff\xda")
    scans = frame[:scan] + frame[scan:-2] * 2000 + frame[-2:]
    yield Case("JPEG, 2,000 scans", [with_frame(slice_of(syntax=uid.JPEGBaseline8Bit, bits=8), scans)],
               refusal="more than 64 scan")


TABLE = [case for group in (clean, precision_beside_bits_stored, values_beyond_bits_stored, signs, high_bits, rescaling,
                            frames_and_padding, value_representations, lossy, high_throughput, refused, costly)
         for case in group()]


# --- the readers --------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Ours:
    status: str
    warnings: list
    values: np.ndarray


def read_by_us(folders):
    lines = subprocess.run([PROGRAM, *folders], check=True, capture_output=True, text=True).stdout.split("\n")
    return [Ours(status, said.split("\t") if said else [], np.array(values.split(), dtype=float))
            for status, said, values in zip(lines[:-1:3], lines[1::3], lines[2::3], strict=True)]


def read_by_pydicom(paths):
    slices = sorted((pydicom.dcmread(path) for path in paths), key=lambda ds: ds.ImagePositionPatient[2])
    return np.stack([apply_rescale(ds.pixel_array, ds) for ds in slices]).astype(float).ravel()


def read_by_gdcm(paths):
    images = [sitk.ReadImage(str(path), imageIO="GDCMImageIO") for path in paths]
    images.sort(key=lambda image: image.GetOrigin()[2])
    return np.stack([sitk.GetArrayFromImage(image) for image in images]).astype(float).ravel()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("pixels")
    made = {}
    for n, case in enumerate(TABLE):
        made[case.name] = root / str(n)
        made[case.name].mkdir()
        for k, file in enumerate(case.files):
            (made[case.name] / f"{k}.dcm").write_bytes(file if isinstance(file, bytes) else bytes_of(file))
    return made


@pytest.fixture(scope="module")
def ours(folders):
    return dict(zip(folders, read_by_us(folders.values()), strict=True))


def same(values, case):
    truth = case.truth.ravel().astype(float)
    return values.shape == truth.shape and np.abs(values - truth).max() <= case.within


def test_every_case_has_a_name_of_its_own():
    assert len({case.name for case in TABLE}) == len(TABLE)


@pytest.mark.parametrize("case", TABLE, ids=str)
def test_our_values(case, ours):
    got = ours[case.name]
    if case.refusal:
        assert got.status.startswith("INVALID_ARGUMENT: file 1: ")
        assert case.refusal in got.status
        return
    assert got.status == "OK"
    assert same(got.values, case)
    about_pixels = [said for said in got.warnings if "only one slice" not in said and "with loss" not in said]
    if case.warning:
        assert any(case.warning in said for said in about_pixels)
    else:
        assert about_pixels == []


@pytest.mark.parametrize("reader", ["pydicom", "gdcm"])
@pytest.mark.parametrize("case", [case for case in TABLE if not case.refusal], ids=str)
def test_peers(case, reader, folders):
    reason = getattr(case, reader)
    if reason == NO_DECODER:
        return
    paths = sorted(folders[case.name].iterdir())
    read = read_by_pydicom if reader == "pydicom" else read_by_gdcm
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the very faults that this is about
            values = read(paths)
    except RuntimeError:
        values = np.array([])
    assert same(values, case) == (reason == ""), reason or "the peer gives something else"


REAL = SHARED / "cases" / "dicom" / "65-jpeg2000-sign-real"


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared")
def test_a_real_ct_slice_with_an_unsigned_codestream_and_a_signed_header(tmp_path):
    (path,) = [path for path in REAL.iterdir() if path.name != "README"]
    (tmp_path / "0.dcm").write_bytes(path.read_bytes())
    (got,) = read_by_us([tmp_path])
    for peer in (read_by_pydicom, read_by_gdcm):
        assert np.array_equal(got.values, peer([path]))
    assert (got.values.min(), got.values.max()) == (-2000, 1896)
