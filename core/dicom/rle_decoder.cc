#include "core/dicom/rle_decoder.h"

#include <algorithm>

#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr size_t kHeaderBytes = 64;

uint32_t LittleU32(absl::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t n = 0; n < 4; ++n)
    value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + n])) << (8 * n);
  return value;
}

// PackBits: writes `count` bytes, `stride` apart.
absl::Status UnpackSegment(absl::string_view packed, size_t count, size_t stride, uint8_t* out) {
  size_t at = 0, done = 0;
  while (done < count) {
    if (at >= packed.size())
      return absl::InvalidArgumentError("an RLE segment ends too soon: the file is truncated");
    const int byte = static_cast<uint8_t>(packed[at++]);
    if (byte == 128) continue;
    const int control = byte < 128 ? byte : byte - 256;
    const size_t run = std::min(static_cast<size_t>(control >= 0 ? control + 1 : 1 - control), count - done);
    const size_t needed = control >= 0 ? run : 1;
    if (needed > packed.size() - at) {
      return absl::InvalidArgumentError("an RLE segment ends too soon: the file is truncated");
    }
    for (size_t n = 0; n < run; ++n) {
      out[(done + n) * stride] = static_cast<uint8_t>(packed[at + (control >= 0 ? n : 0)]);
    }
    at += needed;
    done += run;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeRle(absl::string_view frame, const PixelLayout& layout, std::vector<uint8_t>& samples) {
  const size_t bytes = static_cast<size_t>(layout.bits_allocated / 8);
  if (frame.size() < kHeaderBytes || LittleU32(frame, 0) != bytes) {
    return absl::InvalidArgumentError("the RLE header does not fit BitsAllocated");
  }
  samples.resize(layout.bytes());
  for (size_t segment = 0; segment < bytes; ++segment) {
    const size_t begin = LittleU32(frame, 4 + 4 * segment);
    const size_t end = segment + 1 < bytes ? LittleU32(frame, 8 + 4 * segment) : frame.size();
    if (begin < kHeaderBytes || begin > end || end > frame.size()) {
      return absl::InvalidArgumentError("the RLE header points outside its frame");
    }
    // The first segment holds the most significant bytes; memory is little endian.
    RETURN_IF_ERROR(UnpackSegment(frame.substr(begin, end - begin), layout.samples(), bytes,
                                  samples.data() + (bytes - 1 - segment)));
  }
  return absl::OkStatus();
}

}  // namespace sgpsam
