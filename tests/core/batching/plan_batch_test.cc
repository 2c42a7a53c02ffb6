#include "core/batching/plan_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1000);

WaitingTask Routine() { return {}; }
WaitingTask Stat() { return {.priority = Priority::kStat}; }
WaitingTask Batch() { return {.priority = Priority::kBatch}; }
WaitingTask Cancelled() { return {.cancelled = true}; }
WaitingTask Due(absl::Duration in) { return {.deadline = kNow + in}; }
WaitingTask Suspect() { return {.alone = true}; }

TEST(PlanBatch, WaitsWhenNothingWaits) {
  const BatchPlan plan = PlanBatch({}, kNow, 4);
  EXPECT_THAT(plan.take, IsEmpty());
  EXPECT_THAT(plan.drop, IsEmpty());
}

TEST(PlanBatch, TakesASingleTaskAtOnce) { EXPECT_THAT(PlanBatch({Routine()}, kNow, 4).take, ElementsAre(0)); }

TEST(PlanBatch, TakesTheOldestUpToTheLimit) {
  EXPECT_THAT(PlanBatch({Routine(), Routine(), Routine(), Routine()}, kNow, 3).take, ElementsAre(0, 1, 2));
}

TEST(PlanBatch, RunsStatBeforeRoutineBeforeBatchAndKeepsOrderWithinAClass) {
  const BatchPlan plan = PlanBatch({Batch(), Routine(), Stat(), Routine(), Stat()}, kNow, 4);
  EXPECT_THAT(plan.take, ElementsAre(2, 4, 1, 3));
}

TEST(PlanBatch, DropsCancelledTasks) {
  const BatchPlan plan = PlanBatch({Cancelled(), Routine()}, kNow, 4);
  EXPECT_THAT(plan.take, ElementsAre(1));
  EXPECT_THAT(plan.drop, ElementsAre(0));
}

TEST(PlanBatch, DropsTasksWhoseDeadlineHasComeToTheNanosecond) {
  const BatchPlan plan =
      PlanBatch({Due(absl::ZeroDuration()), Due(absl::Nanoseconds(1)), Due(-absl::Seconds(1))}, kNow, 4);
  EXPECT_THAT(plan.take, ElementsAre(1));
  EXPECT_THAT(plan.drop, ElementsAre(0, 2));
}

TEST(PlanBatch, RunsASuspectAlone) {
  EXPECT_THAT(PlanBatch({Suspect(), Routine(), Routine()}, kNow, 4).take, ElementsAre(0));
}

TEST(PlanBatch, LeavesASuspectOutOfOthersBatches) {
  EXPECT_THAT(PlanBatch({Routine(), Suspect(), Routine()}, kNow, 4).take, ElementsAre(0, 2));
}

TEST(PlanBatch, TakesOneEvenIfTheLimitIsNonsense) {
  EXPECT_THAT(PlanBatch({Routine(), Routine()}, kNow, 0).take, ElementsAre(0));
}

TEST(TasksAhead, CountsMoreUrgentClassesAndEarlierOfTheSameClass) {
  const std::vector<WaitingTask> queue = {Batch(), Routine(), Stat(), Routine(), Cancelled()};
  EXPECT_EQ(TasksAhead(queue, 2), 0u);
  EXPECT_EQ(TasksAhead(queue, 1), 1u);
  EXPECT_EQ(TasksAhead(queue, 3), 2u);
  EXPECT_EQ(TasksAhead(queue, 0), 3u);
}

TEST(ChooseStage, PrefersDecodesUntilTheirRunIsUp) {
  EXPECT_EQ(ChooseStage(0, 0, 0, 2), NextStage::kNone);
  EXPECT_EQ(ChooseStage(1, 0, 0, 2), NextStage::kEncode);
  EXPECT_EQ(ChooseStage(0, 1, 9, 2), NextStage::kDecode);
  EXPECT_EQ(ChooseStage(1, 1, 1, 2), NextStage::kDecode);
  EXPECT_EQ(ChooseStage(1, 1, 2, 2), NextStage::kEncode);
}

}  // namespace
}  // namespace sgpsam
