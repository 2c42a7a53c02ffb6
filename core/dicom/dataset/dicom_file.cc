#include "core/dicom/dataset/dicom_file.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/little_endian.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/inflate.h"
#include "core/dicom/dataset/tags.h"

namespace sgpsam {
namespace {

constexpr size_t kPreamble = 128;
constexpr uint32_t kMediaStorageSopClassUid = DicomTag(0x0002, 0x0002);
constexpr uint32_t kMediaStorageSopInstanceUid = DicomTag(0x0002, 0x0003);
constexpr uint32_t kTransferSyntaxUid = DicomTag(0x0002, 0x0010);

struct FileStart {
  size_t dataset = 0;            // where the data set begins
  absl::string_view syntax_uid;  // empty: the file names none
  absl::string_view sop_class_uid, sop_instance_uid;
};

uint32_t LittleU16(absl::string_view bytes, size_t at) {
  return static_cast<uint32_t>(FromLittleEndian(bytes.substr(at, 2)));
}

absl::Status NotDicom() {
  return InvalidArgument(Reason::kWrongFormat,
                         "this is not a DICOM file: it has neither a preamble nor a data set");
}

// Reads the file meta information: group 0002, always Explicit VR Little Endian (PS3.10 7.1).
absl::StatusOr<FileStart> ReadFileMeta(absl::string_view bytes) {
  FileStart start;
  if (bytes.size() >= kPreamble + 4 && bytes.substr(kPreamble, 4) == "DICM") start.dataset = kPreamble + 4;
  size_t& at = start.dataset;
  while (bytes.size() - at >= 8 && LittleU16(bytes, at) == 0x0002) {
    const uint32_t tag = DicomTag(0x0002, static_cast<uint16_t>(LittleU16(bytes, at + 2)));
    const absl::string_view vr = bytes.substr(at + 4, 2);
    uint64_t length = LittleU16(bytes, at + 6);
    size_t value = at + 8;
    if (vr == "OB" || vr == "UN" || vr == "UT") {
      if (bytes.size() - at < 12) return NotDicom();
      length = LittleU16(bytes, at + 8) | (static_cast<uint64_t>(LittleU16(bytes, at + 10)) << 16);
      value = at + 12;
    }
    if (length > bytes.size() - value) {
      return absl::InvalidArgumentError("the file meta information is cut off: the file is truncated");
    }
    const absl::string_view text = TrimPadding(bytes.substr(value, length));
    if (tag == kMediaStorageSopClassUid) start.sop_class_uid = text;
    if (tag == kMediaStorageSopInstanceUid) start.sop_instance_uid = text;
    if (tag == kTransferSyntaxUid) start.syntax_uid = text;
    at = value + length;
  }
  return start;
}

// Whether the first element has a value representation. In an implicit data set its place holds the length's
// lower half, which would have to be above 16,000 to look like one;
// no first element of an image is that long.
bool LooksExplicit(absl::string_view dataset) {
  constexpr absl::string_view kKnown =
      " AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT "
      "UV ";
  if (dataset.size() < 8) return false;
  return absl::StrContains(kKnown, absl::StrCat(" ", dataset.substr(4, 2), " "));
}

bool IsUidText(absl::string_view text) {
  const auto of_uid = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), of_uid);
}

// For files that name no transfer syntax: the first element's tag and value representation tell.
absl::StatusOr<const TransferSyntax*> GuessSyntax(absl::string_view dataset) {
  if (dataset.size() < 8) return NotDicom();
  const uint32_t group = LittleU16(dataset, 0);
  const bool big_endian = group == 0x0800;
  if (!big_endian && group != 0x0008) return NotDicom();
  const bool explicit_vr = LooksExplicit(dataset);
  if (big_endian && !explicit_vr) return NotDicom();
  return &NativeSyntax(explicit_vr, big_endian);
}

}  // namespace

absl::StatusOr<DicomFile> DicomFile::Open(absl::string_view bytes, size_t max_inflated_bytes) {
  ASSIGN_OR_RETURN(const FileStart start, ReadFileMeta(bytes));
  DicomFile file;
  file.dataset_ = bytes.substr(start.dataset);
  file.syntax_guessed_ = start.syntax_uid.empty();
  if (file.syntax_guessed_) {
    ASSIGN_OR_RETURN(file.syntax_, GuessSyntax(file.dataset_));
  } else {
    ASSIGN_OR_RETURN(file.syntax_, FindTransferSyntax(start.syntax_uid));
  }
  if (file.syntax_->deflated) {
    ASSIGN_OR_RETURN(file.inflated_, InflateRaw(file.dataset_, max_inflated_bytes));
    file.dataset_ = file.inflated_.view();
  }
  RETURN_IF_ERROR(file.Scan());
  const auto uid = [&file](uint32_t in_dataset, absl::string_view in_meta) {
    const absl::string_view found = file.Text(in_dataset);
    file.uids_from_meta_ = file.uids_from_meta_ || (found.empty() && !in_meta.empty());
    return found.empty() ? in_meta : found;
  };
  file.sop_class_uid_ = uid(tags::kSopClassUid, start.sop_class_uid);
  file.sop_instance_uid_ = uid(tags::kSopInstanceUid, start.sop_instance_uid);
  return file;
}

