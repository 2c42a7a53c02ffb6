#include "core/dicom/series/series_summary.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dataset/uid.h"
#include "core/dicom/derived/copied_attributes.h"

namespace sgpsam {
namespace {

absl::Status Differ(const SliceHeader& a, const SliceHeader& b, absl::string_view in) {
  return FailedPrecondition(
      Reason::kMixedSlices,
      absl::StrCat("files ", a.plane.file_number, " and ", b.plane.file_number, " ", in,
                   ": send the files of one series only"),
      {{"file", absl::StrCat(a.plane.file_number)}, {"other_file", absl::StrCat(b.plane.file_number)}});
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

// What a UID that a SEG refers to lacks, if anything.
void Require(absl::string_view value, absl::string_view name, std::vector<std::string>& obstacles) {
  if (value.empty()) {
    obstacles.push_back(absl::StrCat(name, " is empty"));
  } else if (!IsUsableUid(value)) {
    obstacles.push_back(absl::StrCat(name, " is not a valid UID"));
  }
}

void FindUidObstacles(SeriesInfo& info) {
  std::vector<std::string>& obstacles = info.seg_obstacles;
  // Each attribute once, however many slices lack it.
  const auto worst = [&](auto member, absl::string_view name) {
    const auto bad =
        std::find_if(info.instances.begin(), info.instances.end(),
                     [&](const SourceInstance& instance) { return !IsUsableUid(instance.*member); });
    if (bad != info.instances.end()) Require((*bad).*member, name, obstacles);
  };
  worst(&SourceInstance::sop_class_uid, "SOPClassUID (0008,0016)");
  worst(&SourceInstance::sop_instance_uid, "SOPInstanceUID (0008,0018)");
  Require(info.study_instance_uid, "StudyInstanceUID (0020,000D)", obstacles);
  Require(info.series_instance_uid, "SeriesInstanceUID (0020,000E)", obstacles);
  Require(info.frame_of_reference_uid, "FrameOfReferenceUID (0020,0052)", obstacles);
  std::set<absl::string_view> distinct;
  for (const SourceInstance& instance : info.instances) distinct.insert(instance.sop_instance_uid);
  const bool have_all = std::none_of(info.instances.begin(), info.instances.end(),
                                     [](const SourceInstance& i) { return i.sop_instance_uid.empty(); });
  if (have_all && distinct.size() < info.instances.size()) {
    obstacles.push_back("SOPInstanceUID (0008,0018) is the same in several files");
  }
}

void WarnOfLeadingZeros(const SeriesInfo& info, std::vector<std::string>& warnings) {
  const auto zero_led = [](absl::string_view uid) { return IsUsableUid(uid) && !IsUid(uid); };
  const bool any = zero_led(info.study_instance_uid) || zero_led(info.series_instance_uid) ||
                   zero_led(info.frame_of_reference_uid) ||
                   std::any_of(info.instances.begin(), info.instances.end(), [&](const SourceInstance& i) {
                     return zero_led(i.sop_instance_uid) || zero_led(i.sop_class_uid);
                   });
  if (any) {
    warnings.push_back(
        "a UID has a component that begins with 0, which DICOM does not allow: derived objects "
        "refer to it as it is");
  }
}

// Two patients' slices under one series UID: whose name an object got would be chance.
void FindOtherPatients(const std::vector<SliceHeader>& headers, std::vector<std::string>& obstacles) {
  const SliceHeader& first = headers[0];
  const auto differs = [&](auto member, absl::string_view name) {
    for (const SliceHeader& other : headers) {
      if (other.patient.*member == first.patient.*member) continue;
      obstacles.push_back(absl::StrCat(name, " differs between files ", first.plane.file_number, " and ",
                                       other.plane.file_number));
      return;
    }
  };
  differs(&PatientKey::id, "PatientID (0010,0020)");
  differs(&PatientKey::name, "PatientName (0010,0010)");
}

// How many frames of reference the files name.
size_t CountFramesOfReference(const std::vector<SliceHeader>& headers) {
  std::set<absl::string_view> distinct;
  for (const SliceHeader& header : headers) distinct.insert(header.frame_of_reference_uid);
  return distinct.size();
}

// Some anonymisers remove the frame of reference, or give each file one of its own. The slices' positions
// still belong together: the series says so. Every object made from it gets the same one.
void ChooseFrameOfReference(const std::vector<SliceHeader>& headers, SeriesInfo& info,
                            std::vector<std::string>& warnings) {
  const bool several = CountFramesOfReference(headers) > 1;
  if (!several && !info.frame_of_reference_uid.empty()) return;
  info.frame_of_reference_uid = OwnFrameOfReference(info);
  warnings.push_back(absl::StrCat(
      "FrameOfReferenceUID (0020,0052) is ", several ? "another one in every file" : "missing",
      ": derived objects get one that is always the same for this series; what knows the images ",
      "by their frame of reference will not find them together"));
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
  WarnOfLeadingZeros(info, warnings);
  if (!info.seg_obstacles.empty()) {
    warnings.push_back(
        absl::StrCat("no DICOM-SEG can be made of this series: ", absl::StrJoin(info.seg_obstacles, "; ")));
  }
}

}  // namespace

absl::Status CheckOneSeries(const std::vector<SliceHeader>& headers) {
  const SliceHeader& first = headers[0];
  const bool each_its_own = CountFramesOfReference(headers) == headers.size();
  for (const SliceHeader& other : headers) {
    if (other.study_instance_uid != first.study_instance_uid ||
        other.series_instance_uid != first.series_instance_uid) {
      return Differ(first, other, "belong to different series");
    }
    if (other.sop_class_uid != first.sop_class_uid || other.modality != first.modality) {
      return Differ(first, other, "are images of different kinds");
    }
    if (!each_its_own && other.frame_of_reference_uid != first.frame_of_reference_uid) {
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
  ChooseFrameOfReference(headers, info, warnings);
  info.modality = header.modality;
  const auto ds = [&](uint32_t tag) { return NormalisedDs(first.Text(tag)).value_or(std::string()); };
  info.image_orientation_patient = ds(tags::kImageOrientationPatient);
  info.pixel_spacing = ds(tags::kPixelSpacing);
  if (const std::optional<double> thickness = ParseNumber(first.Text(tags::kSliceThickness));
      thickness && *thickness > 0) {
    info.slice_thickness = ds(tags::kSliceThickness);
  }
  for (size_t n : order) {
    info.instances.push_back(
        {headers[n].sop_class_uid, headers[n].sop_instance_uid, headers[n].position_text});
    info.lossy = info.lossy || headers[n].lossy;
  }
  if (info.lossy) DescribeLoss(first, header.layout, info);
  CopiedModules copied = CopyModules(first);
  info.patient_and_study = std::move(copied.attributes);
  info.seg_obstacles = std::move(copied.obstacles);
  std::move(copied.warnings.begin(), copied.warnings.end(), std::back_inserter(warnings));
  FindOtherPatients(headers, info.seg_obstacles);
  FindUidObstacles(info);
  AddWarnings(headers, info, warnings);
  return info;
}

std::string OwnFrameOfReference(const SeriesInfo& info) {
  return DerivedUid(absl::StrCat("frame of reference\n", info.series_instance_uid));
}

}  // namespace sgpsam
