#include "core/volume/mask.h"

#include <cstring>

#include "absl/numeric/bits.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

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

}  // namespace

absl::StatusOr<Mask> Mask::FromBits(const Shape& shape, absl::string_view bits) {
  Mask mask(shape);
  if (bits.size() != mask.bits_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a mask of this volume has ", mask.bits_.size(), " bytes, not ", bits.size()));
  }
  std::memcpy(mask.bits_.data(), bits.data(), bits.size());
  const int used = static_cast<int>(shape.voxels() & 7);
  if (used != 0 && (mask.bits_.back() >> used) != 0) {
    return absl::InvalidArgumentError("a mask has set bits behind its last voxel");
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

uint64_t Mask::CountVoxels() const { return CountBits(bits_, 0, static_cast<uint64_t>(shape_.voxels())); }

uint64_t Mask::CountVoxelsInSlice(int64_t k) const {
  const uint64_t slice = static_cast<uint64_t>(shape_.i * shape_.j);
  return CountBits(bits_, slice * static_cast<uint64_t>(k), slice * static_cast<uint64_t>(k + 1));
}

uint64_t Mask::NextVoxel(uint64_t from) const {
  const uint64_t end = static_cast<uint64_t>(shape_.voxels());
  size_t byte = from >> 3;
  if (byte >= bits_.size()) return end;
  if (const unsigned rest = static_cast<unsigned>(bits_[byte]) >> (from & 7); rest != 0) {
    return from + static_cast<uint64_t>(absl::countr_zero(rest));
  }
  ++byte;
  for (uint64_t word = 0; byte + sizeof(word) <= bits_.size(); byte += sizeof(word)) {
    std::memcpy(&word, bits_.data() + byte, sizeof(word));
    if (word != 0) break;
  }
  while (byte < bits_.size() && bits_[byte] == 0) ++byte;
  if (byte == bits_.size()) return end;
  return 8 * byte + static_cast<uint64_t>(absl::countr_zero(bits_[byte]));
}

}  // namespace sgpsam
