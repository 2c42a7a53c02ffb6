#include "core/model_file/convert_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

float FloatOfBits(uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

uint32_t BitsOf(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
float FromHalf(uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

// Of a finite value. What rounds up to the next power of two carries into the exponent, and what is too large
// becomes infinite or more.
uint16_t ToHalf(float value) {
  int exponent = 0;
  if (std::frexp(value, &exponent) == 0) exponent = -13;
  exponent = std::clamp(exponent, -13, 17);  // below 2^-14 there are no smaller steps than 2^-24
  const float steps = std::nearbyint(std::ldexp(std::min(std::abs(value), 65536.0f), 11 - exponent));
  const uint32_t magnitude = (static_cast<uint32_t>(exponent + 13) << 10) + static_cast<uint32_t>(steps);
  return static_cast<uint16_t>((BitsOf(value) >> 16 & 0x8000) | magnitude);
}

float FromBfloat16(uint16_t bits) { return FloatOfBits(uint32_t{bits} << 16); }

// Of a finite value.
uint16_t ToBfloat16(float value) {
  const uint32_t bits = BitsOf(value);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

template <typename Stored, typename Convert>
std::vector<float> ConvertAll(const std::vector<uint8_t>& bytes, const Convert& convert) {
  std::vector<float> values(bytes.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(stored);
  }
  return values;
}

absl::StatusOr<std::vector<float>> FloatsOf(const NamedTensor& tensor) {
  switch (tensor.type) {
    case TensorType::kFloat16: return ConvertAll<uint16_t>(tensor.bytes, FromHalf);
    case TensorType::kBfloat16: return ConvertAll<uint16_t>(tensor.bytes, FromBfloat16);
    case TensorType::kFloat32: return ConvertAll<float>(tensor.bytes, [](float value) { return value; });
    case TensorType::kFloat64:
      return ConvertAll<double>(tensor.bytes, [](double value) { return static_cast<float>(value); });
    case TensorType::kInt64:
    case TensorType::kInt32:
    case TensorType::kUint8: break;
  }
  return absl::InvalidArgumentError("is not floating-point");
}

template <typename Stored, typename Convert>
std::vector<uint8_t> StoreAll(const std::vector<float>& values, const Convert& convert) {
  std::vector<uint8_t> bytes(values.size() * sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    const Stored stored = convert(values[i]);
    std::memcpy(bytes.data() + i * sizeof(Stored), &stored, sizeof(Stored));
  }
  return bytes;
}

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

std::vector<uint8_t> BytesOf(const std::vector<float>& values, TensorType type) {
  if (type == TensorType::kFloat16) return StoreAll<uint16_t>(values, ToHalf);
  if (type == TensorType::kBfloat16) return StoreAll<uint16_t>(values, ToBfloat16);
  return StoreAll<float>(values, [](float value) { return value; });
}

}  // namespace

absl::StatusOr<NamedTensor> ConvertTensor(NamedTensor tensor, TensorType type) {
  ASSIGN_OR_RETURN(const std::vector<float> values, FloatsOf(tensor));
  if (!AllFinite(values)) return absl::InvalidArgumentError("holds NaN or infinite values");
  tensor.type = type;
  tensor.bytes = BytesOf(values, type);
  if (type == TensorType::kFloat32) return tensor;
  ASSIGN_OR_RETURN(const std::vector<float> stored, FloatsOf(tensor));
  if (AllFinite(stored)) return tensor;
  return absl::InvalidArgumentError(
      absl::StrCat("holds values that are too large for ", SafetensorsName(type)));
}

absl::StatusOr<NamedTensor> ConvertTensor(const std::string& name, NamedTensor tensor, TensorType type) {
  absl::StatusOr<NamedTensor> converted = ConvertTensor(std::move(tensor), type);
  if (converted.ok()) return converted;
  return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " ", converted.status().message()));
}

}  // namespace sgpsam
