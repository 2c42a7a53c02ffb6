// The Self-Gated Prompting Module: a gate that decides from the features themselves whether a patch needs
// multi-scale spatial context, and the fusion block that adds it. The paper's full text was not available;
// this design is ours and follows its abstract (docs/inference.md):
//
//     z = [mean over tokens of LN(x); max over tokens of LN(x)]
//     g = sigmoid(W2 GELU(W1 z))          s = mean of g
//     t = Wd LN(x)    u = t + D(patch, t)    v = Wf GELU([conv1 u, conv3 u, conv5 u])
//     y = x + [s > threshold] Wu (g . v)
//
// D is our addition for small targets, of which a token has averaged the outline away, and is there only if
// the configuration gives it channels. It keeps a map of cells as fine as the mask's logits, zero before the
// first module: it adds to it what the patch itself shows there and what each cell's token knows, mixes the
// cells with neighbours at 1, 2 and 4 cells' distance, and folds the 4^3 cells of a token back into it:
//
//     c = c + cells(patch) + Ws t    c = c + mix1 GELU(c)    c = c + mix2 GELU(c)    c = c + mix4 GELU(c)
//     D = fold GELU(c)
//
// The mask decoder reads the last module's map together with the features
// that it has upscaled (mask_decoder.h).
//
// A closed gate leaves x and c bit by bit as they were; a fresh module (Wu = 0) does so with x.
#ifndef SGPSAM_CORE_MODEL_SGP_MODULE_H_
#define SGPSAM_CORE_MODEL_SGP_MODULE_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <string>

#include "core/model/layers.h"
#include "core/model/tensor_map.h"
#include "core/model_file/model_config.h"

namespace sgpsam {

struct SgpModule {
  int grid = 0;
  float threshold = 0;
  Norm norm;
  Linear gate_lin1, gate_lin2;  // 2C -> hidden -> r
  Linear down;                  // C -> r
  std::array<Conv, 3> convs;    // depthwise, k = 1, 3, 5; float32, in which their gradients are made faster
  // D; undefined unless the configuration has a detail branch.
  Linear detail_cells;               // c^3 -> d, c voxels on each side of a cell: a convolution
  Linear detail_spread;              // r -> d: Ws
  std::array<Conv, 3> detail_mixes;  // d -> d, k = 3, of neighbours at 1, 2 and 4 cells' distance
  Linear detail_fold;                // 4^3 d -> r, the cells of a token: a convolution, too
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

// What the modules work on.
struct Features {
  at::Tensor tokens;  // x, [B, N, C], float32
  at::Tensor detail;  // c, [B, d, 4g, 4g, 4g], float32; undefined without detail branches
};

// What an open gate adds to the features. patches [B, channels, patch, patch,
// patch]; detail: as it is before.
Features FuseScales(const SgpModule& module, const at::Tensor& normed, const at::Tensor& patches,
                    const at::Tensor& detail, const at::Tensor& gate_channels);

// Adds to the features of `patches`, in place, where the gate is open; returns the scores [B]. On a
// processor the fusion of a patch whose gate is closed is not computed at all; elsewhere all are, and the
// closed ones are multiplied by zero, because waiting for the scores would cost more than the fusion. Where
// gradients will be asked for, the features become other tensors and all are computed, so that a closed gate
// can learn to open.
at::Tensor ApplySgpModule(const SgpModule& module, const at::Tensor& patches, Features& features);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_SGP_MODULE_H_
