// Every series that the server exports, one named member each: created once, then only incremented.
// Names: sgpsam_<noun>_<unit>, `_total` for counters, seconds and bytes. Thread-safe (prometheus-cpp).
// Labels come from short lists of our own (stage, code, kind, device); never from a request's text.
#ifndef SGPSAM_CORE_METRICS_METRICS_H_
#define SGPSAM_CORE_METRICS_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/stage.h"

namespace sgpsam {

// Handles into the registry; copies refer to the same series.
struct CacheMetrics {
  prometheus::Counter* hits = nullptr;
  prometheus::Counter* misses = nullptr;
  prometheus::Gauge* bytes = nullptr;
};

struct QueueMetrics {  // one per stage "encode" and "prompt_mask"
  prometheus::Gauge* depth = nullptr;
  prometheus::Histogram* batch_size = nullptr;
};

class Metrics {
 public:
  // `clock` outlives the metrics; it times the busy fraction.
  explicit Metrics(Clock& clock);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // What /metrics answers: every series in Prometheus' text format 0.0.4. Each call closes one
  // interval of the busy fraction and starts the next. With sgpsam_log_lines_dropped_total, of
  // core/base/log.h's DroppedLogLines().
  std::string Text();
  // Adds series that are asked for at every Text(): AddSource(OpenNvml()), core/metrics/nvml.h. Null: none.
  // While a source answers, only Text() and AddSource wait for it.
  void AddSource(std::unique_ptr<prometheus::Collectable> source);

  // sgpsam_requests_total{code,kind}: code as gRPC spells it ("OK", "INVALID_ARGUMENT"), kind
  // dicom|nifti|raw|none.
  void CountRequest(absl::string_view code, absl::string_view kind);
  // sgpsam_stage_duration_seconds{stage}: StageName
  void ObserveStage(Stage stage, absl::Duration duration);

  // Shows the device's series from now on, at zero. The calls below do so too.
  void AddDevice(absl::string_view device);
  // sgpsam_device_busy_fraction{device}, the share of the time between the last two calls of Text() in
  // which a batch ran, and sgpsam_device_busy_seconds_total{device}. A batch that still runs counts up
  // to now. Each BatchStarted is followed by one BatchEnded; several may run on a device.
  void BatchStarted(absl::string_view device);
  void BatchEnded(absl::string_view device);
  // sgpsam_worker_restarts_total{device}
  void CountWorkerRestart(absl::string_view device);

  // sgpsam_build_info{version} 1
  void SetBuildInfo(absl::string_view version);
  // sgpsam_model_info{name,version,digest,precision} 1; the last call's labels are the only ones shown.
  void SetModelInfo(absl::string_view name, absl::string_view version, absl::string_view digest_hex,
                    absl::string_view precision);

  // What a worker's self-test found (core/engine/engine.h, SelfTestReport), of the device's last start:
  // sgpsam_self_test_result{device,result} 1, the last call's result alone, and where one was made
  // sgpsam_self_test_duration_seconds, sgpsam_self_test_embedding_error, sgpsam_self_test_logits_error and,
  // unless it is negative, sgpsam_self_test_dice, each {device}.
  struct SelfTest {
    std::string result;  // "passed", "fell_back" or "off"
    double seconds = 0, embedding_error = 0, logits_error = 0, dice = -1;
  };
  void SetSelfTest(absl::string_view device, const SelfTest& test);

  prometheus::Counter* received_bytes = nullptr;    // sgpsam_received_bytes_total
  prometheus::Counter* sent_bytes = nullptr;        // sgpsam_sent_bytes_total
  prometheus::Gauge* requests_in_flight = nullptr;  // sgpsam_requests_in_flight
  // sgpsam_cache_{hits,misses}_total, sgpsam_cache_bytes {cache}
  CacheMetrics volume_cache, embedding_cache, logits_cache;
  QueueMetrics encode_queue, decode_queue;  // sgpsam_queue_depth, sgpsam_batch_size {stage}

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_METRICS_METRICS_H_
