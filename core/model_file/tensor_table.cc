// The tensors of a model. Names, order and shapes are the reference's own state dict
// (uni-medical/SAM-Med3D f3de1fa, segment_anything/modeling/*3D.py); centres and amplitudes are the
// golden data's: weights have unit gain (variance 1 / fan-in), so that no layer dies or explodes.
#include "core/model_file/tensor_table.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr double kBiasAmplitude = 0.05;

// Amplitude of a uniform distribution of variance 1 / fan_in, to six decimals as the table prints it.
double UnitGain(int64_t fan_in) {
  return std::round(std::sqrt(3.0 / static_cast<double>(fan_in)) * 1e6) / 1e6;
}

class Table {
 public:
  std::vector<TensorSpec> specs;

  void Add(std::string name, std::vector<int64_t> shape, double centre, double amplitude) {
    specs.push_back({std::move(name), std::move(shape), centre, amplitude});
  }
  void Weight(const std::string& layer, std::vector<int64_t> shape, int64_t fan_in) {
    Add(layer + ".weight", std::move(shape), 0, UnitGain(fan_in));
  }
  void Bias(const std::string& layer, int64_t out, double amplitude = kBiasAmplitude) {
    Add(layer + ".bias", {out}, 0, amplitude);
  }
  void Linear(const std::string& layer, int64_t out, int64_t in) {
    Weight(layer, {out, in}, in);
    Bias(layer, out);
  }
  void Norm(const std::string& layer, int64_t channels) {
    Add(layer + ".weight", {channels}, 1, 0.1);
    Bias(layer, channels);
  }
  // A convolution of kernel k on every side; `groups` as many as its channels if depthwise.
  void ConvWeight(const std::string& layer, int64_t out, int64_t in_per_group, int64_t k) {
    Weight(layer, {out, in_per_group, k, k, k}, in_per_group * k * k * k);
  }
  void Conv(const std::string& layer, int64_t out, int64_t in_per_group, int64_t k) {
    ConvWeight(layer, out, in_per_group, k);
    Bias(layer, out);
  }
  // Kernel 2, stride 2: every output voxel sees one input voxel, so the fan-in is `in`.
  void Upscale(const std::string& layer, int64_t in, int64_t out) {
    Weight(layer, {in, out, 2, 2, 2}, in);
    Bias(layer, out);
  }
};

void AddEncoderBlock(const ModelConfig& c, int block, Table& table) {
  const std::string name = absl::StrCat("image_encoder.blocks.", block);
  const bool global = std::count(c.global_blocks.begin(), c.global_blocks.end(), block) > 0;
  const int64_t offsets = 2 * (global ? c.grid() : c.window) - 1;
  table.Norm(name + ".norm1", c.embed_dim);
  for (const char* axis : {"d", "h", "w"}) {
    table.Add(absl::StrCat(name, ".attn.rel_pos_", axis), {offsets, c.head_dim()}, 0, 0.25);
  }
  table.Weight(name + ".attn.qkv", {3 * c.embed_dim, c.embed_dim}, c.embed_dim);
  table.Bias(name + ".attn.qkv", 3 * c.embed_dim, 0.5);  // large: padded keys consist of it alone
  table.Linear(name + ".attn.proj", c.embed_dim, c.embed_dim);
  table.Norm(name + ".norm2", c.embed_dim);
  table.Linear(name + ".mlp.lin1", c.mlp_dim, c.embed_dim);
  table.Linear(name + ".mlp.lin2", c.embed_dim, c.mlp_dim);
}

void AddEncoder(const ModelConfig& c, Table& table) {
  table.Add("image_encoder.pos_embed", {1, c.grid(), c.grid(), c.grid(), c.embed_dim}, 0, 0.5);
  table.Conv("image_encoder.patch_embed.proj", c.embed_dim, c.patch_channels(), c.token);
  for (int block = 0; block < c.depth; ++block) AddEncoderBlock(c, block, table);
  table.ConvWeight("image_encoder.neck.0", c.out_channels, c.embed_dim, 1);
  table.Norm("image_encoder.neck.1", c.out_channels);
  table.ConvWeight("image_encoder.neck.2", c.out_channels, c.out_channels, 3);
  table.Norm("image_encoder.neck.3", c.out_channels);
}

void AddPromptEncoder(const ModelConfig& c, Table& table) {
  const std::string name = "prompt_encoder.";
  const int narrow = c.mask_prompt_channels / 4;
  table.Add(name + "pe_layer.positional_encoding_gaussian_matrix", {3, c.out_channels / 3}, 0, 1.2);
  for (int i = 0; i < c.point_embeddings; ++i) {
    table.Add(absl::StrCat(name, "point_embeddings.", i, ".weight"), {1, c.out_channels}, 0, 1);
  }
  table.Add(name + "not_a_point_embed.weight", {1, c.out_channels}, 0, 1);
  table.Conv(name + "mask_downscaling.0", narrow, 1, 2);
  table.Norm(name + "mask_downscaling.1", narrow);
  table.Conv(name + "mask_downscaling.3", c.mask_prompt_channels, narrow, 2);
  table.Norm(name + "mask_downscaling.4", c.mask_prompt_channels);
  table.Conv(name + "mask_downscaling.6", c.out_channels, c.mask_prompt_channels, 1);
  table.Add(name + "no_mask_embed.weight", {1, c.out_channels}, 0, 1);
}

void AddAttention(const std::string& name, int64_t width, int64_t internal, Table& table) {
  for (const char* part : {".q_proj", ".k_proj", ".v_proj"}) table.Linear(name + part, internal, width);
  table.Linear(name + ".out_proj", width, internal);
}

