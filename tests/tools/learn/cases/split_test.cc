#include "tools/learn/cases/split.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/tools/learn/cases/folder_fixture.h"
#include "tests/tools/learn/cases/named_cases.h"

namespace sgpsam {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;

using Names = NamedCases;

std::set<std::string> IdsOf(const CaseSource& source, const std::vector<int64_t>& numbers) {
  std::set<std::string> ids;
  for (const int64_t n : numbers) ids.insert(source.id(n));
  return ids;
}

TEST(SplitByHash, PutsEveryCaseOnExactlyOneSide) {
  const Names names = Names::Numbered(500);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const double fraction : {0.05, 0.2, 0.5, 0.9}) {
      const absl::StatusOr<Split> split = SplitByHash(names, {.seed = seed, .validation_fraction = fraction});
      ASSERT_TRUE(split.ok()) << split.status();
      std::vector<int64_t> all = split->training;
      all.insert(all.end(), split->validation.begin(), split->validation.end());
      std::sort(all.begin(), all.end());
      ASSERT_EQ(all.size(), 500u);
      for (int64_t n = 0; n < 500; ++n) EXPECT_EQ(all[static_cast<size_t>(n)], n);
      EXPECT_TRUE(std::is_sorted(split->training.begin(), split->training.end()));
      EXPECT_NEAR(static_cast<double>(split->validation.size()), 500 * fraction, 50);
    }
  }
}

TEST(SplitByHash, DependsOnSeedAndIdsAlone) {
  const Names names = Names::Numbered(100);
  const Split split = SplitByHash(names, {.seed = 7}).value();
  EXPECT_EQ(SplitByHash(names, {.seed = 7})->validation, split.validation);
  EXPECT_NE(SplitByHash(names, {.seed = 8})->validation, split.validation);
  std::vector<std::string> reversed;
  for (int n = 99; n >= 0; --n) reversed.push_back(absl::StrCat("case_", n));
  const Names other(reversed);
  EXPECT_EQ(IdsOf(other, SplitByHash(other, {.seed = 7})->validation), IdsOf(names, split.validation));
}

// A patient whose CT, MR and PET lie in three folders is trained on in none of them or in all.
TEST(SplitByHash, PutsCasesOfOneNameOnOneSideInEverySet) {
  const Names ct = Names::Numbered(80), pet = Names::Numbered(50),
              mr({"case_3", "other", "case_41", "case_7"});
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const SplitOptions options{.seed = seed, .validation_fraction = 0.3, .may_be_empty = true};
    const std::set<std::string> in_ct = IdsOf(ct, SplitByHash(ct, options)->validation);
    for (const Names* set : {&pet, &mr}) {
      for (const std::string& id : IdsOf(*set, SplitByHash(*set, options)->validation)) {
        EXPECT_TRUE(in_ct.contains(id) || id == "other") << id;
      }
      for (const std::string& id : IdsOf(*set, SplitByHash(*set, options)->training)) {
        EXPECT_FALSE(in_ct.contains(id)) << id;
      }
    }
  }
}

TEST(SplitByHash, MayLeaveASideEmptyWhereThatIsAllowed) {
  const Names one({"case_1"});
  EXPECT_FALSE(SplitByHash(one, {}).ok());
  const Split split = SplitByHash(one, {.may_be_empty = true}).value();
  EXPECT_EQ(split.training.size() + split.validation.size(), 1u);
}

TEST(SplitByHash, MovesNoCaseWhenOthersAreAdded) {
  const Names few = Names::Numbered(50), many = Names::Numbered(200);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::set<std::string> before = IdsOf(few, SplitByHash(few, {.seed = seed})->validation);
    const std::set<std::string> after = IdsOf(many, SplitByHash(many, {.seed = seed})->validation);
    for (int64_t n = 0; n < few.size(); ++n) EXPECT_EQ(before.count(few.id(n)), after.count(few.id(n)));
  }
}

TEST(SplitByHash, DrawsWhatItDrewBefore) {
  // A change of the draw would move cases from one side to the other between two versions of this program.
  EXPECT_THAT(SplitByHash(Names::Numbered(20), {.seed = 1, .validation_fraction = 0.25})->validation,
              ElementsAre(1, 3, 7, 8, 10, 11, 17));
}

