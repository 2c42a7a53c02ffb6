#include "core/transform/logits_box.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sgpsam {
namespace {

double Of(std::vector<float> logits) {
  LogitsBox box;
  box.values = std::move(logits);
  return ExpectedDice(box);
}

TEST(ExpectedDice, IsOneForASureMaskAndZeroForNone) {
  EXPECT_NEAR(Of({30, -30, -30, 30}), 1, 1e-9);
  EXPECT_EQ(Of({-1, -2}), 0);
  EXPECT_EQ(Of({}), 0);
}

TEST(ExpectedDice, FallsWithDoubtInsideAndOutside) {
  const float likely = std::log(3.0f);  // 0.75
  EXPECT_NEAR(Of({likely, -30}), 2 * 0.75 / 1.75, 1e-6);
  EXPECT_NEAR(Of({likely, -likely}), 2 * 0.75 / 2, 1e-6);
  EXPECT_NEAR(Of({likely, -likely, 0, 0}), 2 * 0.75 / 2, 1e-6);  // not seen
}

}  // namespace
}  // namespace sgpsam
