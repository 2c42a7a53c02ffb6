// Of the images of one series, those that make its volume. Pure functions.
#ifndef SGPSAM_CORE_DICOM_SERIES_STACK_SELECTION_H_
#define SGPSAM_CORE_DICOM_SERIES_STACK_SELECTION_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/byte_buffer.h"
#include "core/dicom/folder/series_choice.h"
#include "core/dicom/series/slice_header.h"

namespace sgpsam {

// Removes what says the same as an earlier file: its bytes, or, at the same place, its SOPInstanceUID with
// its pixels and their scale. `files` by file number - 1. Different images at one place stay, and are refused
// later. Asks `alive` before each file that it reads, and ends with what is not OK.
absl::Status DropDuplicates(absl::Span<const ByteBuffer> files, absl::FunctionRef<absl::Status()> alive,
                            std::vector<SliceHeader>& headers, std::vector<PassedOver>& passed_over);

// Removes localizers next to a clear stack: those that ImageType calls so, and up to three images of another
// orientation next to at least three times as many, at least five, of one.
void DropLocalizers(std::vector<SliceHeader>& headers, std::vector<PassedOver>& passed_over);

// FAILED_PRECONDITION, naming two files, where images of several kinds lie in one stack: echoes (EchoTime),
// or magnitude and phase, real and imaginary part (ImageType).
absl::Status CheckOneKindOfImage(absl::Span<const SliceHeader> headers);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_STACK_SELECTION_H_
