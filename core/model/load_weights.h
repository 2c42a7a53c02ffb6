// Tensors -> SgpSam: from a file, whose tensors are checked first (check_tensors.h), or from the parameters
// of a training.
#ifndef SGPSAM_CORE_MODEL_LOAD_WEIGHTS_H_
#define SGPSAM_CORE_MODEL_LOAD_WEIGHTS_H_

#include <c10/core/Device.h>

#include "absl/status/statusor.h"
#include "core/model/sgp_sam.h"
#include "core/model/tensor_map.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// Of the image encoder, 98% of the arithmetic. Prompt encoder and mask decoder are float32 in either: in
// bfloat16 they would save a millisecond and move a mask's border (Dice against float32 0.991 instead of
// 0.997 on the golden clicks).
enum class Precision { kFloat32, kBfloat16 };

// For serving: copies what it keeps and, if it is to, packs it for the processor (PackWeights).
// INVALID_ARGUMENT for tensors that are not the configuration's, named together, or for a configuration that
// is not valid (a window smaller than the token grid, for one: no released model has it). Throws c10::Error
// for what LibTorch refuses, such as a lack of memory.
absl::StatusOr<SgpSam> LoadSgpSam(const TensorFile& file, const ModelConfig& config, at::Device device,
                                  Precision precision, bool packed_weights = true);

// The same from tensors that the caller vouches for. Gradients flow back to those that ask for them, so a
// training assembles the model anew after each change of its parameters. Frozen ones are copied to a device
// or into bfloat16 each time, too.
SgpSam AssembleSgpSam(const TensorSource& tensors, const ModelConfig& config, at::Device device,
                      Precision precision);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_LOAD_WEIGHTS_H_
