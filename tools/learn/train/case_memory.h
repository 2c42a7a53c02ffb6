// The cases of a source, read once and kept while there is room, so that a training does not wait for a disk
// or a generator at every step. Thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_CASE_MEMORY_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_CASE_MEMORY_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "tools/learn/cases/case.h"
#include "tools/learn/train/training_sample.h"

namespace sgpsam {

class CaseMemory {
 public:
  // Told once of every case that cannot be read, by the thread that found out.
  using Complaint = std::function<void(const absl::Status& status)>;

  // `source` outlives this. Of the cases read last, as many stay as `most_bytes` allow, and always one; what
  // callers hold lives on besides them.
  CaseMemory(const CaseSource& source, size_t most_bytes, Complaint complain = nullptr)
      : source_(source), most_bytes_(most_bytes), complain_(std::move(complain)) {}

  const CaseSource& source() const { return source_; }
  // The source's errors are not remembered: it is asked again. Two threads that miss the same case both read
  // it.
  absl::StatusOr<std::shared_ptr<const ClickableCase>> Get(int64_t index) const;

  // Reads cases from 0 on, `threads` at a time (OnCores), until all are there or the room is full. Errors are
  // left to Get. `progress` is told how many are done, from this thread, and ends the reading by returning
  // false.
  void Preload(int threads, absl::FunctionRef<bool(int64_t)> progress) const;

 private:
  struct Entry {
    int64_t index;
    std::shared_ptr<const ClickableCase> content;
  };

  std::shared_ptr<const ClickableCase> Find(int64_t index) const;
  void Keep(int64_t index, const std::shared_ptr<const ClickableCase>& content) const;
  bool Full() const;
  void Complain(int64_t index, const absl::Status& status) const;

  const CaseSource& source_;
  const size_t most_bytes_;
  const Complaint complain_;
  mutable absl::Mutex mutex_;
  mutable std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // the one used last is first
  mutable std::map<int64_t, std::list<Entry>::iterator> by_index_ ABSL_GUARDED_BY(mutex_);
  mutable size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::set<int64_t> complained_of_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_CASE_MEMORY_H_
