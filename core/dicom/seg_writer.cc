#include "core/dicom/seg_writer.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/dicom/dcmtk_status.h"
#include "core/dicom/derived_text.h"
#include "core/dicom/part10_writer.h"
#include "core/dicom/prescan.h"
#include "core/dicom/seg_frames.h"
#include "core/dicom/seg_functional_groups.h"
#include "core/dicom/seg_modules.h"
#include "core/dicom/uid.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxSegments = 65535;                  // SegmentNumber has 16 bits
constexpr uint64_t kMaxPixelBytes = uint64_t{2} << 30;  // an element's length has 32 bits, DCMTK's sums too

absl::Status CheckCode(const CodedConcept& code, size_t segment) {
  const auto sound = [](absl::string_view text, size_t limit) {
    return !text.empty() && text.size() <= limit &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F && c != '\\'; });
  };
  if (sound(code.value, 16) && sound(code.scheme, 16) && !code.meaning.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("segment ", segment + 1,
                   ": a code needs a value and a scheme of 1 to 16 ASCII characters, and a meaning"));
}

absl::Status CheckIdentity(const SegIdentity& identity, size_t segments) {
  bool sound = IsUid(identity.series_instance_uid) && IsUid(identity.sop_instance_uid) &&
               IsUid(identity.dimension_organization_uid) && identity.tracking_uids.size() == segments;
  for (const std::string& uid : identity.tracking_uids) sound = sound && IsUid(uid);
  if (sound) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the SEG's identity needs valid UIDs, and one tracking UID for each segment");
}

absl::Status CheckArguments(const SeriesInfo& info, const Geometry& geometry,
                            absl::Span<const Segment> segments, const SegIdentity& identity) {
  if (!info.seg_obstacles.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no DICOM-SEG can be made of this series: ", absl::StrJoin(info.seg_obstacles, "; "),
                     ". Send the original series, or ask for NIfTI"));
  }
  if (segments.empty() || segments.size() > kMaxSegments) {
    return absl::InvalidArgumentError(absl::StrCat("a SEG has 1 to ", kMaxSegments, " segments"));
  }
  if (info.instances.size() != static_cast<size_t>(geometry.shape().k)) {
    return absl::InvalidArgumentError("the series does not have as many instances as the volume has slices");
  }
  for (size_t n = 0; n < segments.size(); ++n) {
    if (segments[n].mask == nullptr || !(segments[n].mask->shape() == geometry.shape())) {
      return absl::InvalidArgumentError(
          absl::StrCat("segment ", n + 1, ": its mask does not have the volume's shape"));
    }
    RETURN_IF_ERROR(CheckCode(segments[n].category, n));
    RETURN_IF_ERROR(CheckCode(segments[n].type, n));
  }
  return CheckIdentity(identity, segments.size());
}

}  // namespace

SegIdentity MakeSegIdentity(absl::string_view key, size_t segments) {
  const auto uid = [&](absl::string_view part) {
    return key.empty() ? RandomUid() : DerivedUid(absl::StrCat(part, "\n", key));
  };
  SegIdentity identity;
  identity.series_instance_uid = uid("series");
  identity.sop_instance_uid = uid("instance");
  identity.dimension_organization_uid = uid("dimensions");
  for (size_t n = 0; n < segments; ++n) identity.tracking_uids.push_back(uid(absl::StrCat("tracking ", n)));
  return identity;
}

absl::StatusOr<std::string> WriteSeg(const SeriesInfo& info, const Geometry& geometry,
                                     absl::Span<const Segment> segments, const SegIdentity& identity) {
  RETURN_IF_ERROR(CheckArguments(info, geometry, segments, identity));
  RETURN_IF_ERROR(EnsureDcmtk());
  std::vector<const Mask*> masks;
  for (const Segment& segment : segments) masks.push_back(segment.mask);
  const std::vector<SegFrame> frames = PlanFrames(masks);
  const Shape& shape = geometry.shape();
  if (static_cast<uint64_t>(shape.i * shape.j) / 8 * frames.size() > kMaxPixelBytes) {
    return absl::InvalidArgumentError("the SEG would be larger than 2 GiB: ask for fewer segments at once");
  }
  const SegContents contents{
      info, geometry, segments, identity, DerivedCharacterSet(info), AnyOverlap(masks)};
  DcmFileFormat file;
  absl::Status status;
  ItemWriter out(*file.getDataset(), status);
  WriteIdentification(contents, out);
  WriteImage(contents, frames.size(), out);
  WriteSegments(contents, out);
  WriteReferences(contents, out);
  WriteDimensions(contents, out);
  WriteSharedGroups(contents, out);
  WritePerFrameGroups(contents, frames, out);
  out.Bytes(kPixelDataTag, PackFrames(masks, frames));
  RETURN_IF_ERROR(status);
  return SerialisePart10(file);
}

}  // namespace sgpsam
