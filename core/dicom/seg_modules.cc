#include "core/dicom/seg_modules.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/dicom/cielab.h"
#include "core/dicom/copied_attributes.h"
#include "core/dicom/derived_text.h"
#include "core/dicom/prescan.h"
#include "core/dicom/tags.h"
#include "core/dicom/uid.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kSegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr absl::string_view kProduct = "sgpsam-server";
constexpr absl::string_view kUnknown = "unknown";
constexpr size_t kLong = 64, kLongText = 10240;  // bytes of LO, LT

struct DateAndTime {
  std::string date, time;
};

// nullopt if the source does not have the attribute.
std::optional<std::string> CopiedValue(const SeriesInfo& info, const CopiedTag& tag) {
  const bool iso_2022 = absl::StrContains(info.specific_character_set, "2022");
  for (const CopiedAttribute& attribute : info.patient_and_study) {
    if (attribute.group == tag.group && attribute.element == tag.element) {
      return ValidValue(tag, attribute.value, iso_2022);
    }
  }
  return std::nullopt;
}

// In the source's time zone where it names one, because that attribute rules every time in the object;
// else in UTC.
DateAndTime Created(const SegContents& seg) {
  int minutes = 0;
  const std::string zone = CopiedValue(seg.info, *FindCopiedTag(0x0008, 0x0201)).value_or("");
  if (int hhmm = 0; zone.size() == 5 && absl::SimpleAtoi(absl::string_view(zone).substr(1), &hhmm)) {
    minutes = (hhmm / 100 * 60 + hhmm % 100) * (zone[0] == '-' ? -1 : 1);
  }
  const absl::Time local = seg.identity.created + absl::Minutes(minutes);
  return {absl::FormatTime("%Y%m%d", local, absl::UTCTimeZone()),
          absl::FormatTime("%H%M%E6S", local, absl::UTCTimeZone())};
}

// The source's study; a UID that no object may carry is replaced by one that is always the same for it.
std::string StudyUid(const SeriesInfo& info) {
  return IsUid(info.study_instance_uid) ? info.study_instance_uid
                                        : DerivedUid(absl::StrCat("study\n", info.study_instance_uid));
}

std::string Own(const SegContents& seg, absl::string_view text, size_t limit) {
  return OwnText(text, limit, seg.character_set);
}

// For attributes that must not be empty.
std::string OwnOrUnknown(const SegContents& seg, absl::string_view text, size_t limit) {
  const std::string own = Own(seg, text, limit);
  return own.empty() ? std::string(kUnknown) : own;
}

void WriteCopied(const SegContents& seg, ItemWriter& out) {
  using Presence = CopiedTag::Presence;
  for (const CopiedTag& tag : CopiedTags()) {
    const std::optional<std::string> value = CopiedValue(seg.info, tag);
    const bool write =
        tag.presence == Presence::kType2 || (value && (!value->empty() || tag.presence == Presence::kType3));
    if (write) out.Text(DicomTag(tag.group, tag.element), value.value_or(""));
  }
}

void WriteEquipment(const SegContents& seg, ItemWriter& out) {
  const SegIdentity& identity = seg.identity;
  const DateAndTime created = Created(seg);
  const std::string software = OwnOrUnknown(seg, identity.software_version, kLong);
  out.Text(DicomTag(0x0008, 0x0070), kProduct);  // Manufacturer
  out.Text(DicomTag(0x0008, 0x1090), kProduct);  // ManufacturerModelName
  out.Text(DicomTag(0x0018, 0x1000),
           OwnOrUnknown(seg, identity.model_digest_hex, kLong));  // DeviceSerialNumber
  out.Text(DicomTag(0x0018, 0x1020), software);                   // SoftwareVersions
  ItemWriter contributor = out.Item(DicomTag(0x0018, 0xA001));    // ContributingEquipmentSequence
  contributor.Text(DicomTag(0x0008, 0x0070), kProduct);
  contributor.Text(DicomTag(0x0008, 0x1090), OwnOrUnknown(seg, identity.algorithm_name, kLong));
  contributor.Text(DicomTag(0x0018, 0x1020), OwnOrUnknown(seg, identity.algorithm_version, kLong));
  contributor.Text(DicomTag(0x0018, 0xA002), created.date + created.time);  // ContributionDateTime
  contributor.Text(DicomTag(0x0018, 0xA003), "Segmentation by an algorithm from a reader's prompts");
  WriteCode(DicomTag(0x0040, 0xA170), {"109102", "DCM", "Processing Equipment"}, seg.character_set,
            contributor);
}

