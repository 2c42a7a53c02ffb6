// A zip file of stored entries, as PyTorch writes it: each entry's bytes begin at a multiple of 64, so that a
// reader can map them. Sizes and offsets stand in zip64 fields, however small, so that there is one form for
// any size. The file is the caller's, who commits it after Finish(). One thread at a time.
#ifndef SGPSAM_CORE_CHECKPOINT_ZIP_WRITER_H_
#define SGPSAM_CORE_CHECKPOINT_ZIP_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/file_io.h"

namespace sgpsam {

class ZipWriter {
 public:
  static constexpr uint64_t kAlignment = 64;

  // `file` is empty and outlives this.
  explicit ZipWriter(AtomicFile& file) : file_(file) {}

  // Names are the caller's to keep apart.
  absl::Status Add(absl::string_view name, absl::string_view bytes);
  // The directory. Nothing can be added after it.
  absl::Status Finish();

 private:
  absl::Status Append(absl::string_view bytes);

  AtomicFile& file_;
  uint64_t written_ = 0;
  uint64_t entries_ = 0;
  std::string directory_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_ZIP_WRITER_H_
