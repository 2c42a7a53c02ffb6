#include "core/dicom/seg/seg_modules.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/dicom/dataset/prescan.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dataset/uid.h"
#include "core/dicom/seg/cielab.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kSegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr absl::string_view kProduct = "sgpsam-server";
constexpr absl::string_view kUtf8 = "ISO_IR 192";

struct DateAndTime {
  std::string date, time;
};

// In the source's time zone where it names one, because that attribute rules every time in the object;
// else in UTC.
DateAndTime Created(const SegContents& seg) {
  int minutes = 0;
  absl::string_view zone;
  for (const CopiedAttribute& attribute : seg.info.patient_and_study) {
    if (attribute.tag == tags::kTimezoneOffsetFromUtc) zone = attribute.value;
  }
  if (int hhmm = 0; zone.size() == 5 && absl::SimpleAtoi(zone.substr(1), &hhmm)) {
    minutes = (hhmm / 100 * 60 + hhmm % 100) * (zone[0] == '-' ? -1 : 1);
  }
  const absl::Time local = seg.identity.created + absl::Minutes(minutes);
  return {absl::FormatTime("%Y%m%d", local, absl::UTCTimeZone()),
          absl::FormatTime("%H%M%E6S", local, absl::UTCTimeZone())};
}

void WriteCopied(absl::Span<const CopiedAttribute> attributes, ItemWriter& out) {
  for (const CopiedAttribute& attribute : attributes) {
    if (attribute.items.empty()) out.Text(attribute.tag, attribute.value);
    for (const std::vector<CopiedAttribute>& item : attribute.items) {
      ItemWriter writer = out.Item(attribute.tag);
      WriteCopied(item, writer);
    }
  }
}

void WriteEquipment(const SegContents& seg, ItemWriter& out) {
  const SegIdentity& identity = seg.identity;
  const DateAndTime created = Created(seg);
  out.Text(DicomTag(0x0008, 0x0070), kProduct);                   // Manufacturer
  out.Text(DicomTag(0x0008, 0x1090), kProduct);                   // ManufacturerModelName
  out.Text(DicomTag(0x0018, 0x1000), identity.model_digest_hex);  // DeviceSerialNumber
  out.Text(DicomTag(0x0018, 0x1020), identity.software_version);  // SoftwareVersions
  ItemWriter contributor = out.Item(DicomTag(0x0018, 0xA001));    // ContributingEquipmentSequence
  contributor.Text(DicomTag(0x0008, 0x0070), kProduct);
  contributor.Text(DicomTag(0x0008, 0x1090), identity.algorithm_name);
  contributor.Text(DicomTag(0x0018, 0x1020), identity.algorithm_version);
  contributor.Text(DicomTag(0x0018, 0xA002), created.date + created.time);  // ContributionDateTime
  contributor.Text(DicomTag(0x0018, 0xA003), "Segmentation by an algorithm from a reader's prompts");
  WriteCode(DicomTag(0x0040, 0xA170), {"109102", "DCM", "Processing Equipment"}, contributor);
}

void WriteLossy(const SeriesInfo& info, ItemWriter& out) {
  out.Text(tags::kLossyImageCompression, info.lossy ? "01" : "00");
  if (!info.lossy) return;
  if (!info.lossy_ratio.empty()) out.Text(tags::kLossyImageCompressionRatio, info.lossy_ratio);
  if (!info.lossy_method.empty()) out.Text(tags::kLossyImageCompressionMethod, info.lossy_method);
}

void WriteAlgorithm(const SegContents& seg, const Segment& segment, ItemWriter& item) {
  const SegIdentity& identity = seg.identity;
  item.Text(DicomTag(0x0062, 0x0008), "SEMIAUTOMATIC");          // SegmentAlgorithmType
  item.Text(DicomTag(0x0062, 0x0009), identity.algorithm_name);  // SegmentAlgorithmName
  ItemWriter algorithm = item.Item(DicomTag(0x0062, 0x0007));  // SegmentationAlgorithmIdentificationSequence
  WriteCode(DicomTag(0x0066, 0x002F), {"123110", "DCM", "Artificial Intelligence"}, algorithm);
  algorithm.Text(DicomTag(0x0066, 0x0036), identity.algorithm_name);
  algorithm.Text(DicomTag(0x0066, 0x0031), identity.algorithm_version);
  algorithm.Text(DicomTag(0x0024, 0x0202), kProduct);  // AlgorithmSource
  algorithm.Text(DicomTag(0x0066, 0x0032),             // AlgorithmParameters
                 absl::StrCat("weights sha256 ", identity.model_digest_hex, "; ", segment.prompts));
}

