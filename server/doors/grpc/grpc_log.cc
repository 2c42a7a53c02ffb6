#include "server/doors/grpc/grpc_log.h"

#include <grpc/support/log.h>

#include <atomic>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"

namespace sgpsam {
namespace {

std::atomic<Clock*> clock_of_lines{nullptr};
std::atomic<int64_t> second_of_last_line{0};
std::atomic<int64_t> left_out{0};

absl::string_view FileName(const char* path) {
  const absl::string_view text = path;
  const size_t slash = text.rfind('/');
  return slash == absl::string_view::npos ? text : text.substr(slash + 1);
}

void Forward(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  const int64_t second = absl::ToUnixSeconds(clock_of_lines.load()->Now());
  if (second_of_last_line.exchange(second) == second) {
    ++left_out;
    return;
  }
  Log(LogLevel::kError, "grpc error",
      {{"at", absl::StrCat(FileName(args->file), ":", args->line)}, {"left_out", left_out.exchange(0)}});
}

}  // namespace

void CatchGrpcLog(Clock& clock) {
  clock_of_lines = &clock;
  gpr_set_log_function(Forward);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
}

}  // namespace sgpsam
