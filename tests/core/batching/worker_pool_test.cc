#include "core/batching/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/engine/max_batch.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Encoded = absl::StatusOr<Timed<Embedding>>;
using Decoded = absl::StatusOr<Timed<MaskLogits>>;

// A patch whose every voxel is `value`, so that its embedding says whose it is.
Patch PatchOf(float value) {
  return {std::vector<float>(FakeEngine::TinyModel().sizes.patch_floats(), value)};
}

DecodeInput ClickOn(float value) {
  auto embedding = std::make_shared<Embedding>();
  embedding->values.assign(FakeEngine::TinyModel().sizes.embedding_floats(), value);
  DecodeInput input;
  input.embedding = embedding;
  input.clicks = {{8, 8, 8, true}};
  return input;
}

CallContext Of(Priority priority) {
  CallContext call;
  call.priority = priority;
  return call;
}

CallContext Until(absl::Time deadline) {
  CallContext call;
  call.deadline = deadline;
  return call;
}

class WorkerPoolTest : public ::testing::Test {
 protected:
  // One replica per hooks; the pool is made by the first call of pool().
  void GivenReplica(FakeEngine::Hooks hooks) {
    auto engine = std::make_unique<FakeEngine>(FakeEngine::TinyModel(), std::move(hooks));
    engines_.push_back(engine.get());
    owned_.push_back(std::move(engine));
  }
  // A replica that stops at the gate and notes the first voxel of every patch of every batch.
  void GivenGatedReplica() {
    GivenReplica({.encode =
                      [this](absl::Span<const Patch* const> patches) {
                        {
                          absl::MutexLock lock(&mutex_);
                          batches_.emplace_back();
                          for (const Patch* patch : patches) batches_.back().push_back(patch->values[0]);
                        }
                        gate_.Pass();
                        return absl::OkStatus();
                      },
                  .decode =
                      [this](absl::Span<const DecodeInput* const> inputs) {
                        absl::MutexLock lock(&mutex_);
                        batches_.emplace_back();
                        for (const DecodeInput* input : inputs) {
                          batches_.back().push_back(-input->embedding->values[0]);
                        }
                        return absl::OkStatus();
                      }});
  }

  WorkerPool& pool() {
    if (pool_ == nullptr) {
      pool_ = std::make_unique<WorkerPool>(std::move(owned_), options_, clock_, metrics_);
    }
    return *pool_;
  }

  // Before what the hooks use goes out of scope.
  void StopPool() { pool_.reset(); }

  std::future<Encoded> Encode(float value, CallContext call = {}) {
    WorkerPool& p = pool();
    return std::async(std::launch::async, [&p, value, call] { return p.Encode(PatchOf(value), call); });
  }
  std::future<Decoded> Decode(float value, CallContext call = {}) {
    WorkerPool& p = pool();
    return std::async(std::launch::async, [&p, value, call] { return p.Decode(ClickOn(value), call); });
  }

  // Submits one after the other, so that the order of arrival is certain.
  std::future<Encoded> EncodeQueuedAs(double depth, float value, CallContext call = {}) {
    auto result = Encode(value, std::move(call));
    AwaitDepth(metrics_.encode_queue, depth);
    return result;
  }
  static void AwaitDepth(const QueueMetrics& queue, double depth) {
    while (queue.depth->Value() != depth) std::this_thread::yield();
  }

  std::vector<std::vector<float>> batches() {
    absl::MutexLock lock(&mutex_);
    return batches_;
  }

  FakeClock clock_;
  Metrics metrics_{clock_};
  WorkerPoolOptions options_;
  Gate gate_{/*open=*/false};
  std::vector<FakeEngine*> engines_;

 private:
  absl::Mutex mutex_;
  std::vector<std::vector<float>> batches_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Engine>> owned_;
  std::unique_ptr<WorkerPool> pool_;
};