void WriteLossy(const SeriesInfo& info, ItemWriter& out) {
  out.Text(tags::kLossyImageCompression, info.lossy ? "01" : "00");
  if (!info.lossy) return;
  if (!info.lossy_ratio.empty()) out.Text(tags::kLossyImageCompressionRatio, info.lossy_ratio);
  if (!info.lossy_method.empty()) out.Text(tags::kLossyImageCompressionMethod, info.lossy_method);
}

void WriteAlgorithm(const SegContents& seg, const Segment& segment, ItemWriter& item) {
  const SegIdentity& identity = seg.identity;
  const std::string name = OwnOrUnknown(seg, identity.algorithm_name, kLong);
  item.Text(DicomTag(0x0062, 0x0008), "SEMIAUTOMATIC");        // SegmentAlgorithmType
  item.Text(DicomTag(0x0062, 0x0009), name);                   // SegmentAlgorithmName
  ItemWriter algorithm = item.Item(DicomTag(0x0062, 0x0007));  // SegmentationAlgorithmIdentificationSequence
  WriteCode(DicomTag(0x0066, 0x002F), {"123110", "DCM", "Artificial Intelligence"}, seg.character_set,
            algorithm);
  algorithm.Text(DicomTag(0x0066, 0x0036), name);
  algorithm.Text(DicomTag(0x0066, 0x0031), OwnOrUnknown(seg, identity.algorithm_version, kLong));
  algorithm.Text(DicomTag(0x0024, 0x0202), kProduct);  // AlgorithmSource
  algorithm.Text(
      DicomTag(0x0066, 0x0032),  // AlgorithmParameters
      Own(seg, absl::StrCat("weights sha256 ", identity.model_digest_hex, "; ", segment.prompts), kLongText));
}

}  // namespace

void WriteCode(uint32_t sequence, const CodedConcept& code, absl::string_view character_set,
               ItemWriter& out) {
  ItemWriter item = out.Item(sequence);
  item.Text(DicomTag(0x0008, 0x0100), code.value);
  item.Text(DicomTag(0x0008, 0x0102), code.scheme);
  item.Text(DicomTag(0x0008, 0x0104), OwnText(code.meaning, kLong, character_set));
}

void WriteIdentification(const SegContents& seg, ItemWriter& out) {
  const DateAndTime created = Created(seg);
  out.Text(tags::kSpecificCharacterSet, seg.character_set);
  out.Text(DicomTag(0x0008, 0x0012), created.date);  // InstanceCreation
  out.Text(DicomTag(0x0008, 0x0013), created.time);
  out.Text(tags::kSopClassUid, kSegmentationStorage);
  out.Text(tags::kSopInstanceUid, seg.identity.sop_instance_uid);
  WriteCopied(seg, out);
  out.Text(tags::kStudyInstanceUid, StudyUid(seg.info));
  out.Text(tags::kModality, "SEG");
  out.Text(tags::kSeriesInstanceUid, seg.identity.series_instance_uid);
  out.Text(DicomTag(0x0020, 0x0011), "9000");        // SeriesNumber
  out.Text(DicomTag(0x0008, 0x0021), created.date);  // Series
  out.Text(DicomTag(0x0008, 0x0031), created.time);
  out.Text(DicomTag(0x0008, 0x103E), "AI segmentation, not for diagnosis");  // SeriesDescription
  out.Text(tags::kFrameOfReferenceUid, seg.info.frame_of_reference_uid);
  out.Text(DicomTag(0x0020, 0x1040), "");  // PositionReferenceIndicator
  WriteEquipment(seg, out);
}

