#include "core/volume/mask.h"

#include <algorithm>
#include <cstring>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"

namespace sgpsam {
namespace {

// Set bits in [begin, end) of a packed array.
uint64_t CountBits(const std::vector<uint8_t>& bits, uint64_t begin, uint64_t end) {
  uint64_t count = 0;
  while (begin < end && (begin & 7) != 0) {
    count += (bits[begin >> 3] >> (begin & 7)) & 1;
    ++begin;
  }
  for (; begin + 64 <= end; begin += 64) {
    uint64_t word = 0;
    std::memcpy(&word, bits.data() + (begin >> 3), sizeof(word));
    if (word != 0) count += static_cast<uint64_t>(absl::popcount(word));  // a mask is mostly empty
  }
  for (; begin < end; ++begin) count += (bits[begin >> 3] >> (begin & 7)) & 1;
  return count;
}

// The first bit at or after `from` that is set in bits ^ flip, `flip` being 0 or all ones; `end` if there
// is none before it.
uint64_t NextBit(const std::vector<uint8_t>& bits, uint64_t from, uint64_t end, uint64_t flip) {
  size_t byte = from >> 3;
  const size_t bytes = (end + 7) >> 3;
  if (byte >= bytes) return end;
  const auto flipped = [&](size_t n) { return static_cast<uint8_t>(bits[n] ^ flip); };
  if (const unsigned rest = static_cast<unsigned>(flipped(byte)) >> (from & 7); rest != 0) {
    return std::min(end, from + static_cast<uint64_t>(absl::countr_zero(rest)));
  }
  ++byte;
  for (uint64_t word = 0; byte + sizeof(word) <= bytes; byte += sizeof(word)) {
    std::memcpy(&word, bits.data() + byte, sizeof(word));
    if (word != flip) break;
  }
  while (byte < bytes && flipped(byte) == 0) ++byte;
  if (byte == bytes) return end;
  return std::min(end, 8 * byte + static_cast<uint64_t>(absl::countr_zero(flipped(byte))));
}

}  // namespace

absl::StatusOr<Mask> Mask::FromBits(const Shape& shape, absl::string_view bits) {
  Mask mask(shape);
  if (bits.size() != mask.bits_.size()) {
    return InvalidArgument(
        Reason::kMaskMismatch,
        absl::StrCat("a mask of this volume has ", mask.bits_.size(), " bytes, not ", bits.size()));
  }
  std::memcpy(mask.bits_.data(), bits.data(), bits.size());
  const int used = static_cast<int>(shape.voxels() & 7);
  if (used != 0 && (mask.bits_.back() >> used) != 0) {
    return InvalidArgument(Reason::kMaskMismatch, "a mask has set bits after its last voxel");
  }
  return mask;
}

void Mask::SetRow(int64_t i, int64_t j, int64_t k, absl::Span<const uint8_t> flags) {
  uint64_t n = Offset(i, j, k);
  const auto set_one = [&](uint8_t flag) {
    bits_[n >> 3] = static_cast<uint8_t>(bits_[n >> 3] | unsigned{flag} << (n & 7));
    ++n;
  };
  size_t f = 0;
  while (f < flags.size() && (n & 7) != 0) set_one(flags[f++]);
  for (; f + 8 <= flags.size(); f += 8, n += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, flags.data() + f, sizeof(eight));
    // Moves bit 8m to bit 56 + m for every m; no two of the products meet.
    bits_[n >> 3] = static_cast<uint8_t>(bits_[n >> 3] | (eight * 0x0102040810204080u) >> 56);
  }
  while (f < flags.size()) set_one(flags[f++]);
}

void Mask::GetRow(int64_t i, int64_t j, int64_t k, absl::Span<uint8_t> flags) const {
  uint64_t n = Offset(i, j, k);
  const auto get_one = [&] {
    const auto flag = static_cast<uint8_t>(bits_[n >> 3] >> (n & 7) & 1);
    ++n;
    return flag;
  };
  size_t f = 0;
  while (f < flags.size() && (n & 7) != 0) flags[f++] = get_one();
  for (; f + 8 <= flags.size(); f += 8, n += 8) {
    // Seven copies of the byte, 7 bits apart, so that bit m of the byte is also bit 8m; the eighth is 56.
    const uint64_t byte = bits_[n >> 3];
    const uint64_t eight = ((byte & 0x7f) * 0x0002040810204081u & 0x0001010101010101u) | (byte & 0x80) << 49;
    std::memcpy(flags.data() + f, &eight, sizeof(eight));
  }
  while (f < flags.size()) flags[f++] = get_one();
}

uint64_t Mask::CountVoxels() const { return CountBits(bits_, 0, static_cast<uint64_t>(shape_.voxels())); }

uint64_t Mask::CountVoxelsInSlice(int64_t k) const {
  const uint64_t slice = static_cast<uint64_t>(shape_.i * shape_.j);
  return CountBits(bits_, slice * static_cast<uint64_t>(k), slice * static_cast<uint64_t>(k + 1));
}

uint64_t Mask::NextVoxel(uint64_t from) const {
  return NextBit(bits_, from, static_cast<uint64_t>(shape_.voxels()), 0);
}

uint64_t Mask::NextGap(uint64_t from, uint64_t end) const { return NextBit(bits_, from, end, ~uint64_t{0}); }

}  // namespace sgpsam
