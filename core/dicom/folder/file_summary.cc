#include "core/dicom/folder/file_summary.h"

#include <cstdint>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/little_endian.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dataset/text_decoder.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kStorage = "1.2.840.10008.5.1.4.1.1.";
struct NamedKind {
  absl::string_view name;  // of SOP classes: what follows kStorage; ending in '.': all that begin so
  FileKind kind;
};

// PS3.4 B.5 and PS3.6 A.
constexpr NamedKind kSopClasses[] = {
    {"66.4", FileKind::kSegmentation},
    {"66.5", FileKind::kSegmentation},
    {"66.7", FileKind::kSegmentation},
    {"66.1", FileKind::kRegistration},
    {"66.2", FileKind::kRegistration},
    {"66.3", FileKind::kRegistration},
    {"88.59", FileKind::kKeyObjectSelection},
    {"88.", FileKind::kStructuredReport},
    {"11.", FileKind::kPresentationState},
    {"481.", FileKind::kRtObject},
    {"104.", FileKind::kDocument},
};

// For objects whose SOP class was emptied (PS3.3 C.7.3.1.1.1).
constexpr NamedKind kModalities[] = {
    {"SEG", FileKind::kSegmentation},      {"SR", FileKind::kStructuredReport},
    {"KO", FileKind::kKeyObjectSelection}, {"PR", FileKind::kPresentationState},
    {"RTSTRUCT", FileKind::kRtObject},     {"RTPLAN", FileKind::kRtObject},
    {"RTDOSE", FileKind::kRtObject},       {"RTRECORD", FileKind::kRtObject},
    {"DOC", FileKind::kDocument},          {"REG", FileKind::kRegistration},
};

// CT, MR and PET.
constexpr absl::string_view kVolumeClasses[] = {"2", "4", "128"};

// Of objects that are never slices; nullopt for all others.
std::optional<FileKind> KindOfClass(absl::string_view uid) {
  if (!absl::ConsumePrefix(&uid, kStorage)) return std::nullopt;
  for (const NamedKind& known : kSopClasses) {
    const bool whole_family = absl::EndsWith(known.name, ".");
    if (whole_family ? absl::StartsWith(uid, known.name) : uid == known.name) return known.kind;
  }
  return std::nullopt;
}

FileKind KindOf(const DicomFile& file) {
  // Without its pixels a slice is a truncated file, not another object.
  const FileKind slice = file.scan().has_pixels ? FileKind::kImage : FileKind::kUnreadable;
  if (file.Has(tags::kDirectoryRecordSequence)) return FileKind::kDicomdir;
  absl::string_view name = file.Text(tags::kSopClassUid);
  if (name.empty()) {
    for (const NamedKind& known : kModalities) {
      if (file.Text(tags::kModality) == known.name) return known.kind;
    }
    return slice;
  }
  if (const std::optional<FileKind> kind = KindOfClass(name)) return *kind;
  if (absl::ConsumePrefix(&name, kStorage)) {
    for (const absl::string_view known : kVolumeClasses) {
      if (name == known) return slice;
    }
    const bool capture = name == "7" || absl::StartsWith(name, "7.");
    if (capture && file.Text(tags::kImagePositionPatient).empty()) return FileKind::kSecondaryCapture;
  }
  return file.scan().has_pixels ? FileKind::kImage : FileKind::kOther;
}

// A slice that cannot be read, unless the file still tells that it is another object.
FileSummary OfUnreadable(absl::string_view bytes) {
  const FileIdentity identity = IdentityOf(bytes);
  FileSummary summary;
  summary.kind = KindOfClass(identity.sop_class_uid).value_or(FileKind::kUnreadable);
  summary.sop_class_uid = std::string(identity.sop_class_uid);
  summary.study_instance_uid = std::string(identity.study_instance_uid);
  summary.series_instance_uid = std::string(identity.series_instance_uid);
  return summary;
}

}  // namespace

bool LooksLikeDicom(absl::string_view head) {
  if (head.size() >= kDicomHeadBytes && head.substr(128, 4) == "DICM") return true;
  if (head.size() < 8) return false;
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(head[at]); };
  const auto upper = [&](size_t at) { return head[at] >= 'A' && head[at] <= 'Z'; };
  const uint64_t group = FromLittleEndian(head.substr(0, 2)), element = FromLittleEndian(head.substr(2, 2));
  const bool explicit_vr = upper(4) && upper(5);
  // Real data sets begin at (0008,0000) to (0008,0018), file meta information at (0002,0000) to (0002,0010).
  if (group == 0x0002) return element <= 0x0010 && explicit_vr;
  if (group == 0x0008) return element <= 0x0018;
  return group == 0x0800 && explicit_vr && byte(2) == 0 && byte(3) <= 0x18;  // big endian
}

bool IsLocalizer(absl::string_view image_type) {
  for (const absl::string_view value : absl::StrSplit(image_type, '\\')) {
    if (value == "LOCALIZER") return true;
  }
  return false;
}

FileSummary Summarise(absl::string_view bytes, const absl::StatusOr<DicomFile>& opened) {
  FileSummary summary;
  if (!LooksLikeDicom(bytes)) return summary;
  if (!opened.ok()) return OfUnreadable(bytes);
  const DicomFile& file = *opened;
  summary.kind = KindOf(file);
  if (summary.kind == FileKind::kUnreadable) return OfUnreadable(bytes);
  if (summary.kind != FileKind::kImage) return summary;
  const auto text = [&](uint32_t tag) {
    const absl::string_view value = file.Text(tag);
    return value.size() > kMaxTextBytes ? std::string() : std::string(value);
  };
  summary.sop_class_uid = text(tags::kSopClassUid);
  summary.study_instance_uid = text(tags::kStudyInstanceUid);
  summary.series_instance_uid = text(tags::kSeriesInstanceUid);
  summary.series_number = text(tags::kSeriesNumber);
  const TextDecoder decoder(file.Text(tags::kSpecificCharacterSet));
  if (const auto decoded = decoder.Decode(file.Text(tags::kSeriesDescription), false)) {
    summary.series_description = decoded->utf8;
  }
  summary.modality = text(tags::kModality);
  summary.localizer = IsLocalizer(text(tags::kImageType));
  return summary;
}

FileSummary Summarise(absl::string_view bytes) {
  if (!LooksLikeDicom(bytes)) return {};
  return Summarise(bytes, DicomFile::Open(bytes));
}

}  // namespace sgpsam
