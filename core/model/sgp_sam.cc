#include "core/model/sgp_sam.h"

#include <ATen/ATen.h>

#include <algorithm>

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

// [P, 4g, 4g, 4g], zeros where there are none; undefined where there are none at all
at::Tensor StackLogits(absl::Span<const Prompt> prompts) {
  const auto given = std::find_if(prompts.begin(), prompts.end(),
                                  [](const Prompt& p) { return p.mask == MaskPrompt::kLogits; });
  if (given == prompts.end()) return {};
  const at::Tensor zeros = at::zeros_like(given->logits);
  std::vector<at::Tensor> logits;
  for (const Prompt& prompt : prompts) {
    logits.push_back(prompt.mask == MaskPrompt::kLogits ? prompt.logits : zeros);
  }
  return at::stack(logits);
}

}  // namespace

Decoded DecodeEncoded(const SgpSam& model, const ImageFeatures& image, const EncodedPrompts& prompts,
                      MaskOutput output) {
  // A copy first: transposing inside of the sum is five times slower.
  const at::Tensor tokens =
      image.embedding.flatten(2).transpose(1, 2).clone(at::MemoryFormat::Contiguous);  // [B, N, C]
  Decoded decoded = Decode(model.mask_decoder, {tokens.add_(prompts.masks), image.detail},
                           EncodePoints(model.prompt_encoder, prompts.points), output);
  if (model.mask_refiner && output == MaskOutput::kSingle) {
    decoded.low_res = RefineMask(*model.mask_refiner, decoded.low_res, decoded.upscaled, image.detail,
                                 prompts.points, prompts.logits);
  }
  return decoded;
}

Decoded DecodePrompts(const SgpSam& model, const ImageFeatures& image, absl::Span<const Prompt> prompts,
                      MaskOutput output) {
  std::vector<at::Tensor> coordinates, labels;
  for (const Prompt& prompt : prompts) {
    const Points points = ToPoints(model.config.patch, prompt.clicks, prompt.box);
    coordinates.push_back(points.coordinates);
    labels.push_back(points.labels);
  }
  EncodedPrompts encoded;
  encoded.points = {at::stack(coordinates).to(model.device()), at::stack(labels).to(model.device())};
  encoded.masks = EncodeMaskPrompts(model.prompt_encoder, prompts);
  if (model.mask_refiner) encoded.logits = StackLogits(prompts);
  return DecodeEncoded(model, image, encoded, output);
}

}  // namespace sgpsam
