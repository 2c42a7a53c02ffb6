#include "server/job_threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"

namespace sgpsam {
namespace {

TEST(JobThreads, RunsAsManyJobsAtOnceAsItHasThreads) {
  auto* const together = new absl::Barrier(3);  // passes only if three jobs run at the same time
  JobThreads threads(3);
  for (int n = 0; n < 3; ++n) {
    threads.Submit([=] {
      if (together->Block()) delete together;
    });
  }
}

TEST(JobThreads, RunsOneThreadsJobsInTheirOrder) {
  std::vector<int> order;
  {
    JobThreads threads(1);
    for (int n = 0; n < 100; ++n) threads.Submit([&order, n] { order.push_back(n); });
  }
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(JobThreads, FinishesWhatWasSubmittedBeforeItEnds) {
  std::atomic<int> ran{0};
  absl::Notification blocked;
  {
    JobThreads threads(2);
    threads.Submit([&] { blocked.WaitForNotification(); });
    for (int n = 0; n < 10; ++n) threads.Submit([&] { ++ran; });
    blocked.Notify();
  }
  EXPECT_EQ(ran, 10);
}

TEST(JobThreads, LeaveTheProcessorToOthersInTheBackground) {
  int normal = -1, background = -1;
  {
    JobThreads threads(1), patient(1, ThreadPriority::kBackground);
    threads.Submit([&] { normal = getpriority(PRIO_PROCESS, 0); });
    patient.Submit([&] { background = getpriority(PRIO_PROCESS, 0); });
  }
  EXPECT_EQ(normal, getpriority(PRIO_PROCESS, 0));
  EXPECT_GT(background, normal);
}

}  // namespace
}  // namespace sgpsam
