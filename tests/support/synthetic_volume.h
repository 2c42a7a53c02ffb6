// Small volumes and geometries for tests; a call that fails fails the test.
#ifndef SGPSAM_TESTS_SUPPORT_SYNTHETIC_VOLUME_H_
#define SGPSAM_TESTS_SUPPORT_SYNTHETIC_VOLUME_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>
#include <utility>

#include "core/base/byte_buffer.h"
#include "core/volume/geometry.h"
#include "core/volume/volume.h"

namespace sgpsam {

template <typename T>
constexpr SampleType SampleTypeOf() {
  if constexpr (std::is_same_v<T, int8_t>) return SampleType::kInt8;
  if constexpr (std::is_same_v<T, uint8_t>) return SampleType::kUint8;
  if constexpr (std::is_same_v<T, int16_t>) return SampleType::kInt16;
  if constexpr (std::is_same_v<T, uint16_t>) return SampleType::kUint16;
  if constexpr (std::is_same_v<T, int32_t>) return SampleType::kInt32;
  if constexpr (std::is_same_v<T, uint32_t>) return SampleType::kUint32;
  if constexpr (std::is_same_v<T, float>) return SampleType::kFloat32;
  return SampleType::kFloat64;
}

inline Geometry SteppedGeometry(const Shape& shape, const std::array<WorldPoint, 3>& steps,
                                const WorldPoint& origin = {}) {
  absl::StatusOr<Geometry> geometry = Geometry::Create(shape, origin, steps);
  EXPECT_TRUE(geometry.ok()) << geometry.status();
  return geometry.ok() ? *geometry : Geometry();
}

// Axes along the patient's left, back and head.
inline Geometry TestGeometry(const Shape& shape, const std::array<double, 3>& spacing_mm = {1.5, 1.5, 1.5},
                             const WorldPoint& origin = {}) {
  return SteppedGeometry(shape, {{{spacing_mm[0], 0, 0}, {0, spacing_mm[1], 0}, {0, 0, spacing_mm[2]}}},
                         origin);
}

// A volume whose sample at i, j, k is value(i, j, k).
template <typename T>
Volume TestVolume(const Geometry& geometry, const std::function<double(int64_t, int64_t, int64_t)>& value) {
  const Shape& shape = geometry.shape();
  absl::StatusOr<ByteBuffer> samples = ByteBuffer::Zeroed(static_cast<size_t>(shape.voxels()) * sizeof(T));
  EXPECT_TRUE(samples.ok()) << samples.status();
  uint8_t* out = samples->data();
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i, out += sizeof(T)) {
        const T sample = static_cast<T>(value(i, j, k));
        std::memcpy(out, &sample, sizeof(T));
      }
    }
  }
  absl::StatusOr<Volume> volume = Volume::Create(geometry, SampleTypeOf<T>(), *std::move(samples));
  EXPECT_TRUE(volume.ok()) << volume.status();
  return volume.ok() ? *std::move(volume) : Volume();
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_SYNTHETIC_VOLUME_H_
