// The one door through which LibTorch's exceptions leave: as absl::Status. Include it in torch code only.
#ifndef SGPSAM_CORE_TORCH_TORCH_GUARD_H_
#define SGPSAM_CORE_TORCH_TORCH_GUARD_H_

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {

// LibTorch's messages carry whole dispatch tables after their first line.
inline std::string FirstLine(const std::string& text) {
  constexpr size_t kLongest = 300;
  return text.substr(0, std::min(text.find('\n'), kLongest));
}

// What the exception now being handled means.
inline absl::Status StatusOfCurrentException() {
  try {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    return absl::ResourceExhaustedError("the device has too little free memory; send fewer patches at once");
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the process has too little memory");
  } catch (const c10::AcceleratorError& error) {
    // What LibTorch's allocator does not give: pinned memory, graphs.
    constexpr int32_t kCudaErrorMemoryAllocation = 2;
    if (error.get_error_code() == kCudaErrorMemoryAllocation) {
      return absl::ResourceExhaustedError("the device or the process has too little memory");
    }
    // After such an error a CUDA context refuses everything: the replica is gone.
    return absl::UnavailableError(
        absl::StrCat("the device failed: ", FirstLine(error.what_without_backtrace())));
  } catch (const c10::Error& error) {
    // LibTorch's allocator for the processor reports a lack of memory as a plain error.
    const std::string reason = FirstLine(error.what_without_backtrace());
    if (reason.find("not enough memory") != std::string::npos) {
      return absl::ResourceExhaustedError("the process has too little memory");
    }
    return absl::InternalError(absl::StrCat("LibTorch: ", reason));
  } catch (const std::exception& error) {
    return absl::InternalError(FirstLine(error.what()));
  } catch (...) {
    return absl::InternalError("an exception of unknown type");
  }
}

// Runs `step`, which returns absl::Status or absl::StatusOr<T>; nothing is thrown through.
template <typename Step>
auto GuardTorch(Step&& step) noexcept -> decltype(step()) {
  try {
    return std::forward<Step>(step)();
  } catch (...) {
    return StatusOfCurrentException();
  }
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_TORCH_GUARD_H_
