// The Self-Gated Prompting Module: a gate that decides from the features themselves whether a patch needs
// multi-scale spatial context, and the fusion block that adds it. The paper's full text was not available;
// this design is ours and follows its abstract (docs/architecture.md):
//
//     z = [mean over tokens of LN(x); max over tokens of LN(x)]
//     g = sigmoid(W2 GELU(W1 z))          s = mean of g
//     t = Wd LN(x)    u = t + D(patch, t)    v = Wf GELU([conv1 u, conv3 u, conv5 u])
//     y = x + [s > threshold] Wu (g . v)
//
// D is our addition for small targets, of which a token has averaged the outline away, and is there only if
// the configuration gives it channels. It reads the patch itself in cells as fine as the mask's logits, tells
// them what their token knows, mixes them with neighbours at 1, 2 and 4 cells' distance, and folds the 4^3
// cells of a token back into it:
//
//     c = cells(patch) + Ws t    c = c + mix1 GELU(c)    c = c + mix2 GELU(c)    c = c + mix4 GELU(c)
//     D = fold GELU(c)
//
// A closed gate, or a fresh module (Wu = 0), leaves x bit by bit as it was.
#ifndef SGPSAM_CORE_MODEL_SGP_MODULE_H_
#define SGPSAM_CORE_MODEL_SGP_MODULE_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <string>

#include "core/model/layers.h"
#include "core/model/model_config.h"
#include "core/model/tensor_map.h"

namespace sgpsam {

struct SgpModule {
  int grid = 0;
  float threshold = 0;
  Norm norm;
  Linear gate_lin1, gate_lin2;  // 2C -> hidden -> r
  Linear down;                  // C -> r
  struct Conv {
    at::Tensor weight;  // [out, in or, if depthwise, 1, k, k, k]
    at::Tensor bias;    // [out]
  };
  std::array<Conv, 3> convs;  // depthwise, k = 1, 3, 5
  // D; undefined unless the configuration has a detail branch.
  Conv detail_cells;                 // 1 -> d, a cell wide
  Linear detail_spread;              // r -> d: Ws
  std::array<Conv, 3> detail_mixes;  // d -> d, k = 3, of neighbours at 1, 2 and 4 cells' distance
  Conv detail_fold;                  // d -> r, a token wide
  Linear fuse;                       // 3r -> r
  Linear spatial;                    // r -> 1; undefined unless the configuration has a spatial gate
  Linear up;                         // r -> C
};

SgpModule LoadSgpModule(const TensorMap& tensors, int block, const ModelConfig& config);

// What the gate says of each patch.
struct Gate {
  at::Tensor channels;  // [B, r], float32: g
  at::Tensor score;     // [B], float32: s, open if above the threshold
};
Gate ComputeGate(const SgpModule& module, const at::Tensor& normed);  // normed [B, N, C] = norm(x)

// What an open gate adds to x, [B, N, C]. patches [B, 1, patch, patch, patch].
at::Tensor FuseScales(const SgpModule& module, const at::Tensor& normed, const at::Tensor& patches,
                      const at::Tensor& gate_channels);

// Adds to x [B, N, C], the tokens of `patches`, in place where the gate is open; returns the scores [B]. On a
// processor the fusion of a patch whose gate is closed is not computed at all; elsewhere all are, and the
// closed ones are multiplied by zero, because waiting for the scores would cost more than the fusion. Where
// gradients will be asked for, x becomes another tensor and all are computed, so that a closed gate can learn
// to open.
at::Tensor ApplySgpModule(const SgpModule& module, const at::Tensor& patches, at::Tensor& x);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_SGP_MODULE_H_
