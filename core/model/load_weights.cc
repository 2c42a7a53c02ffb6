#include "core/model/load_weights.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/base/status_macros.h"

namespace sgpsam {

SgpSam AssembleSgpSam(const TensorSource& tensors, const ModelConfig& config, at::Device device,
                      Precision precision) {
  const at::ScalarType encoder_type = precision == Precision::kBfloat16 ? at::kBFloat16 : at::kFloat;
  const TensorMap encoder_tensors(tensors, device, encoder_type),
      decoder_tensors(tensors, device, at::kFloat);
  SgpSam model;
  model.config = config;
  model.image_encoder = LoadImageEncoder(encoder_tensors, config);
  model.prompt_encoder = LoadPromptEncoder(decoder_tensors, config);
  model.mask_decoder = LoadMaskDecoder(decoder_tensors, config, model.prompt_encoder.dense_pe);
  if (config.refiner_channels > 0)
    model.mask_refiner = LoadMaskRefiner(decoder_tensors, encoder_tensors, config);
  return model;
}

absl::StatusOr<SgpSam> LoadSgpSam(const TensorFile& file, const ModelConfig& config, at::Device device,
                                  Precision precision, bool packed_weights) {
  RETURN_IF_ERROR(ValidateModelConfig(config));
  RETURN_IF_ERROR(CheckTensors(file, config));
  const c10::InferenceMode inference_mode;
  SgpSam model = AssembleSgpSam(TensorsOf(file), config, device, precision);
  if (packed_weights) PackWeights(model.image_encoder);
  return model;
}

}  // namespace sgpsam
