// The digests under which the pipeline finds what it has made before, and the text in which a result
// states its prompts. Pure functions: the same request has the same keys on every replica.
#ifndef SGPSAM_SERVER_SEGMENT_CONTENT_KEYS_H_
#define SGPSAM_SERVER_SEGMENT_CONTENT_KEYS_H_

#include <optional>
#include <string>

#include "absl/types/span.h"
#include "core/base/digest.h"
#include "core/transform/placement.h"
#include "core/transform/prepare.h"
#include "server/segment/segment_request.h"

namespace sgpsam {

// A decoded volume: what the bytes are and how they are to be read.
Digest VolumeKey(const VolumeDescription& description, const Digest& payload);

// An embedding: volume, where the patch lies, how it was scaled, and the weights.
Digest EmbeddingKey(const Digest& volume, const Placement& placement, const PatchScaling& scaling,
                    const Digest& weights);

// Logits by their own samples: ResultTarget.logits_sha256 of the contract.
Digest LogitsKey(absl::Span<const float> logits);

// Everything that makes a result, with the caller's key: from it the UIDs of a repeated request follow.
Digest ResultKey(const SegmentRequest& request, const Digest& volume, const Digest& weights);

// The prompts in one line, exact, e.g. "+(12.5,-30,41)mm -(3,4,5)voxel box (0,0,0)-(9,9,9)mm logits at
// (12.5,-30,41)mm of 1.5mm".
std::string DescribePrompts(const Prompts& prompts);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_CONTENT_KEYS_H_
