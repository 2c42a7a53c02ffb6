// Files on disk: read by position, written beside and renamed, so that a reader or a script that was
// interrupted never sees half a file. What the checkpoint readers, the tools and the command line use.
// Errors name the file and the system's reason. One thread at a time.
#ifndef SGPSAM_CORE_BASE_FILE_IO_H_
#define SGPSAM_CORE_BASE_FILE_IO_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/byte_buffer.h"
#include "core/base/digest.h"

namespace sgpsam {

// The error with the file's path before it, unless it names the file already.
absl::Status WithPath(const absl::Status& status, const std::string& path);

// An open regular file. Reads by position into the caller's memory, so that a file which shrinks
// meanwhile is an error and not a signal, as it would be with a mapping.
class InputFile {
 public:
  // NOT_FOUND, PERMISSION_DENIED, or INVALID_ARGUMENT for what is no regular file.
  static absl::StatusOr<InputFile> Open(const std::string& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }
  // Exactly `size` bytes from `offset`, or DATA_LOSS.
  absl::Status Read(uint64_t offset, void* into, size_t size) const;

 private:
  InputFile(std::string path, int descriptor, uint64_t size);

  std::string path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

// A file that appears under its name only when complete: bytes go to a file beside it, which Commit
// renames and the destructor removes otherwise.
class AtomicFile {
 public:
  static absl::StatusOr<AtomicFile> Create(const std::string& path);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  absl::Status Append(const void* data, size_t size);
  absl::Status Append(absl::string_view bytes) { return Append(bytes.data(), bytes.size()); }
  absl::Status Commit();

 private:
  AtomicFile(std::string path, std::string temporary, int descriptor);

  std::string path_, temporary_;
  int descriptor_ = -1;
};

// Whether a file can be written there, known before hours are spent on what it shall hold.
absl::Status CheckPlace(const std::string& path);

// One AtomicFile with these bytes: replaces a file that is there, leaves nothing behind on an error.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes);

// A whole file in memory. INVALID_ARGUMENT if it has more than `max_bytes`, otherwise as InputFile.
absl::StatusOr<ByteBuffer> ReadFile(const std::string& path,
                                    uint64_t max_bytes = std::numeric_limits<uint64_t>::max());

// SHA-256 of a whole file, read in blocks.
absl::StatusOr<Digest> DigestOfFile(const std::string& path);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_FILE_IO_H_
