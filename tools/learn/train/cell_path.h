// Lets the values of a patch find their way through a fresh model: from the cells of a token (its 4^3 parts,
// as fine as the mask's logits) along channels of their own to the same cells of the mask. A model of random
// weights has to find that way first, through a convolution that blurs 27 tokens into each other, before it
// can learn what an outline is; from here it begins with a picture of the patch in its last features.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_CELL_PATH_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_CELL_PATH_H_

#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// Changes the patch embedding, the neck and the upscaling of a fresh model. A model that has not the width
// for it (embed_dim of 128, out_channels of 96) is left as it is.
void LayCellPath(const ModelConfig& config, TensorFile& file);

// The same for the detail branches of fresh modules, from a cell to the rank channel of its number. Modules
// without one, or of a rank below 64, are left as they are.
void LayDetailPath(const ModelConfig& config, TensorFile& file);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_CELL_PATH_H_
