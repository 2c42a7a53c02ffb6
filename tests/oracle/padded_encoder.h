// SAM-Med3D's image encoder as the reference writes it: windows padded with zeros and all 2744 tokens
// computed. Slow; it is what the collapsed encoder is checked and timed against, and no part of the server.
// Without SGP modules.
#ifndef SGPSAM_TESTS_ORACLE_PADDED_ENCODER_H_
#define SGPSAM_TESTS_ORACLE_PADDED_ENCODER_H_

#include <ATen/core/Tensor.h>

#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"
#include "tests/oracle/raw_weights.h"

namespace sgpsam {

class PaddedEncoder {
 public:
  PaddedEncoder(const TensorFile& file, const ModelConfig& config)
      : config_(config), weights_(file, "image_encoder.") {}

  // [B, 1, patch, patch, patch] -> [B, out, g, g, g], float32 on the processor
  at::Tensor Encode(const at::Tensor& patches) const;

 private:
  at::Tensor RunBlock(int index, const at::Tensor& x) const;
  at::Tensor Attend(const std::string& name, const at::Tensor& x) const;

  const ModelConfig config_;
  const RawWeights weights_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_ORACLE_PADDED_ENCODER_H_