absl::Status DicomFile::Scan() {
  const DatasetEncoding announced{.explicit_vr = syntax_->explicit_vr, .big_endian = syntax_->big_endian};
  DatasetEncoding other = announced;
  other.explicit_vr = !announced.explicit_vr;
  if (LooksExplicit(dataset_) == other.explicit_vr) {
    // Believed only if every length in it then fits.
    absl::StatusOr<ScannedDataset> scan = ScanDataset(dataset_, other);
    if (scan.ok()) {
      explicit_vr_ = other.explicit_vr;
      scan_ = *std::move(scan);
      return absl::OkStatus();
    }
  }
  explicit_vr_ = announced.explicit_vr;
  ASSIGN_OR_RETURN(scan_, ScanDataset(dataset_, announced));
  return absl::OkStatus();
}

const ScannedElement* DicomFile::Find(uint32_t tag) const {
  for (const ScannedElement& element : scan_.elements) {
    if (element.tag == tag) return &element;
  }
  return nullptr;
}

absl::string_view DicomFile::Text(uint32_t tag) const {
  const ScannedElement* element = Find(tag);
  return element == nullptr ? absl::string_view() : TrimPadding(Bytes(element->value));
}

std::optional<uint16_t> DicomFile::Uint16(uint32_t tag) const {
  const ScannedElement* element = Find(tag);
  if (element == nullptr || element->value.length < 2) return std::nullopt;
  const absl::string_view value = Bytes(element->value);
  const uint32_t little = LittleU16(value, 0);
  // A value of unknown representation is always little endian (PS3.5 6.2.2).
  const bool unknown = element->vr[0] == 'U' && element->vr[1] == 'N';
  const bool swap = syntax_->big_endian && !unknown;
  return static_cast<uint16_t>(swap ? (little >> 8) | (little << 8) : little);
}

std::optional<std::vector<double>> DicomFile::Numbers(uint32_t tag) const {
  const absl::string_view text = Text(tag);
  if (text.empty() || text.size() > kMaxTextBytes) return std::nullopt;
  return ParseNumbers(text);
}

absl::string_view DicomFile::ElementBytes(uint32_t tag) const {
  const ScannedElement* element = Find(tag);
  return element == nullptr ? absl::string_view() : Bytes(element->whole);
}

bool DicomFile::HasItems(uint32_t tag) const {
  const ScannedElement* element = Find(tag);
  if (element == nullptr) return false;
  if (element->value.length > 0) return true;
  // Undefined length: content unless the delimiter follows at once.
  const absl::string_view next = dataset_.substr(element->value.offset, 4);
  return next.size() == 4 && next.substr(2, 2) != (syntax_->big_endian ? "\xE0\xDD" : "\xDD\xE0");
}

FileIdentity IdentityOf(absl::string_view bytes) {
  FileIdentity identity;
  const absl::StatusOr<FileStart> start = ReadFileMeta(bytes);
  if (!start.ok()) return identity;
  if (IsUidText(start->sop_class_uid)) identity.sop_class_uid = start->sop_class_uid;
  const absl::string_view dataset = bytes.substr(start->dataset);
  const absl::StatusOr<const TransferSyntax*> syntax =
      start->syntax_uid.empty() ? GuessSyntax(dataset) : FindTransferSyntax(start->syntax_uid);
  if (syntax.ok() && (*syntax)->deflated) return identity;
  // Whatever codec the pixels need, the data set around them is Explicit VR Little Endian (PS3.5 A.4).
  const DatasetEncoding encoding{.explicit_vr = LooksExplicit(dataset),
                                 .big_endian = syntax.ok() && (*syntax)->big_endian};
  uint32_t before = 0;
  for (const ScannedElement& element : ScanUntilDamaged(dataset, encoding)) {
    if (element.tag <= before) break;  // out of order: the damage lies before it
    before = element.tag;
    const absl::string_view text = TrimPadding(dataset.substr(element.value.offset, element.value.length));
    if (!IsUidText(text)) continue;
    if (element.tag == tags::kSopClassUid) identity.sop_class_uid = text;
    if (element.tag == tags::kStudyInstanceUid) identity.study_instance_uid = text;
    if (element.tag == tags::kSeriesInstanceUid) identity.series_instance_uid = text;
  }
  return identity;
}

}  // namespace sgpsam
