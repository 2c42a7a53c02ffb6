#include "core/dicom/series_summary.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/dicom/copied_attributes.h"
#include "core/dicom/dicom_text.h"
#include "core/dicom/tags.h"
#include "core/dicom/uid.h"

namespace sgpsam {
namespace {

absl::Status Differ(const SliceHeader& a, const SliceHeader& b, absl::string_view in) {
  return absl::FailedPreconditionError(absl::StrCat("files ", a.plane.file_number, " and ",
                                                    b.plane.file_number, " ", in,
                                                    ": send the files of one series only"));
}

void CopyAttributes(const DicomFile& first, SeriesInfo& info, std::vector<std::string>& warnings) {
  const bool iso_2022 = absl::StrContains(info.specific_character_set, "2022");
  for (const CopiedTag& tag : CopiedTags()) {
    const uint32_t number = DicomTag(tag.group, tag.element);
    if (!first.Has(number)) continue;
    const absl::string_view value = first.Text(number);
    info.patient_and_study.push_back({tag.group, tag.element, std::string(value)});
    const std::string valid = ValidValue(tag, value, iso_2022);
    if (valid == value) continue;
    warnings.push_back(absl::StrFormat("%s (%04x,%04x) is not valid: it is %s in derived objects", tag.name,
                                       tag.group, tag.element, valid.empty() ? "left out" : "repaired"));
  }
}

// As the source says, or else as its own compression shows.
void DescribeLoss(const DicomFile& first, const PixelLayout& layout, SeriesInfo& info) {
  info.lossy_ratio = NormalisedDs(first.Text(tags::kLossyImageCompressionRatio)).value_or("");
  info.lossy_method = std::string(first.Text(tags::kLossyImageCompressionMethod));
  size_t compressed = 0;
  for (const ByteRange& fragment : first.scan().fragments) compressed += fragment.length;
  if (info.lossy_ratio.empty() && compressed > 0) {
    info.lossy_ratio =
        absl::StrFormat("%.1f", static_cast<double>(layout.bytes()) / static_cast<double>(compressed));
  }
  if (info.lossy_method.empty()) info.lossy_method = std::string(first.syntax().lossy_method);
}

// What (tag) lacks for a SEG, if anything.
void Require(absl::string_view value, absl::string_view name, std::vector<std::string>& obstacles) {
  if (value.empty()) {
    obstacles.push_back(absl::StrCat(name, " is empty"));
  } else if (!IsUid(value)) {
    obstacles.push_back(absl::StrCat(name, " is not a valid UID"));
  }
}

std::vector<std::string> FindObstacles(const SeriesInfo& info) {
  std::vector<std::string> obstacles;
  // Each attribute once, however many slices lack it.
  const auto worst = [&](auto member, absl::string_view name) {
    const auto bad = std::find_if(info.instances.begin(), info.instances.end(),
                                  [&](const SourceInstance& instance) { return !IsUid(instance.*member); });
    if (bad != info.instances.end()) Require((*bad).*member, name, obstacles);
  };
  worst(&SourceInstance::sop_class_uid, "SOPClassUID (0008,0016)");
  worst(&SourceInstance::sop_instance_uid, "SOPInstanceUID (0008,0018)");
  // A malformed study is no obstacle: a study is not referred to, only belonged to. AddWarnings says what
  // happens.
  if (info.study_instance_uid.empty()) Require("", "StudyInstanceUID (0020,000D)", obstacles);
  Require(info.series_instance_uid, "SeriesInstanceUID (0020,000E)", obstacles);
  Require(info.frame_of_reference_uid, "FrameOfReferenceUID (0020,0052)", obstacles);
  std::set<absl::string_view> distinct;
  for (const SourceInstance& instance : info.instances) distinct.insert(instance.sop_instance_uid);
  const bool have_all = std::none_of(info.instances.begin(), info.instances.end(),
                                     [](const SourceInstance& i) { return i.sop_instance_uid.empty(); });
  if (have_all && distinct.size() < info.instances.size()) {
    obstacles.push_back("SOPInstanceUID (0008,0018) is the same in several files");
  }
  return obstacles;
}

void AddWarnings(const std::vector<SliceHeader>& headers, const SeriesInfo& info,
                 std::vector<std::string>& warnings) {
  if (info.lossy) warnings.push_back("the series was compressed with loss");
  std::set<absl::string_view> said;  // each note once, whichever and however many slices have it
  for (const SliceHeader& header : headers) {
    for (absl::string_view note : header.notes) {
      if (said.insert(note).second) warnings.emplace_back(note);
    }
  }
  if (!info.study_instance_uid.empty() && !IsUid(info.study_instance_uid)) {
    warnings.push_back(
        "StudyInstanceUID (0020,000D) is not a valid UID: derived objects get another one, and archives will "
        "file "
        "them under another study");
  }
  if (!info.seg_obstacles.empty()) {
    warnings.push_back(
        absl::StrCat("no DICOM-SEG can be made of this series: ", absl::StrJoin(info.seg_obstacles, "; ")));
  }
}

}  // namespace

absl::Status CheckOneSeries(const std::vector<SliceHeader>& headers) {
  const SliceHeader& first = headers[0];
  for (const SliceHeader& other : headers) {
    if (other.study_instance_uid != first.study_instance_uid ||
        other.series_instance_uid != first.series_instance_uid) {
      return Differ(first, other, "belong to different series");
    }
    if (other.sop_class_uid != first.sop_class_uid || other.modality != first.modality) {
      return Differ(first, other, "are images of different kinds");
    }
    if (other.frame_of_reference_uid != first.frame_of_reference_uid) {
      return Differ(first, other, "have different frames of reference");
    }
    if (other.layout.rows != first.layout.rows || other.layout.columns != first.layout.columns) {
      return Differ(first, other, "have different Rows or Columns");
    }
  }
  return absl::OkStatus();
}

SeriesInfo SummariseSeries(const DicomFile& first, const std::vector<SliceHeader>& headers,
                           const std::vector<size_t>& order, std::vector<std::string>& warnings) {
  const SliceHeader& header = headers[order[0]];
  SeriesInfo info;
  info.study_instance_uid = header.study_instance_uid;
  info.series_instance_uid = header.series_instance_uid;
  info.frame_of_reference_uid = header.frame_of_reference_uid;
  info.modality = header.modality;
  info.specific_character_set = std::string(first.Text(tags::kSpecificCharacterSet));
  const auto ds = [&](uint32_t tag) { return NormalisedDs(first.Text(tag)).value_or(std::string()); };
  info.image_orientation_patient = ds(tags::kImageOrientationPatient);
  info.pixel_spacing = ds(tags::kPixelSpacing);
  info.slice_thickness = ds(tags::kSliceThickness);
  for (size_t n : order) {
    info.instances.push_back(
        {headers[n].sop_class_uid, headers[n].sop_instance_uid, headers[n].position_text});
    info.lossy = info.lossy || headers[n].lossy;
  }
  if (info.lossy) DescribeLoss(first, header.layout, info);
  CopyAttributes(first, info, warnings);
  info.seg_obstacles = FindObstacles(info);
  AddWarnings(headers, info, warnings);
  return info;
}

}  // namespace sgpsam
