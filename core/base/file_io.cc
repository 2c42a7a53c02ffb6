#include "core/base/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// One system call moves at most this much: Linux stops a little below 2 GiB.
constexpr size_t kMaxTransfer = size_t{1} << 30;

constexpr size_t kDigestBlock = size_t{1} << 20;

absl::Status SystemError(absl::string_view action, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", action, " ", path));
}

}  // namespace

absl::Status WithPath(const absl::Status& status, const std::string& path) {
  if (status.ok() || absl::StrContains(status.message(), path)) return status;
  return {status.code(), absl::StrCat(path, ": ", status.message())};
}

InputFile::InputFile(std::string path, int descriptor, uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<InputFile> InputFile::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hang here
  if (descriptor < 0) return SystemError("open", path);
  InputFile file(path, descriptor, 0);
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return SystemError("inspect", path);
  if (!S_ISREG(status.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is no regular file"));
  file.size_ = static_cast<uint64_t>(status.st_size);
  return file;
}

absl::Status InputFile::Read(uint64_t offset, void* into, size_t size) const {
  auto* bytes = static_cast<char*>(into);
  while (size > 0) {
    const ssize_t got = pread(descriptor_, bytes, std::min(size, kMaxTransfer), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path_);
    if (got == 0) return absl::DataLossError(absl::StrCat(path_, " ends ", size, " bytes too early"));
    bytes += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

AtomicFile::AtomicFile(std::string path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::StatusOr<AtomicFile> AtomicFile::Create(const std::string& path) {
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return SystemError("write", path);
  AtomicFile file(path, std::move(temporary), descriptor);
  // mkostemp gives 0600; a result is as readable as any other file of the user.
  const mode_t mask = umask(0);
  umask(mask);
  if (fchmod(descriptor, 0666 & ~mask) != 0) return SystemError("set the mode of", path);
  return file;
}

absl::Status AtomicFile::Append(const void* data, size_t size) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t put = write(descriptor_, bytes, std::min(size, kMaxTransfer));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError("write", path_);
    bytes += put;
    size -= static_cast<size_t>(put);
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::Commit() {
  if (fsync(descriptor_) != 0) return SystemError("write", path_);
  if (close(std::exchange(descriptor_, -1)) != 0) return SystemError("write", path_);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return SystemError("write", path_);
  temporary_.clear();
  return absl::OkStatus();
}

absl::Status CheckPlace(const std::string& path) {
  if (std::filesystem::is_directory(path)) return absl::InvalidArgumentError(path + " is a folder");
  return AtomicFile::Create(path).status();
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes) {
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  RETURN_IF_ERROR(file.Append(bytes));
  return file.Commit();
}

absl::StatusOr<ByteBuffer> ReadFile(const std::string& path, uint64_t max_bytes) {
  ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(path));
  if (file.size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has ", file.size(), " bytes, more than the limit of ", max_bytes));
  }
  ASSIGN_OR_RETURN(ByteBuffer bytes, ByteBuffer::Zeroed(file.size()));
  RETURN_IF_ERROR(file.Read(0, bytes.data(), bytes.size()));
  return bytes;
}

absl::StatusOr<Digest> DigestOfFile(const std::string& path) {
  ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(path));
  Sha256 digest;
  std::vector<char> block(kDigestBlock);
  for (uint64_t offset = 0; offset < file.size(); offset += kDigestBlock) {
    const size_t size = static_cast<size_t>(std::min<uint64_t>(kDigestBlock, file.size() - offset));
    RETURN_IF_ERROR(file.Read(offset, block.data(), size));
    digest.Update(block.data(), size);
  }
  return digest.Finish();
}

}  // namespace sgpsam
