// One sequence of a source -> its items as plain values, texts in UTF-8. Reentrant.
#ifndef SGPSAM_CORE_DICOM_DERIVED_COPIED_SEQUENCE_H_
#define SGPSAM_CORE_DICOM_DERIVED_COPIED_SEQUENCE_H_

#include <cstdint>
#include <set>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/dataset/text_decoder.h"
#include "core/dicom/derived/series_info.h"

namespace sgpsam {

struct CopiedSequence {
  CopiedAttribute attribute;
  // As DecodedText: the encodings that texts in it turned out to have where those are not the declared ones.
  std::set<absl::string_view> assumed;
  bool repaired = false;  // a value in it was not valid and became the valid one that means the same
};

// The sequence whole: INVALID_ARGUMENT, worded to follow its name, if any attribute in it cannot be kept (see
// KeptValue), is private or is not text. Only the sequence's own bytes are parsed, by DCMTK, at most 64 KiB
// of them, after the file was scanned.
absl::StatusOr<CopiedSequence> CopySequence(const DicomFile& file, uint32_t tag, const TextDecoder& decoder);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DERIVED_COPIED_SEQUENCE_H_
