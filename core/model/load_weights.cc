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
  const at::ScalarType encoder_type = precision == Precision::kBfloat16 ? at::kBFloat16 : at::kFloat;
  const TensorMap encoder_tensors(file, device, encoder_type), decoder_tensors(file, device, at::kFloat);
  SgpSam model;
  model.config = config;
  model.image_encoder = LoadImageEncoder(encoder_tensors, config);
  model.prompt_encoder = LoadPromptEncoder(decoder_tensors, config);
  model.mask_decoder = LoadMaskDecoder(decoder_tensors, config, model.prompt_encoder.dense_pe);
  return model;
}

}  // namespace sgpsam
