// Every series that the server exports, one named member each: created once, then only incremented.
// Names: sgpsam_<noun>_<unit>, `_total` for counters, seconds and bytes. Thread-safe (prometheus-cpp).
#ifndef SGPSAM_CORE_METRICS_METRICS_H_
#define SGPSAM_CORE_METRICS_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sgpsam {

// The stages of docs/architecture.md, in order; also proto Stage minus 1.
enum class Stage { kReceive, kDecode, kPrepare, kQueue, kEncode, kPromptMask, kRestore, kWrite, kSend };
inline constexpr int kStages = 9;
absl::string_view StageName(Stage stage);   // "receive", "prompt_mask", …: the value of label `stage`

// Handles into the registry; copies refer to the same series.
struct CacheMetrics {
  prometheus::Counter* hits = nullptr;
  prometheus::Counter* misses = nullptr;
  prometheus::Gauge* bytes = nullptr;
};

struct QueueMetrics {                // one per stage "encode" and "prompt_mask"
  prometheus::Gauge* depth = nullptr;
  prometheus::Histogram* batch_size = nullptr;
};

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  std::shared_ptr<prometheus::Registry> registry() const { return registry_; }

  // sgpsam_requests_total{code,kind}: code as gRPC spells it ("OK", "INVALID_ARGUMENT"), kind dicom|nifti|raw|none.
  void CountRequest(absl::string_view code, absl::string_view kind);
  // sgpsam_stage_duration_seconds{stage}
  void ObserveStage(Stage stage, absl::Duration duration);
  // sgpsam_device_busy_fraction{device}: share of the last scrape interval in which a batch ran.
  void AddBusy(absl::string_view device, absl::Duration busy);
  // sgpsam_worker_restarts_total{device}
  void CountWorkerRestart(absl::string_view device);
  void SetBuildInfo(absl::string_view version);
  void SetModelInfo(absl::string_view name, absl::string_view version, absl::string_view digest_hex,
                    absl::string_view precision);

  prometheus::Counter* received_bytes = nullptr;    // sgpsam_received_bytes_total
  prometheus::Counter* sent_bytes = nullptr;        // sgpsam_sent_bytes_total
  prometheus::Gauge* requests_in_flight = nullptr;  // sgpsam_requests_in_flight
  CacheMetrics volume_cache, embedding_cache, logits_cache;   // sgpsam_cache_{hits,misses}_total, sgpsam_cache_bytes {cache}
  QueueMetrics encode_queue, decode_queue;          // sgpsam_queue_depth, sgpsam_batch_size {stage}

 private:
  struct Families;
  std::shared_ptr<prometheus::Registry> registry_;
  std::shared_ptr<Families> families_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_METRICS_METRICS_H_
