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

Decoded DecodePrompts(const SgpSam& model, const ImageFeatures& image, absl::Span<const Prompt> prompts,
                      MaskOutput output) {
  std::vector<at::Tensor> clicks, masks;
  for (size_t b = 0; b < prompts.size(); ++b) {
    clicks.push_back(EncodeClicks(model.prompt_encoder, prompts[b].clicks, prompts[b].box));
    masks.push_back(EncodeMaskPrompt(model.prompt_encoder, prompts[b]));
  }
  // A copy first: transposing inside of the sum is five times slower.
  const at::Tensor tokens =
      image.embedding.flatten(2).transpose(1, 2).clone(at::MemoryFormat::Contiguous);  // [B, N, C]
  return Decode(model.mask_decoder, {tokens.add_(at::stack(masks)), image.detail}, at::stack(clicks), output);
}

}  // namespace sgpsam
