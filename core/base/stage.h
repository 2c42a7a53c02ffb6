// The steps of a request (docs/architecture.md), in their order: what progress, timings and metrics name.
// Their numbers are those of the contract, less one.
#ifndef SGPSAM_CORE_BASE_STAGE_H_
#define SGPSAM_CORE_BASE_STAGE_H_

#include "absl/strings/string_view.h"

namespace sgpsam {

enum class Stage { kReceive, kDecode, kPrepare, kQueue, kEncode, kPromptMask, kRestore, kWrite, kSend };
inline constexpr int kStages = 9;

// "receive", "prompt_mask", …; "unknown" for one that this build does not know. Ends with a zero.
absl::string_view StageName(Stage stage);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_STAGE_H_
