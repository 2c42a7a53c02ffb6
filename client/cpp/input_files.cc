#include "client/cpp/input_files.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/archive_file.h"
#include "core/base/file_io.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"

namespace sgpsam::client {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = (uint64_t{1} << 31) - 1;  // the contract's limit for a DICOM file
constexpr int kMaxDepth = 64;
constexpr absl::string_view kArchive = "archive", kEmpty = "empty file", kNoFile = "not a regular file";

absl::Status ReadError(const std::string& path, int error) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat("cannot read ", path, ": ", strerror(error)));
}

// What was found, with the bytes of images as long as they may all be the wanted series'.
class Finder {
 public:
  Finder(absl::string_view wanted, size_t max_files) : wanted_(wanted), max_files_(max_files) {}

  absl::Status AddPath(const std::string& path);
  absl::StatusOr<InputFiles> Choose();

 private:
  struct Found {
    std::string name;
    bool in_archive = false;
    std::optional<std::string> bytes;
  };

  absl::Status AddFolder(const std::string& folder);
  absl::Status AddFile(const std::string& path);
  absl::Status AddArchive(const std::string& path);
  absl::Status Add(Found found);
  void KeepOneSeries(const FileSummary& summary);
  absl::Status TooMany() const;
  absl::Status Undecided(const std::vector<FoundSeries>& series) const;
  absl::Status Nothing(const SeriesChoice& choice) const;

  const absl::string_view wanted_;
  const size_t max_files_;
  size_t looked_at_ = 0;
  std::vector<Found> found_;
  std::vector<FileSummary> summaries_;
  std::vector<sgpsam::PassedOver> passed_over_;
  std::string series_;  // of the first image that is no localizer
  bool several_ = false;
};

absl::Status Finder::AddPath(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return absl::NotFoundError(absl::StrCat(path, " does not exist"));
  if (fs::is_directory(status)) return AddFolder(path);
  if (IsArchiveName(path)) return AddArchive(path);
  return AddFile(path);
}

// By name, so that the same folder gives the same order of files everywhere.
absl::Status Finder::AddFolder(const std::string& folder) {
  std::vector<std::string> paths;
  std::set<fs::path> seen;  // a linked folder may hold itself
  std::error_code error;
  seen.insert(fs::canonical(folder, error));
  fs::recursive_directory_iterator entry(folder, fs::directory_options::follow_directory_symlink, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    std::error_code unknown;
    const std::string path = entry->path().string();
    if (entry->is_directory(unknown)) {
      if (entry.depth() >= kMaxDepth || !seen.insert(fs::canonical(path, unknown)).second) {
        entry.disable_recursion_pending();
      }
      continue;
    }
    paths.push_back(path);
    if (paths.size() > max_files_) return TooMany();
  }
  if (error) return ReadError(folder, error.value());
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    if (IsArchiveName(path)) {
      AddPassedOver(kArchive, 1, passed_over_);
    } else {
      RETURN_IF_ERROR(AddFile(path));
    }
  }
  return absl::OkStatus();
}

absl::Status Finder::AddFile(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {  // a pipe, or a link to nowhere
    AddPassedOver(kNoFile, 1, passed_over_);
    return absl::OkStatus();
  }
  // Whatever else lies there may be large.
  std::string head;
  {
    ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(path));
    head.resize(static_cast<size_t>(std::min<uint64_t>(kDicomHeadBytes, file.size())));
    RETURN_IF_ERROR(file.Read(0, head.data(), head.size()));
  }
  if (!LooksLikeDicom(head)) return Add({path, false, std::move(head)});
  ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(path));
  return Add({path, false, std::move(bytes)});
}

absl::Status Finder::AddArchive(const std::string& path) {
  return ReadArchive(path, [&](const std::string& name, std::string bytes) {
    return Add({absl::StrCat(path, "/", name), true, std::move(bytes)});
  });
}

absl::Status Finder::Add(Found found) {
  if (++looked_at_ > max_files_) return TooMany();
  if (found.bytes->empty()) {
    AddPassedOver(kEmpty, 1, passed_over_);
    return absl::OkStatus();
  }
  if (found.bytes->size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(found.name, " is larger than a DICOM file may be, 2 GiB"));
  }
  FileSummary summary = Summarise(*found.bytes);
  const bool candidate = summary.kind == FileKind::kImage || summary.kind == FileKind::kUnreadable;
  if (!candidate) found.bytes.reset();
  KeepOneSeries(summary);
  if (several_ && !found.in_archive) found.bytes.reset();
  found_.push_back(std::move(found));
  summaries_.push_back(std::move(summary));
  return absl::OkStatus();
}

// A whole study need not fit into memory: from its second series on, files are read again when one is chosen.
void Finder::KeepOneSeries(const FileSummary& summary) {
  if (several_ || summary.kind != FileKind::kImage || summary.localizer) return;
  const std::string series = absl::StrCat(summary.study_instance_uid, "\\", summary.series_instance_uid);
  if (series_.empty()) series_ = series;
  several_ = series != series_;
  if (!several_) return;
  for (Found& found : found_) {
    if (!found.in_archive) found.bytes.reset();
  }
}

