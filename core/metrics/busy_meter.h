// How long a device has been running batches: the sum of the time in which at least one ran.
// Times are passed in. Not thread-safe: core/metrics/metrics.cc guards it.
#ifndef SGPSAM_CORE_METRICS_BUSY_METER_H_
#define SGPSAM_CORE_METRICS_BUSY_METER_H_

#include "absl/time/time.h"

namespace sgpsam {

class BusyMeter {
 public:
  explicit BusyMeter(absl::Time now) : interval_start_(now) {}

  void Start(absl::Time now) {
    if (running_++ == 0) busy_since_ = now;
  }
  void Stop(absl::Time now) {
    if (running_ == 0) return;
    if (--running_ == 0) Account(now);
  }

  struct Interval {
    double fraction = 0;  // 0 to 1
    absl::Duration busy;  // absolute
  };
  // Ends the interval that began with the last call (or the construction) and begins the next.
  Interval Take(absl::Time now) {
    if (running_ > 0) Account(now);
    Interval interval{0, busy_};
    const absl::Duration length = now - interval_start_;
    if (length > absl::ZeroDuration()) interval.fraction = absl::FDivDuration(busy_, length);
    busy_ = absl::ZeroDuration();
    interval_start_ = now;
    return interval;
  }

 private:
  void Account(absl::Time now) {
    // A wall clock may be set back; time never runs backwards here.
    if (now > busy_since_) busy_ += now - busy_since_;
    busy_since_ = now;
  }

  int running_ = 0;
  absl::Time busy_since_;
  absl::Time interval_start_;
  absl::Duration busy_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_METRICS_BUSY_METER_H_
