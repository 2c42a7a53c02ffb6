#include "tools/learn/train/cell_path.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr int64_t kCells = 64;        // of a token
constexpr float kRandomShare = 0.5f;  // what is left of the random weights outside of the path
constexpr float kNeighbours = 0.2f;   // of the neck's weights that look at other tokens

class Weights {
 public:
  Weights(TensorFile& file, const std::string& name)
      : tensor_(file.tensors.at(name)), values_(reinterpret_cast<float*>(tensor_.bytes.data())) {}

  int64_t size(size_t axis) const { return tensor_.shape[axis]; }
  int64_t count() const { return static_cast<int64_t>(tensor_.bytes.size() / sizeof(float)); }
  float& at(int64_t offset) { return values_[offset]; }
  // The element [row, column, rest...], `inner` being the size and `rest` the offset of what follows.
  float& at(int64_t row, int64_t column, int64_t inner, int64_t rest) {
    return values_[(row * tensor_.shape[1] + column) * inner + rest];
  }
  void Scale(float by) {
    for (int64_t n = 0; n < count(); ++n) values_[n] *= by;
  }

 private:
  NamedTensor& tensor_;
  float* const values_;
};

// Bit `axis` of a place in a cube of side 2, numbered i j k with k fastest.
int64_t Half(int64_t octant, int axis) { return octant >> (2 - axis) & 1; }

// The cell (i, j, k, with k fastest) that lies in the quarter `quarter` of the half `half` of a token.
int64_t CellOf(int64_t half, int64_t quarter) {
  int64_t cell = 0;
  for (int axis = 0; axis < 3; ++axis) cell = cell * 4 + 2 * Half(half, axis) + Half(quarter, axis);
  return cell;
}

// Channel n of a token is the mean of its cell n.
void EmbedCells(const ModelConfig& config, TensorFile& file) {
  Weights weights(file, "image_encoder.patch_embed.proj.weight");
  const int64_t token = config.token, side = token / 4, voxels = token * token * token;
  const int64_t all = config.patch_channels() * voxels;  // the first channel's voxels make the path
  for (int64_t cell = 0; cell < kCells; ++cell) {
    for (int64_t v = 0; v < voxels; ++v) {
      const int64_t i = v / token / token / side, j = v / token % token / side, k = v % token / side;
      const bool inside = (i * 4 + j) * 4 + k == cell;
      weights.at(cell * all + v) = inside ? 1.0f / static_cast<float>(side * side * side) : 0.0f;
    }
  }
}

// Each channel stays what it is, and where it is.
void KeepChannels(TensorFile& file) {
  Weights reduce(file, "image_encoder.neck.0.weight");
  reduce.Scale(kRandomShare);
  for (int64_t n = 0; n < reduce.size(0); ++n) reduce.at(n, n, 1, 0) += 1;
  Weights conv(file, "image_encoder.neck.2.weight");
  conv.Scale(kNeighbours);
  constexpr int64_t kTaps = 27, kCentre = 13;
  for (int64_t n = 0; n < conv.size(0); ++n) conv.at(n, n, kTaps, kCentre) += 1;
}

// The cells in each half of a token, and in each quarter of that: once as they are and once negated, because
// the nonlinearity between lets through one side only.
void UpscaleCells(TensorFile& file) {
  Weights halves(file, "mask_decoder.output_upscaling.0.weight");    // [C, C / 4, 2, 2, 2]
  Weights quarters(file, "mask_decoder.output_upscaling.3.weight");  // [C / 4, C / 8, 2, 2, 2]
  halves.Scale(kRandomShare);
  quarters.Scale(kRandomShare);
  for (int64_t half = 0; half < 8; ++half) {
    for (int64_t quarter = 0; quarter < 8; ++quarter) {
      const int64_t cell = CellOf(half, quarter);
      halves.at(cell, quarter, 8, half) += 1;
      halves.at(cell, 8 + quarter, 8, half) -= 1;
    }
  }
  for (int64_t quarter = 0; quarter < 8; ++quarter) {
    quarters.at(quarter, 0, 8, quarter) += 1;
    quarters.at(8 + quarter, 0, 8, quarter) -= 1;
    quarters.at(quarter, 1, 8, quarter) += 1;
    quarters.at(8 + quarter, 2, 8, quarter) += 1;
  }
}

}  // namespace

void LayCellPath(const ModelConfig& config, TensorFile& file) {
  if (config.embed_dim < 2 * kCells || config.out_channels < 96 || config.embed_dim < config.out_channels) {
    return;
  }
  EmbedCells(config, file);
  KeepChannels(file);
  UpscaleCells(file);
}

void LayDetailPath(const ModelConfig& config, TensorFile& file) {
  if (config.sgpm.detail_channels == 0 || config.sgpm.rank < kCells) return;
  for (const int block : config.sgpm.blocks) {
    const std::string name = absl::StrCat("sgpm.", block);
    Weights fold(file, name + ".detail.fold.weight");  // [r, d, 4, 4, 4]
    fold.Scale(kRandomShare);
    for (int64_t cell = 0; cell < kCells; ++cell) fold.at(cell, 0, kCells, cell) += 1;
    Weights own(file, name + ".conv1.weight");  // [r, 1, 1, 1, 1]
    for (int64_t n = 0; n < own.count(); ++n) own.at(n) = 1;
    Weights fuse(file, name + ".fuse.weight");  // [r, 3r]
    fuse.Scale(kRandomShare);
    for (int64_t n = 0; n < fuse.size(0); ++n) fuse.at(n, n, 1, 0) += 1;
  }
}

}  // namespace sgpsam
