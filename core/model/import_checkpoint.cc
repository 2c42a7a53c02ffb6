#include "core/model/import_checkpoint.h"

#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/model/check_tensors.h"
#include "core/model/pth_reader.h"
#include "core/model/seeded_weights.h"

namespace sgpsam {
namespace {

constexpr uint64_t kFreshModulesSeed = 1;

float FloatOfBits(uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
float FromHalf(uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
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
    case TensorType::kBfloat16:
      return ConvertAll<uint16_t>(tensor.bytes,
                                  [](uint16_t bits) { return FloatOfBits(uint32_t{bits} << 16); });
    case TensorType::kFloat32: return ConvertAll<float>(tensor.bytes, [](float value) { return value; });
    case TensorType::kFloat64:
      return ConvertAll<double>(tensor.bytes, [](double value) { return static_cast<float>(value); });
    case TensorType::kInt64:
    case TensorType::kInt32:
    case TensorType::kUint8: break;
  }
  return absl::InvalidArgumentError("is not floating-point");
}

// Shapes and types alone, so that they are checked before a byte of them is read.
TensorFile OutlineOf(const PthCheckpoint& checkpoint) {
  TensorFile outline;
  for (const auto& [name, tensor] : checkpoint.tensors()) {
    NamedTensor& described = outline.tensors[name];
    described.type = tensor.storage.type.value_or(TensorType::kUint8);
    described.shape = tensor.shape;
  }
  return outline;
}

absl::Status CheckOutline(const PthCheckpoint& checkpoint, ModelConfig plain, const std::string& path) {
  plain.sgpm.blocks.clear();
  absl::Status status = CheckTensors(OutlineOf(checkpoint), plain);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(path, " is no ", plain.name, ": ", status.message()));
}

}  // namespace

absl::StatusOr<NamedTensor> ToFloat32(NamedTensor tensor) {
  ASSIGN_OR_RETURN(const std::vector<float> values, FloatsOf(tensor));
  for (const float value : values) {
    if (!std::isfinite(value)) return absl::InvalidArgumentError("holds NaN or infinite values");
  }
  tensor.type = TensorType::kFloat32;
  tensor.bytes.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

absl::StatusOr<TensorFile> ImportCheckpoint(const std::string& path, ModelConfig config) {
  ASSIGN_OR_RETURN(PthCheckpoint checkpoint, PthCheckpoint::Open(path));
  const bool boxes = checkpoint.tensors().count("prompt_encoder.point_embeddings.3.weight") > 0;
  config.point_embeddings = boxes ? 4 : 2;
  RETURN_IF_ERROR(CheckOutline(checkpoint, config, path));
  TensorFile file;
  file.metadata[kModelConfigKey] = ToJson(config);
  for (const TensorSpec& spec : TensorTable(config)) {
    if (checkpoint.tensors().count(spec.name) == 0) {
      file.tensors[spec.name] = SeededTensor(spec, kFreshModulesSeed);
      continue;
    }
    ASSIGN_OR_RETURN(NamedTensor tensor, checkpoint.Read(spec.name));
    absl::StatusOr<NamedTensor> converted = ToFloat32(std::move(tensor));
    if (!converted.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": tensor ", spec.name, " ", converted.status().message()));
    }
    file.tensors[spec.name] = *std::move(converted);
  }
  return file;
}

}  // namespace sgpsam
