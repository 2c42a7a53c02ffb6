// The crops (crops.h) of a source's cases, in a folder: so that volumes of which few fit into memory, and
// which are slow to unpack, are read once and then no more. The folder holds image data of patients: it is
// made for its owner alone, named by whoever trains, and refused inside a version-controlled folder;
// names of its files say nothing of the cases.
#ifndef SGPSAM_TOOLS_LEARN_CASES_CROP_CACHE_H_
#define SGPSAM_TOOLS_LEARN_CASES_CROP_CACHE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

// One case for every crop, called as the case is, with "#1" and so on. Thread-safe.
class CropCache final : public CaseSource {
 public:
  using Complaint = std::function<void(const absl::Status& status)>;

  // Reads, one by one, the cases whose crops are not there, or were made from something else
  // (CaseSource::Stamp) or with a smaller margin, and writes their crops. Cases that cannot be read are left
  // out, and complained of. `progress` is told how many cases are looked at. INVALID_ARGUMENT for a folder
  // below one with ".git" in it; the folder's errors.
  static absl::StatusOr<CropCache> Open(std::shared_ptr<const CaseSource> cases, const std::string& folder,
                                        double margin_mm, const Complaint& complain,
                                        const std::function<void(int64_t)>& progress = nullptr);

  int64_t size() const override { return static_cast<int64_t>(crops_.size()); }
  std::string id(int64_t index) const override { return crops_.at(static_cast<size_t>(index)).id; }
  // DATA_LOSS for a file of the folder that was changed.
  absl::StatusOr<Case> Read(int64_t index) const override;
  // A case, each as likely, then one of its crops, by how many targets it has:
  // as targets of whole cases are drawn.
  int64_t Draw(Random& random) const override;

 private:
  struct OneCrop {
    std::string id, file;  // the file without its endings
    int64_t targets = 0;
    std::string modality;
  };
  struct Range {
    int64_t begin = 0, end = 0, targets = 0;
  };
  CropCache() = default;

  std::vector<OneCrop> crops_;
  std::vector<Range> cases_;  // those that have crops
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_CROP_CACHE_H_
