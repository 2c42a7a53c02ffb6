#include "core/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

namespace sgpsam {
namespace {

absl::StatusOr<std::unique_ptr<int>> Make(int value) {
  if (value < 0) return absl::OutOfRangeError("negative");
  return std::make_unique<int>(value);
}

absl::StatusOr<int> Sum(int a, int b) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> first, Make(a));  // a type that can only be moved
  ASSIGN_OR_RETURN(const auto second, Make(b));
  return *first + *second;
}

TEST(AssignOrReturn, AssignsValuesAndLeavesWithErrors) {
  EXPECT_EQ(Sum(1, 2).value(), 3);
  EXPECT_EQ(Sum(1, -2).status(), absl::OutOfRangeError("negative"));
}

absl::Status Twice(int& calls, const absl::Status& status) {
  const auto call = [&] {
    ++calls;
    return status;
  };
  RETURN_IF_ERROR(call());
  RETURN_IF_ERROR(call());
  return absl::OkStatus();
}

TEST(ReturnIfError, EvaluatesOnceAndStopsAtTheFirstError) {
  int calls = 0;
  EXPECT_TRUE(Twice(calls, absl::OkStatus()).ok());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Twice(calls, absl::NotFoundError("gone")), absl::NotFoundError("gone"));
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace sgpsam
