#include "client/cpp/archive_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace sgpsam::client {
namespace {

constexpr uint64_t kMaxEntries = 100'000;
constexpr uint64_t kMaxBytes = uint64_t{16} << 30;
constexpr uint64_t kMaxRatio = 1000;                // pixels that are all air deflate to less than that
constexpr uint64_t kMaxSmall = uint64_t{64} << 20;  // the ratio is not asked below this
constexpr size_t kBlockBytes = size_t{1} << 20;

struct Closer {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Closer>;

// While it lives, this thread's letters are UTF-8: libarchive keeps no name that has letters which the locale
// lacks, and the C locale, which most services run in, lacks all beyond ASCII.
class Utf8Locale {
 public:
  Utf8Locale() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = uselocale(utf8_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale() {
    if (utf8_ == nullptr) return;
    uselocale(before_);
    freelocale(utf8_);
  }

 private:
  locale_t utf8_ = nullptr, before_ = nullptr;
};

absl::Status Damaged(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

// Grows with the bytes that come, not with what the entry announces.
absl::StatusOr<std::string> ReadEntry(archive* reader, const std::string& path, uint64_t limit,
                                      uint64_t& total) {
  std::string bytes;
  std::vector<char> block(kBlockBytes);
  while (true) {
    const la_ssize_t size = archive_read_data(reader, block.data(), block.size());
    if (size < 0) return Damaged(path, "the archive is damaged or encrypted");
    if (size == 0) return bytes;
    total += static_cast<uint64_t>(size);
    if (total > limit) {
      return Damaged(
          path, absl::StrCat("the archive's files grow to more than ", limit, " bytes: unpack it first"));
    }
    bytes.append(block.data(), static_cast<size_t>(size));
  }
}

}  // namespace

bool IsArchiveName(absl::string_view path) {
  for (const absl::string_view end : {".zip", ".tar", ".tar.gz", ".tgz"}) {
    if (absl::EndsWithIgnoreCase(path, end)) return true;
  }
  return false;
}

absl::Status ReadArchive(const std::string& path,
                         absl::FunctionRef<absl::Status(const std::string& name, std::string bytes)> take) {
  std::error_code error;
  const uint64_t packed = std::filesystem::file_size(path, error);
  if (error) return absl::Status(absl::ErrnoToStatusCode(error.value()), absl::StrCat("cannot read ", path));
  const uint64_t limit = std::min(kMaxBytes, std::max(kMaxSmall, std::min(packed, kMaxBytes) * kMaxRatio));
  const Utf8Locale locale;
  const Reader reader(archive_read_new());
  if (reader == nullptr) return absl::ResourceExhaustedError("not enough memory to read an archive");
  archive_read_support_format_zip(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_filter_gzip(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return Damaged(path, "it cannot be read as a .zip, .tar or .tar.gz archive");
  }
  uint64_t total = 0, entries = 0;
  while (true) {
    archive_entry* entry = nullptr;
    const int next = archive_read_next_header(reader.get(), &entry);
    if (next == ARCHIVE_EOF) return absl::OkStatus();
    if (next != ARCHIVE_OK && next != ARCHIVE_WARN)
      return Damaged(path, "the archive is damaged or truncated");
    if (++entries > kMaxEntries)
      return Damaged(path, absl::StrCat("the archive has more than ", kMaxEntries, " entries"));
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    // The second for names that are no UTF-8, as they stand.
    const char* name = archive_entry_pathname_utf8(entry);
    if (name == nullptr) name = archive_entry_pathname(entry);
    ASSIGN_OR_RETURN(std::string bytes, ReadEntry(reader.get(), path, limit, total));
    RETURN_IF_ERROR(take(name == nullptr ? "" : name, std::move(bytes)));
  }
}

}  // namespace sgpsam::client
