#include "core/model/sgp_sam.h"

#include <ATen/ATen.h>

namespace sgpsam {
namespace {

// -> [N, C], float32
at::Tensor EncodeMaskPrompt(const PromptEncoder& encoder, const Prompt& prompt) {
  switch (prompt.mask) {
    case MaskPrompt::kZero: return encoder.zero_mask;
    case MaskPrompt::kNone: return encoder.no_mask;
    case MaskPrompt::kLogits: break;
  }
  return EncodeMask(encoder, prompt.logits.unsqueeze(0)).squeeze(0);
}

}  // namespace

Decoded DecodePrompts(const SgpSam& model, const at::Tensor& embeddings, absl::Span<const Prompt> prompts,
                      MaskOutput output) {
  std::vector<at::Tensor> clicks, images;
  for (size_t b = 0; b < prompts.size(); ++b) {
    clicks.push_back(EncodeClicks(model.prompt_encoder, prompts[b].clicks));
    const at::Tensor tokens = embeddings[static_cast<int64_t>(b)].flatten(1).t();  // [N, C]
    images.push_back(tokens + EncodeMaskPrompt(model.prompt_encoder, prompts[b]));
  }
  return Decode(model.mask_decoder, at::stack(images).contiguous(), at::stack(clicks), output);
}

}  // namespace sgpsam
