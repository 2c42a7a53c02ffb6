#include "tools/learn/train/case_memory.h"

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tools/learn/train/made_cases.h"

namespace sgpsam {
namespace {

Case SmallCase(int64_t index) {
  const auto target = [](int64_t i, int64_t, int64_t) { return i == 3 ? 1 : 0; };
  return MakeCase(absl::StrCat("case-", index), TestGeometry({8, 8, 8}), Texture, target, 1);
}

// Of one such case, as CaseMemory counts.
size_t CaseBytes() { return ClickableCase(SmallCase(0)).bytes(); }

std::string IdOf(const CaseMemory& memory, int64_t index) { return (*memory.Get(index))->source().id; }

TEST(CaseMemory, ReadsACaseOnce) {
  const MadeCases source(3, SmallCase);
  const CaseMemory memory(source, 10 * CaseBytes());
  const std::shared_ptr<const ClickableCase> first = *memory.Get(1);
  EXPECT_EQ(*memory.Get(1), first);
  EXPECT_EQ(first->source().id, "case-1");
  EXPECT_EQ(IdOf(memory, 2), "case-2");
  EXPECT_EQ(source.reads(), 2);
}

TEST(CaseMemory, DropsTheCaseThatWasNotUsedForTheLongestTime) {
  const MadeCases source(3, SmallCase);
  const CaseMemory memory(source, 2 * CaseBytes());
  for (const int64_t index : {0, 1, 0, 2}) IdOf(memory, index);  // 1 has to go
  EXPECT_EQ(source.reads(), 3);
  IdOf(memory, 0);
  IdOf(memory, 2);
  EXPECT_EQ(source.reads(), 3);
  IdOf(memory, 1);
  EXPECT_EQ(source.reads(), 4);
}

TEST(CaseMemory, KeepsOneCaseHoweverLittleRoomThereIs) {
  const MadeCases source(2, SmallCase);
  const CaseMemory memory(source, 1);
  for (const int64_t index : {0, 0, 1, 1, 0}) EXPECT_EQ(IdOf(memory, index), absl::StrCat("case-", index));
  EXPECT_EQ(source.reads(), 3);
}

TEST(CaseMemory, LeavesACaseToWhomItWasGiven) {
  const MadeCases source(2, SmallCase);
  const CaseMemory memory(source, 1);
  const std::shared_ptr<const ClickableCase> held = *memory.Get(0);
  IdOf(memory, 1);
  EXPECT_EQ(held->source().id, "case-0");
  EXPECT_EQ(held->voxels(1).size(), 64u);
}

TEST(CaseMemory, AsksAgainAfterAnError) {
  int64_t asked = 0;
  const MadeCases source(1, [&](int64_t index) -> absl::StatusOr<Case> {
    if (++asked == 1) return absl::UnavailableError("the disk is away");
    return SmallCase(index);
  });
  const CaseMemory memory(source, 10 * CaseBytes());
  EXPECT_EQ(memory.Get(0).status(), absl::UnavailableError("the disk is away"));
  EXPECT_TRUE(memory.Get(0).ok());
}

TEST(CaseMemory, ReadsAheadWhatThereIsRoomFor) {
  const MadeCases source(10, SmallCase);
  const CaseMemory roomy(source, 100 * CaseBytes());
  std::vector<int64_t> progress;
  roomy.Preload(3, [&](int64_t done) {
    progress.push_back(done);
    return true;
  });
  EXPECT_EQ(progress, (std::vector<int64_t>{0, 3, 6, 9}));
  EXPECT_EQ(source.reads(), 10);
  for (int64_t index = 0; index < 10; ++index) IdOf(roomy, index);
  EXPECT_EQ(source.reads(), 10);

  const MadeCases other(10, SmallCase);
  const CaseMemory tight(other, 4 * CaseBytes() + CaseBytes() / 2);
  tight.Preload(2, [](int64_t) { return true; });
  EXPECT_EQ(other.reads(), 4);
}

TEST(CaseMemory, StopsReadingAheadWhenItIsTold) {
  const MadeCases source(10, SmallCase);
  const CaseMemory memory(source, 100 * CaseBytes());
  memory.Preload(2, [](int64_t done) { return done < 4; });
  EXPECT_EQ(source.reads(), 4);
}

TEST(CaseMemory, ReadsAheadOverCasesThatCannotBeRead) {
  const MadeCases source(4, [](int64_t index) -> absl::StatusOr<Case> {
    if (index == 1) return absl::InvalidArgumentError("broken");
    return SmallCase(index);
  });
  const CaseMemory memory(source, 100 * CaseBytes());
  memory.Preload(2, [](int64_t) { return true; });
  EXPECT_EQ(source.reads(), 4);
  EXPECT_EQ(memory.Get(1).status(), absl::InvalidArgumentError("broken"));
  EXPECT_EQ(IdOf(memory, 3), "case-3");
}

TEST(CaseMemory, ComplainsOnceOfEachCaseThatCannotBeRead) {
  const MadeCases source(5, [](int64_t index) -> absl::StatusOr<Case> {
    if (index % 2 == 1) return absl::InvalidArgumentError(absl::StrCat("labelsTr/", index, ": broken"));
    return SmallCase(index);
  });
  std::multiset<std::string> complaints;
  const CaseMemory memory(source, 100 * CaseBytes(),
                          [&](const absl::Status& status) { complaints.emplace(status.message()); });
  memory.Preload(1, [](int64_t) { return true; });
  for (const int64_t index : {1, 2, 3, 1}) EXPECT_EQ(memory.Get(index).ok(), index == 2);
  EXPECT_EQ(complaints, (std::multiset<std::string>{"labelsTr/1: broken", "labelsTr/3: broken"}));
}

TEST(CaseMemory, ServesManyThreads) {
  const MadeCases source(6, SmallCase);
  const CaseMemory memory(source, 3 * CaseBytes());
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int64_t n = 0; n < 200; ++n) {
        const int64_t index = (n * (thread + 1)) % 6;
        const auto found = memory.Get(index);
        if (!found.ok() || (*found)->source().id != absl::StrCat("case-", index)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sgpsam
