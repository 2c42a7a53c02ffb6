#include "core/dicom/pixel_decoder.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dicom/jpeg2000_decoder.h"
#include "core/dicom/jpeg_decoder.h"
#include "core/dicom/rle_decoder.h"

namespace sgpsam {
namespace {

// One frame's compressed bytes: a view of the file where they lie in one fragment, else joined.
class CompressedFrame {
 public:
  explicit CompressedFrame(const DicomFile& file) {
    const std::vector<ByteRange>& fragments = file.scan().fragments;
    if (fragments.size() == 1) {
      view_ = file.Bytes(fragments[0]);
      return;
    }
    for (const ByteRange& fragment : fragments) absl::StrAppend(&joined_, file.Bytes(fragment));
    view_ = joined_;
  }
  absl::string_view view() const { return view_; }

 private:
  std::string joined_;
  absl::string_view view_;
};

void SwapBytes(size_t unit, std::vector<uint8_t>& samples) {
  for (size_t at = 0; at + unit <= samples.size(); at += unit) {
    std::reverse(samples.begin() + static_cast<std::ptrdiff_t>(at),
                 samples.begin() + static_cast<std::ptrdiff_t>(at + unit));
  }
}

void CopyNative(const DicomFile& file, const PixelLayout& layout, std::vector<uint8_t>& samples) {
  samples.resize(layout.bytes());
  std::memcpy(samples.data(), file.Bytes(file.scan().pixels).data(), samples.size());
  if (!file.syntax().big_endian) return;
  // Big endian OW data are swapped as 16-bit words, even where two 8-bit samples share one.
  const bool words = file.scan().pixel_vr[1] == 'W';
  if (layout.bits_allocated > 8) {
    SwapBytes(static_cast<size_t>(layout.bits_allocated / 8), samples);
  } else if (words) {
    SwapBytes(2, samples);
  }
}

}  // namespace

absl::Status CheckPixelBytes(const DicomFile& file, PixelLayout& layout) {
  const ScannedDataset& scan = file.scan();
  if (file.syntax().encoding == PixelEncoding::kNative) {
    if (scan.encapsulated)
      return absl::InvalidArgumentError("its pixel data are not in the form that it announces");
    if (scan.pixels.length >= layout.bytes()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("its pixel data have ", scan.pixels.length,
                                                   " bytes instead of ", layout.bytes(),
                                                   ": the file is truncated"));
  }
  if (!scan.encapsulated || scan.fragments.empty()) {
    return absl::InvalidArgumentError("its pixel data are not in the form that it announces");
  }
  const CompressedFrame frame(file);
  switch (file.syntax().encoding) {
    case PixelEncoding::kJpeg: return CheckJpeg(frame.view(), JpegFamily::kJpeg, layout);
    case PixelEncoding::kJpegLs: return CheckJpeg(frame.view(), JpegFamily::kJpegLs, layout);
    case PixelEncoding::kJpeg2000: return CheckJpeg2000(frame.view(), layout);
    case PixelEncoding::kRle:
    case PixelEncoding::kNative: break;
  }
  return absl::OkStatus();
}

absl::Status DecodePixels(const DicomFile& file, const PixelLayout& layout, std::vector<uint8_t>& samples) {
  if (file.syntax().encoding == PixelEncoding::kNative) {
    CopyNative(file, layout, samples);
    return absl::OkStatus();
  }
  const CompressedFrame frame(file);
  switch (file.syntax().encoding) {
    case PixelEncoding::kRle: return DecodeRle(frame.view(), layout, samples);
    case PixelEncoding::kJpeg2000: return DecodeJpeg2000(frame.view(), layout, samples);
    case PixelEncoding::kJpeg:
    case PixelEncoding::kJpegLs: return DecodeJpeg(frame.view(), file.syntax(), layout, samples);
    case PixelEncoding::kNative: break;
  }
  return absl::OkStatus();
}

}  // namespace sgpsam
