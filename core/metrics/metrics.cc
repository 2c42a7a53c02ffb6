#include "core/metrics/metrics.h"

#include <prometheus/family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/log.h"
#include "core/metrics/busy_meter.h"

namespace sgpsam {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

// From a cache hit's fraction of a millisecond to an encode on one slow core.
const Histogram::BucketBoundaries kSecondsBuckets = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120};
const Histogram::BucketBoundaries kBatchBuckets = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};

Family<Counter>& NewCounter(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& NewGauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
Family<Histogram>& NewHistogram(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

struct Device {
  Device(absl::Time now, Gauge& fraction, Counter& seconds, Counter& restarts)
      : meter(now), busy_fraction(fraction), busy_seconds(seconds), restarts(restarts) {}
  BusyMeter meter;
  Gauge& busy_fraction;
  Counter& busy_seconds;
  Counter& restarts;
};

}  // namespace

struct Metrics::State {
  explicit State(Clock& c) : clock(c) {
    for (int i = 0; i < kStages; ++i) {
      const std::string name(StageName(static_cast<Stage>(i)));
      stage[i] = &stage_seconds.Add({{"stage", name}}, kSecondsBuckets);
    }
  }

  CacheMetrics Cache(const char* name) {
    return {&cache_hits.Add({{"cache", name}}), &cache_misses.Add({{"cache", name}}),
            &cache_bytes.Add({{"cache", name}})};
  }
  QueueMetrics Queue(Stage of) {
    const std::string name(StageName(of));
    return {&queue_depth.Add({{"stage", name}}), &batch_size.Add({{"stage", name}}, kBatchBuckets)};
  }

  Device& Find(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::string key(name);
    const auto found = devices.find(key);
    if (found != devices.end()) return found->second;
    const prometheus::Labels labels = {{"device", key}};
    return devices
        .try_emplace(std::move(key), clock.Now(), busy_fraction.Add(labels), busy_seconds.Add(labels),
                     worker_restarts.Add(labels))
        .first->second;
  }

  Clock& clock;
  Registry registry;
  Family<Counter>& requests = NewCounter(registry, "sgpsam_requests_total",
                                         "Segment calls that ended, by gRPC code and kind of input.");
  Family<Counter>& received =
      NewCounter(registry, "sgpsam_received_bytes_total", "Payload bytes received from clients.");
  Family<Counter>& sent = NewCounter(registry, "sgpsam_sent_bytes_total", "Result bytes sent to clients.");
  Family<Gauge>& in_flight =
      NewGauge(registry, "sgpsam_requests_in_flight", "Segment calls that have begun and not ended.");
  Family<Histogram>& stage_seconds =
      NewHistogram(registry, "sgpsam_stage_duration_seconds", "Time a request spent in each stage.");
  Family<Counter>& cache_hits =
      NewCounter(registry, "sgpsam_cache_hits_total", "Look-ups that found an entry.");
  Family<Counter>& cache_misses =
      NewCounter(registry, "sgpsam_cache_misses_total", "Look-ups that found nothing.");
  Family<Gauge>& cache_bytes = NewGauge(registry, "sgpsam_cache_bytes", "Bytes that the cache holds.");
  Family<Gauge>& queue_depth =
      NewGauge(registry, "sgpsam_queue_depth", "Tasks that wait for a worker, by stage.");
  Family<Histogram>& batch_size =
      NewHistogram(registry, "sgpsam_batch_size", "Tasks that ran together, by stage.");
  Family<Counter>& worker_restarts = NewCounter(registry, "sgpsam_worker_restarts_total",
                                                "Worker processes replaced after a death or a hang.");
  Family<Gauge>& busy_fraction = NewGauge(registry, "sgpsam_device_busy_fraction",
                                          "Share of the last scrape interval in which a batch ran.");
  Family<Counter>& busy_seconds =
      NewCounter(registry, "sgpsam_device_busy_seconds_total", "Time in which a batch ran on the device.");
  Counter& log_lines_dropped =
      NewCounter(registry, "sgpsam_log_lines_dropped_total", "Lines of the log that nobody read in time.")
          .Add({});
  Family<Gauge>& build_info =
      NewGauge(registry, "sgpsam_build_info", "1; the labels say which build is running.");
  Family<Gauge>& model_info =
      NewGauge(registry, "sgpsam_model_info", "1; the labels say which model is served.");
  Family<Gauge>& self_test_result =
      NewGauge(registry, "sgpsam_self_test_result",
               "1; the label says what the worker's comparison with float32 on the processor came to.");
  Family<Gauge>& self_test_seconds =
      NewGauge(registry, "sgpsam_self_test_duration_seconds", "Time that the comparison took.");
  Family<Gauge>& self_test_embedding = NewGauge(registry, "sgpsam_self_test_embedding_error",
                                                "Relative error of the embedding, of what was asked for.");
  Family<Gauge>& self_test_logits = NewGauge(registry, "sgpsam_self_test_logits_error",
                                             "Relative error of the mask logits, of what was asked for.");
  Family<Gauge>& self_test_dice =
      NewGauge(registry, "sgpsam_self_test_dice", "Least Dice of the masks where they are clear.");
  std::array<Histogram*, kStages> stage{};

  absl::Mutex mutex;
  std::map<std::string, Device> devices ABSL_GUARDED_BY(mutex);
  Gauge* shown_model ABSL_GUARDED_BY(mutex) = nullptr;
  std::map<std::string, Gauge*> shown_self_tests ABSL_GUARDED_BY(mutex);  // results, by device
  absl::Mutex sources_mutex;  // of its own: a source that hangs must not stop those who count
  std::vector<std::unique_ptr<prometheus::Collectable>> sources ABSL_GUARDED_BY(sources_mutex);
};

Metrics::Metrics(Clock& clock) : state_(std::make_unique<State>(clock)) {
  received_bytes = &state_->received.Add({});
  sent_bytes = &state_->sent.Add({});
  requests_in_flight = &state_->in_flight.Add({});
  volume_cache = state_->Cache("volume");
  embedding_cache = state_->Cache("embedding");
  logits_cache = state_->Cache("logits");
  encode_queue = state_->Queue(Stage::kEncode);
  decode_queue = state_->Queue(Stage::kPromptMask);
}

Metrics::~Metrics() = default;

std::string Metrics::Text() {
  std::vector<prometheus::MetricFamily> families;
  {
    absl::MutexLock lock(&state_->mutex);
    const absl::Time now = state_->clock.Now();
    for (auto& [name, device] : state_->devices) {
      const BusyMeter::Interval interval = device.meter.Take(now);
      device.busy_fraction.Set(std::min(interval.fraction, 1.0));
      device.busy_seconds.Increment(absl::ToDoubleSeconds(interval.busy));
    }
    state_->log_lines_dropped.Increment(static_cast<double>(DroppedLogLines()) -
                                        state_->log_lines_dropped.Value());
    families = state_->registry.Collect();
  }
  {
    absl::MutexLock lock(&state_->sources_mutex);
    for (const auto& source : state_->sources) {
      std::vector<prometheus::MetricFamily> more = source->Collect();
      std::move(more.begin(), more.end(), std::back_inserter(families));
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

void Metrics::AddSource(std::unique_ptr<prometheus::Collectable> source) {
  if (source == nullptr) return;
  absl::MutexLock lock(&state_->sources_mutex);
  state_->sources.push_back(std::move(source));
}

void Metrics::CountRequest(absl::string_view code, absl::string_view kind) {
  state_->requests.Add({{"code", std::string(code)}, {"kind", std::string(kind)}}).Increment();
}

void Metrics::ObserveStage(Stage stage, absl::Duration duration) {
  state_->stage[static_cast<int>(stage)]->Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::AddDevice(absl::string_view device) {
  absl::MutexLock lock(&state_->mutex);
  state_->Find(device);
}

void Metrics::BatchStarted(absl::string_view device) {
  absl::MutexLock lock(&state_->mutex);
  state_->Find(device).meter.Start(state_->clock.Now());
}

void Metrics::BatchEnded(absl::string_view device) {
  absl::MutexLock lock(&state_->mutex);
  state_->Find(device).meter.Stop(state_->clock.Now());
}

void Metrics::CountWorkerRestart(absl::string_view device) {
  absl::MutexLock lock(&state_->mutex);
  state_->Find(device).restarts.Increment();
}

void Metrics::SetBuildInfo(absl::string_view version) {
  state_->build_info.Add({{"version", std::string(version)}}).Set(1);
}

void Metrics::SetModelInfo(absl::string_view name, absl::string_view version, absl::string_view digest_hex,
                           absl::string_view precision) {
  absl::MutexLock lock(&state_->mutex);
  if (state_->shown_model != nullptr) state_->model_info.Remove(state_->shown_model);
  state_->shown_model = &state_->model_info.Add({{"name", std::string(name)},
                                                 {"version", std::string(version)},
                                                 {"digest", std::string(digest_hex)},
                                                 {"precision", std::string(precision)}});
  state_->shown_model->Set(1);
}

void Metrics::SetSelfTest(absl::string_view device, const SelfTest& test) {
  absl::MutexLock lock(&state_->mutex);
  const std::string name(device);
  const prometheus::Labels labels = {{"device", name}};
  Gauge*& shown = state_->shown_self_tests[name];
  if (shown != nullptr) state_->self_test_result.Remove(shown);
  shown = &state_->self_test_result.Add({{"device", name}, {"result", test.result}});
  shown->Set(1);
  if (test.result == "off") return;
  state_->self_test_seconds.Add(labels).Set(test.seconds);
  state_->self_test_embedding.Add(labels).Set(test.embedding_error);
  state_->self_test_logits.Add(labels).Set(test.logits_error);
  if (test.dice >= 0) state_->self_test_dice.Add(labels).Set(test.dice);
}

}  // namespace sgpsam
