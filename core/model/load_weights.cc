#include "core/model/load_weights.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/base/status_macros.h"
#include "core/model/tensor_map.h"

namespace sgpsam {

absl::StatusOr<SgpSam> LoadSgpSam(const TensorFile& file, const ModelConfig& config, at::Device device,
                                  Precision precision) {
  RETURN_IF_ERROR(ValidateModelConfig(config));
  RETURN_IF_ERROR(CheckTensors(file, config));
  const c10::InferenceMode inference_mode;
  const TensorMap tensors(file, device, precision == Precision::kBfloat16 ? at::kBFloat16 : at::kFloat);
  SgpSam model;
  model.config = config;
  model.image_encoder = LoadImageEncoder(tensors, config);
  model.prompt_encoder = LoadPromptEncoder(tensors, config);
  model.mask_decoder = LoadMaskDecoder(tensors, config, model.prompt_encoder.dense_pe);
  return model;
}

}  // namespace sgpsam
