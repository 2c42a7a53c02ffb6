#include "core/base/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;

// One system call moves at most this much: Linux stops a little below 2 GiB.
constexpr size_t kMaxTransfer = size_t{1} << 30;

constexpr size_t kDigestBlock = size_t{1} << 20;

// As many as Linux follows.
constexpr int kMaxLinks = 40;

// This process's open files by their number.
constexpr char kDescriptors[] = "/proc/self/fd";

absl::Status SystemError(absl::string_view action, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", action, " ", path));
}

std::string FolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Where a file of this path lies: symbolic links followed, also one whose target is not there yet.
absl::StatusOr<std::string> Place(const std::string& path) {
  fs::path place = path;
  std::error_code error;
  for (int links = 0; fs::is_symlink(place, error); ++links) {
    if (links == kMaxLinks) return absl::InvalidArgumentError(path + " is a symbolic link without an end");
    const fs::path target = fs::read_symlink(place, error);
    if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot read ", path));
    place = place.parent_path() / target;
  }
  if (!place.has_filename()) return absl::InvalidArgumentError(absl::StrCat("'", path, "' names no file"));
  if (fs::is_directory(place, error)) return absl::InvalidArgumentError(path + " is a folder");
  if (fs::exists(place, error) && !fs::is_regular_file(place, error)) {
    return absl::InvalidArgumentError(path + " is no regular file");
  }
  return place.string();
}

// A new name outlives a crash of the machine only when its folder was written, too.
absl::Status SyncFolder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return errno == EACCES ? absl::OkStatus() : SystemError("open", folder);  // may write, not read
  const bool written = fsync(descriptor) == 0 || errno == EINVAL;             // not every file system can
  absl::Status status = written ? absl::OkStatus() : SystemError("write", folder);
  close(descriptor);
  return status;
}

}  // namespace

std::string HiddenNameBeside(const std::string& path) {
  static std::atomic<unsigned> count{0};
  return absl::StrCat(FolderOf(path), "/.sgpsam-", getpid(), "-", count.fetch_add(1));
}

absl::Status WithPath(const absl::Status& status, const std::string& path) {
  if (status.ok() || absl::StrContains(status.message(), path)) return status;
  return Prefixed(status, absl::StrCat(path, ": "));
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

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      mode_(other.mode_) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::StatusOr<AtomicFile> AtomicFile::Create(const std::string& path, Readers readers) {
  ASSIGN_OR_RETURN(std::string place, Place(path));
  AtomicFile file(std::move(place));
  RETURN_IF_ERROR(file.Open(readers));
  return file;
}

// The system leaves of 0666 what the umask allows, which asks no other thread to wait;
// others may read from Commit on.
absl::Status AtomicFile::Open(Readers readers) {
  const mode_t wanted = readers == Readers::kOwner ? 0600 : 0666;
  if (access(kDescriptors, X_OK) == 0) {  // without them a file without a name could not be given one
    descriptor_ = open(FolderOf(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, wanted);
  }
  while (descriptor_ < 0) {
    temporary_ = HiddenNameBeside(path_);
    descriptor_ = open(temporary_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, wanted);
    if (descriptor_ >= 0 || errno == EEXIST) continue;
    temporary_.clear();
    return SystemError("write", path_);
  }
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) return SystemError("inspect", path_);
  mode_ = status.st_mode & 0777;
  return fchmod(descriptor_, 0600) == 0 ? absl::OkStatus() : SystemError("set the mode of", path_);
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

// Gives a file without a name its own, or a hidden one where that is taken: a link replaces nothing.
absl::Status AtomicFile::Name() {
  const std::string self = absl::StrCat(kDescriptors, "/", descriptor_);
  const auto link_as = [&self](const std::string& name) {
    return linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  if (link_as(path_)) return absl::OkStatus();
  while (errno == EEXIST) {
    std::string hidden = HiddenNameBeside(path_);
    if (link_as(hidden)) {
      temporary_ = std::move(hidden);
      return absl::OkStatus();
    }
  }
  return SystemError("write", path_);
}

absl::Status AtomicFile::Commit() {
  if (fchmod(descriptor_, mode_) != 0 || fsync(descriptor_) != 0) return SystemError("write", path_);
  if (temporary_.empty()) RETURN_IF_ERROR(Name());
  if (close(std::exchange(descriptor_, -1)) != 0) return SystemError("write", path_);
  if (!temporary_.empty() && rename(temporary_.c_str(), path_.c_str()) != 0)
    return SystemError("write", path_);
  temporary_.clear();
  return SyncFolder(FolderOf(path_));
}

absl::Status CheckPlace(const std::string& path) { return AtomicFile::Create(path).status(); }

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes, Readers readers) {
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, readers));
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
