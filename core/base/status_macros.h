// RETURN_IF_ERROR and ASSIGN_OR_RETURN, with the semantics of Abseil's later macros of that name.
#ifndef SGPSAM_CORE_BASE_STATUS_MACROS_H_
#define SGPSAM_CORE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define SGPSAM_CONCAT_INNER(a, b) a##b
#define SGPSAM_CONCAT(a, b) SGPSAM_CONCAT_INNER(a, b)

// Evaluates an absl::Status once; leaves the calling function with it unless it is OK.
#define RETURN_IF_ERROR(expression)                \
  do {                                             \
    absl::Status sgpsam_status = (expression);     \
    if (!sgpsam_status.ok()) return sgpsam_status; \
  } while (false)

// Evaluates an absl::StatusOr<T> once; moves its value into `target` or leaves with its status.
#define ASSIGN_OR_RETURN(target, expression) \
  SGPSAM_ASSIGN_OR_RETURN(SGPSAM_CONCAT(sgpsam_or_, __LINE__), target, expression)

#define SGPSAM_ASSIGN_OR_RETURN(temporary, target, expression) \
  auto temporary = (expression);                               \
  if (!temporary.ok()) return std::move(temporary).status();   \
  target = std::move(temporary).value()

#endif  // SGPSAM_CORE_BASE_STATUS_MACROS_H_
