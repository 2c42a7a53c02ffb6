// The two layers that every block is made of, and the types they compute in: matrix products run in the
// type of their weights (float32 or bfloat16), everything else (LayerNorm, softmax, residual sums) in
// float32. Plain values over at::Tensor: copying one shares its storage. Nothing here keeps state between
// calls.
#ifndef SGPSAM_CORE_MODEL_LAYERS_H_
#define SGPSAM_CORE_MODEL_LAYERS_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <initializer_list>

namespace sgpsam {

// LayerNorm's epsilon differs between the parts of the reference (image_encoder3D.py, mask_decoder3D.py).
inline constexpr double kEncoderNormEps = 1e-6;  // also of every LayerNorm3d
inline constexpr double kDecoderNormEps = 1e-5;

struct Linear {
  at::Tensor weight;  // [out, in], matmul type; may be packed (packed_weight.h)
  at::Tensor bias;    // [out], float32; undefined: none

  // x [..., in], any type -> [..., out], matmul type
  at::Tensor operator()(const at::Tensor& x) const;
  // The same without the bias.
  at::Tensor Multiply(const at::Tensor& x) const;
  // accumulator [rows, out], float32, contiguous += this layer of x [rows, in]. In float32, unless packed,
  // the product is added as it is made, in place, which saves two passes over memory; where gradients will be
  // asked for, `accumulator` becomes another tensor, because its old values are still needed.
  void AddTo(at::Tensor& accumulator, const at::Tensor& x) const;
};

// Over the last dimension: a LayerNorm3d of the reference too, since tokens keep their channels last here.
struct Norm {
  at::Tensor weight;  // [channels], float32
  at::Tensor bias;    // [channels], float32
  double eps = kEncoderNormEps;

  // x [..., channels], any type -> same shape, float32
  at::Tensor operator()(const at::Tensor& x) const;
};

// A volume [B, c, n k, n k, n k] as rows of k^3 voxels, [B, n^3, c k^3], in the order of a flattened
// convolution kernel [c, k, k, k].
at::Tensor Tiles(const at::Tensor& volume, int64_t n);

// The convolution of a volume [B, c, n k, n k, n k] whose kernel is as wide as its stride, k, and comes
// flattened, [out, c k^3] -> [B, out, n, n, n], matmul type, channels last in memory. A product, because
// oneDNN's own convolution of that kind is wrong in bfloat16 on processors with AMX: with 16 channels and k =
// 4 by as much as its result (relative error 0.9 in LibTorch 2.11; tests/core/model/operators_test.cc).
at::Tensor ConvolveTiles(const Linear& kernel, const at::Tensor& volume, int64_t n);

// A convolution of cells with their neighbours, kernel 3.
struct Conv {
  at::Tensor weight;  // [out, in or, if depthwise, 1, k, k, k]
  at::Tensor bias;    // [out]
};

// How many cells apart the neighbours are that MixCells mixes, one convolution after the other.
inline constexpr std::array<int, 3> kMixDistances{1, 2, 4};

// cells [B, c, n, n, n], n a multiple of 4: three times they gain a convolution of their GELU, of neighbours
// at kMixDistances in turn, computed in the type of their weights. `mixes` are c -> c, k = 3.
// Channels are last in the result's memory.
at::Tensor MixCells(at::Tensor cells, const std::array<Conv, 3>& mixes);

// Exact (erf) GELU; in place unless gradients will be asked for.
at::Tensor Gelu(at::Tensor x);

// Whether gradients will be asked for through what is computed from any of these (undefined ones count not).
bool WantsGradients(std::initializer_list<at::Tensor> tensors);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_LAYERS_H_
