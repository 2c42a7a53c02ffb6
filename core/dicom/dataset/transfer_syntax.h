// The transfer syntaxes that the reader takes: an allow-list, compared as text. DCMTK is never asked:
// it takes a UID that it does not know for Explicit VR Little Endian. Immutable table; thread-safe.
#ifndef SGPSAM_CORE_DICOM_DATASET_TRANSFER_SYNTAX_H_
#define SGPSAM_CORE_DICOM_DATASET_TRANSFER_SYNTAX_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

enum class PixelEncoding { kNative, kRle, kJpeg, kJpegLs, kJpeg2000, kDeflatedFrame };

struct TransferSyntax {
  absl::string_view uid;
  absl::string_view name;
  PixelEncoding encoding = PixelEncoding::kNative;
  bool explicit_vr = true;
  bool big_endian = false;
  bool deflated = false;
  bool lossy = false;  // always, whatever LossyImageCompression says
  // LossyImageCompressionMethod of what it compresses with loss (PS3.3 C.7.6.1.1.5).
  absl::string_view lossy_method = {};
};

// INVALID_ARGUMENT, naming the syntax where it is a known one, unless the reader takes it. Trailing
// spaces and NULs are ignored.
absl::StatusOr<const TransferSyntax*> FindTransferSyntax(absl::string_view uid);

// For data sets that name none; never fails.
const TransferSyntax& NativeSyntax(bool explicit_vr, bool big_endian);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DATASET_TRANSFER_SYNTAX_H_
