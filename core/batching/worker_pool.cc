#include "core/batching/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/log.h"
#include "core/base/reason.h"
#include "core/batching/lane.h"
#include "core/batching/plan_batch.h"
#include "core/engine/max_batch.h"

namespace sgpsam {
namespace {

// A task is tried on this many replicas; after that it is itself the suspect.
constexpr int kMaxAttempts = 2;

absl::Status Stopping() {
  return WithReason(absl::UnavailableError("the server is stopping; send the request to another"),
                    Reason::kServerUnavailable);
}

absl::Status NoWorker() {
  return WithReason(
      absl::UnavailableError("no worker is alive and none could be started; send the request to "
                             "another server, or again in a minute"),
      Reason::kServerUnavailable);
}

absl::Status AttemptsExhausted(const absl::Status& last) {
  return absl::InternalError(
      absl::StrCat("this input took down ", kMaxAttempts,
                   " workers, one after the other, and is not tried again; do not resend it, and report the "
                   "request id to the operator. Last error: ",
                   last.message()));
}

}  // namespace

class WorkerPool::Impl {
 public:
  Impl(std::vector<std::unique_ptr<Engine>> engines, const WorkerPoolOptions& options, Clock& clock,
       Metrics& metrics);
  ~Impl();

  template <typename Input, typename Output>
  absl::StatusOr<Timed<Output>> Call(Lane<Input, Output>& lane, Input input, const CallContext& call,
                                     const QueueObserver& observer);
  const Engine& engine(size_t i) const { return *replicas_[i]->engine; }
  size_t size() const { return replicas_.size(); }
  bool healthy() const { return ready_replicas_.load() > 0; }
  void NotifyCancelled();

  EncodeLane& encode_lane() { return encode_; }
  DecodeLane& decode_lane() { return decode_; }

 private:
  struct Replica {
    std::unique_ptr<Engine> engine;
    std::string device;
    bool ready = true;  // counted in ready_replicas_
    int failures = 0;   // restarts since the last batch that succeeded
    int decodes_in_a_row = 0;
    int max_batch = 1;
    bool lost = false;  // its last restart failed; guarded by mutex_
    std::thread thread;
  };
  struct Work {
    EncodeLane::Queue::Taken encodes;
    DecodeLane::Queue::Taken decodes;
  };

  void Serve(Replica& replica);
  bool KeepAlive(Replica& replica);
  bool WaitBeforeRestart(const Replica& replica);
  void SetLost(Replica& replica, bool lost);
  bool AllLost() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Work NextWork(Replica& replica);
  template <typename Input, typename Output>
  void RunTaken(Replica& replica, Lane<Input, Output>& lane,
                typename Lane<Input, Output>::Queue::Taken taken);
  template <typename Input, typename Output>
  void Finish(Replica& replica, Lane<Input, Output>& lane, std::unique_ptr<Task<Input, Output>> task,
              absl::StatusOr<Output> result, absl::Time started, absl::Time ended);
  template <typename Input, typename Output>
  void FailWaiting(Lane<Input, Output>& lane, const absl::Status& status);

  const WorkerPoolOptions options_;
  Clock& clock_;
  Metrics& metrics_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::atomic<int> ready_replicas_{0};

  absl::Mutex mutex_;
  absl::CondVar work_;  // a task came, or stopping_
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int callers_ ABSL_GUARDED_BY(mutex_) = 0;
  EncodeLane encode_;  // the lanes' queues and waiters: guarded by mutex_
  DecodeLane decode_;
};

WorkerPool::Impl::Impl(std::vector<std::unique_ptr<Engine>> engines, const WorkerPoolOptions& options,
                       Clock& clock, Metrics& metrics)
    : options_(options),
      clock_(clock),
      metrics_(metrics),
      encode_(options.max_queued, metrics.encode_queue, &Engine::Encode),
      decode_(options.max_queued, metrics.decode_queue, &Engine::Decode) {
  for (std::unique_ptr<Engine>& engine : engines) {
    auto replica = std::make_unique<Replica>();
    replica->device = engine->info().device;
    replica->engine = std::move(engine);
    replica->max_batch = MaxBatch(options_.max_batch, replica->device);
    metrics_.AddDevice(replica->device);
    replicas_.push_back(std::move(replica));
  }
  ready_replicas_ = static_cast<int>(replicas_.size());
  for (auto& replica : replicas_) replica->thread = std::thread([this, r = replica.get()] { Serve(*r); });
}

WorkerPool::Impl::~Impl() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_.SignalAll();
  }
  for (auto& replica : replicas_) replica->thread.join();
  FailWaiting(encode_, Stopping());
  FailWaiting(decode_, Stopping());
  // The callers are still on their way out of Call().
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](int* callers) { return *callers == 0; }, &callers_));
}