TEST_F(WorkerPoolTest, AnswersEachCallerWithItsOwnResult) {
  GivenReplica({});
  GivenReplica({});
  std::vector<std::future<Encoded>> encodes;
  std::vector<std::future<Decoded>> decodes;
  for (int i = 0; i < 50; ++i) {
    encodes.push_back(Encode(static_cast<float>(i)));
    decodes.push_back(Decode(static_cast<float>(i)));
  }
  for (int i = 0; i < 50; ++i) {
    const Encoded encoded = encodes[i].get();
    ASSERT_TRUE(encoded.ok()) << encoded.status();
    EXPECT_EQ(encoded->output.values[0], static_cast<float>(i));
    const Decoded decoded = decodes[i].get();
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_FLOAT_EQ(decoded->output.iou_prediction, 1.0f / (1.0f + static_cast<float>(i)));
  }
}

TEST_F(WorkerPoolTest, FormsTheBatchWhenTheReplicaIsFree) {
  options_.max_batch = 3;
  GivenGatedReplica();
  std::vector<std::future<Encoded>> calls;
  calls.push_back(Encode(1));
  gate_.AwaitArrivals(1);  // 1 runs; the others gather meanwhile
  for (int i = 2; i <= 5; ++i) calls.push_back(EncodeQueuedAs(i - 1, static_cast<float>(i)));
  gate_.Open();
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
  EXPECT_THAT(batches(), ElementsAre(ElementsAre(1), ElementsAre(2, 3, 4), ElementsAre(5)));
}

TEST_F(WorkerPoolTest, RunsDecodesFirstButDoesNotStarveEncodes) {
  options_.max_batch = 1;
  options_.max_decodes_in_a_row = 2;
  GivenGatedReplica();
  auto first = Encode(1);
  gate_.AwaitArrivals(1);
  auto second = EncodeQueuedAs(1, 2);
  std::vector<std::future<Decoded>> decodes;
  for (int i = 1; i <= 3; ++i) {
    decodes.push_back(Decode(static_cast<float>(i)));
    AwaitDepth(metrics_.decode_queue, i);
  }
  gate_.Open();
  for (auto& decode : decodes) EXPECT_TRUE(decode.get().ok());
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_THAT(batches(),
              ElementsAre(ElementsAre(1), ElementsAre(-1), ElementsAre(-2), ElementsAre(2), ElementsAre(-3)));
}

TEST_F(WorkerPoolTest, RunsTheMoreUrgentClassFirst) {
  options_.max_batch = 1;
  GivenGatedReplica();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto batch = EncodeQueuedAs(1, 4, Of(Priority::kBatch));
  auto routine = EncodeQueuedAs(2, 3, Of(Priority::kRoutine));
  auto stat = EncodeQueuedAs(3, 2, Of(Priority::kStat));
  gate_.Open();
  for (auto* call : {&running, &batch, &routine, &stat}) EXPECT_TRUE(call->get().ok());
  EXPECT_THAT(batches(), ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3), ElementsAre(4)));
}

TEST_F(WorkerPoolTest, TellsQueueAndRunTime) {
  GivenGatedReplica();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto waiting = EncodeQueuedAs(1, 2);
  clock_.Advance(absl::Seconds(3));
  gate_.Open();
  const Encoded first = running.get();
  const Encoded second = waiting.get();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->queued, absl::ZeroDuration());
  EXPECT_EQ(first->ran, absl::Seconds(3));
  EXPECT_EQ(second->queued, absl::Seconds(3));
  EXPECT_EQ(second->ran, absl::ZeroDuration());
}

TEST_F(WorkerPoolTest, EndsAWaitingCallAtItsDeadlineAndNeverStartsIt) {
  GivenGatedReplica();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto late = EncodeQueuedAs(1, 2, Until(clock_.Now() + absl::Seconds(1)));
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.get().status()));
  EXPECT_EQ(metrics_.encode_queue.depth->Value(), 0);
  gate_.Open();
  EXPECT_TRUE(running.get().ok());
  EXPECT_THAT(batches(), ElementsAre(ElementsAre(1)));
}

TEST_F(WorkerPoolTest, EndsARunningCallAtItsDeadline) {
  GivenGatedReplica();
  auto running = Encode(1, Until(clock_.Now() + absl::Seconds(1)));
  gate_.AwaitArrivals(1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(running.get().status()));
  gate_.Open();
  EXPECT_TRUE(Encode(2).get().ok());
}

