// One segment: a bit for every voxel of a volume's grid. i fastest, then j, then k, least significant
// bit first, without padding between rows or slices (the layout of DICOM-SEG BINARY pixel data with
// every frame present, PS3.5 8.1.1, and of MASK_FORMAT_RAW_BITS). Copyable; as thread-safe as a vector.
#ifndef SGPSAM_CORE_VOLUME_MASK_H_
#define SGPSAM_CORE_VOLUME_MASK_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/volume/geometry.h"

namespace sgpsam {

class Mask {
 public:
  Mask() = default;
  explicit Mask(const Shape& shape)
      : shape_(shape), bits_(static_cast<size_t>((shape.voxels() + 7) / 8), 0) {}

  // INVALID_ARGUMENT unless `bits` has exactly ceil(voxels / 8) bytes and zero bits after the last voxel.
  static absl::StatusOr<Mask> FromBits(const Shape& shape, absl::string_view bits);

  const Shape& shape() const { return shape_; }
  const std::vector<uint8_t>& bits() const { return bits_; }

  bool at(int64_t i, int64_t j, int64_t k) const {
    const uint64_t n = Offset(i, j, k);
    return (bits_[n >> 3] >> (n & 7)) & 1;
  }
  void Set(int64_t i, int64_t j, int64_t k) {
    const uint64_t n = Offset(i, j, k);
    bits_[n >> 3] = static_cast<uint8_t>(bits_[n >> 3] | (1u << (n & 7)));
  }

  void Clear(int64_t i, int64_t j, int64_t k) {
    const uint64_t n = Offset(i, j, k);
    bits_[n >> 3] = static_cast<uint8_t>(bits_[n >> 3] & ~(1u << (n & 7)));
  }

  // Sets the voxels (i + n, j, k) whose flag n is 1; the others, whose flag is 0, stay as they are.
  void SetRow(int64_t i, int64_t j, int64_t k, absl::Span<const uint8_t> flags);
  // Sets flag n to 1 if the voxel (i + n, j, k) is in the mask, to 0 if not.
  void GetRow(int64_t i, int64_t j, int64_t k, absl::Span<uint8_t> flags) const;

  uint64_t CountVoxels() const;
  uint64_t CountVoxelsInSlice(int64_t k) const;
  // The first voxel of the mask at or after voxel `from`, in the order of the bits; shape().voxels() if
  // there is none. `from` is at most that.
  uint64_t NextVoxel(uint64_t from) const;
  // The first voxel at or after `from` that is not in the mask; `end` if there is none before it. `from` is
  // at most `end`, that at most shape().voxels().
  uint64_t NextGap(uint64_t from, uint64_t end) const;

 private:
  uint64_t Offset(int64_t i, int64_t j, int64_t k) const {
    return static_cast<uint64_t>((k * shape_.j + j) * shape_.i + i);
  }

  Shape shape_;
  std::vector<uint8_t> bits_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_MASK_H_
