#include "tools/learn/train/on_cores.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sgpsam {
namespace {

class Turns {
 public:
  Turns(int64_t count, absl::FunctionRef<void(int64_t)> turn) : count_(count), turn_(turn) {}

  void TakeAll() {
    try {
      for (int64_t n = next_++; n < count_; n = next_++) turn_(n);
    } catch (...) {
      next_ = count_;
      absl::MutexLock lock(&mutex_);
      if (!thrown_) thrown_ = std::current_exception();
    }
  }

  void Rethrow() {
    absl::MutexLock lock(&mutex_);
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  const int64_t count_;
  const absl::FunctionRef<void(int64_t)> turn_;
  std::atomic<int64_t> next_ = 0;
  absl::Mutex mutex_;
  std::exception_ptr thrown_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void OnCores(int64_t count, absl::FunctionRef<void(int64_t turn)> turn) {
  Turns turns(count, turn);
  const int64_t cores = std::min<int64_t>(count, at::get_num_threads());
  if (cores <= 1) {
    turns.TakeAll();
  } else {
    std::vector<std::thread> threads;
    for (int64_t n = 0; n < cores; ++n) {
      threads.emplace_back([&turns] {
        at::set_num_threads(1);
        turns.TakeAll();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  turns.Rethrow();
}

}  // namespace sgpsam
