#include "core/volume/volume.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

double Value(int64_t i, int64_t j, int64_t k) { return static_cast<double>(i + 10 * j + 30 * k); }

template <typename T>
void ExpectSamples() {
  const Volume volume = TestVolume<T>(TestGeometry({4, 3, 2}), Value);
  EXPECT_EQ(volume.sample_type(), SampleTypeOf<T>());
  EXPECT_EQ(BytesPerSample(volume.sample_type()), sizeof(T));
  EXPECT_EQ(IsInteger(volume.sample_type()), std::is_integral_v<T>);
  EXPECT_EQ(volume.at(3, 2, 1), 53);
  const bool same = VisitSamples(volume, [](auto* samples) {
    return std::is_same_v<std::remove_cv_t<std::remove_pointer_t<decltype(samples)>>, T>;
  });
  EXPECT_TRUE(same);
}

TEST(Volume, KeepsSamplesInTheirOwnType) {
  ExpectSamples<int8_t>();
  ExpectSamples<uint8_t>();
  ExpectSamples<int16_t>();
  ExpectSamples<uint16_t>();
  ExpectSamples<int32_t>();
  ExpectSamples<uint32_t>();
  ExpectSamples<float>();
  ExpectSamples<double>();
}

TEST(Volume, LaysSamplesOutIFastest) {
  const Volume volume = TestVolume<uint8_t>(TestGeometry({4, 3, 2}), Value);
  EXPECT_EQ(volume.samples().data()[1], 1);
  EXPECT_EQ(volume.samples().data()[4], 10);
  EXPECT_EQ(volume.samples().data()[12], 30);
}

TEST(Volume, RefusesAnotherNumberOfBytes) {
  for (const size_t size : {size_t{0}, size_t{47}, size_t{49}}) {
    EXPECT_EQ(Volume::Create(TestGeometry({4, 3, 2}), SampleType::kInt16, ByteBuffer::Zeroed(size).value())
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sgpsam