// For a terminal: control characters become question marks, and bytes that are no UTF-8.
std::string Printable(absl::string_view text) {
  const bool utf8 = IsUtf8(text);
  std::string shown;
  for (size_t n = 0; n < text.size(); ++n) {
    const auto c = static_cast<unsigned char>(text[n]);
    if (utf8 && c == 0xC2 && static_cast<unsigned char>(text[n + 1]) < 0xA0) {  // U+0080 to U+009F
      shown.push_back('?');
      ++n;
    } else {
      shown.push_back(absl::ascii_isprint(c) || (utf8 && c >= 0x80) ? text[n] : '?');
    }
  }
  return shown;
}

absl::Status Finder::TooMany() const {
  return absl::InvalidArgumentError(
      absl::StrCat("there are more than ", max_files_, " files: name a smaller folder"));
}

absl::Status Finder::Undecided(const std::vector<FoundSeries>& series) const {
  constexpr size_t kListed = 50;
  std::string list;
  for (size_t s = 0; s < std::min(kListed, series.size()); ++s) {
    const FoundSeries& one = series[s];
    absl::StrAppend(&list, "\n  number ", one.number.empty() ? "-" : Printable(one.number), ", ",
                    one.modality.empty() ? "no modality" : Printable(one.modality), ", ", one.files.size(),
                    one.files.size() == 1 ? " file" : " files", ", \"", Printable(one.description), "\", ",
                    one.series_instance_uid.empty() ? "no UID" : Printable(one.series_instance_uid));
  }
  if (series.size() > kListed) absl::StrAppend(&list, "\n  and ", series.size() - kListed, " more");
  return FailedPrecondition(Reason::kSeveralSeries,
                            absl::StrCat("there are ", series.size(),
                                         " image series: name one by its number or SeriesInstanceUID", list),
                            {{"series", absl::StrCat(series.size())}});
}

absl::Status Finder::Nothing(const SeriesChoice& choice) const {
  std::vector<sgpsam::PassedOver> all = passed_over_;
  for (const sgpsam::PassedOver& some : choice.passed_over) AddPassedOver(some.kind, some.files, all);
  const std::string what =
      wanted_.empty() ? "there is no DICOM image series" : "there is no series of that number or UID";
  const std::string others = CountedKinds(all);
  const std::string message = absl::StrCat(what, others.empty() ? "" : ": ", others);
  return wanted_.empty() ? InvalidArgument(Reason::kNoImages, message)
                         : FailedPrecondition(Reason::kSeriesNotFound, message);
}

absl::StatusOr<InputFiles> Finder::Choose() {
  SeriesChoice choice = ChooseSeries(summaries_, wanted_);
  if (!choice.undecided.empty()) return Undecided(choice.undecided);
  if (choice.files.empty()) return Nothing(choice);
  InputFiles files;
  for (const size_t n : choice.files) {
    Found& found = found_[n];
    if (!found.bytes) {
      ASSIGN_OR_RETURN(found.bytes, ReadWholeFile(found.name));
    }
    files.names.push_back(std::move(found.name));
    files.bytes.push_back(*std::move(found.bytes));
  }
  files.passed_over = std::move(choice.passed_over);
  for (const sgpsam::PassedOver& some : passed_over_) AddPassedOver(some.kind, some.files, files.passed_over);
  return files;
}

// Reads a number at `at`; 0 if there is none or it names no file.
size_t NumberAt(absl::string_view message, size_t at, size_t files, size_t& end) {
  end = at;
  while (end < message.size() && absl::ascii_isdigit(static_cast<unsigned char>(message[end]))) ++end;
  uint32_t number = 0;
  const bool valid = absl::SimpleAtoi(message.substr(at, end - at), &number) && number <= files;
  return valid ? number : 0;
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(path));
  if (file.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is larger than a DICOM file may be, 2 GiB"));
  }
  std::string bytes(static_cast<size_t>(file.size()), '\0');
  RETURN_IF_ERROR(file.Read(0, bytes.data(), bytes.size()));
  return bytes;
}

absl::StatusOr<InputFiles> ReadInputFiles(const std::vector<std::string>& paths, absl::string_view series,
                                          size_t max_files) {
  Finder finder(series, max_files);
  for (const std::string& path : paths) RETURN_IF_ERROR(finder.AddPath(path));
  return finder.Choose();
}

std::string WithFileNames(absl::string_view message, const std::vector<std::string>& names) {
  std::string out;
  size_t at = 0;
  while (at < message.size()) {
    const absl::string_view rest = message.substr(at);
    const bool word = at == 0 || !absl::ascii_isalnum(static_cast<unsigned char>(message[at - 1]));
    const size_t skip = !word ? 0 : rest.substr(0, 5) == "file " ? 5 : rest.substr(0, 6) == "files " ? 6 : 0;
    if (skip == 0) {
      out.push_back(message[at++]);
      continue;
    }
    absl::StrAppend(&out, message.substr(at, skip));
    at += skip;
    size_t end = at;
    for (size_t number = NumberAt(message, at, names.size(), end); number != 0;) {
      absl::StrAppend(&out, number, " (", names[number - 1], ")");
      at = end;
      number = 0;
      if (skip == 5) break;
      for (const absl::string_view between : {", ", " and "}) {
        if (message.substr(at, between.size()) != between) continue;
        number = NumberAt(message, at + between.size(), names.size(), end);
        if (number != 0) absl::StrAppend(&out, between);
        break;
      }
    }
  }
  return out;
}

}  // namespace sgpsam::client
