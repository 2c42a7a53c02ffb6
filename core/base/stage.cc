#include "core/base/stage.h"

namespace sgpsam {

absl::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kReceive: return "receive";
    case Stage::kDecode: return "decode";
    case Stage::kPrepare: return "prepare";
    case Stage::kQueue: return "queue";
    case Stage::kEncode: return "encode";
    case Stage::kPromptMask: return "prompt_mask";
    case Stage::kRestore: return "restore";
    case Stage::kWrite: return "write";
    case Stage::kSend: return "send";
  }
  return "unknown";
}

}  // namespace sgpsam
