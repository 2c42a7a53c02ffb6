// The stored entries of a zip file, as PyTorch writes it: what is in it, and the bytes of one entry.
// Bytes are hostile: every offset and size is checked against the file before anything is read.
// Format: PKWARE APPNOTE 6.3 (sections 4.3 and 4.5.3 for zip64). One thread at a time.
#ifndef SGPSAM_CORE_CHECKPOINT_ZIP_ARCHIVE_H_
#define SGPSAM_CORE_CHECKPOINT_ZIP_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file_io.h"

namespace sgpsam {

class ZipArchive {
 public:
  struct Entry {
    uint64_t header_offset = 0;
    uint64_t size = 0;
    uint32_t crc = 0;
    uint16_t method = 0;  // 0: stored
    bool encrypted = false;
  };

  // INVALID_ARGUMENT for what is no zip file, is truncated, or names an entry twice.
  static absl::StatusOr<ZipArchive> Open(InputFile file);

  const std::string& path() const { return file_.path(); }
  const std::map<std::string, Entry>& entries() const { return entries_; }

  // The entry's bytes. NOT_FOUND; INVALID_ARGUMENT if it is compressed, larger than `max_size`, does not
  // lie in the file, or does not have its checksum.
  absl::StatusOr<std::vector<uint8_t>> Read(const std::string& name, uint64_t max_size) const;

 private:
  explicit ZipArchive(InputFile file) : file_(std::move(file)) {}
  absl::Status ReadDirectory();
  absl::StatusOr<uint64_t> DataOffset(const std::string& name, const Entry& entry) const;
  absl::Status Damaged(absl::string_view what) const;

  InputFile file_;
  uint64_t directory_begin_ = 0;  // entries lie before it
  std::map<std::string, Entry> entries_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_ZIP_ARCHIVE_H_
