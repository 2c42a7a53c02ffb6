#include "tools/learn/cases/case_mix.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "core/base/random.h"
#include "tests/tools/learn/cases/named_cases.h"

namespace sgpsam {
namespace {

std::shared_ptr<const CaseSource> Named(std::vector<std::string> ids) {
  return std::make_shared<NamedCases>(std::move(ids));
}

TEST(CaseMix, NumbersTheCasesSetBySet) {
  const CaseMix mix({{"ct", 1, Named({"p1", "p2"})}, {"none", 1, Named({})}, {"pet", 1, Named({"p1"})}});
  ASSERT_EQ(mix.size(), 3);
  const std::vector<std::string> names = {"ct/p1", "ct/p2", "pet/p1"};
  for (int64_t n = 0; n < 3; ++n) {
    EXPECT_EQ(mix.id(n), names[static_cast<size_t>(n)]);
    EXPECT_EQ(mix.Read(n)->id, names[static_cast<size_t>(n)]);
  }
  EXPECT_EQ(mix.Read(3).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(mix.Read(-1).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(CaseMix, IsASetThatIsAlone) {
  const CaseMix mix({{"ct", 7, Named({"p1", "p2", "p3"})}});
  const auto alone = Named({"p1", "p2", "p3"});
  EXPECT_EQ(mix.id(1), "p2");
  EXPECT_EQ(mix.Read(2)->id, "p3");
  Random a(5), b(5);
  for (int n = 0; n < 100; ++n) EXPECT_EQ(mix.Draw(a), alone->Draw(b));
}

// However many cases a set has, its weight says how often it is drawn; within it each case is as likely.
TEST(CaseMix, DrawsSetsByTheirWeights) {
  const CaseMix mix({{"few", 3, Named({"a"})},
                     {"none", 100, Named({})},
                     {"many", 1, Named({"b", "c", "d", "e"})},
                     {"also none", 100, Named({})}});
  Random random(1);
  std::map<int64_t, int> drawn;
  constexpr int kDraws = 20000;
  for (int n = 0; n < kDraws; ++n) ++drawn[mix.Draw(random)];
  ASSERT_EQ(drawn.size(), 5u);
  EXPECT_NEAR(drawn[0], 0.75 * kDraws, 300);  // 5 standard deviations
  for (int64_t n = 1; n < 5; ++n) EXPECT_NEAR(drawn[n], 0.0625 * kDraws, 175);
}

}  // namespace
}  // namespace sgpsam
