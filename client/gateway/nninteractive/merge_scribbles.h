// The server takes 16 scribbles of a target; readers draw as many as they like. What is too many is made one
// of, so that every voxel still is what was said of it last. A pure function.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_MERGE_SCRIBBLES_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_MERGE_SCRIBBLES_H_

#include <cstddef>
#include <vector>

#include "sgpsam/client.h"

namespace sgpsam::gateway {

inline constexpr size_t kMaxScribbles = 16;  // the contract's

// The same scribbles, i fastest, if they are at most kMaxScribbles; else the oldest two of a sign become one,
// in the place of the later and without what was said otherwise between them, until they are.
std::vector<client::Scribble> MergeScribbles(std::vector<client::Scribble> scribbles);

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_MERGE_SCRIBBLES_H_