void AddDecoderLayer(const ModelConfig& c, int layer, Table& table) {
  const std::string name = absl::StrCat("mask_decoder.transformer.layers.", layer);
  const int64_t width = c.out_channels, internal = width / c.attention_downsample;
  AddAttention(name + ".self_attn", width, width, table);
  table.Norm(name + ".norm1", width);
  AddAttention(name + ".cross_attn_token_to_image", width, internal, table);
  table.Norm(name + ".norm2", width);
  table.Linear(name + ".mlp.lin1", c.decoder_mlp_dim, width);
  table.Linear(name + ".mlp.lin2", width, c.decoder_mlp_dim);
  table.Norm(name + ".norm3", width);
  table.Norm(name + ".norm4", width);
  AddAttention(name + ".cross_attn_image_to_token", width, internal, table);
}

// Three linear layers: the hypernetworks and the IoU head.
void AddMlp(const std::string& name, int64_t in, int64_t hidden, int64_t out, Table& table) {
  table.Linear(name + ".layers.0", hidden, in);
  table.Linear(name + ".layers.1", hidden, hidden);
  table.Linear(name + ".layers.2", out, hidden);
}

void AddMaskDecoder(const ModelConfig& c, Table& table) {
  const std::string name = "mask_decoder.";
  const int64_t width = c.out_channels;
  for (int layer = 0; layer < c.decoder_depth; ++layer) AddDecoderLayer(c, layer, table);
  AddAttention(name + "transformer.final_attn_token_to_image", width, width / c.attention_downsample, table);
  table.Norm(name + "transformer.norm_final_attn", width);
  table.Add(name + "iou_token.weight", {1, width}, 0, 1);
  table.Add(name + "mask_tokens.weight", {c.mask_tokens(), width}, 0, 1);
  table.Upscale(name + "output_upscaling.0", width, width / 4);
  table.Norm(name + "output_upscaling.1", width / 4);
  table.Upscale(name + "output_upscaling.3", width / 4, width / 8);
  for (int token = 0; token < c.mask_tokens(); ++token) {
    AddMlp(absl::StrCat(name, "output_hypernetworks_mlps.", token), width, width, width / 8, table);
  }
  AddMlp(name + "iou_prediction_head", width, c.iou_hidden, c.mask_tokens(), table);
}

void AddSgpm(const ModelConfig& c, int block, Table& table) {
  const std::string name = absl::StrCat("sgpm.", block);
  const int64_t channels = c.embed_dim, rank = c.sgpm.rank, hidden = c.sgpm.gate_hidden;
  table.Norm(name + ".norm", channels);
  table.Linear(name + ".gate.lin1", hidden, 2 * channels);
  table.Weight(name + ".gate.lin2", {rank, hidden}, hidden);
  table.Add(name + ".gate.lin2.bias", {rank}, 1, kBiasAmplitude);
  table.Linear(name + ".down", rank, channels);
  for (const int k : {1, 3, 5}) table.Conv(absl::StrCat(name, ".conv", k), rank, 1, k);
  table.Linear(name + ".fuse", rank, 3 * rank);
  if (c.sgpm.spatial_gate) table.Linear(name + ".spatial", 1, rank);
  if (const int detail = c.sgpm.detail_channels; detail > 0) {
    table.Conv(name + ".detail.cells", detail, c.patch_channels(), c.token / 4);
    table.Linear(name + ".detail.spread", detail, rank);
    for (const int distance : {1, 2, 4}) {
      table.Conv(absl::StrCat(name, ".detail.mix", distance), detail, detail, 3);
    }
    table.Conv(name + ".detail.fold", rank, detail, 4);
  }
  table.Add(name + ".up.weight", {channels, rank}, 0, 0);
  table.Add(name + ".up.bias", {channels}, 0, 0);
}

// What the mask decoder reads of the detail map that the modules have made.
void AddDetailToMask(const ModelConfig& c, Table& table) {
  if (c.sizes().detail_channels == 0) return;
  table.Add("sgpm.detail_to_mask.weight", {c.out_channels / 8, c.sgpm.detail_channels}, 0, 0);
}

// core/model/mask_refiner.h; a fresh one changes nothing.
void AddRefiner(const ModelConfig& c, Table& table) {
  const int64_t channels = c.refiner_channels;
  if (channels == 0) return;
  const std::string name = "mask_refiner.";
  table.Linear(name + "maps", channels, kRefinerMaps);
  table.Weight(name + "upscaled", {channels, c.out_channels / 8}, c.out_channels / 8);
  if (const int64_t detail = c.sizes().detail_channels; detail > 0) {
    table.Weight(name + "detail", {channels, detail}, detail);
  }
  for (const int distance : {1, 2, 4}) {
    table.Conv(absl::StrCat(name, "mix", distance), channels, channels, 3);
  }
  table.Add(name + "out.weight", {1, channels}, 0, 0);
  table.Add(name + "out.bias", {1}, 0, 0);
}

}  // namespace

int64_t TensorSpec::elements() const {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

std::vector<TensorSpec> TensorTable(const ModelConfig& config) {
  Table table;
  AddEncoder(config, table);
  AddPromptEncoder(config, table);
  AddMaskDecoder(config, table);
  for (const int block : config.sgpm.blocks) AddSgpm(config, block, table);
  AddDetailToMask(config, table);
  AddRefiner(config, table);
  return std::move(table.specs);
}

}  // namespace sgpsam
