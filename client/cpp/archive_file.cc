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

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dicom/folder/file_summary.h"

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

// The entries of one archive; counts the bytes that come, not those that an entry announces.
class Entries {
 public:
  Entries(const std::string& path, uint64_t limit) : path_(path), limit_(limit) {}

  absl::Status Open();
  // nullptr at the end.
  absl::StatusOr<archive_entry*> Next();
  absl::StatusOr<std::string> Read();
  // Passes over what is left of an entry. In a compressed stream that is
  // to inflate it, which is bounded, too.
  absl::Status Skip();

 private:
  absl::Status Damaged(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ": ", what));
  }
  absl::Status Count(la_ssize_t size);

  const std::string& path_;
  const uint64_t limit_;
  Reader reader_;
  uint64_t inflated_ = 0, entries_ = 0;
};

absl::Status Entries::Open() {
  reader_.reset(archive_read_new());
  if (reader_ == nullptr) return absl::ResourceExhaustedError("not enough memory to read an archive");
  archive_read_support_format_zip(reader_.get());
  archive_read_support_format_tar(reader_.get());
  archive_read_support_filter_gzip(reader_.get());
  if (archive_read_open_filename(reader_.get(), path_.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return Damaged("it cannot be read as a .zip, .tar or .tar.gz archive");
  }
  return absl::OkStatus();
}

absl::StatusOr<archive_entry*> Entries::Next() {
  archive_entry* entry = nullptr;
  const int next = archive_read_next_header(reader_.get(), &entry);
  if (next == ARCHIVE_EOF) return nullptr;
  if (next != ARCHIVE_OK && next != ARCHIVE_WARN) return Damaged("the archive is damaged or truncated");
  if (++entries_ > kMaxEntries) {
    return Damaged(absl::StrCat("the archive has more than ", kMaxEntries, " entries"));
  }
  return entry;
}

absl::Status Entries::Count(la_ssize_t size) {
  if (size < 0) return Damaged("the archive is damaged or encrypted");
  inflated_ += static_cast<uint64_t>(size);
  if (inflated_ <= limit_) return absl::OkStatus();
  return Damaged(absl::StrCat("the archive's files grow to more than ", limit_, " bytes: unpack it first"));
}

absl::StatusOr<std::string> Entries::Read() {
  std::string bytes(kDicomHeadBytes, '\0');
  const la_ssize_t head = archive_read_data(reader_.get(), bytes.data(), bytes.size());
  RETURN_IF_ERROR(Count(head));
  bytes.resize(static_cast<size_t>(head));
  if (!LooksLikeDicom(bytes)) return bytes;
  std::vector<char> block(kBlockBytes);
  while (true) {
    const la_ssize_t size = archive_read_data(reader_.get(), block.data(), block.size());
    RETURN_IF_ERROR(Count(size));
    if (size == 0) return bytes;
    bytes.append(block.data(), static_cast<size_t>(size));
  }
}

absl::Status Entries::Skip() {
  if (archive_filter_code(reader_.get(), 0) == ARCHIVE_FILTER_NONE) return absl::OkStatus();
  while (true) {
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int read = archive_read_data_block(reader_.get(), &block, &size, &offset);
    if (read == ARCHIVE_EOF) return absl::OkStatus();
    RETURN_IF_ERROR(Count(read == ARCHIVE_OK ? static_cast<la_ssize_t>(size) : -1));
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
  Entries entries(path, limit);
  RETURN_IF_ERROR(entries.Open());
  while (true) {
    ASSIGN_OR_RETURN(archive_entry* const entry, entries.Next());
    if (entry == nullptr) return absl::OkStatus();
    if (archive_entry_filetype(entry) == AE_IFREG) {
      // The second for names that are no UTF-8, as they stand.
      const char* name = archive_entry_pathname_utf8(entry);
      if (name == nullptr) name = archive_entry_pathname(entry);
      ASSIGN_OR_RETURN(std::string bytes, entries.Read());
      RETURN_IF_ERROR(take(name == nullptr ? "" : name, std::move(bytes)));
    }
    RETURN_IF_ERROR(entries.Skip());
  }
}

}  // namespace sgpsam::client
