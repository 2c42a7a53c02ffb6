// Weights and inputs that anyone can make again from a seed: the formula of the golden data.
//
//     h = splitmix64((fnv1a64(name) ^ (seed * 0x9E3779B97F4A7C15)) + index)
//     value = float32(centre + amplitude * ((h >> 40) * 2^-23 - 1))          (in double)
#ifndef SGPSAM_CORE_MODEL_FILE_SEEDED_WEIGHTS_H_
#define SGPSAM_CORE_MODEL_FILE_SEEDED_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"
#include "core/model_file/tensor_table.h"

namespace sgpsam {

// `count` values of a tensor, row-major.
std::vector<float> SeededValues(absl::string_view name, int64_t count, uint64_t seed, double centre,
                                double amplitude);

// The seeded tensor of one row of the table.
NamedTensor SeededTensor(const TensorSpec& spec, uint64_t seed);

// Every tensor of the configuration, with the configuration in the metadata. Fresh SGPM modules are the
// identity (their last projection is zero), so the model computes what plain SAM-Med3D computes.
TensorFile SeededModel(const ModelConfig& config, uint64_t seed);

// The golden input patch, of 128 voxels a side there: three triangle waves, noise and a ball (the formula
// stands in the .cc file).
std::vector<float> SeededPatch(uint64_t seed, int64_t side);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_SEEDED_WEIGHTS_H_
