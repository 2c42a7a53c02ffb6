// The tensors of a model: their names, order, shapes and seeded values. A pure function. No LibTorch.
#ifndef SGPSAM_CORE_MODEL_FILE_TENSOR_TABLE_H_
#define SGPSAM_CORE_MODEL_FILE_TENSOR_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/model_file/model_config.h"

namespace sgpsam {

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  double centre = 0, amplitude = 0;  // of the seeded values (seeded_weights.h)

  int64_t elements() const;
};

// Every tensor that a model of this (valid) configuration has, in the reference's own order and under its
// own names (324 of them for vit_b_ori), and after them those of each module, after encoder block B,
// with C = embed_dim, r = rank, h = gate_hidden:
//
//   sgpm.B.norm.{weight,bias}           [C]
//   sgpm.B.gate.lin1.weight, bias       [h,2C], [h]
//   sgpm.B.gate.lin2.weight, bias       [r,h], [r]
//   sgpm.B.down.weight, bias            [r,C], [r]
//   sgpm.B.conv{1,3,5}.weight, bias     [r,1,k,k,k], [r]   (depthwise)
//   sgpm.B.fuse.weight, bias            [r,3r], [r]
//   sgpm.B.up.weight, bias              [C,r], [C]
//   sgpm.B.spatial.weight, bias         [1,r], [1]         (spatial_gate only)
//   sgpm.B.detail.cells.weight, bias    [d,p,c,c,c], [d]   (detail_channels d > 0 only;
//                                                           c = token / 4, p = channels of a patch)
//   sgpm.B.detail.spread.weight, bias   [d,r], [d]
//   sgpm.B.detail.mix{1,2,4}.weight, bias [d,d,3,3,3], [d]
//   sgpm.B.detail.fold.weight, bias     [r,d,4,4,4], [r]
//
// and those of the mask refiner, if it has channels, q:
//
//   mask_refiner.maps.weight, bias      [q,6], [q]         (kRefinerMaps)
//   mask_refiner.upscaled.weight        [q,C/8]            (C: here out_channels)
//   mask_refiner.detail.weight          [q,d]              (with a detail map only)
//   mask_refiner.mix{1,2,4}.weight, bias [q,q,3,3,3], [q]
//   mask_refiner.out.weight, bias       [1,q], [1]         (seeded with zeros: a fresh one changes nothing)
//
// `up` is seeded with zeros (a fresh module is the identity) and the bias of gate.lin2 around 1 (a fresh
// gate is open, so that training can start).
inline constexpr int64_t kRefinerMaps =
    6;  // that the mask refiner draws of the prompts (core/model/mask_refiner.h)

std::vector<TensorSpec> TensorTable(const ModelConfig& config);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_TENSOR_TABLE_H_
