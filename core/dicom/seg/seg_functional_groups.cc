#include "core/dicom/seg/seg_functional_groups.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/prescan.h"
#include "core/dicom/dataset/tags.h"

namespace sgpsam {
namespace {

constexpr uint32_t kDimensionOrganizationUid = DicomTag(0x0020, 0x9164);
constexpr uint32_t kPlanePositionSequence = DicomTag(0x0020, 0x9113);
constexpr uint32_t kSegmentIdentificationSequence = DicomTag(0x0062, 0x000A);
constexpr uint32_t kReferencedSegmentNumber = DicomTag(0x0062, 0x000B);

void WriteDimension(const SegContents& seg, uint32_t pointer, uint32_t group, absl::string_view label,
                    ItemWriter& out) {
  ItemWriter item = out.Item(DicomTag(0x0020, 0x9222));  // DimensionIndexSequence
  item.Text(kDimensionOrganizationUid, seg.identity.dimension_organization_uid);
  item.AttributeTag(DicomTag(0x0020, 0x9165), pointer);  // DimensionIndexPointer
  item.AttributeTag(DicomTag(0x0020, 0x9167), group);    // FunctionalGroupPointer
  item.Text(DicomTag(0x0020, 0x9421), label);            // DimensionDescriptionLabel
}

// Distance between neighbouring slices along their normal: the steps' volume over their base.
double SpacingBetweenSlices(const Geometry& geometry) {
  const std::array<double, 3> lengths = geometry.spacing_mm();
  return geometry.voxel_ml() * 1000 / (lengths[0] * lengths[1]);  // rows and columns are at right angles
}

// ranks[k]: 1-based rank of slice k among the slices that have a frame.
std::vector<uint32_t> PositionRanks(absl::Span<const SegFrame> frames, int64_t slices) {
  std::vector<uint32_t> ranks(static_cast<size_t>(slices), 0);
  for (const SegFrame& frame : frames) ranks[static_cast<size_t>(frame.k)] = 1;
  uint32_t rank = 0;
  for (uint32_t& used : ranks) {
    if (used != 0) used = ++rank;
  }
  return ranks;
}

void WriteDerivation(const SourceInstance& source, ItemWriter& frame) {
  ItemWriter derivation = frame.Item(DicomTag(0x0008, 0x9124));  // DerivationImageSequence
  ItemWriter image = derivation.Item(DicomTag(0x0008, 0x2112));  // SourceImageSequence
  image.Text(DicomTag(0x0008, 0x1150), source.sop_class_uid);
  image.Text(DicomTag(0x0008, 0x1155), source.sop_instance_uid);
  image.Text(DicomTag(0x0028, 0x135A), "YES");  // SpatialLocationsPreserved
  WriteCode(DicomTag(0x0040, 0xA170), {"121322", "DCM", "Source image for image processing operation"},
            image);
  WriteCode(DicomTag(0x0008, 0x9215), {"113076", "DCM", "Segmentation"}, derivation);
}

}  // namespace

void WriteDimensions(const SegContents& seg, ItemWriter& out) {
  ItemWriter organization = out.Item(DicomTag(0x0020, 0x9221));  // DimensionOrganizationSequence
  organization.Text(kDimensionOrganizationUid, seg.identity.dimension_organization_uid);
  WriteDimension(seg, kReferencedSegmentNumber, kSegmentIdentificationSequence, "Segment Number", out);
  WriteDimension(seg, tags::kImagePositionPatient, kPlanePositionSequence, "Image Position Patient", out);
}

void WriteSharedGroups(const SegContents& seg, ItemWriter& out) {
  ItemWriter shared = out.Item(DicomTag(0x5200, 0x9229));  // SharedFunctionalGroupsSequence
  const std::string spacing = FormatDs(SpacingBetweenSlices(seg.geometry));
  ItemWriter measures = shared.Item(DicomTag(0x0028, 0x9110));  // PixelMeasuresSequence
  measures.Text(tags::kSliceThickness, seg.info.slice_thickness.empty() ? spacing : seg.info.slice_thickness);
  measures.Text(DicomTag(0x0018, 0x0088), spacing);  // SpacingBetweenSlices
  measures.Text(tags::kPixelSpacing, seg.info.pixel_spacing);
  ItemWriter orientation = shared.Item(DicomTag(0x0020, 0x9116));  // PlaneOrientationSequence
  orientation.Text(tags::kImageOrientationPatient, seg.info.image_orientation_patient);
}

void WritePerFrameGroups(const SegContents& seg, absl::Span<const SegFrame> frames, ItemWriter& out) {
  const std::vector<uint32_t> ranks = PositionRanks(frames, seg.geometry.shape().k);
  for (const SegFrame& planned : frames) {
    const SourceInstance& source = seg.info.instances[static_cast<size_t>(planned.k)];
    const auto number = static_cast<uint16_t>(planned.segment + 1);
    ItemWriter frame = out.Item(DicomTag(0x5200, 0x9230));  // PerFrameFunctionalGroupsSequence
    WriteDerivation(source, frame);
    ItemWriter content = frame.Item(DicomTag(0x0020, 0x9111));  // FrameContentSequence
    content.Uint32(DicomTag(0x0020, 0x9157), {number, ranks[static_cast<size_t>(planned.k)]});
    ItemWriter position = frame.Item(kPlanePositionSequence);
    position.Text(tags::kImagePositionPatient, source.image_position_patient);
    ItemWriter segment = frame.Item(kSegmentIdentificationSequence);
    segment.Uint16(kReferencedSegmentNumber, {number});
  }
}

}  // namespace sgpsam
