#include "core/dicom/pixels/pixel_decoder.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/dicom/dataset/inflate.h"
#include "core/dicom/pixels/jpeg2000_decoder.h"
#include "core/dicom/pixels/jpeg_decoder.h"
#include "core/dicom/pixels/rle_decoder.h"

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

void SwapWords(std::vector<uint8_t>& bytes) {
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) std::swap(bytes[at], bytes[at + 1]);
}

void CopyNative(const DicomFile& file, const PixelLayout& layout, std::vector<uint8_t>& samples) {
  // Big endian OW data are swapped as 16-bit words, even where two 8-bit samples share one.
  const bool words = layout.bits_allocated == 16 || file.scan().pixel_vr[1] == 'W';
  const bool swap = file.syntax().big_endian && words;
  const absl::string_view pixels = file.Bytes(file.scan().pixels);
  samples.assign(swap ? layout.bytes() + layout.bytes() % 2 : layout.bytes(), 0);
  std::memcpy(samples.data(), pixels.data(), std::min(samples.size(), pixels.size()));
  if (swap) SwapWords(samples);
  samples.resize(layout.bytes());
}

absl::Status CheckNative(const DicomFile& file, const PixelLayout& layout, PixelNotes& notes) {
  const ScannedDataset& scan = file.scan();
  if (scan.encapsulated) {
    return absl::InvalidArgumentError("its pixel data are not in the form that it announces");
  }
  if (scan.pixels.length < layout.bytes()) {
    return absl::InvalidArgumentError(absl::StrCat("its pixel data have ", scan.pixels.length,
                                                   " bytes instead of ", layout.bytes(),
                                                   ": the file is truncated"));
  }
  if (scan.pixels.length >= 2 * layout.bytes() && layout.bytes() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("its pixel data have ", scan.pixels.length, " bytes, and one frame has ", layout.bytes(),
                     ": Rows, Columns, BitsAllocated or NumberOfFrames is wrong"));
  }
  if (scan.pixels.length > layout.bytes() + 1) {
    notes.push_back(
        "the pixel data are longer than Rows, Columns and BitsAllocated say: the rest was left out");
  }
  if (file.syntax().big_endian && layout.bits_allocated == 32) {
    // By the letter the least significant word comes first; readers disagree.
    return InvalidArgument(Reason::kUnsupportedImage, "BitsAllocated 32 in big endian is not supported");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPixelBytes(const DicomFile& file, PixelLayout& layout, PixelNotes& notes) {
  const ScannedDataset& scan = file.scan();
  if (file.syntax().encoding == PixelEncoding::kNative) return CheckNative(file, layout, notes);
  if (!scan.encapsulated || scan.fragments.empty()) {
    return absl::InvalidArgumentError("its pixel data are not in the form that it announces");
  }
  const CompressedFrame frame(file);
  switch (file.syntax().encoding) {
    case PixelEncoding::kJpeg: return CheckJpeg(frame.view(), JpegFamily::kJpeg, layout);
    case PixelEncoding::kJpegLs: return CheckJpeg(frame.view(), JpegFamily::kJpegLs, layout);
    case PixelEncoding::kJpeg2000: return CheckJpeg2000(frame.view(), layout, notes);
    case PixelEncoding::kRle: return CheckRle(frame.view(), layout);
    case PixelEncoding::kDeflatedFrame:  // has no header: it is inflated no further than the frame is long
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
    case PixelEncoding::kDeflatedFrame: return InflateFrame(frame.view(), layout.bytes(), samples);
    case PixelEncoding::kNative: break;
  }
  return absl::OkStatus();
}

}  // namespace sgpsam