void WorkerPool::Impl::NotifyCancelled() {
  absl::MutexLock lock(&mutex_);
  encode_.Changed();
  decode_.Changed();
}

// --- the caller's side ---

template <typename Input, typename Output>
absl::StatusOr<Timed<Output>> WorkerPool::Impl::Call(Lane<Input, Output>& lane, Input input,
                                                     const CallContext& call, const QueueObserver& observer) {
  auto waiter = std::make_shared<Waiter<Output>>();
  auto task = std::make_unique<Task<Input, Output>>();
  task->input = std::move(input);
  task->call = call;
  task->done = [this, waiter](absl::StatusOr<Timed<Output>> result) {
    absl::MutexLock lock(&mutex_);
    waiter->result = std::move(result);
    waiter->changed.Signal();
  };

  absl::MutexLock lock(&mutex_);
  if (stopping_) return Stopping();
  if (AllLost()) return NoWorker();
  absl::Status alive = call.Check(clock_.Now());
  if (!alive.ok()) return alive;
  const absl::StatusOr<uint64_t> id = lane.queue.Push(task, clock_.Now());
  if (!id.ok()) return id.status();
  ++callers_;
  lane.waiters.emplace(*id, waiter);
  const absl::Cleanup leave = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    lane.waiters.erase(*id);
    if (lane.queue.Remove(*id) != nullptr) lane.Changed();
    --callers_;
  };
  lane.Changed();
  work_.SignalAll();  // all: a replica that waits for its restart listens too

  std::optional<size_t> told;
  while (!waiter->result.has_value()) {
    alive = call.Check(clock_.Now());
    if (!alive.ok()) break;
    const std::optional<size_t> position = lane.queue.Position(*id);
    if (observer != nullptr && position.has_value() && position != told) {
      told = position;
      mutex_.Unlock();
      const absl::Cleanup relock = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); };
      observer(*position);
      continue;
    }
    clock_.WaitUntil(waiter->changed, mutex_, call.deadline);
  }
  if (waiter->result.has_value()) return std::move(*waiter->result);
  return alive;
}

// --- the replica's side ---

void WorkerPool::Impl::Serve(Replica& replica) {
  while (KeepAlive(replica)) {
    Work work = NextWork(replica);
    RunTaken(replica, decode_, std::move(work.decodes));
    RunTaken(replica, encode_, std::move(work.encodes));
  }
}

// False when the pool stops. Otherwise the replica is alive, restarted if need be.
bool WorkerPool::Impl::KeepAlive(Replica& replica) {
  while (!replica.engine->alive()) {
    if (replica.ready) --ready_replicas_;
    replica.ready = false;
    if (!WaitBeforeRestart(replica)) return false;
    ++replica.failures;
    metrics_.CountWorkerRestart(replica.device);
    const absl::Status restarted = replica.engine->Restart();
    SetLost(replica, !restarted.ok());
    if (restarted.ok()) {
      Log(LogLevel::kWarning, "worker restarted", {{"device", replica.device}});
    } else {
      Log(LogLevel::kError, "worker restart failed",
          {{"device", replica.device}, {"error", restarted.ToString()}});
    }
  }
  if (!replica.ready) ++ready_replicas_;
  replica.ready = true;
  absl::MutexLock lock(&mutex_);
  return !stopping_;
}

// Those who wait are not left to a worker that may never come back: another server can take their calls.
void WorkerPool::Impl::SetLost(Replica& replica, bool lost) {
  {
    absl::MutexLock lock(&mutex_);
    replica.lost = lost;
    if (!AllLost()) return;
  }
  FailWaiting(encode_, NoWorker());
  FailWaiting(decode_, NoWorker());
}

bool WorkerPool::Impl::AllLost() const {
  return std::all_of(replicas_.begin(), replicas_.end(), [](const auto& replica) { return replica->lost; });
}

// False when the pool stops.
bool WorkerPool::Impl::WaitBeforeRestart(const Replica& replica) {
  absl::Duration wait = absl::ZeroDuration();
  if (replica.failures > 0) {
    const int doublings = std::min(replica.failures - 1, 20);
    wait = std::min(options_.max_restart_wait, options_.min_restart_wait * (1 << doublings));
  }
  absl::MutexLock lock(&mutex_);
  const absl::Time until = clock_.Now() + wait;
  while (!stopping_ && clock_.Now() < until) clock_.WaitUntil(work_, mutex_, until);
  return !stopping_;
}

