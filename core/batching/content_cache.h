// A least-recently-used map from digest to shared immutable value, bounded by bytes: the embedding,
// logits and volume caches. Speed only: losing an entry changes no answer. Thread-safe.
#ifndef SGPSAM_CORE_BATCHING_CONTENT_CACHE_H_
#define SGPSAM_CORE_BATCHING_CONTENT_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "core/base/digest.h"
#include "core/metrics/metrics.h"

namespace sgpsam {

template <typename Value>
class ContentCache {
 public:
  // `metrics` outlives the cache.
  ContentCache(size_t max_bytes, CacheMetrics metrics) : max_bytes_(max_bytes), metrics_(metrics) {}

  // The value, now the most recently used, or null. Counts a hit or a miss.
  std::shared_ptr<const Value> Get(const Digest& key) {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(key);
    (found == entries_.end() ? metrics_.misses : metrics_.hits)->Increment();
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->value;
  }

  // Keeps the value and drops the least recently used ones beyond the limit; a value that is larger
  // than the whole cache is not kept.
  void Put(const Digest& key, std::shared_ptr<const Value> value, size_t bytes) {
    absl::MutexLock lock(&mutex_);
    if (bytes > max_bytes_) return;
    if (const auto found = entries_.find(key); found != entries_.end()) Drop(found->second);
    order_.push_front({key, std::move(value), bytes});
    entries_[key] = order_.begin();
    bytes_ += bytes;
    while (bytes_ > max_bytes_) Drop(std::prev(order_.end()));
    metrics_.bytes->Set(static_cast<double>(bytes_));
  }

 private:
  struct Entry {
    Digest key;
    std::shared_ptr<const Value> value;
    size_t bytes;
  };
  using Order = std::list<Entry>;

  void Drop(typename Order::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    bytes_ -= entry->bytes;
    entries_.erase(entry->key);
    order_.erase(entry);
  }

  // Whenever the mutex is free: every entry of order_ is in entries_ under its key and nothing else is;
  // bytes_ is the sum of their bytes and at most max_bytes_. Put and Drop see to that. Values are shared: one
  // that was dropped lives as long as somebody uses it, and is not counted.
  const size_t max_bytes_;
  const CacheMetrics metrics_;
  absl::Mutex mutex_;
  Order order_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  absl::flat_hash_map<Digest, typename Order::iterator> entries_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BATCHING_CONTENT_CACHE_H_
