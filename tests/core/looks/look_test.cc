#include "core/looks/look.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "core/looks/look_policy.h"

namespace sgpsam {
namespace {

struct Row {
  const char* why;
  LookQuality better, worse;
};

TEST(BetterLook, IsByThisTable) {
  const double charge = kLookPolicy.cut_off_charge, wide = kLookPolicy.cut_off_mm,
               miss = kLookPolicy.missed_charge;
  //                         found, missed, cut off, seen, overgrown, expected Dice
  const std::vector<Row> table = {
      {"something was found", {true, 1, true, 30, 1, 0.1}, {false, 0, false, 30, 1, 0.9}},
      {"it is surer", {true, 0.5, false, 30, 1, 0.8}, {true, 0.5, false, 60, 1, 0.7}},
      {"fewer points are missed",
       {true, 0.25, false, 30, 1, 0.8},
       {true, 0.5, false, 30, 1, 0.8 + 0.2 * miss}},
      {"it is surer by more than missed points cost",
       {true, 0.5, false, 30, 1, 0.8},
       {true, 0.25, false, 30, 1, 0.8 - 0.3 * miss}},
      {"it does not miss all, though it is cut off", {true, 0, true, 30, 1, 0.9}, {true, 1, false, 60, 1, 1}},
      {"it is surer, and both are cut off", {true, 0, true, 30, 1, 0.8}, {true, 0, true, 30, 1, 0.7}},
      {"both are cut off, but it sees more", {true, 0, true, 60, 1, 0.8}, {true, 0, true, 30, 1, 0.81}},
      {"it is not cut off", {true, 0, false, 30, 1, 0.8}, {true, 0, true, wide, 1, 0.8 + 0.9 * charge}},
      {"it is surer by more than being cut off costs",
       {true, 0, true, wide, 1, 0.8 + 1.1 * charge},
       {true, 0, false, 30, 1, 0.8}},
      {"seeing more than any lesion needs is worth nothing",
       {true, 0, true, wide, 1, 0.81},
       {true, 0, true, 2 * wide, 1, 0.8}},
      {"its clicks can mean as much", {true, 0, false, 60, 1, 0.3}, {true, 0, false, 60, 9, 1}},
      {"it is surer, though a little overgrown",
       {true, 0, false, 60, 1.1, 0.9},
       {true, 0, false, 60, 1, 0.8}},
  };
  for (const Row& row : table) {
    EXPECT_TRUE(BetterLook(row.better, row.worse)) << row.why;
    EXPECT_FALSE(BetterLook(row.worse, row.better)) << row.why;
  }
}

TEST(BetterLook, KeepsWhatWasThereOfTwoThatAreAlike) {
  const LookQuality look{true, 0, false, 30, 1, 0.5};
  EXPECT_FALSE(BetterLook(look, look));
}

TEST(Worth, IsNeverBelowNothing) { EXPECT_EQ(Worth({true, 1, true, 30, 1, 0.5}), 0); }

}  // namespace
}  // namespace sgpsam
