// The control messages between server and worker. All have one fixed size; tensors travel in shared
// memory (shared_region.h). Both ends check everything: the worker runs foreign arithmetic on foreign
// data and may send anything.
//
//   worker                          server
//     kHello(ModelInfo) ------------->       the model is loaded
//     or kStartupError(status) ------>       and the worker exits
//        <--- kRegion(count = slots) + fd    shared memory for that many items
//     kDone(sequence 0) ------------->
//        <--- kEncode | kDecode (sequence, count): slots 0 to count - 1 are filled
//     kDone(same sequence and count) ->      every slot has its result or its status
#ifndef SGPSAM_CORE_WORKER_LINK_LINK_MESSAGE_H_
#define SGPSAM_CORE_WORKER_LINK_LINK_MESSAGE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/engine/engine.h"

namespace sgpsam {

// Raised with every change of a message or of the region's layout.
inline constexpr uint32_t kLinkVersion = 7;

// Far beyond any model of this family; they bound what one side allocates on the other's word.
inline constexpr int64_t kMaxPatchSide = 512;
inline constexpr int64_t kMaxEmbeddingChannels = 4096;
inline constexpr int64_t kMaxDetailChannels = 64;
inline constexpr int64_t kMaxEmbeddingSide = 64;
inline constexpr int64_t kMaxLogitsSide = 256;
inline constexpr size_t kMaxGates = 64;
inline constexpr int64_t kMaxPatchChannels = 8;
inline constexpr size_t kMaxIntensityScalings = 16;

enum class MessageType : uint32_t {
  kHello = 1,
  kStartupError = 2,
  kRegion = 3,
  kEncode = 4,
  kDecode = 5,
  kDone = 6,
};

struct LinkMessage {
  static constexpr uint32_t kMagic = 0x4c504753;  // "SGPL"

  uint32_t magic = kMagic;
  uint32_t version = kLinkVersion;
  MessageType type = MessageType::kDone;
  uint32_t count = 0;
  uint64_t sequence = 0;
  uint32_t body_bytes = 0;
  uint32_t reserved = 0;
  char body[4064] = {};
};
static_assert(sizeof(LinkMessage) == 4096);

LinkMessage MakeCommand(MessageType type, uint64_t sequence, uint32_t count);

// INVALID_ARGUMENT if the info does not fit a message or exceeds the limits above.
absl::StatusOr<LinkMessage> MakeHello(const ModelInfo& info);
// INTERNAL unless it is a hello whose every field is within its limits.
absl::StatusOr<ModelInfo> ParseHello(const LinkMessage& message);

// The worker's own words, cut to what fits, for the operator.
LinkMessage MakeStartupError(const absl::Status& error);
// Never OK.
absl::Status ParseStartupError(const LinkMessage& message);

// INTERNAL unless the frame is one that this end understands.
absl::Status CheckFrame(const LinkMessage& message);

// A code from the other side: anything out of range is INTERNAL.
absl::StatusCode CheckedCode(uint32_t code);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_LINK_MESSAGE_H_