void WriteSeries(const SegContents& seg, ItemWriter& out) {
  const SegSeries& series = seg.identity.series;
  out.Text(tags::kSeriesInstanceUid, seg.identity.series_instance_uid);
  out.Text(DicomTag(0x0020, 0x0011), absl::StrCat(series.number));  // SeriesNumber
  out.Text(DicomTag(0x0008, 0x103E), series.description);           // SeriesDescription
  // When a series began that has other objects too is not known here, and all its objects must say the same.
  if (!series.instance_uid.empty()) return;
  const DateAndTime created = Created(seg);
  out.Text(DicomTag(0x0008, 0x0021), created.date);  // Series
  out.Text(DicomTag(0x0008, 0x0031), created.time);
}

}  // namespace

void WriteCode(uint32_t sequence, const CodedConcept& code, ItemWriter& out) {
  ItemWriter item = out.Item(sequence);
  item.Text(DicomTag(0x0008, 0x0100), code.value);
  item.Text(DicomTag(0x0008, 0x0102), code.scheme);
  item.Text(DicomTag(0x0008, 0x0104), code.meaning);
}

void WriteIdentification(const SegContents& seg, ItemWriter& out) {
  const DateAndTime created = Created(seg);
  out.Text(tags::kSpecificCharacterSet, kUtf8);
  out.Text(DicomTag(0x0008, 0x0012), created.date);  // InstanceCreation
  out.Text(DicomTag(0x0008, 0x0013), created.time);
  out.Text(tags::kSopClassUid, kSegmentationStorage);
  out.Text(tags::kSopInstanceUid, seg.identity.sop_instance_uid);
  WriteCopied(seg.info.patient_and_study, out);
  out.Text(tags::kStudyInstanceUid, seg.info.study_instance_uid);
  out.Text(tags::kModality, "SEG");
  WriteSeries(seg, out);
  out.Text(tags::kFrameOfReferenceUid, seg.info.frame_of_reference_uid);
  out.Text(DicomTag(0x0020, 0x1040), "");  // PositionReferenceIndicator
  WriteEquipment(seg, out);
}

void WriteImage(const SegContents& seg, size_t frames, ItemWriter& out) {
  const DateAndTime created = Created(seg);
  const Shape& shape = seg.geometry.shape();
  out.Text(tags::kImageType, "DERIVED\\PRIMARY");
  const SegSeries& series = seg.identity.series;
  out.Text(DicomTag(0x0020, 0x0013), absl::StrCat(series.instance_number));  // InstanceNumber
  out.Text(DicomTag(0x0008, 0x0023), created.date);                          // Content
  out.Text(DicomTag(0x0008, 0x0033), created.time);
  out.Text(DicomTag(0x0070, 0x0080), series.content_label);                         // ContentLabel
  out.Text(DicomTag(0x0070, 0x0081), "Lesions segmented from a reader's prompts");  // ContentDescription
  out.Text(DicomTag(0x0070, 0x0084), series.content_creator_name);                  // ContentCreatorName
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
    item.Text(DicomTag(0x0062, 0x0005), segment.label);                     // SegmentLabel
    WriteCode(DicomTag(0x0062, 0x0003), segment.category, item);            // SegmentedPropertyCategory
    WriteCode(DicomTag(0x0062, 0x000F), segment.type, item);                // SegmentedPropertyType
    WriteAlgorithm(seg, segment, item);
    const std::array<uint16_t, 3> lab = CieLabFromSrgb(segment.rgb);
    item.Uint16(DicomTag(0x0062, 0x000D), {lab[0], lab[1], lab[2]});  // RecommendedDisplayCIELabValue
    item.Text(DicomTag(0x0062, 0x0020), absl::StrCat(segment.label, " ", n + 1));  // TrackingID
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
