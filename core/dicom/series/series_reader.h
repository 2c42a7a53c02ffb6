// Files, any order -> the Volume of one series + SeriesInfo. Bytes are hostile: our own prescan walks each
// file (nesting, lengths, transfer syntax) and our own code reads its attributes; DCMTK and OpenJPEG see
// only compressed frames whose size has been checked, and DCMTK the few sequences that are copied
// (copied_sequence.h). Reentrant; needs a thread with at least 1 MiB of
// stack. Peak memory is that of the files or of the volume, whichever is more, and a few slices.
#ifndef SGPSAM_CORE_DICOM_SERIES_SERIES_READER_H_
#define SGPSAM_CORE_DICOM_SERIES_SERIES_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/byte_buffer.h"
#include "core/base/call_context.h"
#include "core/dicom/derived/series_info.h"
#include "core/dicom/folder/series_choice.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct SeriesLimits {
  int max_files = kMaxSeriesFiles;
  uint64_t max_volume_bytes = kMaxVolumeBytes;  // decoded
};

struct DicomSeries {
  Volume volume;  // rescaled; 16-bit integers where slope and intercept allow, else float32
  SeriesInfo info;
  std::vector<std::string> warnings;    // what was repaired, assumed or passed over; never a tag's value
  std::vector<PassedOver> passed_over;  // files that are not the volume's
};

// Reads CT, MR and PET single-frame files (PS3.3 A.3, A.4, A.21), native, RLE, JPEG, JPEG-LS or JPEG
// 2000. Geometry comes from ImagePositionPatient projected on the normal, never from SliceThickness.
// What is no image of the series (series_choice.h; `series` as ChooseSeries takes it), an identical copy or a
// localizer next to the stack (stack_selection.h) is passed over and counted.
// Each file's bytes are freed as soon as its pixels are decoded. INVALID_ARGUMENT or, where the data are
// sound but not a volume, FAILED_PRECONDITION, naming file number (as sent, from 1: "file 3", "files 2 and
// 5") and reason: several series and none chosen, missing slice (with both positions), duplicate positions,
// two orientations, RGB, no positions, multi-frame, unsupported transfer syntax (named), truncated,
// nested too deep.
absl::StatusOr<DicomSeries> ReadSeries(std::vector<ByteBuffer> files, const SeriesLimits& limits,
                                       const CallContext& call, absl::string_view series = {});

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_SERIES_READER_H_
