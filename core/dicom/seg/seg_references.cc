#include "core/dicom/seg/seg_references.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/dicom/dcmtk/dataset_items.h"
#include "core/dicom/series/series_summary.h"

namespace sgpsam {
namespace {

absl::Status Contradiction(absl::string_view what) {
  return FailedPrecondition(Reason::kMaskMismatch,
                            absl::StrCat(what, ": give the series from which the segmentation was made"));
}

// The source images that a frame's, or all frames', functional groups name.
std::set<std::string> SourceInstances(DcmItem* groups) {
  std::set<std::string> uids;
  ForEachItem(groups, DCM_DerivationImageSequence, [&](DcmItem* derivation) {
    ForEachItem(derivation, DCM_SourceImageSequence, [&](DcmItem* image) {
      std::string uid = TextOf(image, DCM_ReferencedSOPInstanceUID);
      if (!uid.empty()) uids.insert(std::move(uid));
    });
  });
  return uids;
}

bool AnyOf(const std::set<std::string>& some, const std::set<std::string>& of) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& uid) { return of.count(uid) != 0; });
}

}  // namespace

SegReferences::SegReferences(DcmItem& dataset, DcmItem* shared_groups, const SeriesInfo* source)
    : dataset_(dataset), source_(source), shared_(SourceInstances(shared_groups)) {
  if (source == nullptr) return;
  for (const SourceInstance& instance : source->instances) {
    if (!instance.sop_instance_uid.empty()) instances_.insert(instance.sop_instance_uid);
  }
}

absl::Status SegReferences::CheckObject() const {
  if (source_ == nullptr) return absl::OkStatus();
  const std::string frame_of_reference = TextOf(&dataset_, DCM_FrameOfReferenceUID);
  // Of a series that has none, or several, other programs' segmentations may name any.
  const std::string& of_series = source_->frame_of_reference_uid;
  const bool can_differ = !of_series.empty() && of_series != OwnFrameOfReference(*source_);
  if (can_differ && !frame_of_reference.empty() && frame_of_reference != of_series) {
    return Contradiction(
        "its FrameOfReferenceUID is not that of the series, so its positions mean other places");
  }
  std::set<std::string> series, images;
  ForEachItem(&dataset_, DCM_ReferencedSeriesSequence, [&](DcmItem* item) {
    series.insert(TextOf(item, DCM_SeriesInstanceUID));
    ForEachItem(item, DCM_ReferencedInstanceSequence,
                [&](DcmItem* image) { images.insert(TextOf(image, DCM_ReferencedSOPInstanceUID)); });
  });
  if (series.empty() || source_->series_instance_uid.empty() ||
      series.count(source_->series_instance_uid) != 0 || AnyOf(images, instances_)) {
    return absl::OkStatus();
  }
  return Contradiction("it refers to another series");
}

absl::Status SegReferences::CheckFrame(DcmItem* groups, const FramePlace& place) const {
  if (instances_.empty()) return absl::OkStatus();
  const std::set<std::string> own = SourceInstances(groups);
  const std::set<std::string>& named = own.empty() ? shared_ : own;
  if (named.empty()) return absl::OkStatus();
  if (!AnyOf(named, instances_)) return Contradiction("a frame refers to images of another series");
  if (place.across != 2) return absl::OkStatus();  // it lies on all of the slices
  const std::string& uid = source_->instances[static_cast<size_t>(place.slice)].sop_instance_uid;
  if (uid.empty() || named.count(uid) != 0) return absl::OkStatus();
  return FailedPrecondition(
      Reason::kMaskMismatch,
      absl::StrCat("a frame lies on slice ", place.slice + 1,
                   " of the series by its position and refers to another slice: one of them is wrong, "
                   "write the segmentation anew"));
}

}  // namespace sgpsam
