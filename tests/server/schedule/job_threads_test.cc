#include "server/schedule/job_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"

namespace sgpsam {
namespace {

TEST(JobThreads, RunsAsManyJobsAtOnceAsItHasThreads) {
  auto* const together = new absl::Barrier(3);  // passes only if three jobs run at the same time
  JobThreads threads(3, Clock::Real());
  for (int n = 0; n < 3; ++n) {
    threads.Submit([=] {
      if (together->Block()) delete together;
    });
  }
}

TEST(JobThreads, RunsOneThreadsJobsInTheirOrder) {
  std::vector<int> order;
  {
    JobThreads threads(1, Clock::Real());
    for (int n = 0; n < 100; ++n) threads.Submit([&order, n] { order.push_back(n); });
  }
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(JobThreads, RunsTheMoreUrgentFirstAndThoseWhomNobodyWaitsForBeforeAll) {
  const auto call = [](Priority priority, bool gone = false, absl::Time deadline = absl::InfiniteFuture()) {
    CallContext context;
    context.priority = priority;
    context.deadline = deadline;
    if (gone) context.cancel.Cancel();
    return context;
  };
  std::vector<std::string> order;
  absl::Notification submitted;
  {
    JobThreads threads(1, Clock::Real());
    const auto submit = [&](const char* name, const CallContext& context) {
      threads.Submit([&order, name] { order.push_back(name); }, context);
    };
    threads.Submit([&] { submitted.WaitForNotification(); });
    submit("batch 1", call(Priority::kBatch));
    submit("batch 2", call(Priority::kBatch));
    submit("routine", call(Priority::kRoutine));
    submit("stat", call(Priority::kStat));
    submit("gone", call(Priority::kBatch, true));
    submit("late", call(Priority::kBatch, false, absl::InfinitePast()));
    submitted.Notify();
  }
  EXPECT_THAT(order, testing::ElementsAre("gone", "late", "stat", "routine", "batch 1", "batch 2"));
}

TEST(JobThreads, NeverRunsAJobThatWasTakenBack) {
  absl::Notification submitted;
  std::atomic<int> ran{0};
  auto held = std::make_shared<int>(0);
  {
    JobThreads threads(1, Clock::Real());
    threads.Submit([&] { submitted.WaitForNotification(); });
    const uint64_t number = threads.Submit([&ran, held] { ran += 100; });
    threads.Submit([&] { ++ran; });
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_TRUE(threads.Withdraw(number) != nullptr);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_TRUE(threads.Withdraw(number) == nullptr);
    submitted.Notify();
  }
  EXPECT_EQ(ran, 1);
}

TEST(JobThreads, FinishesWhatWasSubmittedBeforeItEnds) {
  std::atomic<int> ran{0};
  absl::Notification blocked;
  {
    JobThreads threads(2, Clock::Real());
    threads.Submit([&] { blocked.WaitForNotification(); });
    for (int n = 0; n < 10; ++n) threads.Submit([&] { ++ran; });
    blocked.Notify();
  }
  EXPECT_EQ(ran, 10);
}

TEST(JobThreads, LeaveTheProcessorToOthersInTheBackground) {
  int normal = -1, background = -1;
  {
    JobThreads threads(1, Clock::Real()), patient(1, Clock::Real(), ThreadPriority::kBackground);
    threads.Submit([&] { normal = getpriority(PRIO_PROCESS, 0); });
    patient.Submit([&] { background = getpriority(PRIO_PROCESS, 0); });
  }
  EXPECT_EQ(normal, getpriority(PRIO_PROCESS, 0));
  EXPECT_GT(background, normal);
}

}  // namespace
}  // namespace sgpsam