TEST_F(WorkerPoolTest, EndsACancelledCallThatWaits) {
  GivenGatedReplica();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  CallContext call;
  auto cancelled = EncodeQueuedAs(1, 2, call);
  call.cancel.Cancel();
  pool().NotifyCancelled();
  EXPECT_TRUE(absl::IsCancelled(cancelled.get().status()));
  gate_.Open();
  EXPECT_TRUE(running.get().ok());
  EXPECT_THAT(batches(), ElementsAre(ElementsAre(1)));
}

TEST_F(WorkerPoolTest, RefusesWorkThatIsDeadOnArrival) {
  GivenReplica({});
  EXPECT_TRUE(absl::IsDeadlineExceeded(pool().Encode(PatchOf(1), Until(clock_.Now())).status()));
  CallContext call;
  call.cancel.Cancel();
  EXPECT_TRUE(absl::IsCancelled(pool().Decode(ClickOn(1), call).status()));
}

TEST_F(WorkerPoolTest, RefusesBeyondTheBound) {
  options_.max_queued = 2;
  GivenGatedReplica();
  std::vector<std::future<Encoded>> calls;
  calls.push_back(Encode(1));
  gate_.AwaitArrivals(1);
  calls.push_back(EncodeQueuedAs(1, 2));
  calls.push_back(EncodeQueuedAs(2, 3));
  const Encoded refused = pool().Encode(PatchOf(4), {});
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  gate_.Open();
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
}

// As memory that runs out while a caller is told.
TEST_F(WorkerPoolTest, ForgetsACallWhoseObserverThrows) {
  GivenGatedReplica();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  EXPECT_THROW(pool().Encode(PatchOf(2), {}, [](size_t) { throw std::bad_alloc(); }).IgnoreError(),
               std::bad_alloc);
  gate_.Open();
  EXPECT_TRUE(running.get().ok());
  EXPECT_TRUE(Encode(3).get().ok());
  EXPECT_THAT(batches(), ElementsAre(ElementsAre(1), ElementsAre(3)));
}

TEST_F(WorkerPoolTest, TellsTheQueuePositionWheneverItChanges) {
  options_.max_batch = 1;
  GivenGatedReplica();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto ahead = EncodeQueuedAs(1, 2);
  std::vector<size_t> positions;
  absl::Notification told;
  auto observed = std::async(std::launch::async, [&] {
    return pool().Encode(PatchOf(3), {}, [&](size_t position) {
      positions.push_back(position);
      if (!told.HasBeenNotified()) told.Notify();
    });
  });
  told.WaitForNotification();
  auto urgent = EncodeQueuedAs(3, 4, Of(Priority::kStat));
  gate_.Open();
  for (auto* call : {&running, &ahead, &observed, &urgent}) EXPECT_TRUE(call->get().ok());
  ASSERT_FALSE(positions.empty());
  EXPECT_EQ(positions.front(), 1u);
  for (size_t i = 1; i < positions.size(); ++i) EXPECT_NE(positions[i], positions[i - 1]);
}

TEST_F(WorkerPoolTest, PassesAnEnginesOwnErrorOnWithoutRetrying) {
  std::atomic<int> calls{0};
  GivenReplica({.encode = [&](auto) {
    ++calls;
    return absl::InvalidArgumentError("no");
  }});
  EXPECT_TRUE(absl::IsInvalidArgument(Encode(1).get().status()));
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(pool().healthy());
}

TEST_F(WorkerPoolTest, RetriesOnceAfterTheRestartOfTheOnlyReplica) {
  std::atomic<int> calls{0};
  std::atomic<int> restarts{0};
  GivenReplica(
      {.encode = [&](auto) { return ++calls == 1 ? absl::UnavailableError("died") : absl::OkStatus(); },
       .restart =
           [&] {
             ++restarts;
             return absl::OkStatus();
           }});
  const Encoded result = Encode(7).get();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output.values[0], 7);
  EXPECT_EQ(restarts, 1);
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_worker_restarts_total{device=\"cpu\"} 1"));
}

