// SAM-Med3D's prompt encoder and mask decoder as the reference writes them, channels first and with nothing
// prepared in advance. It is what the fast decoder is checked and timed against, and no part of the server.
#ifndef SGPSAM_TESTS_ORACLE_PLAIN_DECODER_H_
#define SGPSAM_TESTS_ORACLE_PLAIN_DECODER_H_

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "core/engine/engine.h"
#include "core/model/mask_decoder.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"
#include "tests/oracle/raw_weights.h"

namespace sgpsam {

class PlainDecoder {
 public:
  PlainDecoder(const TensorFile& file, const ModelConfig& config)
      : config_(config), weights_(file, "prompt_encoder.", "mask_decoder.") {}

  // embedding [1, C, g, g, g]; mask_logits [1, 1, 4g, 4g, 4g] or undefined for no mask. -> as DecodePrompts.
  Decoded Decode(const at::Tensor& embedding, const std::vector<Click>& clicks, const at::Tensor& mask_logits,
                 MaskOutput output, const std::optional<BoxCorners>& box = std::nullopt) const;

 private:
  at::Tensor EncodePositions(const at::Tensor& coordinates) const;
  at::Tensor DensePositions() const;
  at::Tensor EncodeVoxel(float i, float j, float k, int label) const;
  at::Tensor EncodePrompts(const std::vector<Click>& clicks, const std::optional<BoxCorners>& box) const;
  at::Tensor EncodeMask(const at::Tensor& mask_logits) const;
  at::Tensor Attend(const std::string& name, const at::Tensor& q, const at::Tensor& k,
                    const at::Tensor& v) const;
  at::Tensor RunMlp(const std::string& name, const at::Tensor& x) const;
  at::Tensor Upscale(const at::Tensor& image) const;
  void RunLayer(int index, const at::Tensor& token_pe, const at::Tensor& image_pe, at::Tensor& tokens,
                at::Tensor& image) const;

  const ModelConfig config_;
  const RawWeights weights_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_ORACLE_PLAIN_DECODER_H_
