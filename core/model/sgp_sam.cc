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

Decoded DecodeEncoded(const SgpSam& model, const ImageFeatures& image, const at::Tensor& clicks,
                      const at::Tensor& mask_prompts, MaskOutput output) {
  // A copy first: transposing inside of the sum is five times slower.
  const at::Tensor tokens =
      image.embedding.flatten(2).transpose(1, 2).clone(at::MemoryFormat::Contiguous);  // [B, N, C]
  return Decode(model.mask_decoder, {tokens.add_(mask_prompts), image.detail}, clicks, output);
}

Decoded DecodePrompts(const SgpSam& model, const ImageFeatures& image, absl::Span<const Prompt> prompts,
                      MaskOutput output) {
  std::vector<at::Tensor> coordinates, labels, masks;
  for (const Prompt& prompt : prompts) {
    const Points points = ToPoints(model.config.patch, prompt.clicks, prompt.box);
    coordinates.push_back(points.coordinates);
    labels.push_back(points.labels);
    masks.push_back(EncodeMaskPrompt(model.prompt_encoder, prompt));
  }
  const Points points = {at::stack(coordinates).to(model.device()), at::stack(labels).to(model.device())};
  return DecodeEncoded(model, image, EncodePoints(model.prompt_encoder, points), at::stack(masks), output);
}

}  // namespace sgpsam
