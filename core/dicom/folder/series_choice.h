// Which of many files are the series that is wanted, and what the others are: the one rule for the server and
// for clients that read folders. Pure functions.
#ifndef SGPSAM_CORE_DICOM_FOLDER_SERIES_CHOICE_H_
#define SGPSAM_CORE_DICOM_FOLDER_SERIES_CHOICE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/dicom/folder/file_summary.h"

namespace sgpsam {

// The most files that are taken for one series, those that are passed over included.
inline constexpr int kMaxSeriesFiles = 4096;

// Files that were left out for one reason. `kind` is a noun for one file ("segmentation", "localizer") or
// what the files are ("not DICOM", "of another series").
struct PassedOver {
  std::string kind;
  size_t files = 0;
};

inline constexpr absl::string_view kLocalizers = "localizer";
inline constexpr absl::string_view kDuplicates = "identical duplicate";
inline constexpr absl::string_view kOtherOrientation = "of another orientation";

void AddPassedOver(absl::string_view kind, size_t files, std::vector<PassedOver>& passed_over);

// "12 files passed over: 3 not DICOM, 1 segmentation"; empty where there are none.
std::string DescribePassedOver(absl::Span<const PassedOver> passed_over);
// "3 not DICOM, 1 segmentation".
std::string CountedKinds(absl::Span<const PassedOver> passed_over);

struct FoundSeries {
  std::string study_instance_uid, series_instance_uid, number, description, modality;
  std::vector<size_t> files;  // indices, ascending
  bool localizer = false;     // all of its images are
};

struct SeriesChoice {
  // The series', and what could not be read and does not tell that it belongs elsewhere, which may be its
  // slices; ascending.
  std::vector<size_t> files;
  std::vector<PassedOver> passed_over;
  std::vector<FoundSeries> undecided;  // not empty: nobody chose, and `files` is empty
};

// `wanted`: a SeriesInstanceUID, or a SeriesNumber that only one series has; empty: the only one, a series of
// localizers next to one other series not counted. No files and nothing undecided: there is no such series.
SeriesChoice ChooseSeries(absl::Span<const FileSummary> files, absl::string_view wanted);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_FOLDER_SERIES_CHOICE_H_
