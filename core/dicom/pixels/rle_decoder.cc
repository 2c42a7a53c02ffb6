#include "core/dicom/pixels/rle_decoder.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr size_t kHeaderBytes = 64;
constexpr size_t kMaxRatio = 64;  // two bytes become at most 128

absl::Status TooShort() {
  return absl::InvalidArgumentError("an RLE segment ends too soon: the file is truncated");
}

absl::StatusOr<absl::string_view> FindSegment(absl::string_view frame, size_t segment, size_t segments) {
  const size_t begin = FromLittleEndian(frame.substr(4 + 4 * segment, 4));
  const size_t end =
      segment + 1 < segments ? FromLittleEndian(frame.substr(8 + 4 * segment, 4)) : frame.size();
  if (begin < kHeaderBytes || begin > end || end > frame.size()) {
    return absl::InvalidArgumentError("the RLE header points outside its frame");
  }
  return frame.substr(begin, end - begin);
}

// PackBits: writes `count` bytes, `stride` apart.
absl::Status UnpackSegment(absl::string_view packed, size_t count, size_t stride, uint8_t* out) {
  size_t at = 0, done = 0;
  while (done < count) {
    if (at >= packed.size()) return TooShort();
    const int byte = static_cast<uint8_t>(packed[at++]);
    if (byte == 128) continue;
    const int control = byte < 128 ? byte : byte - 256;
    const size_t run = std::min(static_cast<size_t>(control >= 0 ? control + 1 : 1 - control), count - done);
    const size_t needed = control >= 0 ? run : 1;
    if (needed > packed.size() - at) return TooShort();
    for (size_t n = 0; n < run; ++n) {
      out[(done + n) * stride] = static_cast<uint8_t>(packed[at + (control >= 0 ? n : 0)]);
    }
    at += needed;
    done += run;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRle(absl::string_view frame, const PixelLayout& layout) {
  const size_t bytes = static_cast<size_t>(layout.bits_allocated / 8);
  if (frame.size() < kHeaderBytes || FromLittleEndian(frame.substr(0, 4)) != bytes) {
    return absl::InvalidArgumentError("the RLE header does not fit BitsAllocated");
  }
  for (size_t segment = 0; segment < bytes; ++segment) {
    ASSIGN_OR_RETURN(const absl::string_view packed, FindSegment(frame, segment, bytes));
    if (packed.size() * kMaxRatio < layout.samples()) return TooShort();
  }
  return absl::OkStatus();
}

absl::Status DecodeRle(absl::string_view frame, const PixelLayout& layout, std::vector<uint8_t>& samples) {
  RETURN_IF_ERROR(CheckRle(frame, layout));
  const size_t bytes = static_cast<size_t>(layout.bits_allocated / 8);
  samples.resize(layout.bytes());
  for (size_t segment = 0; segment < bytes; ++segment) {
    ASSIGN_OR_RETURN(const absl::string_view packed, FindSegment(frame, segment, bytes));
    // The first segment holds the most significant bytes; memory is little endian.
    RETURN_IF_ERROR(UnpackSegment(packed, layout.samples(), bytes, samples.data() + (bytes - 1 - segment)));
  }
  return absl::OkStatus();
}

}  // namespace sgpsam
