// One line per event on stderr: time, level, event, key=value pairs. No DICOM text, no patient data:
// callers log counts, sizes, times, digests and request ids. Thread-safe, and never blocks, whoever reads
// stderr or does not: a thread of the log's own writes, a mebibyte of lines may wait for it, and more are
// dropped and counted.
#ifndef SGPSAM_CORE_BASE_LOG_H_
#define SGPSAM_CORE_BASE_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sgpsam {

enum class LogLevel { kInfo, kWarning, kError };

struct LogField {
  absl::string_view key;
  std::string value;
  template <typename T>
  LogField(absl::string_view k, const T& v) : key(k), value(absl::StrCat(v)) {}
};

// `event` is a fixed lower-case phrase ("worker started"); values are quoted where they need it.
void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields = {});

// Waits until everything that was logged before has been written, or `timeout` has passed. The program's exit
// waits a second.
void FlushLog(absl::Duration timeout);

// Since the program began. Once lines can be written again, one of them says how many are missing.
uint64_t DroppedLogLines();

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_LOG_H_
