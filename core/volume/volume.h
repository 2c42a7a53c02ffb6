// A scalar 3D image: samples in their own type (a 16-bit CT stays 16-bit) and their Geometry.
// Move-only; immutable once built, then safe to read from many threads.
#ifndef SGPSAM_CORE_VOLUME_VOLUME_H_
#define SGPSAM_CORE_VOLUME_VOLUME_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/byte_buffer.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// The most bytes that a volume's samples take, unless whoever lets it be read says otherwise.
inline constexpr uint64_t kMaxVolumeBytes = uint64_t{8} << 30;

enum class SampleType { kInt8, kUint8, kInt16, kUint16, kInt32, kUint32, kFloat32, kFloat64 };

size_t BytesPerSample(SampleType type);
bool IsInteger(SampleType type);

class Volume {
 public:
  Volume() = default;

  // Takes over the samples: i fastest, then j, then k, native byte order. INVALID_ARGUMENT if their
  // size is not exactly shape.voxels() * BytesPerSample(type).
  static absl::StatusOr<Volume> Create(Geometry geometry, SampleType type, ByteBuffer samples);

  const Geometry& geometry() const { return geometry_; }
  SampleType sample_type() const { return type_; }
  const ByteBuffer& samples() const { return samples_; }

  // The value at an index inside the shape; unchecked. For loops use VisitSamples.
  double at(int64_t i, int64_t j, int64_t k) const;

 private:
  Geometry geometry_;
  SampleType type_ = SampleType::kInt16;
  ByteBuffer samples_;
};

// Calls `visitor` with a `const T*` to the first sample, T being the volume's sample type.
template <typename Visitor>
auto VisitSamples(const Volume& volume, Visitor&& visitor) {
  const uint8_t* bytes = volume.samples().data();
  switch (volume.sample_type()) {
    case SampleType::kInt8: return visitor(reinterpret_cast<const int8_t*>(bytes));
    case SampleType::kUint8: return visitor(bytes);
    case SampleType::kInt16: return visitor(reinterpret_cast<const int16_t*>(bytes));
    case SampleType::kUint16: return visitor(reinterpret_cast<const uint16_t*>(bytes));
    case SampleType::kInt32: return visitor(reinterpret_cast<const int32_t*>(bytes));
    case SampleType::kUint32: return visitor(reinterpret_cast<const uint32_t*>(bytes));
    case SampleType::kFloat32: return visitor(reinterpret_cast<const float*>(bytes));
    case SampleType::kFloat64: break;
  }
  return visitor(reinterpret_cast<const double*>(bytes));
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_VOLUME_H_
