#include "core/dicom/ct/ct_series_writer.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dataset/uid.h"
#include "core/dicom/dcmtk/dcmtk_status.h"
#include "core/dicom/dcmtk/item_writer.h"
#include "core/dicom/dcmtk/part10_writer.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

struct Series {
  const Volume& volume;
  const CtSeriesOptions& options;
  std::string study_uid, series_uid, frame_uid;
};

std::string SeededUid(const CtSeriesOptions& options, absl::string_view part) {
  return DerivedUid(absl::StrCat("synthetic CT ", options.seed, " ", part));
}

std::string Ds(std::initializer_list<double> values) {
  return absl::StrJoin(values, "\\",
                       [](std::string* out, double value) { absl::StrAppend(out, FormatDs(value)); });
}

// Fixed, so that the same seed gives the same bytes.
constexpr absl::string_view kDate = "20200101", kTime = "120000";

void WritePatientAndStudy(const Series& series, ItemWriter& out) {
  out.Text(DicomTag(0x0010, 0x0010), "SYNTHETIC^PHANTOM");
  out.Text(DicomTag(0x0010, 0x0020), absl::StrCat("SYNTHETIC-", series.options.seed));
  out.Text(DicomTag(0x0010, 0x0030), "");     // PatientBirthDate
  out.Text(DicomTag(0x0010, 0x0040), "O");    // PatientSex
  out.Text(DicomTag(0x0012, 0x0062), "YES");  // PatientIdentityRemoved
  out.Text(DicomTag(0x0012, 0x0063), "Synthetic phantom: there is no patient");
  out.Text(tags::kStudyInstanceUid, series.study_uid);
  out.Text(DicomTag(0x0008, 0x0020), kDate);
  out.Text(DicomTag(0x0008, 0x0030), kTime);
  out.Text(DicomTag(0x0008, 0x0050), "");           // AccessionNumber
  out.Text(DicomTag(0x0008, 0x0090), "");           // ReferringPhysicianName
  out.Text(DicomTag(0x0020, 0x0010), "SYNTHETIC");  // StudyID
}

void WriteSeriesAndEquipment(const Series& series, ItemWriter& out) {
  out.Text(tags::kModality, "CT");
  out.Text(tags::kSeriesInstanceUid, series.series_uid);
  out.Text(DicomTag(0x0020, 0x0011), "1");
  out.Text(DicomTag(0x0008, 0x103E), series.options.series_description);
  out.Text(DicomTag(0x0018, 0x0015), "ABDOMEN");
  out.Text(DicomTag(0x0018, 0x5100), "HFS");  // PatientPosition
  out.Text(tags::kFrameOfReferenceUid, series.frame_uid);
  out.Text(DicomTag(0x0020, 0x1040), "");
  out.Text(DicomTag(0x0008, 0x0070), "sgpsam-server");
  out.Text(DicomTag(0x0018, 0x0060), "");   // KVP: nothing was irradiated
  out.Text(DicomTag(0x0020, 0x0012), "1");  // AcquisitionNumber
}

void WritePlane(const Series& series, int64_t k, ItemWriter& out) {
  const Geometry& geometry = series.volume.geometry();
  const std::array<double, 3> spacing = geometry.spacing_mm();
  const WorldPoint row = geometry.steps()[0] / spacing[0], column = geometry.steps()[1] / spacing[1];
  const WorldPoint position = geometry.ToWorld({0, 0, static_cast<double>(k)});
  out.Text(DicomTag(0x0020, 0x0013), absl::StrCat(k + 1));  // InstanceNumber
  out.Text(tags::kPixelSpacing, Ds({spacing[1], spacing[0]}));
  out.Text(tags::kImageOrientationPatient, Ds({row.x, row.y, row.z, column.x, column.y, column.z}));
  out.Text(tags::kImagePositionPatient, Ds({position.x, position.y, position.z}));
  out.Text(tags::kSliceThickness, Ds({spacing[2]}));
}

void WritePixels(const Series& series, int64_t k, ItemWriter& out) {
  const Shape& shape = series.volume.geometry().shape();
  out.Uint16(tags::kSamplesPerPixel, {1});
  out.Text(tags::kPhotometricInterpretation, "MONOCHROME2");
  out.Uint16(tags::kRows, {static_cast<uint16_t>(shape.j)});
  out.Uint16(tags::kColumns, {static_cast<uint16_t>(shape.i)});
  out.Uint16(tags::kBitsAllocated, {16});
  out.Uint16(tags::kBitsStored, {16});
  out.Uint16(tags::kHighBit, {15});
  out.Uint16(tags::kPixelRepresentation, {1});
  out.Text(tags::kRescaleIntercept, "0");
  out.Text(tags::kRescaleSlope, "1");
  out.Text(DicomTag(0x0028, 0x1054), "HU");
  const size_t samples = static_cast<size_t>(shape.i * shape.j);
  const auto* first = reinterpret_cast<const int16_t*>(series.volume.samples().data());
  out.Words(kPixelDataTag, {first + samples * static_cast<size_t>(k), samples});
}

absl::StatusOr<std::string> WriteSlice(const Series& series, int64_t k) {
  DcmFileFormat file;
  absl::Status status;
  ItemWriter out(*file.getDataset(), status);
  out.Text(tags::kSpecificCharacterSet, "ISO_IR 192");
  out.Text(tags::kImageType, "DERIVED\\SECONDARY\\AXIAL");
  out.Text(tags::kSopClassUid, "1.2.840.10008.5.1.4.1.1.2");
  out.Text(tags::kSopInstanceUid, SeededUid(series.options, absl::StrCat("slice ", k)));
  out.Text(DicomTag(0x0008, 0x0023), kDate);  // Content
  out.Text(DicomTag(0x0008, 0x0033), kTime);
  WritePatientAndStudy(series, out);
  WriteSeriesAndEquipment(series, out);
  WritePlane(series, k, out);
  WritePixels(series, k, out);
  RETURN_IF_ERROR(status);
  return SerialisePart10(file);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> WriteCtSeries(const Volume& volume, const CtSeriesOptions& options) {
  if (volume.sample_type() != SampleType::kInt16) {
    return absl::InvalidArgumentError("a CT series is written from int16 samples (HU)");
  }
  if (!IsShortText(options.series_description, 64)) {
    return absl::InvalidArgumentError("a series description has at most 64 printable characters");
  }
  RETURN_IF_ERROR(EnsureDcmtk());
  const Series series{volume, options, SeededUid(options, "study"), SeededUid(options, "series"),
                      SeededUid(options, "frame of reference")};
  std::vector<std::string> files;
  for (int64_t k = 0; k < volume.geometry().shape().k; ++k) {
    ASSIGN_OR_RETURN(std::string file, WriteSlice(series, k));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace sgpsam
