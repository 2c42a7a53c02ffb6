#include "core/dicom/seg/seg_pixels.h"

#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/inflate.h"
#include "core/dicom/pixels/jpeg2000_decoder.h"
#include "core/dicom/pixels/jpeg_decoder.h"
#include "core/dicom/pixels/pixel_layout.h"
#include "core/dicom/pixels/rle_decoder.h"

namespace sgpsam {
namespace {

// Decoded samples of one or two bytes, in native order.
void Widen(const std::vector<uint8_t>& samples, int bits_allocated, std::vector<uint16_t>& values) {
  for (size_t n = 0; n < values.size(); ++n) {
    values[n] =
        bits_allocated == 8
            ? samples[n]
            : static_cast<uint16_t>(samples[2 * n] | (static_cast<unsigned>(samples[2 * n + 1]) << 8));
  }
}

}  // namespace

absl::StatusOr<SegPixels> SegPixels::Create(const DicomFile& file, const SegPixelLayout& layout) {
  SegPixels pixels(file, layout);
  const ScannedDataset& scan = file.scan();
  if (!scan.has_pixels) return absl::InvalidArgumentError("it has no pixel data");
  if (file.syntax().lossy) return absl::InvalidArgumentError("its pixel data are compressed with loss");
  if (scan.encapsulated != (file.syntax().encoding != PixelEncoding::kNative)) {
    return absl::InvalidArgumentError("its pixel data are not in the form that it announces");
  }
  if (scan.encapsulated) {
    RETURN_IF_ERROR(pixels.FindFrames());
    return pixels;
  }
  // Cannot overflow: 2^20 frames of 2^28 pixels of 16 bits.
  const uint64_t bits = layout.frames * layout.pixels() * static_cast<uint64_t>(layout.bits_allocated);
  // To whole 16-bit words, as which big endian data are swapped.
  const uint64_t bytes = file.syntax().big_endian ? (bits + 15) / 16 * 2 : (bits + 7) / 8;
  if (scan.pixels.length < bytes) return absl::InvalidArgumentError("its pixel data are truncated");
  return pixels;
}

// A frame is one fragment, or as many as the offset table says (PS3.5 A.4).
absl::Status SegPixels::FindFrames() {
  const std::vector<ByteRange>& fragments = file_->scan().fragments;
  const size_t frames = static_cast<size_t>(layout_.frames);
  if (fragments.size() < frames)
    return absl::InvalidArgumentError("it has fewer compressed frames than NumberOfFrames");
  if (frames == 1 || fragments.size() == frames) {
    first_fragment_.resize(frames);
    std::iota(first_fragment_.begin(), first_fragment_.end(), size_t{0});
  }
  const absl::string_view offsets = file_->Bytes(file_->scan().offset_table);
  for (size_t n = 0; n < fragments.size() && first_fragment_.size() < frames; ++n) {
    const size_t next = first_fragment_.size();
    if (offsets.size() != 4 * frames) break;
    if (fragments[n].offset - fragments[0].offset == FromLittleEndian(offsets.substr(4 * next, 4)))
      first_fragment_.push_back(n);
  }
  if (first_fragment_.size() != frames || first_fragment_[0] != 0) {
    return absl::InvalidArgumentError(
        "its compressed frames have several fragments each, and no offset table tells which");
  }
  first_fragment_.push_back(fragments.size());
  return absl::OkStatus();
}

void SegPixels::ReadNative(uint64_t frame, std::vector<uint16_t>& values) const {
  const absl::string_view bytes = file_->Bytes(file_->scan().pixels);
  // Big endian OW data are 16-bit words, whatever lies in them; OB data are bytes in order (PS3.5 8.2, 7.3).
  const size_t flip = file_->syntax().big_endian && file_->scan().pixel_vr[1] == 'W' ? 1 : 0;
  const auto byte = [&](size_t n) { return static_cast<unsigned>(static_cast<uint8_t>(bytes[n ^ flip])); };
  const size_t first = static_cast<size_t>(frame) * layout_.pixels();
  for (size_t p = 0; p < values.size(); ++p) {
    const size_t n = first + p;
    switch (layout_.bits_allocated) {
      case 1: values[p] = static_cast<uint16_t>((byte(n / 8) >> (n % 8)) & 1); break;
      case 8: values[p] = static_cast<uint16_t>(byte(n)); break;
      default: values[p] = static_cast<uint16_t>(byte(2 * n) | (byte(2 * n + 1) << 8)); break;
    }
  }
}

absl::Status SegPixels::Decompress(absl::string_view bytes, std::vector<uint16_t>& values) const {
  std::vector<uint8_t> samples;
  const bool packed = layout_.bits_allocated == 1;
  PixelLayout layout{.rows = layout_.rows, .columns = layout_.columns};
  layout.bits_allocated = packed ? 8 : layout_.bits_allocated;
  layout.bits_stored = layout.bits_allocated;
  layout.high_bit = layout.bits_stored - 1;
  switch (file_->syntax().encoding) {
    case PixelEncoding::kRle:
    case PixelEncoding::kDeflatedFrame: {
      // One-bit frames are packed first, then encoded as bytes.
      if (packed) layout.rows = 1, layout.columns = static_cast<int>((layout_.pixels() + 7) / 8);
      const bool rle = file_->syntax().encoding == PixelEncoding::kRle;
      RETURN_IF_ERROR(rle ? DecodeRle(bytes, layout, samples) : InflateFrame(bytes, layout.bytes(), samples));
      for (size_t p = 0; packed && p < values.size(); ++p)
        values[p] = static_cast<uint16_t>((samples[p / 8] >> (p % 8)) & 1);
      if (packed) return absl::OkStatus();
      break;
    }
    case PixelEncoding::kJpeg2000: {
      PixelNotes signs;  // of no meaning here: values have none
      RETURN_IF_ERROR(CheckJpeg2000(bytes, layout, signs));
      RETURN_IF_ERROR(DecodeJpeg2000(bytes, layout, samples));
      break;
    }
    case PixelEncoding::kJpeg:
    case PixelEncoding::kJpegLs: {
      const bool ls = file_->syntax().encoding == PixelEncoding::kJpegLs;
      RETURN_IF_ERROR(CheckJpeg(bytes, ls ? JpegFamily::kJpegLs : JpegFamily::kJpeg, layout));
      RETURN_IF_ERROR(DecodeJpeg(bytes, file_->syntax(), layout, samples));
      break;
    }
    case PixelEncoding::kNative: break;
  }
  Widen(samples, layout.bits_allocated, values);
  return absl::OkStatus();
}

absl::Status SegPixels::Read(uint64_t frame, std::vector<uint16_t>& values) const {
  values.resize(layout_.pixels());
  if (first_fragment_.empty()) {
    ReadNative(frame, values);
    return absl::OkStatus();
  }
  const std::vector<ByteRange>& fragments = file_->scan().fragments;
  const size_t begin = first_fragment_[frame], end = first_fragment_[frame + 1];
  if (end - begin == 1) return Decompress(file_->Bytes(fragments[begin]), values);
  std::string joined;
  for (size_t n = begin; n < end; ++n) absl::StrAppend(&joined, file_->Bytes(fragments[n]));
  return Decompress(joined, values);
}

}  // namespace sgpsam
