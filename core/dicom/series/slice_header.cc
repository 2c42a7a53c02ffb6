#include "core/dicom/series/slice_header.h"

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/pixels/jpeg2000_decoder.h"
#include "core/dicom/pixels/pixel_decoder.h"

namespace sgpsam {
namespace {

struct SopClass {
  absl::string_view uid, modality;
};

constexpr SopClass kSingleFrame[] = {{"1.2.840.10008.5.1.4.1.1.2", "CT"},
                                     {"1.2.840.10008.5.1.4.1.1.4", "MR"},
                                     {"1.2.840.10008.5.1.4.1.1.128", "PT"}};

constexpr absl::string_view kMultiFrame[] = {"1.2.840.10008.5.1.4.1.1.2.1",  "1.2.840.10008.5.1.4.1.1.2.2",
                                             "1.2.840.10008.5.1.4.1.1.4.1",  "1.2.840.10008.5.1.4.1.1.4.3",
                                             "1.2.840.10008.5.1.4.1.1.4.4",  "1.2.840.10008.5.1.4.1.1.130",
                                             "1.2.840.10008.5.1.4.1.1.128.1"};

absl::Status NotAVolume(absl::string_view why) { return FailedPrecondition(Reason::kUnsupportedImage, why); }

absl::Status Missing(absl::string_view attribute) {
  return absl::InvalidArgumentError(absl::StrCat(attribute, " is missing or not valid"));
}

absl::Status MultiFrame() {
  return NotAVolume("it is a multi-frame image: convert the series to single-frame files");
}

absl::Status CheckSopClass(const DicomFile& file) {
  const absl::string_view sop_class = file.Text(tags::kSopClassUid);
  for (absl::string_view uid : kMultiFrame) {
    if (sop_class == uid) return MultiFrame();
  }
  const absl::string_view modality = file.Text(tags::kModality);
  for (const SopClass& known : kSingleFrame) {
    // An anonymiser may have emptied the SOP class; the modality then has to do.
    if (sop_class.empty() ? modality == known.modality : sop_class == known.uid) return absl::OkStatus();
  }
  return NotAVolume("it is not a CT, MR or PET image");
}

// One frame of one value a pixel.
absl::Status CheckKind(const DicomFile& file, PixelNotes& notes) {
  RETURN_IF_ERROR(CheckSopClass(file));
  if (const std::optional<double> frames = ParseNumber(file.Text(tags::kNumberOfFrames));
      frames && *frames != 1) {
    if (*frames != 0) return MultiFrame();
    notes.push_back("NumberOfFrames (0028,0008) is 0: it was taken as 1");
  }
  const absl::string_view photometric = file.Text(tags::kPhotometricInterpretation);
  if (file.Uint16(tags::kSamplesPerPixel).value_or(1) != 1 ||
      (!photometric.empty() && !absl::StartsWith(photometric, "MONOCHROME"))) {
    return NotAVolume(
        "it is not a scalar image (RGB, palette or another colour model): send the original series");
  }
  // CT, MR and PET images of one sample a pixel cannot be anything else.
  if (photometric.empty()) {
    notes.push_back("PhotometricInterpretation (0028,0004) is missing: MONOCHROME2 was assumed");
  }
  if (photometric == "MONOCHROME1") {
    notes.push_back("MONOCHROME1: the values are taken as stored, not inverted");
  }
  return absl::OkStatus();
}

absl::Status ReadLayout(const DicomFile& file, PixelLayout& layout, PixelNotes& notes) {
  const int rows = file.Uint16(tags::kRows).value_or(0), columns = file.Uint16(tags::kColumns).value_or(0);
  if (rows < 1 || columns < 1 || rows > Geometry::kMaxAxis || columns > Geometry::kMaxAxis) {
    const bool large = rows > Geometry::kMaxAxis || columns > Geometry::kMaxAxis;
    return InvalidArgument(large ? Reason::kVolumeTooLarge : Reason::kDamagedFile,
                           absl::StrCat("Rows and Columns must each be from 1 to ", Geometry::kMaxAxis));
  }
  const int allocated = file.Uint16(tags::kBitsAllocated).value_or(0);
  if (allocated != 8 && allocated != 16 && allocated != 32) {
    return InvalidArgument(Reason::kUnsupportedImage, "BitsAllocated must be 8, 16 or 32");
  }
  const int stored = file.Uint16(tags::kBitsStored).value_or(static_cast<uint16_t>(allocated));
  const int high_bit = file.Uint16(tags::kHighBit).value_or(static_cast<uint16_t>(stored - 1));
  if (stored < 1 || stored > allocated || high_bit < stored - 1 || high_bit >= allocated) {
    return absl::InvalidArgumentError("BitsStored and HighBit do not fit BitsAllocated");
  }
  const int representation = file.Uint16(tags::kPixelRepresentation).value_or(0);
  if (representation > 1) return absl::InvalidArgumentError("PixelRepresentation must be 0 or 1");
  if (!file.Has(tags::kBitsStored)) {
    notes.push_back("BitsStored (0028,0101) is missing: BitsAllocated was taken for it");
  }
  if (!file.Has(tags::kPixelRepresentation)) {
    notes.push_back("PixelRepresentation (0028,0103) is missing: the values were taken as unsigned");
  }
  layout = {.rows = rows,
            .columns = columns,
            .bits_allocated = allocated,
            .bits_stored = stored,
            .high_bit = high_bit,
            .is_signed = representation == 1};
  if (!file.scan().has_pixels)
    return absl::InvalidArgumentError("it has no pixel data: the file is truncated");
  RETURN_IF_ERROR(CheckPixelBytes(file, layout, notes));
  return absl::OkStatus();
}

absl::Status ReadRescale(const DicomFile& file, SliceHeader& header) {
  if (file.HasItems(tags::kModalityLutSequence)) {
    return NotAVolume("it has a Modality LUT Sequence instead of a rescale slope, which is not supported");
  }
  if (!file.Text(tags::kRescaleSlope).empty()) {
    const std::optional<double> slope = ParseNumber(file.Text(tags::kRescaleSlope));
    if (!slope) return absl::InvalidArgumentError("RescaleSlope must be a number");
    header.slope = *slope == 0 ? 1 : *slope;
    if (*slope == 0) header.notes.push_back("RescaleSlope (0028,1053) is 0: it was taken as 1");
  }
  if (!file.Text(tags::kRescaleIntercept).empty()) {
    const std::optional<double> intercept = ParseNumber(file.Text(tags::kRescaleIntercept));
    if (!intercept) return absl::InvalidArgumentError("RescaleIntercept must be a number");
    header.intercept = *intercept;
  }
  return absl::OkStatus();
}

absl::Status ReadPlane(const DicomFile& file, SliceHeader& header) {
  SlicePlane& plane = header.plane;
  const absl::string_view position_text = file.Text(tags::kImagePositionPatient);
  const auto position = file.Numbers(tags::kImagePositionPatient);
  if (position_text.empty()) {
    return FailedPrecondition(Reason::kUnknownPosition,
                              "ImagePositionPatient is missing: its place in the patient is unknown");
  }
  if (!position || position->size() != 3) return Missing("ImagePositionPatient");
  const auto orientation = file.Numbers(tags::kImageOrientationPatient);
  if (file.Text(tags::kImageOrientationPatient).empty()) {
    return FailedPrecondition(Reason::kUnknownPosition,
                              "ImageOrientationPatient is missing: its direction in the patient is unknown");
  }
  if (!orientation || orientation->size() != 6) return Missing("ImageOrientationPatient");
  const auto spacing = file.Numbers(tags::kPixelSpacing);
  if (!spacing || spacing->size() != 2 || !((*spacing)[0] > 0) || !((*spacing)[1] > 0))
    return Missing("PixelSpacing");
  const std::vector<double>& o = *orientation;
  plane.position = {(*position)[0], (*position)[1], (*position)[2]};
  plane.row = {o[0], o[1], o[2]};
  plane.column = {o[3], o[4], o[5]};
  plane.row_step = (*spacing)[0];
  plane.column_step = (*spacing)[1];
  plane.thickness = ParseNumber(file.Text(tags::kSliceThickness));
  plane.spacing_between = ParseNumber(file.Text(tags::kSpacingBetweenSlices));
  header.position_text = NormalisedDs(position_text).value_or(std::string());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SliceHeader> ReadSliceHeader(const DicomFile& file, int number) {
  SliceHeader header;
  header.plane.file_number = number;
  RETURN_IF_ERROR(CheckKind(file, header.notes));
  if (absl::StrContains(file.Text(tags::kImageType), "MOSAIC")) {
    return NotAVolume("it is a mosaic of several slices: convert the series to single-slice files");
  }
  RETURN_IF_ERROR(ReadPlane(file, header));
  RETURN_IF_ERROR(ReadLayout(file, header.layout, header.notes));
  RETURN_IF_ERROR(ReadRescale(file, header));
  const auto text = [&](uint32_t tag) { return std::string(file.Text(tag)); };
  header.sop_class_uid = std::string(file.sop_class_uid());
  header.sop_instance_uid = std::string(file.sop_instance_uid());
  header.patient = PatientOf(file);
  header.study_instance_uid = text(tags::kStudyInstanceUid);
  header.series_instance_uid = text(tags::kSeriesInstanceUid);
  header.frame_of_reference_uid = text(tags::kFrameOfReferenceUid);
  header.modality = text(tags::kModality);
  header.image_type = text(tags::kImageType);
  header.echo_time = ParseNumber(file.Text(tags::kEchoTime));
  header.lossy = file.syntax().lossy || file.Text(tags::kLossyImageCompression) == "01";
  if (file.Has(tags::kPixelPaddingValue)) {
    header.notes.push_back("PixelPaddingValue (0028,0120) is set: padded pixels keep their stored value");
  }
  if (file.uids_from_meta()) {
    header.notes.push_back(
        "SOPClassUID (0008,0016) or SOPInstanceUID (0008,0018) is empty: taken from the file meta "
        "information");
  }
  if (file.syntax_guessed()) {
    header.notes.push_back("a file names no transfer syntax: it was guessed from its first element");
  }
  if (file.explicit_vr() != file.syntax().explicit_vr) {
    header.notes.push_back(
        "a file's transfer syntax is wrong about explicit and implicit value representations: the file was "
        "read as it is");
  }
  return header;
}

}  // namespace sgpsam
