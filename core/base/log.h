// One line per event on stderr: time, level, event, key=value pairs. No DICOM text, no patient data:
// callers log counts, sizes, times, digests and request ids. Thread-safe.
#ifndef SGPSAM_CORE_BASE_LOG_H_
#define SGPSAM_CORE_BASE_LOG_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

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

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_LOG_H_
