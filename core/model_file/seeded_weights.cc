// The formula must give the same bits everywhere, so this file is compiled without contraction of
// multiply and add (core/model/CMakeLists.txt).
#include "core/model_file/seeded_weights.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "core/model_file/tensor_table.h"

namespace sgpsam {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

uint64_t Fnv1a64(absl::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  return hash;
}

uint64_t SplitMix64(uint64_t x) {
  x += kGolden;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// Uniform in [-1, 1), by position.
class Noise {
 public:
  Noise(absl::string_view name, uint64_t seed) : base_(Fnv1a64(name) ^ (seed * kGolden)) {}
  double at(uint64_t index) const {
    return static_cast<double>(SplitMix64(base_ + index) >> 40) * 0x1p-23 - 1.0;
  }

 private:
  uint64_t base_;
};

// A triangle wave from 1 down to 0 and up again over `period` voxels.
double Triangle(int64_t t, int64_t period) {
  return std::abs(2.0 * static_cast<double>(t % period) / static_cast<double>(period) - 1.0);
}

}  // namespace

std::vector<float> SeededValues(absl::string_view name, int64_t count, uint64_t seed, double centre,
                                double amplitude) {
  const Noise noise(name, seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(centre + amplitude * noise.at(i));
  return values;
}

NamedTensor SeededTensor(const TensorSpec& spec, uint64_t seed) {
  const std::vector<float> values =
      SeededValues(spec.name, spec.elements(), seed, spec.centre, spec.amplitude);
  NamedTensor tensor;
  tensor.shape = spec.shape;
  tensor.bytes.resize(values.size() * sizeof(float));
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

TensorFile SeededModel(const ModelConfig& config, uint64_t seed) {
  TensorFile file;
  for (const TensorSpec& spec : TensorTable(config)) file.tensors[spec.name] = SeededTensor(spec, seed);
  file.metadata[kModelConfigKey] = ToJson(config);
  return file;
}

// x[i,j,k] = tri(i,29) + tri(j,41) + tri(k,53) - 1.5 + 0.5 * noise + (3 within 9 voxels of (70,58,61)).
std::vector<float> SeededPatch(uint64_t seed, int64_t side) {
  const Noise noise("input", seed);
  std::vector<float> patch;
  patch.reserve(static_cast<size_t>(side * side * side));
  for (int64_t i = 0; i < side; ++i) {
    for (int64_t j = 0; j < side; ++j) {
      for (int64_t k = 0; k < side; ++k) {
        const double waves = Triangle(i, 29) + Triangle(j, 41) + Triangle(k, 53) - 1.5;
        const double grain = 0.5 * noise.at(patch.size());
        const bool ball = (i - 70) * (i - 70) + (j - 58) * (j - 58) + (k - 61) * (k - 61) <= 81;
        patch.push_back(static_cast<float>((waves + grain) + (ball ? 3.0 : 0.0)));
      }
    }
  }
  return patch;
}

}  // namespace sgpsam
