#include "tools/learn/evaluation/score_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/byte_buffer.h"
#include "core/base/file_io.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 30;

absl::Status About(const std::string& path, const absl::Status& status) {
  return WithMessage(
      status, absl::StrCat(path, ": ", status.message(),
                           ": it belongs to another evaluation (model, precision, cases or options); repeat "
                           "these, write to another file, or delete it"));
}

absl::Status SystemError(const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
}

}  // namespace

absl::StatusOr<ScoreFile> ScoreFile::Open(const std::string& path, const std::string& run, size_t gates) {
  RETURN_IF_ERROR(CheckPlace(path));
  ScoreFile file(path, run, gates);
  const absl::StatusOr<ByteBuffer> old = ReadFile(path, kMostBytes);
  if (!old.ok() && !absl::IsNotFound(old.status())) return old.status();
  std::string kept = ScoreCsvHeader(gates);
  if (old.ok() && old->size() > 0) {
    absl::StatusOr<ScoreCsv> csv = ParseScoreCsv(old->view(), gates, run);
    if (!csv.ok()) return About(path, csv.status());
    file.done_ = std::move(csv->cases);
    kept = std::string(old->view().substr(0, csv->whole_bytes));
  }
  if (!old.ok() || old->view() != kept) RETURN_IF_ERROR(WriteFileAtomically(path, kept));
  file.descriptor_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file.descriptor_ < 0) return SystemError(path);
  return file;
}

ScoreFile::ScoreFile(ScoreFile&& other) noexcept
    : path_(std::move(other.path_)),
      run_(std::move(other.run_)),
      gates_(other.gates_),
      done_(std::move(other.done_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

ScoreFile::~ScoreFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status ScoreFile::Append(const ScoredCase& scored) {
  const std::string lines = ScoreCsvLines(scored, gates_, run_);
  for (absl::string_view left = lines; !left.empty();) {
    const ssize_t written = write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(path_);
    left.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(descriptor_) == 0 ? absl::OkStatus() : SystemError(path_);
}

}  // namespace sgpsam
