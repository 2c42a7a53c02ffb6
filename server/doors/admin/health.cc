#include "server/doors/admin/health.h"

#include "absl/time/time.h"
#include "core/base/log.h"

namespace sgpsam {
namespace {

constexpr char kService[] = "sgpsam.v1.SegmentationService";
constexpr absl::Duration kInterval = absl::Milliseconds(100);

}  // namespace

Health::Health(const WorkerPool& pool, grpc::HealthCheckServiceInterface& service, Clock& clock)
    : pool_(pool), service_(service), clock_(clock) {
  {
    absl::MutexLock lock(&mutex_);
    Tell(pool_.healthy());
  }
  thread_ = std::thread([this] { Watch(); });
}

Health::~Health() {
  {
    absl::MutexLock lock(&mutex_);
    dying_ = true;
    wake_.SignalAll();
  }
  thread_.join();
}

bool Health::ready() const {
  absl::MutexLock lock(&mutex_);
  return !stopped_ && pool_.healthy();
}

void Health::StopServing() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  Tell(false);
}

void Health::Watch() {
  absl::MutexLock lock(&mutex_);
  while (!dying_) {
    const bool serving = !stopped_ && pool_.healthy();
    if (serving != serving_) {
      Log(serving ? LogLevel::kInfo : LogLevel::kWarning, serving ? "ready" : "not ready");
      Tell(serving);
    }
    clock_.WaitUntil(wake_, mutex_, clock_.Now() + kInterval);
  }
}

void Health::Tell(bool serving) {
  serving_ = serving;
  service_.SetServingStatus("", serving);
  service_.SetServingStatus(kService, serving);
}

}  // namespace sgpsam
