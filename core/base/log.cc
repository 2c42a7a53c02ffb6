#include "core/base/log.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <deque>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/escaping.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"

namespace sgpsam {
namespace {

absl::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

bool NeedsQuotes(absl::string_view value) {
  for (char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 127) return true;
  }
  return value.empty();
}

std::string Line(LogLevel level, absl::string_view event, absl::Span<const LogField> fields) {
  std::string line = absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()),
                                  " ", Name(level), " ", event);
  for (const LogField& field : fields) {
    absl::StrAppend(&line, " ", field.key, "=");
    if (NeedsQuotes(field.value)) {
      absl::StrAppend(&line, "\"", absl::CEscape(field.value), "\"");
    } else {
      absl::StrAppend(&line, field.value);
    }
  }
  line.push_back('\n');
  return line;
}

// A whole line in one write wherever the system takes it so, so that lines of several processes do not mix.
void WriteLine(absl::string_view line) {
  while (!line.empty()) {
    const ssize_t size = write(STDERR_FILENO, line.data(), line.size());
    if (size > 0) {
      line.remove_prefix(static_cast<size_t>(size));
    } else if (errno == EAGAIN) {  // somebody else made it non-blocking
      pollfd poll_one = {STDERR_FILENO, POLLOUT, 0};
      poll(&poll_one, 1, -1);
    } else if (errno != EINTR) {
      return;  // nobody will ever read it
    }
  }
}

// Lives forever, as does its thread, which may hang in a write: nobody can join it.
class Writer {
 public:
  static Writer& Get() {
    static Writer* const writer = new Writer;
    return *writer;
  }

  void Add(std::string line) {
    absl::MutexLock lock(&mutex_);
    if (waiting_bytes_ + line.size() > kMaxWaitingBytes) {
      ++dropped_;
      return;
    }
    waiting_bytes_ += line.size();
    waiting_.push_back(std::move(line));
  }

  void Flush(absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &Writer::Idle), timeout);
  }

  uint64_t dropped() {
    absl::MutexLock lock(&mutex_);
    return dropped_;
  }

 private:
  static constexpr size_t kMaxWaitingBytes = 1 << 20;
  static constexpr absl::Duration kExitTimeout = absl::Seconds(1);

  Writer() {
    std::thread([this] { Loop(); }).detach();
    std::atexit([] { Get().Flush(kExitTimeout); });
  }

  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiting_.empty() && told_ == dropped_; }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !Idle(); }

  void Loop() {
    absl::MutexLock lock(&mutex_);
    while (true) {
      mutex_.Await(absl::Condition(this, &Writer::HasWork));
      const bool tells = waiting_.empty();  // of those that were dropped, after those that were not
      const uint64_t dropped = dropped_;
      const std::string line =
          tells ? Line(LogLevel::kWarning, "log lines dropped", {{"count", dropped - told_}})
                : waiting_.front();
      mutex_.Unlock();
      WriteLine(line);
      mutex_.Lock();
      if (tells) {
        told_ = dropped;
      } else {  // only now, for Flush
        waiting_bytes_ -= line.size();
        waiting_.pop_front();
      }
    }
  }

  absl::Mutex mutex_;
  std::deque<std::string> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t told_ ABSL_GUARDED_BY(mutex_) = 0;  // how many dropped lines the log itself has told of
};

}  // namespace

void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields) {
  Writer::Get().Add(Line(level, event, fields));
}

void FlushLog(absl::Duration timeout) { Writer::Get().Flush(timeout); }

uint64_t DroppedLogLines() { return Writer::Get().dropped(); }

}  // namespace sgpsam
