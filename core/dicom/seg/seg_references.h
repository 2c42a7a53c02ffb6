// Whether what a segmentation says of its source images fits where its frames lie. A cross-check: positions
// decide, references may be missing.
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_REFERENCES_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_REFERENCES_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "core/dicom/derived/series_info.h"
#include "core/dicom/seg/seg_placement.h"

class DcmItem;

namespace sgpsam {

class SegReferences {
 public:
  // The arguments outlive it; `source` is nullptr if the volume is no DICOM series.
  SegReferences(DcmItem& dataset, DcmItem* shared_groups, const SeriesInfo* source);

  // FAILED_PRECONDITION says what contradicts what.
  absl::Status CheckObject() const;
  absl::Status CheckFrame(DcmItem* groups, const FramePlace& place) const;

 private:
  DcmItem& dataset_;
  const SeriesInfo* source_;
  std::set<std::string> instances_;  // of the source
  std::set<std::string> shared_;     // what all frames refer to
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_REFERENCES_H_
