#include "tools/learn/cases/case_names.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/byte_buffer.h"
#include "core/base/file_io.h"

namespace sgpsam {
namespace {

constexpr uint64_t kMaxListBytes = uint64_t{16} << 20;

CaseNames NamesIn(absl::string_view text, char separator) {
  CaseNames names;
  for (absl::string_view part : absl::StrSplit(text, separator)) {
    if (separator == '\n') part = part.substr(0, part.find('#'));
    part = absl::StripAsciiWhitespace(part);
    if (!part.empty()) names.emplace(part);
  }
  return names;
}

}  // namespace

absl::StatusOr<CaseNames> ReadCaseNames(const std::string& file_or_list) {
  CaseNames names;
  const absl::StatusOr<ByteBuffer> file = ReadFile(file_or_list, kMaxListBytes);
  if (file.ok()) {
    names = NamesIn(file->view(), '\n');
  } else if (!absl::IsNotFound(file.status()) || file_or_list.find_first_of("/.") != std::string::npos) {
    return file.status();
  } else {
    names = NamesIn(file_or_list, ',');
  }
  if (!names.empty()) return names;
  return absl::InvalidArgumentError(absl::StrCat(file_or_list, ": names no case"));
}

absl::StatusOr<Case> SomeCases::Read(int64_t index) const {
  if (index < 0 || index >= size()) return absl::OutOfRangeError("no such case");
  return all_->Read(chosen_[static_cast<size_t>(index)]);
}

}  // namespace sgpsam