TEST_F(WorkerPoolTest, RetriesOnAnotherReplicaWhileTheFirstIsDown) {
  Gate restart{/*open=*/false};
  std::atomic<int> calls{0};
  for (int i = 0; i < 2; ++i) {
    GivenReplica(
        {.encode = [&](auto) { return ++calls == 1 ? absl::UnavailableError("died") : absl::OkStatus(); },
         .restart =
             [&] {
               restart.Pass();
               return absl::OkStatus();
             }});
  }
  EXPECT_TRUE(Encode(7).get().ok());
  restart.AwaitArrivals(1);
  EXPECT_TRUE(pool().healthy());  // the other one
  restart.Open();
  StopPool();
}

TEST_F(WorkerPoolTest, BlamesOnlyTheTaskThatTookDownTwoReplicas) {
  options_.max_batch = 4;
  std::vector<size_t> deaths;  // batch sizes; one replica, one thread
  GivenReplica({.encode = [&](absl::Span<const Patch* const> patches) {
    gate_.Pass();
    for (const Patch* patch : patches) {
      if (patch->values[0] != 666) continue;
      deaths.push_back(patches.size());
      return absl::UnavailableError("signal 11");
    }
    return absl::OkStatus();
  }});
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto before = EncodeQueuedAs(1, 2);
  auto poison = EncodeQueuedAs(2, 666);
  auto after = EncodeQueuedAs(3, 3);
  gate_.Open();
  for (auto* innocent : {&running, &before, &after}) {
    const Encoded result = innocent->get();
    EXPECT_TRUE(result.ok()) << result.status();
  }
  const absl::Status exhausted = poison.get().status();
  EXPECT_EQ(exhausted.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(exhausted.message()), HasSubstr("took down 2 workers"));
  EXPECT_THAT(std::string(exhausted.message()), HasSubstr("signal 11"));
  EXPECT_THAT(deaths, ElementsAre(3, 1));  // with its companions, then alone
}

TEST_F(WorkerPoolTest, ReplacesAReplicaThatDiesWhileIdle) {
  Gate restart{/*open=*/false};
  GivenReplica({.restart = [&] {
    restart.Pass();
    return absl::OkStatus();
  }});
  EXPECT_TRUE(pool().healthy());
  engines_[0]->Die();
  clock_.Advance(options_.health_interval);
  restart.AwaitArrivals(1);
  EXPECT_FALSE(pool().healthy());
  restart.Open();
  while (!pool().healthy()) std::this_thread::yield();
  EXPECT_TRUE(Encode(1).get().ok());
  StopPool();
}