// Waits for work, but no longer than the health interval; the result may be empty.
WorkerPool::Impl::Work WorkerPool::Impl::NextWork(Replica& replica) {
  Work work;
  absl::MutexLock lock(&mutex_);
  const absl::Time check = clock_.Now() + options_.health_interval;
  while (!stopping_) {
    const absl::Time now = clock_.Now();
    const NextStage stage = ChooseStage(encode_.queue.size(), decode_.queue.size(), replica.decodes_in_a_row,
                                        options_.max_decodes_in_a_row);
    if (stage == NextStage::kDecode) {
      ++replica.decodes_in_a_row;
      work.decodes = decode_.queue.Take(now, replica.max_batch);
      decode_.Changed();
      break;
    }
    replica.decodes_in_a_row = 0;
    if (stage == NextStage::kEncode) {
      work.encodes = encode_.queue.Take(now, replica.max_batch);
      encode_.Changed();
      break;
    }
    if (now >= check) break;
    clock_.WaitUntil(work_, mutex_, check);
  }
  return work;
}

template <typename Input, typename Output>
void WorkerPool::Impl::RunTaken(Replica& replica, Lane<Input, Output>& lane,
                                typename Lane<Input, Output>::Queue::Taken taken) {
  for (auto& task : taken.dropped) {
    // Cancelled, or else too late at the moment of the decision and so at any later one.
    std::move(*task).Complete(task->call.Check(absl::InfiniteFuture()));
  }
  if (taken.batch.empty()) return;
  const absl::Time started = clock_.Now();
  metrics_.BatchStarted(replica.device);
  auto results = lane.Run(*replica.engine, taken.batch);
  metrics_.BatchEnded(replica.device);
  const absl::Time ended = clock_.Now();
  // An engine that miscounts is as good as dead, but its inputs are not to blame for it.
  results.resize(taken.batch.size(), absl::InternalError("the worker returned too few results"));
  if (replica.engine->alive()) replica.failures = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    Finish(replica, lane, std::move(taken.batch[i]), std::move(results[i]), started, ended);
  }
}

template <typename Input, typename Output>
void WorkerPool::Impl::Finish(Replica& replica, Lane<Input, Output>& lane,
                              std::unique_ptr<Task<Input, Output>> task, absl::StatusOr<Output> result,
                              absl::Time started, absl::Time ended) {
  if (result.ok()) {
    std::move(*task).Complete(Timed<Output>{*std::move(result), started - task->pushed, ended - started});
    return;
  }
  if (!absl::IsUnavailable(result.status())) {
    std::move(*task).Complete(result.status());
    return;
  }
  ++task->failed_attempts;
  Log(LogLevel::kWarning, "worker lost while it ran a request",
      {{"request", task->call.request_id},
       {"device", replica.device},
       {"failed_attempts", task->failed_attempts},
       {"error", result.status().message()}});
  if (task->failed_attempts >= kMaxAttempts) {
    std::move(*task).Complete(AttemptsExhausted(result.status()));
    return;
  }
  absl::MutexLock lock(&mutex_);
  lane.queue.Restore(std::move(task));
  lane.Changed();
  work_.SignalAll();
}

template <typename Input, typename Output>
void WorkerPool::Impl::FailWaiting(Lane<Input, Output>& lane, const absl::Status& status) {
  while (true) {
    typename Lane<Input, Output>::Queue::Taken taken;
    {
      absl::MutexLock lock(&mutex_);
      taken = lane.queue.Take(clock_.Now(), std::numeric_limits<int>::max());
      lane.Changed();
    }
    if (taken.batch.empty() && taken.dropped.empty()) return;
    for (auto& task : taken.batch) std::move(*task).Complete(status);
    for (auto& task : taken.dropped) std::move(*task).Complete(status);
  }
}

// --- the doors ---

WorkerPool::WorkerPool(std::vector<std::unique_ptr<Engine>> engines, const WorkerPoolOptions& options,
                       Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(engines), options, clock, metrics)) {}

WorkerPool::~WorkerPool() = default;

const ModelInfo& WorkerPool::info() const { return impl_->engine(0).info(); }

std::vector<std::string> WorkerPool::devices() const {
  std::vector<std::string> devices;
  for (size_t i = 0; i < impl_->size(); ++i) devices.push_back(impl_->engine(i).info().device);
  return devices;
}

absl::StatusOr<Timed<Embedding>> WorkerPool::Encode(Patch patch, const CallContext& call,
                                                    const QueueObserver& observer) {
  return impl_->Call(impl_->encode_lane(), std::move(patch), call, observer);
}

absl::StatusOr<Timed<MaskLogits>> WorkerPool::Decode(DecodeInput input, const CallContext& call,
                                                     const QueueObserver& observer) {
  return impl_->Call(impl_->decode_lane(), std::move(input), call, observer);
}

bool WorkerPool::healthy() const { return impl_->healthy(); }

void WorkerPool::NotifyCancelled() { impl_->NotifyCancelled(); }

}  // namespace sgpsam
