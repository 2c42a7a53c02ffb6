#include "core/pipeline/stage_estimates.h"

#include <gtest/gtest.h>

namespace sgpsam {
namespace {

TEST(StageEstimates, KnowNothingBeforeTheFirstMask) {
  StageEstimates estimates;
  EXPECT_EQ(estimates.Remaining(Stage::kDecode, 1), absl::ZeroDuration());
  estimates.Observe(Stage::kDecode, absl::Seconds(1));
  EXPECT_EQ(estimates.Remaining(Stage::kDecode, 1), absl::ZeroDuration());
}

TEST(StageEstimates, AddUpWhatIsStillToCome) {
  StageEstimates estimates;
  estimates.Observe(Stage::kDecode, absl::Seconds(8));
  estimates.Observe(Stage::kEncode, absl::Seconds(4));
  estimates.Observe(Stage::kPromptMask, absl::Seconds(2));
  estimates.Observe(Stage::kWrite, absl::Seconds(1));
  EXPECT_EQ(estimates.Remaining(Stage::kDecode, 1), absl::Seconds(15));
  EXPECT_EQ(estimates.Remaining(Stage::kPromptMask, 1), absl::Seconds(3));
  EXPECT_EQ(estimates.Remaining(Stage::kPromptMask, 3), absl::Seconds(3 + 2 * 6));
}

TEST(StageEstimates, FollowTheNewestObservations) {
  StageEstimates estimates;
  estimates.Observe(Stage::kPromptMask, absl::Seconds(100));
  for (int n = 0; n < 50; ++n) estimates.Observe(Stage::kPromptMask, absl::Seconds(1));
  EXPECT_LT(estimates.Remaining(Stage::kPromptMask, 1), absl::Seconds(1.1));
}

}  // namespace
}  // namespace sgpsam
