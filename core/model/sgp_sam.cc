#include "core/model/sgp_sam.h"

#include <ATen/ATen.h>

namespace sgpsam {
namespace {

// -> [P, N, C], float32; those with logits in one go
at::Tensor EncodeMaskPrompts(const PromptEncoder& encoder, absl::Span<const Prompt> prompts) {
  std::vector<at::Tensor> logits, masks;
  for (const Prompt& prompt : prompts) {
    if (prompt.mask == MaskPrompt::kLogits) logits.push_back(prompt.logits);
  }
  const at::Tensor encoded = logits.empty() ? at::Tensor() : EncodeMask(encoder, at::stack(logits));
  if (logits.size() == prompts.size()) return encoded;
  int64_t next = 0;
  for (const Prompt& prompt : prompts) {
    switch (prompt.mask) {
      case MaskPrompt::kZero: masks.push_back(encoder.zero_mask); break;
      case MaskPrompt::kNone: masks.push_back(encoder.no_mask); break;
      case MaskPrompt::kLogits: masks.push_back(encoded[next++]); break;
    }
  }
  return at::stack(masks);
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
  std::vector<at::Tensor> coordinates, labels;
  for (const Prompt& prompt : prompts) {
    const Points points = ToPoints(model.config.patch, prompt.clicks, prompt.box);
    coordinates.push_back(points.coordinates);
    labels.push_back(points.labels);
  }
  const Points points = {at::stack(coordinates).to(model.device()), at::stack(labels).to(model.device())};
  return DecodeEncoded(model, image, EncodePoints(model.prompt_encoder, points),
                       EncodeMaskPrompts(model.prompt_encoder, prompts), output);
}

}  // namespace sgpsam
