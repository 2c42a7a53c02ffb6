#include "tools/learn/train/on_cores.h"

#include <ATen/Parallel.h>

#include <array>
#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

class OnCoresTest : public testing::Test {
 protected:
  OnCoresTest() { at::set_num_threads(2); }
  ~OnCoresTest() override { at::set_num_threads(before_); }

 private:
  const int before_ = at::get_num_threads();
};

TEST_F(OnCoresTest, TakesEachTurnOnce) {
  std::vector<std::atomic<int>> turns(100);
  OnCores(100, [&](int64_t n) { ++turns[static_cast<size_t>(n)]; });
  for (const std::atomic<int>& count : turns) EXPECT_EQ(count, 1);
  OnCores(0, [&](int64_t) { ADD_FAILURE(); });
}

// Neither of two turns ends before the other has begun.
TEST_F(OnCoresTest, TakesTurnsBesideEachOther) {
  std::array<absl::Notification, 2> begun;
  absl::Mutex mutex;
  std::set<std::thread::id> threads;
  std::set<int> may_use;
  OnCores(2, [&](int64_t n) {
    {
      absl::MutexLock lock(&mutex);
      threads.insert(std::this_thread::get_id());
      may_use.insert(at::get_num_threads());
    }
    begun[n].Notify();
    EXPECT_TRUE(begun[1 - n].WaitForNotificationWithTimeout(absl::Seconds(60)));  // instead of forever
  });
  EXPECT_EQ(threads.size(), 2u);
  EXPECT_EQ(may_use, std::set<int>{1});
  EXPECT_EQ(at::get_num_threads(), 2);
}

TEST_F(OnCoresTest, StaysInItsThreadIfThatHasOneCore) {
  at::set_num_threads(1);
  OnCores(3, [here = std::this_thread::get_id()](int64_t) { EXPECT_EQ(std::this_thread::get_id(), here); });
}

TEST_F(OnCoresTest, ThrowsWhatATurnThrows) {
  for (const int cores : {1, 2}) {
    at::set_num_threads(cores);
    std::atomic<int> begun = 0;
    const auto fail = [&](int64_t n) {
      ++begun;
      if (n == 3) throw std::runtime_error("the fourth");
    };
    EXPECT_THROW(OnCores(1'000'000, fail), std::runtime_error);
    EXPECT_LT(begun, 1'000'000);
  }
}

}  // namespace
}  // namespace sgpsam