TEST(SplitByHash, MayKeepEverythingForTraining) {
  const absl::StatusOr<Split> split = SplitByHash(Names::Numbered(5), {.validation_fraction = 0});
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(split->validation, IsEmpty());
  EXPECT_EQ(split->training.size(), 5u);
}

TEST(SplitByHash, RefusesASideWithoutCasesAndFractionsOutOfRange) {
  const Names one = Names::Numbered(1);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    ExpectStatus(SplitByHash(one, {.seed = seed, .validation_fraction = 0.5}).status(),
                 StatusCode::kInvalidArgument, "take another seed or fraction");
  }
  for (const double fraction : {-0.1, 1.0, std::nan("")}) {
    ExpectStatus(SplitByHash(one, {.validation_fraction = fraction}).status(), StatusCode::kInvalidArgument,
                 "from 0 to below 1");
  }
}

class SplitByFileTest : public FolderFixture {
 protected:
  void ExpectRefused(const std::string& text, const std::string& why, int64_t fold = 0) const {
    const std::string file = Write("splits_final.json", text);
    const absl::Status status = SplitByFile(Names::Numbered(4), file, fold).status();
    ExpectStatus(status, StatusCode::kInvalidArgument, file + ": ");
    ExpectStatus(status, StatusCode::kInvalidArgument, why);
  }
};

TEST_F(SplitByFileTest, TakesTheFoldThatIsAskedFor) {
  const std::string file = Write("splits_final.json", R"([{"train": ["case_0", "case_1"], "val": ["case_2"]},
                                                         {"train": ["case_3", "case_2"], "val": ["case_0"]}])");
  const absl::StatusOr<Split> split = SplitByFile(Names::Numbered(4), file, 1);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_THAT(split->training, ElementsAre(2, 3));
  EXPECT_THAT(split->validation, ElementsAre(0));
}

TEST_F(SplitByFileTest, RefusesACaseOnBothSidesOrTwiceOrUnknown) {
  ExpectRefused(R"([{"train": ["case_0", "case_1"], "val": ["case_1"]}])", "\"case_1\" twice");
  ExpectRefused(R"([{"train": ["case_0", "case_0"], "val": []}])", "\"case_0\" twice");
  ExpectRefused(R"([{"train": ["case_9"], "val": []}])", "\"case_9\", which is not there");
}

TEST_F(SplitByFileTest, RefusesWhatIsNoListOfFolds) {
  ExpectRefused("", "not JSON");
  ExpectRefused("{}", "list of folds");
  ExpectRefused("[]", "has 0 folds");
  ExpectRefused("[5]", "an object");
  ExpectRefused(R"([{"train": []}])", "a list of cases \"val\"");
  ExpectRefused(R"([{"train": {}, "val": []}])", "a list of cases \"train\"");
  ExpectRefused(R"([{"train": [5], "val": []}])", "named by texts");
  ExpectRefused(R"([{"train": [], "val": []}])", "there is no number 1", 1);
  ExpectRefused(R"([{"train": [], "val": []}])", "there is no number -1", -1);
  ExpectStatus(SplitByFile(Names::Numbered(4), Path("none"), 0).status(), StatusCode::kNotFound,
               Path("none"));
}

TEST_F(SplitByFileTest, SplitsAFolderByItsFileIfItHasOne) {
  WriteMsd();
  const DatasetFolder folder = Open({.label = "liver"});
  const SplitOptions all{.validation_fraction = 0};
  EXPECT_THAT(SplitFolder(folder, all)->training, ElementsAre(0, 1));
  ExpectStatus(SplitFolder(folder, {.fold = 1}).status(), StatusCode::kInvalidArgument, "no fold 1");
  Write("splits_final.json", R"([{"train": ["b"], "val": ["a"]}])");
  EXPECT_THAT(SplitFolder(folder, all)->training, ElementsAre(1));
  EXPECT_THAT(SplitFolder(folder, all)->validation, ElementsAre(0));
  std::filesystem::remove(folder_ / "splits_final.json");
  std::filesystem::create_symlink("/etc/passwd", folder_ / "splits_final.json");
  ExpectStatus(SplitFolder(folder, all).status(), StatusCode::kInvalidArgument, "symbolic link");
}

}  // namespace
}  // namespace sgpsam
