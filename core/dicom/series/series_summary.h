// Many slices' headers -> one series: that they belong together, and what derived objects need of them.
// Pure functions.
#ifndef SGPSAM_CORE_DICOM_SERIES_SERIES_SUMMARY_H_
#define SGPSAM_CORE_DICOM_SERIES_SERIES_SUMMARY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/derived/series_info.h"
#include "core/dicom/series/slice_header.h"

namespace sgpsam {

// FAILED_PRECONDITION, naming two files that differ in series, study, kind or size, or in the frame of
// reference unless every file names another one.
absl::Status CheckOneSeries(const std::vector<SliceHeader>& headers);

// `first` is the file of slice 0, `order` the headers' indices by k. Adds to `warnings` what was repaired,
// and what stands in the way of a SEG; names attributes, never quotes them.
SeriesInfo SummariseSeries(const DicomFile& first, const std::vector<SliceHeader>& headers,
                           const std::vector<size_t>& order, std::vector<std::string>& warnings);

// The frame of reference that a series gets where its files name none, or each another one: always the same.
std::string OwnFrameOfReference(const SeriesInfo& info);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_SERIES_SUMMARY_H_
