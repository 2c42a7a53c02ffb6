#include "tools/learn/train/case_memory.h"

#include <algorithm>
#include <utility>

#include "tools/learn/train/on_cores.h"

namespace sgpsam {

absl::StatusOr<std::shared_ptr<const ClickableCase>> CaseMemory::Get(int64_t index) const {
  if (auto found = Find(index)) return found;
  absl::StatusOr<Case> read = source_.Read(index);
  if (!read.ok()) {
    Complain(index, read.status());
    return read.status();
  }
  auto content = std::make_shared<const ClickableCase>(*std::move(read));
  Keep(index, content);
  return content;
}

void CaseMemory::Preload(int threads, absl::FunctionRef<bool(int64_t)> progress) const {
  const int64_t count = source_.size();
  for (int64_t first = 0; first < count && !Full() && progress(first); first += threads) {
    OnCores(std::min<int64_t>(threads, count - first),
            [&](int64_t n) { Get(first + n).status().IgnoreError(); });
  }
}

std::shared_ptr<const ClickableCase> CaseMemory::Find(int64_t index) const {
  absl::MutexLock lock(&mutex_);
  const auto found = by_index_.find(index);
  if (found == by_index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->content;
}

void CaseMemory::Keep(int64_t index, const std::shared_ptr<const ClickableCase>& content) const {
  absl::MutexLock lock(&mutex_);
  if (by_index_.count(index) > 0) return;  // another thread was faster
  entries_.push_front({index, content});
  by_index_[index] = entries_.begin();
  bytes_ += content->bytes();
  while (bytes_ > most_bytes_ && entries_.size() > 1) {
    bytes_ -= entries_.back().content->bytes();
    by_index_.erase(entries_.back().index);
    entries_.pop_back();
  }
}

bool CaseMemory::Full() const {
  absl::MutexLock lock(&mutex_);
  // Another one of the mean size would not fit.
  return !entries_.empty() && bytes_ + bytes_ / entries_.size() > most_bytes_;
}

void CaseMemory::Complain(int64_t index, const absl::Status& status) const {
  {
    absl::MutexLock lock(&mutex_);
    if (!complained_of_.insert(index).second) return;
  }
  if (complain_) complain_(status);
}

}  // namespace sgpsam
