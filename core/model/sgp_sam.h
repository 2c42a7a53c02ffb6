// SGP-SAM assembled: SAM-Med3D's image encoder with self-gated prompting modules, its prompt encoder and mask
// decoder. A set of tensors that many threads may read; the functions keep no state.
#ifndef SGPSAM_CORE_MODEL_SGP_SAM_H_
#define SGPSAM_CORE_MODEL_SGP_SAM_H_

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "core/engine/engine.h"
#include "core/model/image_encoder.h"
#include "core/model/mask_decoder.h"
#include "core/model/mask_refiner.h"
#include "core/model/prompt_encoder.h"
#include "core/model_file/model_config.h"

namespace sgpsam {

struct SgpSam {
  ModelConfig config;
  ImageEncoder image_encoder;
  PromptEncoder prompt_encoder;
  MaskDecoder mask_decoder;
  std::optional<MaskRefiner> mask_refiner;

  at::Device device() const { return image_encoder.pos_embed.device(); }
};

// The mask prompt of one decode.
enum class MaskPrompt {
  kZero,    // a mask of zeros: what the reference's first pass feeds (infer_utils.py)
  kNone,    // the no-mask embedding
  kLogits,  // the previous pass's low-resolution logits, raw
};

struct Prompt {
  std::vector<Click> clicks;
  MaskPrompt mask = MaskPrompt::kZero;
  at::Tensor logits;  // [4g, 4g, 4g], float32, if mask is kLogits
  std::optional<BoxCorners> box = std::nullopt;
};

// What the image encoder has made of patches, on its way to the decoder.
struct ImageFeatures {
  at::Tensor embedding;  // as Encoded's
  at::Tensor detail = {};
};

// What is asked of patches, encoded as far as can be before it is known which patches.
struct EncodedPrompts {
  Points points;
  at::Tensor masks;   // [B, N, C] or [N, C] for all, float32
  at::Tensor logits;  // that `masks` were encoded of, [B, 4g, 4g, 4g], float32; undefined: of zeros
};

// The mask refiner, if the model has one, works on a single mask only.
Decoded DecodeEncoded(const SgpSam& model, const ImageFeatures& image, const EncodedPrompts& prompts,
                      MaskOutput output = MaskOutput::kSingle);

// One patch for each prompt, float32; all prompts have equally many tokens (clicks, and 2 for a box, else 1).
Decoded DecodePrompts(const SgpSam& model, const ImageFeatures& image, absl::Span<const Prompt> prompts,
                      MaskOutput output = MaskOutput::kSingle);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_SGP_SAM_H_
