// SAM-Med3D's image encoder (image_encoder3D.py): a ViT over the 8^3 tokens of a patch, with our SGP modules
// after the configured blocks, and a convolutional neck. Tokens keep their channels last, [B, N, C]; the
// residual sum is float32 in either precision.
#ifndef SGPSAM_CORE_MODEL_IMAGE_ENCODER_H_
#define SGPSAM_CORE_MODEL_IMAGE_ENCODER_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/model/attention3d.h"
#include "core/model/layers.h"
#include "core/model/sgp_module.h"
#include "core/model/tensor_map.h"
#include "core/model_file/model_config.h"

namespace sgpsam {

struct EncoderBlock {
  Norm norm1;
  Attention3d attention;
  Norm norm2;
  Linear lin1, lin2;              // C -> mlp -> C
  std::optional<SgpModule> sgpm;  // after this block
};

struct ImageEncoder {
  ModelConfig config;
  Linear patch_embed;    // [C, token^3]
  at::Tensor pos_embed;  // [N, C]
  std::vector<EncoderBlock> blocks;
  Linear neck_reduce;  // [out, C], no bias
  Norm neck_norm1;
  at::Tensor neck_conv;  // [out, out, 3, 3, 3], channels last
  Norm neck_norm2;
};

ImageEncoder LoadImageEncoder(const TensorMap& tensors, const ModelConfig& config);

// On a processor, packs the large weights of blocks, neck and modules (packed_weight.h) for one patch at a
// time: for a model that is served. Gradients through it are refused with c10::Error.
void PackWeights(ImageEncoder& encoder);

struct Encoded {
  at::Tensor embedding;    // [B, out, g, g, g], float32
  at::Tensor detail;       // [B, d, 4g, 4g, 4g], float32: the modules' map; undefined without detail branches
  at::Tensor gate_scores;  // [B, modules], float32
};

// Told the tokens [B, N, C] after "patch_embed" (position embedding not yet added) and "blockN", for tests.
using StageObserver = std::function<void(absl::string_view stage, const at::Tensor& tokens)>;

// normalised [B, 1, patch, patch, patch], float32, on the encoder's device: patches as PreparePatch makes
// them.
Encoded Encode(const ImageEncoder& encoder, const at::Tensor& normalised,
               const StageObserver& observer = nullptr);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_IMAGE_ENCODER_H_
