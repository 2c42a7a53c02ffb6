// The limits that segmentation.proto states, and that this door holds requests to before anything of them is
// kept. Those that are core's stand there: kMaxPoints and its like (prompts.h), kMaxSeriesFiles,
// LookPolicy.most_patches; the size of a scribble in server/segment/mask_prompt.h.
#ifndef SGPSAM_SERVER_DOORS_GRPC_CONTRACT_LIMITS_H_
#define SGPSAM_SERVER_DOORS_GRPC_CONTRACT_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "core/engine/engine.h"

namespace sgpsam {

inline constexpr size_t kMaxChunkBytes = size_t{1} << 20;
// A header carries masks and logits; more than this comes from nobody honest.
inline constexpr int kMaxMessageBytes = 8 << 20;
inline constexpr int kMaxTargets = 16;
inline constexpr uint64_t kMaxFileBytes = (uint64_t{1} << 31) - 1;  // what DICOM parsers address
inline constexpr size_t kMaxMaskBytes = size_t{2} << 20;            // deflated
inline constexpr size_t kMaxIdempotencyKey = 128;
inline constexpr size_t kMaxSeriesName = 64;  // of a UID
// Finer shows nothing of any scanner's image but interpolation; coarser loses the lesions.
inline constexpr double kMinSpacingMm = 0.25, kMaxSpacingMm = 3;

// What this server can take; the rest of the limits is the contract's own.
struct ContractLimits {
  uint64_t max_volume_bytes = 0;
  PatchSizes sizes;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_CONTRACT_LIMITS_H_
