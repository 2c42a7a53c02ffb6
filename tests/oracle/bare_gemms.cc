#include "tests/oracle/bare_gemms.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/model/attention3d.h"

namespace sgpsam {
namespace {

void AddAttention(const ModelConfig& c, bool padded, int64_t blocks, std::vector<GemmShape>& shapes) {
  const int64_t grid = c.grid(), tokens = grid * grid * grid, keys = tokens + (padded ? 1 : 0);
  const AttentionScratch scratch = MakeAttentionScratch(c, 1, at::kCPU, at::kFloat, Folding::kLastAxis);
  const int64_t columns = 3 * (grid + (padded ? c.window : grid) - 1) + 1;
  shapes.push_back({"positions", c.heads, tokens, c.head_dim(), columns, blocks});
  shapes.push_back({"query x key", c.heads, tokens, scratch.query.size(3), keys, blocks});
  shapes.push_back({"weights x value", c.heads, tokens, keys, c.head_dim(), blocks});
}

}  // namespace

std::vector<GemmShape> EncodeGemmShapes(const ModelConfig& c) {
  const int64_t tokens = int64_t{c.grid()} * c.grid() * c.grid(), width = c.embed_dim, rank = c.sgpm.rank;
  const int64_t global = static_cast<int64_t>(c.global_blocks.size());
  const int64_t modules = static_cast<int64_t>(c.sgpm.blocks.size());
  std::vector<GemmShape> shapes{
      {"patch embedding", 1, tokens, int64_t{c.token} * c.token * c.token, width, 1},
      {"qkv", 1, tokens, width, 3 * width, c.depth},
      {"projection", 1, tokens, width, width, c.depth},
      {"mlp 1", 1, tokens, width, c.mlp_dim, c.depth},
      {"mlp 2", 1, tokens, c.mlp_dim, width, c.depth},
      {"neck 1", 1, tokens, width, c.out_channels, 1},
      {"neck 2", 1, tokens, int64_t{c.out_channels} * 27, c.out_channels, 1},
  };
  AddAttention(c, c.window > c.grid(), c.depth - global, shapes);
  if (global > 0) AddAttention(c, false, global, shapes);
  if (modules > 0) {
    shapes.push_back({"module down", 1, tokens, width, rank, modules});
    shapes.push_back({"module fuse", 1, tokens, 3 * rank, rank, modules});
    shapes.push_back({"module up", 1, tokens, rank, width, modules});
  }
  return shapes;
}

double TotalGflop(const std::vector<GemmShape>& shapes) {
  double total = 0;
  for (const GemmShape& shape : shapes) total += shape.gflop();
  return total;
}

BareGemms::BareGemms(std::vector<GemmShape> shapes) {
  for (const GemmShape& s : shapes) {
    const auto make = [&](int64_t rows, int64_t columns) {
      return s.batch == 1 ? at::ones({rows, columns}) : at::ones({s.batch, rows, columns});
    };
    operands_.push_back({make(s.m, s.k), make(s.n, s.k).transpose(-2, -1), make(s.m, s.n), s.count});
  }
}

void BareGemms::Run() {
  const c10::InferenceMode inference_mode;
  for (Operands& o : operands_) {
    for (int64_t n = 0; n < o.count; ++n) at::matmul_out(o.out, o.left, o.right);
  }
}

}  // namespace sgpsam