void WriteImage(const SegContents& seg, size_t frames, ItemWriter& out) {
  const DateAndTime created = Created(seg);
  const Shape& shape = seg.geometry.shape();
  out.Text(tags::kImageType, "DERIVED\\PRIMARY");
  out.Text(DicomTag(0x0020, 0x0013), "1");           // InstanceNumber
  out.Text(DicomTag(0x0008, 0x0023), created.date);  // Content
  out.Text(DicomTag(0x0008, 0x0033), created.time);
  out.Text(DicomTag(0x0070, 0x0080), "SEGMENTATION");                               // ContentLabel
  out.Text(DicomTag(0x0070, 0x0081), "Lesions segmented from a reader's prompts");  // ContentDescription
  out.Text(DicomTag(0x0070, 0x0084), "SGPSAM^Server");                              // ContentCreatorName
  out.Text(tags::kNumberOfFrames, absl::StrCat(frames));
  out.Uint16(tags::kSamplesPerPixel, {1});
  out.Text(tags::kPhotometricInterpretation, "MONOCHROME2");
  out.Uint16(tags::kRows, {static_cast<uint16_t>(shape.j)});
  out.Uint16(tags::kColumns, {static_cast<uint16_t>(shape.i)});
  out.Uint16(tags::kBitsAllocated, {1});
  out.Uint16(tags::kBitsStored, {1});
  out.Uint16(tags::kHighBit, {0});
  out.Uint16(tags::kPixelRepresentation, {0});
  WriteLossy(seg.info, out);
  out.Text(DicomTag(0x0062, 0x0001), "BINARY");                    // SegmentationType
  out.Text(DicomTag(0x0062, 0x0013), seg.overlap ? "YES" : "NO");  // SegmentsOverlap
}

void WriteSegments(const SegContents& seg, ItemWriter& out) {
  for (size_t n = 0; n < seg.segments.size(); ++n) {
    const Segment& segment = seg.segments[n];
    ItemWriter item = out.Item(DicomTag(0x0062, 0x0002));
    item.Uint16(DicomTag(0x0062, 0x0004), {static_cast<uint16_t>(n + 1)});  // SegmentNumber
    const std::string label = OwnOrUnknown(seg, segment.label, kLong);
    item.Text(DicomTag(0x0062, 0x0005), label);  // SegmentLabel
    WriteCode(DicomTag(0x0062, 0x0003), segment.category, seg.character_set,
              item);                                                             // SegmentedPropertyCategory
    WriteCode(DicomTag(0x0062, 0x000F), segment.type, seg.character_set, item);  // SegmentedPropertyType
    WriteAlgorithm(seg, segment, item);
    const std::array<uint16_t, 3> lab = CieLabFromSrgb(segment.rgb);
    item.Uint16(DicomTag(0x0062, 0x000D), {lab[0], lab[1], lab[2]});       // RecommendedDisplayCIELabValue
    item.Text(DicomTag(0x0062, 0x0020), absl::StrCat(label, " ", n + 1));  // TrackingID
    item.Text(DicomTag(0x0062, 0x0021), seg.identity.tracking_uids[n]);
  }
}

void WriteReferences(const SegContents& seg, ItemWriter& out) {
  ItemWriter series = out.Item(DicomTag(0x0008, 0x1115));  // ReferencedSeriesSequence
  for (const SourceInstance& instance : seg.info.instances) {
    ItemWriter item = series.Item(DicomTag(0x0008, 0x114A));  // ReferencedInstanceSequence
    item.Text(DicomTag(0x0008, 0x1150), instance.sop_class_uid);
    item.Text(DicomTag(0x0008, 0x1155), instance.sop_instance_uid);
  }
  series.Text(tags::kSeriesInstanceUid, seg.info.series_instance_uid);
}

}  // namespace sgpsam
