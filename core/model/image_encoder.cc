#include "core/model/image_encoder.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/model/packed_weight.h"

namespace sgpsam {
namespace {

bool Contains(const std::vector<int>& blocks, int block) {
  return std::find(blocks.begin(), blocks.end(), block) != blocks.end();
}

EncoderBlock LoadBlock(const TensorMap& tensors, const ModelConfig& config, int index) {
  const std::string name = absl::StrCat("image_encoder.blocks.", index);
  EncoderBlock block;
  block.norm1 = tensors.GetNorm(name + ".norm1", kEncoderNormEps);
  const int span = Contains(config.global_blocks, index) ? config.grid() : config.window;
  block.attention = LoadAttention3d(tensors, name + ".attn", config, span);
  block.norm2 = tensors.GetNorm(name + ".norm2", kEncoderNormEps);
  block.lin1 = tensors.GetLinear(name + ".mlp.lin1");
  block.lin2 = tensors.GetLinear(name + ".mlp.lin2");
  if (Contains(config.sgpm.blocks, index)) block.sgpm = LoadSgpModule(tensors, index, config);
  return block;
}

// x [B N, C] goes through one block in place; N tokens a patch.
void RunBlock(const EncoderBlock& block, at::Tensor& x, int64_t batch, AttentionScratch& scratch) {
  const at::Tensor normed = block.norm1(x);
  block.attention.proj.AddTo(x, Attend(block.attention, normed.unflatten(0, {batch, -1}), scratch));
  block.lin2.AddTo(x, Gelu(block.lin1(block.norm2(x))));
}

// tokens [B N, C] -> [B, out, g, g, g]
at::Tensor RunNeck(const ImageEncoder& encoder, const at::Tensor& tokens, int64_t batch) {
  const int64_t grid = encoder.config.grid();
  const at::Tensor reduced = encoder.neck_norm1(encoder.neck_reduce.Multiply(tokens));
  const at::Tensor volume = reduced.to(encoder.neck_conv.scalar_type())
                                .view({batch, grid, grid, grid, -1})
                                .permute({0, 4, 1, 2, 3});  // channels last in memory
  const at::Tensor convolved =
      at::conv3d(volume, encoder.neck_conv, /*bias=*/{}, /*stride=*/1, /*padding=*/1);
  return encoder.neck_norm2(convolved.permute({0, 2, 3, 4, 1})).permute({0, 4, 1, 2, 3}).contiguous();
}

}  // namespace

ImageEncoder LoadImageEncoder(const TensorMap& tensors, const ModelConfig& config) {
  ImageEncoder encoder;
  encoder.config = config;
  encoder.patch_embed = tensors.GetLinear("image_encoder.patch_embed.proj");
  encoder.pos_embed = tensors.Value(tensors.Get("image_encoder.pos_embed").view({-1, config.embed_dim}));
  for (int i = 0; i < config.depth; ++i) encoder.blocks.push_back(LoadBlock(tensors, config, i));
  encoder.neck_reduce.weight = tensors.Matrix(tensors.Get("image_encoder.neck.0.weight").flatten(1));
  encoder.neck_norm1 = tensors.GetNorm("image_encoder.neck.1", kEncoderNormEps);
  encoder.neck_conv =
      tensors.Matrix(tensors.Get("image_encoder.neck.2.weight")).contiguous(at::MemoryFormat::ChannelsLast3d);
  encoder.neck_norm2 = tensors.GetNorm("image_encoder.neck.3", kEncoderNormEps);
  return encoder;
}

void PackWeights(ImageEncoder& encoder) {
  const int64_t grid = encoder.config.grid(), tokens = grid * grid * grid;
  std::vector<Linear*> layers = {&encoder.patch_embed, &encoder.neck_reduce};
  for (EncoderBlock& block : encoder.blocks) {
    layers.insert(layers.end(), {&block.attention.qkv, &block.attention.proj, &block.lin1, &block.lin2});
    if (!block.sgpm) continue;
    layers.insert(layers.end(), {&block.sgpm->down, &block.sgpm->fuse, &block.sgpm->up});
    if (block.sgpm->detail_fold.weight.defined()) layers.push_back(&block.sgpm->detail_fold);
  }
  for (Linear* layer : layers) layer->weight = PackWeight(layer->weight, tokens);
}

Encoded Encode(const ImageEncoder& encoder, const at::Tensor& normalised, const StageObserver& observer) {
  const ModelConfig& config = encoder.config;
  const at::Tensor patches =
      config.input_limit > 0 ? normalised.clamp(-config.input_limit, config.input_limit) : normalised;
  const int64_t batch = patches.size(0);
  const auto observe = [&](absl::string_view stage, const at::Tensor& x) {
    if (observer) observer(stage, x.unflatten(0, {batch, -1}));
  };
  const at::ScalarType type = encoder.patch_embed.weight.scalar_type();
  AttentionScratch scratch =
      MakeAttentionScratch(config, batch, patches.device(), type, ChooseFolding(patches.device(), type));
  const at::Tensor embedded = encoder.patch_embed(Tiles(patches, config.grid()));  // [B, N, C]
  observe("patch_embed", embedded.flatten(0, 1));
  at::Tensor x = (embedded + encoder.pos_embed).flatten(0, 1);  // [B N, C], float32
  Encoded encoded;
  if (const int64_t channels = config.sizes().detail_channels, side = 4 * config.grid(); channels > 0) {
    encoded.detail = at::zeros({batch, channels, side, side, side}, x.options());
  }
  std::vector<at::Tensor> scores;
  for (size_t i = 0; i < encoder.blocks.size(); ++i) {
    RunBlock(encoder.blocks[i], x, batch, scratch);
    if (encoder.blocks[i].sgpm) {
      Features features = {x.unflatten(0, {batch, -1}), encoded.detail};
      scores.push_back(ApplySgpModule(*encoder.blocks[i].sgpm, patches, features));
      x = features.tokens.flatten(0, 1);
      encoded.detail = features.detail;
    }
    observe(absl::StrCat("block", i), x);
  }
  encoded.embedding = RunNeck(encoder, x, batch);
  encoded.gate_scores = scores.empty() ? at::empty({batch, 0}, x.options()) : at::stack(scores, 1);
  return encoded;
}

}  // namespace sgpsam
