#include "core/torch/torch_guard.h"

#include <stdexcept>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

template <typename Throw>
absl::Status Guarded(Throw thrower) {
  return GuardTorch([&]() -> absl::Status {
    thrower();
    return absl::OkStatus();
  });
}

TEST(TorchGuard, PassesResultsAndErrorsThrough) {
  EXPECT_EQ(*GuardTorch([]() -> absl::StatusOr<int> { return 3; }), 3);
  EXPECT_EQ(GuardTorch([] { return absl::NotFoundError("x"); }).code(), absl::StatusCode::kNotFound);
}

TEST(TorchGuard, CallsALackOfMemoryByItsName) {
  EXPECT_EQ(Guarded([] { throw std::bad_alloc(); }).code(), absl::StatusCode::kResourceExhausted);
  const auto device = [] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory"); };
  EXPECT_EQ(Guarded(device).code(), absl::StatusCode::kResourceExhausted);
  const auto pinned = [] { throw c10::AcceleratorError({"f", "x.cc", 1}, 2, "out of memory"); };
  EXPECT_EQ(Guarded(pinned).code(), absl::StatusCode::kResourceExhausted);
  const auto processor = [] { TORCH_CHECK(false, "DefaultCPUAllocator: not enough memory: you tried"); };
  EXPECT_EQ(Guarded(processor).code(), absl::StatusCode::kResourceExhausted);
}

TEST(TorchGuard, SaysThatAReplicaIsGoneWhenItsDeviceFails) {
  const auto fail = [] { throw c10::AcceleratorError({"f", "x.cc", 1}, 700, "an illegal memory access"); };
  EXPECT_EQ(Guarded(fail).code(), absl::StatusCode::kUnavailable);
}

TEST(TorchGuard, KeepsTheFirstLineOfAnError) {
  const absl::Status status = Guarded([] { TORCH_CHECK(false, "shapes differ\nframe #0: secret/path.cc"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "LibTorch: shapes differ");
}

TEST(TorchGuard, CatchesAnything) {
  EXPECT_EQ(Guarded([] { throw std::runtime_error("odd"); }).message(), "odd");
  EXPECT_EQ(Guarded([] { throw 7; }).code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace sgpsam
