#include "core/dicom/seg/seg_frames.h"

#include <cstring>

namespace sgpsam {
namespace {

// Eight bits from any bit position; the caller guarantees that they exist.
uint8_t ByteAt(const uint8_t* source, uint64_t bit) {
  const uint8_t* byte = source + (bit >> 3);
  const unsigned shift = bit & 7;
  if (shift == 0) return *byte;
  return static_cast<uint8_t>((byte[0] >> shift) | (byte[1] << (8 - shift)));
}

void CopyBit(const uint8_t* source, uint64_t from, uint8_t* target, uint64_t to) {
  const unsigned bit = (source[from >> 3] >> (from & 7)) & 1u;
  target[to >> 3] = static_cast<uint8_t>(target[to >> 3] | (bit << (to & 7)));
}

}  // namespace

void CopyBits(const uint8_t* source, uint64_t from, uint64_t count, uint8_t* target, uint64_t to) {
  for (; count > 0 && (to & 7) != 0; --count) CopyBit(source, from++, target, to++);
  uint64_t whole = count / 8;
  if ((from & 7) == 0) {
    if (whole > 0) std::memcpy(target + (to >> 3), source + (from >> 3), whole);
  } else {
    for (uint64_t n = 0; n < whole; ++n) target[(to >> 3) + n] = ByteAt(source, from + 8 * n);
  }
  from += 8 * whole;
  to += 8 * whole;
  for (count -= 8 * whole; count > 0; --count) CopyBit(source, from++, target, to++);
}

std::vector<SegFrame> PlanFrames(absl::Span<const Mask* const> masks) {
  const int64_t slices = masks[0]->shape().k;
  std::vector<SegFrame> frames;
  for (size_t segment = 0; segment < masks.size(); ++segment) {
    for (int64_t k = 0; k < slices; ++k) {
      if (masks[segment]->CountVoxelsInSlice(k) > 0) frames.push_back({segment, k});
    }
  }
  if (!frames.empty()) return frames;
  for (int64_t k = 0; k < slices; ++k) frames.push_back({0, k});
  return frames;
}

std::vector<uint8_t> PackFrames(absl::Span<const Mask* const> masks, absl::Span<const SegFrame> frames) {
  const Shape& shape = masks[0]->shape();
  const uint64_t frame_bits = static_cast<uint64_t>(shape.i * shape.j);
  const uint64_t bytes = (frame_bits * frames.size() + 7) / 8;
  std::vector<uint8_t> packed(static_cast<size_t>(bytes + bytes % 2), 0);
  for (size_t f = 0; f < frames.size(); ++f) {
    CopyBits(masks[frames[f].segment]->bits().data(), frame_bits * static_cast<uint64_t>(frames[f].k),
             frame_bits, packed.data(), frame_bits * f);
  }
  return packed;
}

bool AnyOverlap(absl::Span<const Mask* const> masks) {
  if (masks.size() < 2) return false;
  std::vector<uint8_t> seen = masks[0]->bits();
  for (const Mask* mask : masks.subspan(1)) {
    const std::vector<uint8_t>& bits = mask->bits();
    uint8_t shared = 0;
    for (size_t n = 0; n < seen.size(); ++n) {
      shared = static_cast<uint8_t>(shared | (seen[n] & bits[n]));
      seen[n] = static_cast<uint8_t>(seen[n] | bits[n]);
    }
    if (shared != 0) return true;
  }
  return false;
}

}  // namespace sgpsam
