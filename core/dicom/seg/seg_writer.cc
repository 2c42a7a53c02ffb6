#include "core/dicom/seg/seg_writer.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/prescan.h"
#include "core/dicom/dataset/uid.h"
#include "core/dicom/dcmtk/dcmtk_status.h"
#include "core/dicom/dcmtk/part10_writer.h"
#include "core/dicom/seg/seg_frames.h"
#include "core/dicom/seg/seg_functional_groups.h"
#include "core/dicom/seg/seg_modules.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxLong = 64;                         // characters of LO
constexpr size_t kMaxLongText = 10240;                  // characters of LT
constexpr size_t kMaxParameterPrefix = 128;             // what stands before the prompts
constexpr size_t kMaxSegments = 65535;                  // SegmentNumber has 16 bits
constexpr uint64_t kMaxPixelBytes = uint64_t{2} << 30;  // an element's length has 32 bits, DCMTK's sums too

absl::Status CheckCode(const CodedConcept& code, size_t segment) {
  const auto sound = [](absl::string_view text, size_t limit) {
    return !text.empty() && text.size() <= limit &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F && c != '\\'; });
  };
  const bool meaning = !code.meaning.empty() && IsShortText(code.meaning, kMaxLong);
  if (sound(code.value, 16) && sound(code.scheme, 16) && meaning) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "segment ", segment + 1, ": a code needs a value and a scheme of 1 to 16 ASCII characters, ",
      "and a meaning of 1 to 64 characters"));
}

absl::Status CheckTexts(const Segment& segment, size_t n) {
  if (segment.label.empty() || !IsShortText(segment.label, kMaxLong)) {
    return absl::InvalidArgumentError(absl::StrCat("segment ", n + 1, ": its label needs 1 to 64 printable ",
                                                   "characters of UTF-8, no backslash"));
  }
  if (!IsPrintable(segment.prompts) ||
      CountCharacters(segment.prompts) > kMaxLongText - kMaxParameterPrefix) {
    return absl::InvalidArgumentError(absl::StrCat("segment ", n + 1, ": its prompts are too long a text"));
  }
  return absl::OkStatus();
}

absl::Status CheckIdentity(const SegIdentity& identity, size_t segments) {
  bool sound = IsUid(identity.series_instance_uid) && IsUid(identity.sop_instance_uid) &&
               IsUid(identity.dimension_organization_uid) && identity.tracking_uids.size() == segments;
  for (const std::string& uid : identity.tracking_uids) sound = sound && IsUid(uid);
  if (!sound) {
    return absl::InvalidArgumentError(
        "the SEG's identity needs valid UIDs, and one tracking UID for each segment");
  }
  for (const std::string* text : {&identity.algorithm_name, &identity.algorithm_version,
                                  &identity.model_digest_hex, &identity.software_version}) {
    if (text->empty() || !IsShortText(*text, kMaxLong)) {
      return absl::InvalidArgumentError(
          "the names and versions of algorithm, model and software need 1 to 64 printable characters each");
    }
  }
  return CheckSegSeries(identity.series);
}

absl::Status CheckArguments(const SeriesInfo& info, const Geometry& geometry,
                            absl::Span<const Segment> segments, const SegIdentity& identity) {
  RETURN_IF_ERROR(CheckSegPossible(info));
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
    RETURN_IF_ERROR(CheckTexts(segments[n], n));
    RETURN_IF_ERROR(CheckCode(segments[n].category, n));
    RETURN_IF_ERROR(CheckCode(segments[n].type, n));
  }
  RETURN_IF_ERROR(CheckSegSeriesFits(identity.series, info));
  return CheckIdentity(identity, segments.size());
}

absl::Status InvalidSegSeries(absl::string_view attribute, absl::string_view message) {
  return InvalidArgument(Reason::kInvalidSegSeries, message, {{"attribute", std::string(attribute)}});
}

}  // namespace

absl::Status CheckSegSeries(const SegSeries& series) {
  if (!series.instance_uid.empty() && !IsUid(series.instance_uid)) {
    return InvalidSegSeries("SeriesInstanceUID",
                            "SeriesInstanceUID must have at most 64 digits and dots, and no "
                            "part that is empty or begins with 0");
  }
  if (!IsShortText(series.description, kMaxLong)) {
    return InvalidSegSeries(
        "SeriesDescription",
        "SeriesDescription must have at most 64 printable characters of UTF-8, no backslash");
  }
  if (series.number < 1 || series.instance_number < 1) {
    return InvalidSegSeries(series.number < 1 ? "SeriesNumber" : "InstanceNumber",
                            "SeriesNumber and InstanceNumber must be 1 to 2147483647");
  }
  if (!IsCodeString(series.content_label)) {
    return InvalidSegSeries("ContentLabel",
                            "ContentLabel must have 1 to 16 of A to Z, 0 to 9, space and underscore");
  }
  if (series.content_creator_name.empty() || !IsPersonName(series.content_creator_name)) {
    return InvalidSegSeries(
        "ContentCreatorName",
        "ContentCreatorName must be a person's name as DICOM writes it, Family^Given, of at most 64 "
        "characters");
  }
  return absl::OkStatus();
}

absl::Status CheckSegSeriesFits(const SegSeries& series, const SeriesInfo& source) {
  if (series.instance_uid.empty() || series.instance_uid != source.series_instance_uid)
    return absl::OkStatus();
  return InvalidSegSeries(
      "SeriesInstanceUID",
      "the SeriesInstanceUID chosen for the result is the images' own: a series holds objects of one "
      "modality");
}

absl::Status CheckSegPossible(const SeriesInfo& info) {
  if (info.seg_obstacles.empty()) return absl::OkStatus();
  return FailedPrecondition(
      Reason::kSegNotPossible,
      absl::StrCat("no DICOM-SEG can be made of this series: ", absl::StrJoin(info.seg_obstacles, "; "),
                   ". Send the original series; the mask of this one can be had as NIfTI"));
}

SegIdentity MakeSegIdentity(absl::string_view key, size_t segments, const SegSeries& series) {
  const auto uid = [&](absl::string_view part) {
    return key.empty() ? RandomUid() : DerivedUid(absl::StrCat(part, "\n", key));
  };
  SegIdentity identity;
  identity.series = series;
  identity.series_instance_uid = series.instance_uid.empty() ? uid("series") : series.instance_uid;
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
    return InvalidArgument(Reason::kSegNotPossible,
                           "the SEG would be larger than 2 GiB: ask for fewer segments at once");
  }
  const SegContents contents{info, geometry, segments, identity, AnyOverlap(masks)};
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
