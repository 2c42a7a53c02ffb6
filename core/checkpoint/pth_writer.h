// Writes a PyTorch checkpoint as torch.save has since 1.6: a zip file of stored, aligned entries. For exactly
// the shape that `sgpsam-model export` needs. Called by export_checkpoint.cc.
#ifndef SGPSAM_CORE_CHECKPOINT_PTH_WRITER_H_
#define SGPSAM_CORE_CHECKPOINT_PTH_WRITER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

struct PthStateDict {
  std::string key;  // in the top dict
  std::vector<std::pair<std::string, NamedTensor>> tensors;
};

// A dict of state dicts, each an OrderedDict in the order given, and of texts.
struct PthContents {
  std::vector<PthStateDict> state_dicts;
  std::vector<std::pair<std::string, std::string>> texts;
};

// Written under another name and renamed: a full disk leaves no half file. Equal contents make equal files.
absl::Status WritePthFile(const PthContents& contents, const std::string& path);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_PTH_WRITER_H_
