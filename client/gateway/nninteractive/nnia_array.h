// NNIA, the array of nnInteractive's protocol <-> its bytes: a head (type, shape) and chunks that C-Blosc2
// compressed. nnInteractive 2.6.0 writes and reads it in inference/remote/serialization.py.
//
// What comes is hostile. Every length is compared with the bytes that are there, and what all chunks will be
// is known, and compared with what the caller allows, before any of it is allocated. Chunks are looked
// through before C-Blosc2 sees them: of what it can do only what this protocol's clients write is let in, two
// codecs and three filters. Others are loaded by it from plug-ins, for which it starts a program. Pure
// functions.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_NNIA_ARRAY_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_NNIA_ARRAY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam::gateway {

struct NniaHead {
  std::string dtype;            // numpy's name: "int16"
  size_t sample_bytes = 0;      // of each
  std::vector<uint64_t> shape;  // 1 to 4 axes, each at least 1; C order
  uint64_t size_bytes = 0;      // of all samples
};

struct NniaArray {
  NniaHead head;
  std::string samples;  // little endian
};

// The types that an array may have here: "bool", "uint8" … "int64", "uint64", "float32", "float64". What an
// array will be when it is unpacked; looks at all lengths in `packed`. INVALID_ARGUMENT if they contradict
// each other, or the array would have more than `max_bytes`.
absl::StatusOr<NniaHead> ReadNniaHead(absl::string_view packed, uint64_t max_bytes);

absl::StatusOr<NniaArray> UnpackNnia(absl::string_view packed, uint64_t max_bytes);

// `voxels`: one byte each, of dtype uint8. INTERNAL if C-Blosc2 fails.
absl::StatusOr<std::string> PackNnia(absl::string_view voxels, const std::vector<uint64_t>& shape);

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_NNIA_ARRAY_H_
