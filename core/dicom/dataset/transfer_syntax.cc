#include "core/dicom/dataset/transfer_syntax.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/dicom/dataset/dicom_text.h"

namespace sgpsam {
namespace {

constexpr TransferSyntax kSyntaxes[] = {
    {.uid = "1.2.840.10008.1.2", .name = "Implicit VR Little Endian", .explicit_vr = false},
    {.uid = "1.2.840.10008.1.2.1", .name = "Explicit VR Little Endian"},
    {.uid = "1.2.840.10008.1.2.2", .name = "Explicit VR Big Endian", .big_endian = true},
    {.uid = "1.2.840.10008.1.2.1.99", .name = "Deflated Explicit VR Little Endian", .deflated = true},
    {.uid = "1.2.840.10008.1.2.5", .name = "RLE Lossless", .encoding = PixelEncoding::kRle},
    {.uid = "1.2.840.10008.1.2.4.50",
     .name = "JPEG Baseline",
     .encoding = PixelEncoding::kJpeg,
     .lossy = true,
     .lossy_method = "ISO_10918_1"},
    {.uid = "1.2.840.10008.1.2.4.51",
     .name = "JPEG Extended",
     .encoding = PixelEncoding::kJpeg,
     .lossy = true,
     .lossy_method = "ISO_10918_1"},
    {.uid = "1.2.840.10008.1.2.4.57", .name = "JPEG Lossless", .encoding = PixelEncoding::kJpeg},
    {.uid = "1.2.840.10008.1.2.4.70", .name = "JPEG Lossless SV1", .encoding = PixelEncoding::kJpeg},
    {.uid = "1.2.840.10008.1.2.4.80", .name = "JPEG-LS Lossless", .encoding = PixelEncoding::kJpegLs},
    {.uid = "1.2.840.10008.1.2.4.81",
     .name = "JPEG-LS Near-Lossless",
     .encoding = PixelEncoding::kJpegLs,
     .lossy = true,
     .lossy_method = "ISO_14495_1"},
    {.uid = "1.2.840.10008.1.2.4.90", .name = "JPEG 2000 Lossless", .encoding = PixelEncoding::kJpeg2000},
    // May be lossless anyway: LossyImageCompression decides.
    {.uid = "1.2.840.10008.1.2.4.91",
     .name = "JPEG 2000",
     .encoding = PixelEncoding::kJpeg2000,
     .lossy_method = "ISO_15444_1"},
    {.uid = "1.2.840.10008.1.2.4.201", .name = "HTJ2K Lossless", .encoding = PixelEncoding::kJpeg2000},
    {.uid = "1.2.840.10008.1.2.4.202", .name = "HTJ2K Lossless RPCL", .encoding = PixelEncoding::kJpeg2000},
    {.uid = "1.2.840.10008.1.2.4.203",
     .name = "HTJ2K",
     .encoding = PixelEncoding::kJpeg2000,
     .lossy_method = "ISO_15444_15"},
    {.uid = "1.2.840.10008.1.2.8.1",
     .name = "Deflated Image Frame Compression",
     .encoding = PixelEncoding::kDeflatedFrame},
};

struct Refused {
  absl::string_view uid_prefix, name;
};

// Known, and not taken: the caller is told which it was. First match wins.
constexpr Refused kRefused[] = {
    {"1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced"},
    {"1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate"},
    {"1.2.840.10008.1.2.4.11", "JPEG XL"},
    {"1.2.840.10008.1.2.4.10", "MPEG video"},
    {"1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2"},
    {"1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2"},
    {"1.2.840.10008.1.2.4.5", "a retired JPEG process"},
    {"1.2.840.10008.1.2.4.6", "a retired JPEG process"},
    {"1.2.840.10008.1.2.4.94", "JPIP Referenced"},
    {"1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate"},
};

}  // namespace

absl::StatusOr<const TransferSyntax*> FindTransferSyntax(absl::string_view uid) {
  uid = TrimPadding(uid);
  for (const TransferSyntax& syntax : kSyntaxes) {
    if (syntax.uid == uid) return &syntax;
  }
  absl::string_view name = "an unknown one";
  for (const Refused& refused : kRefused) {
    if (absl::StartsWith(uid, refused.uid_prefix)) {
      name = refused.name;
      break;
    }
  }
  return InvalidArgument(
      Reason::kUnsupportedTransferSyntax,
      absl::StrCat(
          "the transfer syntax, ", name,
          ", is not supported: convert the series to Explicit VR Little Endian, JPEG Lossless or JPEG 2000"));
}

const TransferSyntax& NativeSyntax(bool explicit_vr, bool big_endian) {
  if (big_endian) return kSyntaxes[2];
  return explicit_vr ? kSyntaxes[1] : kSyntaxes[0];
}

}  // namespace sgpsam
