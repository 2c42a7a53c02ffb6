// Files on disk: read by position, and written so that they appear under their name when complete: neither a
// reader nor a program that is killed leaves half a file. What the checkpoint
// readers, the tools and the command line use.
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

// A hidden name in the folder of `path` for what shall get its name later: nothing of this process has had
// it, and it says nothing of what it stands for.
std::string HiddenNameBeside(const std::string& path);

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

enum class Readers {
  kUmask,  // whom the process's umask allows, as with any other file of the user
  kOwner,  // nobody else: for what opens something to whoever has it
};

// A file that appears under its name only when complete, for nobody else to read before. Until Commit it has
// no name where the file system allows that (O_TMPFILE), so that nothing is left of it even by SIGKILL;
// elsewhere, as on NFS, a hidden one, which the destructor removes. A symbolic link is followed:
// its target is what gets replaced.
class AtomicFile {
 public:
  // INVALID_ARGUMENT if the path is there and no regular file.
  static absl::StatusOr<AtomicFile> Create(const std::string& path, Readers readers = Readers::kUmask);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  absl::Status Append(const void* data, size_t size);
  absl::Status Append(absl::string_view bytes) { return Append(bytes.data(), bytes.size()); }
  // The bytes, and then the name in its folder, are on the disk when this returns OK.
  absl::Status Commit();

 private:
  explicit AtomicFile(std::string path);
  absl::Status Open(Readers readers);
  absl::Status Name();

  std::string path_, temporary_;
  int descriptor_ = -1;
  unsigned mode_ = 0;
};

// Whether a file can be written there, known before hours are spent on what it shall hold.
absl::Status CheckPlace(const std::string& path);

// One AtomicFile with these bytes: replaces a file that is there, leaves nothing on an error.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes,
                                 Readers readers = Readers::kUmask);

// A whole file in memory. INVALID_ARGUMENT if it has more than `max_bytes`, otherwise as InputFile.
absl::StatusOr<ByteBuffer> ReadFile(const std::string& path,
                                    uint64_t max_bytes = std::numeric_limits<uint64_t>::max());

// SHA-256 of a whole file, read in blocks.
absl::StatusOr<Digest> DigestOfFile(const std::string& path);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_FILE_IO_H_