TEST_F(WorkerPoolTest, DoublesTheWaitBetweenRestartsThatFail) {
  std::atomic<int> restarts{0};
  GivenReplica(
      {.restart = [&] { return ++restarts < 4 ? absl::InternalError("no model") : absl::OkStatus(); }});
  pool();
  const absl::Time start = clock_.Now();
  engines_[0]->Die();
  clock_.Advance(options_.health_interval);
  std::vector<absl::Duration> at;
  int seen = 0;
  while (seen < 4) {
    while (restarts == seen) {
      clock_.Advance(absl::Milliseconds(5));
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
    seen = restarts;
    at.push_back(clock_.Now() - start);
  }
  // At once, then after 100, 200 and 400 ms; the steps of the clock make it a little more.
  EXPECT_GE(at[1] - at[0], absl::Milliseconds(90));
  EXPECT_GE(at[2] - at[1], absl::Milliseconds(190));
  EXPECT_GE(at[3] - at[2], absl::Milliseconds(390));
  while (!pool().healthy()) std::this_thread::yield();
  EXPECT_TRUE(Encode(1).get().ok());
}

TEST_F(WorkerPoolTest, EndsWaitingCallsWhenNoReplicaCanBeStarted) {
  std::atomic<bool> gone{false};
  GivenReplica({.encode =
                    [&](auto) {
                      gate_.Pass();
                      return absl::UnavailableError("died");
                    },
                .restart = [&] { return gone ? absl::InternalError("no model") : absl::OkStatus(); }});
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto waiting = EncodeQueuedAs(1, 2);
  gone = true;
  gate_.Open();
  EXPECT_TRUE(absl::IsUnavailable(running.get().status()));  // rather than wait for a second try
  EXPECT_TRUE(absl::IsUnavailable(waiting.get().status()));
  EXPECT_TRUE(absl::IsUnavailable(Encode(3).get().status()));
  EXPECT_FALSE(pool().healthy());
}

TEST_F(WorkerPoolTest, TakesOnePatchAtATimeOnAProcessorUnlessAskedForMore) {
  options_.max_batch = 0;
  GivenGatedReplica();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto second = EncodeQueuedAs(1, 2);
  auto third = EncodeQueuedAs(2, 3);
  gate_.Open();
  for (auto* call : {&running, &second, &third}) EXPECT_TRUE(call->get().ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_batch_size_count{stage=\"encode\"} 3"));
}

TEST(MaxBatch, IsWhatWasAskedOrWhatSuitsTheDevice) {
  EXPECT_EQ(MaxBatch(0, "cpu"), 1);
  EXPECT_EQ(MaxBatch(0, "cuda:1"), 4);
  EXPECT_EQ(MaxBatch(8, "cpu"), 8);
}

TEST_F(WorkerPoolTest, DropsTheRetryOfACallerWhoHasGone) {
  Gate restart{/*open=*/false};
  std::atomic<int> calls{0};
  GivenReplica({.encode =
                    [&](auto) {
                      ++calls;
                      gate_.Pass();
                      return absl::UnavailableError("died");
                    },
                .restart =
                    [&] {
                      restart.Pass();
                      return absl::OkStatus();
                    }});
  CallContext call;
  auto gone = Encode(1, call);
  gate_.AwaitArrivals(1);
  call.cancel.Cancel();
  pool().NotifyCancelled();
  EXPECT_TRUE(absl::IsCancelled(gone.get().status()));
  gate_.Open();
  restart.AwaitArrivals(1);
  EXPECT_EQ(metrics_.encode_queue.depth->Value(), 1);
  restart.Open();
  AwaitDepth(metrics_.encode_queue, 0);
  StopPool();
  EXPECT_EQ(calls, 1);
}

TEST_F(WorkerPoolTest, CountsDepthBatchSizesAndBusyTime) {
  options_.max_batch = 4;
  GivenGatedReplica();
  std::ignore = metrics_.Text();
  auto running = Encode(1);
  gate_.AwaitArrivals(1);
  auto second = EncodeQueuedAs(1, 2);
  auto third = EncodeQueuedAs(2, 3);
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_queue_depth{stage=\"encode\"} 2"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_device_busy_seconds_total{device=\"cpu\"} 2"));
  gate_.Open();
  for (auto* call : {&running, &second, &third}) EXPECT_TRUE(call->get().ok());
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sgpsam_batch_size_count{stage=\"encode\"} 2"));
  EXPECT_THAT(text, HasSubstr("sgpsam_batch_size_sum{stage=\"encode\"} 3"));
}

TEST_F(WorkerPoolTest, AnswersWaitingCallsWhenItStops) {
  Gate gate{/*open=*/false};
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(
      std::make_unique<FakeEngine>(FakeEngine::TinyModel(), FakeEngine::Hooks{.encode = [&](auto) {
                                     gate.Pass();
                                     return absl::OkStatus();
                                   }}));
  auto own = std::make_unique<WorkerPool>(std::move(engines), options_, clock_, metrics_);
  auto call = [&](float value) {
    return std::async(std::launch::async, [value, p = own.get()] { return p->Encode(PatchOf(value), {}); });
  };
  auto running = call(1);
  gate.AwaitArrivals(1);
  auto waiting = call(2);
  AwaitDepth(metrics_.encode_queue, 1);
  auto stopped = std::async(std::launch::async, [&] { own.reset(); });
  EXPECT_EQ(stopped.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  gate.Open();
  stopped.get();
  EXPECT_TRUE(running.get().ok());
  EXPECT_TRUE(absl::IsUnavailable(waiting.get().status()));
}

}  // namespace
}  // namespace sgpsam
