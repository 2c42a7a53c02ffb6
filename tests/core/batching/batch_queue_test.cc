#include "core/batching/batch_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace sgpsam {
namespace {

using Queue = BatchQueue<int, int>;
using IntTask = Task<int, int>;
using ::testing::ElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(1000);

std::unique_ptr<IntTask> TaskOf(int input) {
  auto task = std::make_unique<IntTask>();
  task->input = input;
  return task;
}

std::vector<int> Inputs(const std::vector<Queue::TaskPtr>& tasks) {
  std::vector<int> inputs;
  for (const auto& task : tasks) inputs.push_back(task->input);
  return inputs;
}

TEST(BatchQueue, LeavesATaskThatItRefusesWithTheCaller) {
  Queue queue(1);
  auto first = TaskOf(1);
  auto second = TaskOf(2);
  EXPECT_TRUE(queue.Push(first, kStart).ok());
  EXPECT_EQ(first, nullptr);
  EXPECT_TRUE(absl::IsResourceExhausted(queue.Push(second, kStart).status()));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->input, 2);
}

TEST(BatchQueue, PutsARestoredTaskBackInItsOldPlaceEvenIfFull) {
  Queue queue(3);
  for (int n = 1; n <= 3; ++n) {
    auto task = TaskOf(n);
    ASSERT_TRUE(queue.Push(task, kStart).ok());
  }
  Queue::Taken taken = queue.Take(kStart, 2);
  EXPECT_THAT(Inputs(taken.batch), ElementsAre(1, 2));
  for (int n = 4; n <= 5; ++n) {
    auto task = TaskOf(n);
    ASSERT_TRUE(queue.Push(task, kStart).ok());
  }
  queue.Restore(std::move(taken.batch[1]));
  queue.Restore(std::move(taken.batch[0]));
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_THAT(Inputs(queue.Take(kStart, 9).batch), ElementsAre(1, 2, 3, 4, 5));
}

TEST(BatchQueue, GivesATaskBackToItsCallerOnce) {
  Queue queue(3);
  auto task = TaskOf(1);
  const uint64_t id = *queue.Push(task, kStart);
  EXPECT_EQ(queue.Position(id), 0u);
  EXPECT_NE(queue.Remove(id), nullptr);
  EXPECT_EQ(queue.Remove(id), nullptr);
  EXPECT_EQ(queue.Position(id), std::nullopt);
  EXPECT_EQ(queue.size(), 0u);
}

// Random arrivals, cancellations, deadlines, deaths and departures against a simulated replica; after every
// step the books must balance. A schedule is replayed by its seed.
class Schedule {
 public:
  explicit Schedule(uint32_t seed) : random_(seed), queue_(1 + seed % 12) {}

  void Run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      Step();
      CheckBooks();
    }
    now_ += absl::Hours(1);  // past every deadline but the infinite ones
    while (queue_.size() > 0 || !running_.empty()) {
      EndBatch(/*died=*/false);
      StartBatch();
      CheckBooks();
      if (::testing::Test::HasFailure()) return;
    }
    EXPECT_EQ(pushed_, ended_.size());
  }

 private:
  int Random(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }

  void Step() {
    now_ += absl::Milliseconds(Random(20));
    switch (Random(8)) {
      case 0:
      case 1:
      case 2: Push(); break;
      case 3: CancelOne(); break;
      case 4: TakeOneBack(); break;
      case 5: EndBatch(/*died=*/Random(4) == 0); break;
      default: StartBatch(); break;
    }
  }

  void Push() {
    auto task = TaskOf(static_cast<int>(pushed_));
    task->call.priority = static_cast<Priority>(Random(kPriorities));
    if (Random(2) == 0) task->call.deadline = now_ + absl::Milliseconds(Random(100));
    const int name = task->input;
    task->done = [this, name](absl::StatusOr<Timed<int>>) {
      EXPECT_TRUE(ended_.insert(name).second) << "ended twice: " << name;
    };
    const CallContext call = task->call;
    const absl::StatusOr<uint64_t> id = queue_.Push(task, now_);
    if (!id.ok()) {
      EXPECT_NE(task, nullptr);
      return;
    }
    calls_[*id] = call;
    ++pushed_;
  }

  void CancelOne() {
    if (calls_.empty()) return;
    std::next(calls_.begin(), Random(static_cast<int>(calls_.size())))->second.cancel.Cancel();
  }

  void TakeOneBack() {
    if (calls_.empty()) return;
    const auto call = std::next(calls_.begin(), Random(static_cast<int>(calls_.size())));
    if (auto task = queue_.Remove(call->first)) Complete(std::move(task));
  }

  void StartBatch() {
    if (!running_.empty()) return;
    const int limit = 1 + Random(5);
    Queue::Taken taken = queue_.Take(now_, limit);
    EXPECT_LE(taken.batch.size(), static_cast<size_t>(limit));
    for (auto& task : taken.dropped) {
      EXPECT_FALSE(task->call.Check(now_).ok()) << "dropped though somebody waits: " << task->input;
      Complete(std::move(task));
    }
    for (size_t i = 0; i < taken.batch.size(); ++i) {
      EXPECT_TRUE(taken.batch[i]->call.Check(now_).ok()) << "started too late: " << taken.batch[i]->input;
      if (taken.batch[i]->failed_attempts > 0) {
        EXPECT_EQ(taken.batch.size(), 1u) << "a suspect had companions";
      }
      if (i > 0) {
        EXPECT_LT(Rank(*taken.batch[i - 1]), Rank(*taken.batch[i])) << "out of order";
      }
    }
    running_ = std::move(taken.batch);
  }

  static std::pair<Priority, uint64_t> Rank(const IntTask& task) { return {task.call.priority, task.id}; }

  void EndBatch(bool died) {
    for (auto& task : running_) {
      if (died && ++task->failed_attempts < 2) {
        queue_.Restore(std::move(task));
      } else {
        Complete(std::move(task));
      }
    }
    running_.clear();
  }

  void Complete(Queue::TaskPtr task) {
    calls_.erase(task->id);
    std::move(*task).Complete(Timed<int>{});
  }

  void CheckBooks() { EXPECT_EQ(pushed_, ended_.size() + queue_.size() + running_.size()); }

  std::mt19937 random_;
  absl::Time now_ = kStart;
  Queue queue_;
  std::vector<Queue::TaskPtr> running_;
  std::map<uint64_t, CallContext> calls_;  // of tasks that have not ended, by id
  size_t pushed_ = 0;
  std::set<int> ended_;
};

TEST(BatchQueue, LosesDoublesAndStartsTooLateNoTaskInAnyRandomSchedule) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Schedule(seed).Run(400);
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace sgpsam
