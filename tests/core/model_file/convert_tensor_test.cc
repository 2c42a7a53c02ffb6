#include "core/model_file/convert_tensor.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

template <typename T>
NamedTensor TensorOf(TensorType type, const std::vector<T>& values) {
  NamedTensor tensor{
      type, {static_cast<int64_t>(values.size())}, std::vector<uint8_t>(values.size() * sizeof(T))};
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

template <typename T>
std::vector<T> Converted(const NamedTensor& from, TensorType to) {
  const auto tensor = ConvertTensor(from, to);
  EXPECT_TRUE(tensor.ok()) << tensor.status();
  if (!tensor.ok()) return {};
  EXPECT_EQ(tensor->type, to);
  EXPECT_EQ(tensor->shape, from.shape);
  std::vector<T> values(tensor->bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  return values;
}

std::string Refusal(const NamedTensor& from, TensorType to) {
  return std::string(ConvertTensor(from, to).status().message());
}

constexpr float kSmallestHalf = 5.9604644775390625e-8f;  // 2^-24

TEST(ConvertTensor, ReadsEveryFloatingPointType) {
  const std::vector<float> expected{1.0f, -2.5f, 0.0f, 6.103515625e-5f, kSmallestHalf, 65504.0f};
  const std::vector<uint16_t> halves{0x3c00, 0xc100, 0x0000, 0x0400, 0x0001, 0x7bff};
  const std::vector<double> doubles(expected.begin(), expected.end());
  constexpr TensorType kTo = TensorType::kFloat32;
  EXPECT_EQ(Converted<float>(TensorOf(TensorType::kFloat16, halves), kTo), expected);
  EXPECT_EQ(Converted<float>(TensorOf(TensorType::kFloat32, expected), kTo), expected);
  EXPECT_EQ(Converted<float>(TensorOf(TensorType::kFloat64, doubles), kTo), expected);
  EXPECT_EQ(Converted<float>(TensorOf(TensorType::kBfloat16,
                                      std::vector<uint16_t>{0x3f80, 0xc020, 0, 0x0080, 0x8000, 0x4049}),
                             kTo),
            (std::vector<float>{1.0f, -2.5f, 0.0f, std::numeric_limits<float>::min(), -0.0f, 3.140625f}));
}

// Every half there is, and between each two neighbours the middle and its neighbours in float32.
TEST(ConvertTensor, RoundsToTheNearestHalfAndTiesToEven) {
  for (uint16_t bits = 0; bits < 0x7bff; ++bits) {
    const std::vector<float> ends = Converted<float>(
        TensorOf(TensorType::kFloat16, std::vector<uint16_t>{bits, static_cast<uint16_t>(bits + 1)}),
        TensorType::kFloat32);
    const float middle = (ends[0] + ends[1]) / 2;
    const auto next = static_cast<uint16_t>(bits + 1),
               even = static_cast<uint16_t>(bits % 2 == 0 ? bits : next);
    const std::vector<float> values{ends[0], std::nextafter(middle, 0.0f), middle,
                                    std::nextafter(middle, 1e9f), -middle};
    EXPECT_EQ(Converted<uint16_t>(TensorOf(TensorType::kFloat32, values), TensorType::kFloat16),
              (std::vector<uint16_t>{bits, bits, even, next, static_cast<uint16_t>(even | 0x8000)}));
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ConvertTensor, RoundsToTheNearestBfloat16AndTiesToEven) {
  const std::vector<uint32_t> bits{0x3f800000, 0x3f808000, 0x3f808001, 0x3f818000,
                                   0xbf818000, 0x00000001, 0x80000000};
  std::vector<float> values(bits.size());
  std::memcpy(values.data(), bits.data(), bits.size() * sizeof(float));
  EXPECT_EQ(Converted<uint16_t>(TensorOf(TensorType::kFloat32, values), TensorType::kBfloat16),
            (std::vector<uint16_t>{0x3f80, 0x3f80, 0x3f81, 0x3f82, 0xbf82, 0, 0x8000}));
}

TEST(ConvertTensor, RefusesIntegers) {
  EXPECT_THAT(Refusal(TensorOf(TensorType::kInt64, std::vector<int64_t>{1}), TensorType::kFloat32),
              HasSubstr("not floating-point"));
}

TEST(ConvertTensor, RefusesValuesThatAreNotFinite) {
  for (const uint16_t half : {0x7c00, 0xfc00, 0x7e00}) {
    EXPECT_THAT(Refusal(TensorOf(TensorType::kFloat16, std::vector<uint16_t>{half}), TensorType::kFloat32),
                HasSubstr("NaN or infinite"));
  }
  EXPECT_THAT(Refusal(TensorOf(TensorType::kFloat64, std::vector<double>{1e300}), TensorType::kFloat32),
              HasSubstr("NaN or infinite"));
}

TEST(ConvertTensor, RefusesValuesThatTheNewTypeDoesNotHave) {
  for (const float value : {65520.0f, -65520.0f, 65536.0f, 1e6f, std::numeric_limits<float>::max()}) {
    EXPECT_THAT(Refusal(TensorOf(TensorType::kFloat32, std::vector<float>{value}), TensorType::kFloat16),
                HasSubstr("too large for F16"));
  }
  EXPECT_EQ(
      Converted<uint16_t>(TensorOf(TensorType::kFloat32, std::vector<float>{65519.0f}), TensorType::kFloat16),
      (std::vector<uint16_t>{0x7bff}));
  const std::vector<float> largest{std::numeric_limits<float>::max()};
  EXPECT_THAT(Refusal(TensorOf(TensorType::kFloat32, largest), TensorType::kBfloat16),
              HasSubstr("too large for BF16"));
}

TEST(ConvertTensor, NamesTheTensorIfItIsGivenAName) {
  const NamedTensor large = TensorOf<float>(TensorType::kFloat32, {1e6f});
  EXPECT_EQ(ConvertTensor("a.weight", large, TensorType::kFloat16).status().message(),
            "tensor a.weight " + Refusal(large, TensorType::kFloat16));
  EXPECT_TRUE(ConvertTensor("a.weight", large, TensorType::kFloat32).ok());
}

}  // namespace
}  // namespace sgpsam
