#include "core/metrics/nvml.h"

#include <dlfcn.h>
#include <prometheus/metric_family.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace sgpsam {
namespace {

// The few declarations that we need of NVIDIA's library (NVML API reference), so that building needs none of
// NVIDIA's files.
using NvmlReturn = int;
constexpr NvmlReturn kNvmlSuccess = 0;
using NvmlDevice = void*;
constexpr int kNvmlTemperatureGpu = 0;
constexpr unsigned kUuidBytes = 96;
struct NvmlUtilization {
  unsigned gpu, memory;  // percent
};
struct NvmlMemory {
  unsigned long long total, free, used;  // bytes; the types are NVML's
};

struct NvmlFunctions {
  NvmlReturn (*init)();
  NvmlReturn (*shutdown)();
  NvmlReturn (*device_count)(unsigned*);
  NvmlReturn (*device)(unsigned, NvmlDevice*);
  NvmlReturn (*uuid)(NvmlDevice, char*, unsigned);
  NvmlReturn (*utilization)(NvmlDevice, NvmlUtilization*);
  NvmlReturn (*memory)(NvmlDevice, NvmlMemory*);
  NvmlReturn (*power)(NvmlDevice, unsigned*);  // milliwatts
  NvmlReturn (*temperature)(NvmlDevice, int, unsigned*);
};

template <typename Function>
bool Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// False if it is not the library that we know. A query that a release lacks stays null.
bool FindAll(void* library, NvmlFunctions& f) {
  Find(library, "nvmlDeviceGetUtilizationRates", f.utilization);
  Find(library, "nvmlDeviceGetMemoryInfo", f.memory);
  Find(library, "nvmlDeviceGetPowerUsage", f.power);
  Find(library, "nvmlDeviceGetTemperature", f.temperature);
  return Find(library, "nvmlInit_v2", f.init) && Find(library, "nvmlShutdown", f.shutdown) &&
         Find(library, "nvmlDeviceGetCount_v2", f.device_count) &&
         Find(library, "nvmlDeviceGetHandleByIndex_v2", f.device) &&
         Find(library, "nvmlDeviceGetUUID", f.uuid);
}

// Whether the query is there and answers for this device.
template <typename... Parameters, typename... Arguments>
bool Asked(NvmlReturn (*query)(Parameters...), Arguments... arguments) {
  return query != nullptr && query(arguments...) == kNvmlSuccess;
}

prometheus::MetricFamily NewFamily(const char* name, const char* help) {
  return {name, help, prometheus::MetricType::Gauge, {}};
}

// The families in the order in which they are exported.
struct GpuFamilies {
  prometheus::MetricFamily utilization = NewFamily(
      "sgpsam_gpu_utilization_ratio", "Share of the driver's last sampling period in which a kernel ran.");
  prometheus::MetricFamily used =
      NewFamily("sgpsam_gpu_memory_used_bytes", "Device memory in use by anybody.");
  prometheus::MetricFamily total = NewFamily("sgpsam_gpu_memory_total_bytes", "Device memory in all.");
  prometheus::MetricFamily power = NewFamily("sgpsam_gpu_power_watts", "Power draw of the board.");
  prometheus::MetricFamily temperature =
      NewFamily("sgpsam_gpu_temperature_celsius", "Temperature of the GPU.");
};

using Labels = std::vector<prometheus::ClientMetric::Label>;

void Add(prometheus::MetricFamily& family, const Labels& labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = labels;
  metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

class Nvml final : public prometheus::Collectable {
 public:
  // Takes over the library, which has been initialised.
  Nvml(void* library, const NvmlFunctions& functions) : library_(library), nvml_(functions) {}
  ~Nvml() override {
    nvml_.shutdown();
    dlclose(library_);
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  std::vector<prometheus::MetricFamily> Collect() const override {
    GpuFamilies families;
    unsigned count = 0;
    if (nvml_.device_count(&count) != kNvmlSuccess) return {};
    for (unsigned index = 0; index < count; ++index) CollectDevice(index, families);
    std::vector<prometheus::MetricFamily> collected;
    for (auto* family :
         {&families.utilization, &families.used, &families.total, &families.power, &families.temperature}) {
      if (!family->metric.empty()) collected.push_back(std::move(*family));
    }
    return collected;
  }

 private:
  void CollectDevice(unsigned index, GpuFamilies& families) const {
    NvmlDevice device = nullptr;
    std::array<char, kUuidBytes> uuid = {};
    if (nvml_.device(index, &device) != kNvmlSuccess ||
        nvml_.uuid(device, uuid.data(), kUuidBytes) != kNvmlSuccess) {
      return;
    }
    const Labels labels = {{"gpu", std::to_string(index)}, {"uuid", uuid.data()}};
    NvmlUtilization utilization = {};
    if (Asked(nvml_.utilization, device, &utilization)) {
      Add(families.utilization, labels, utilization.gpu / 100.0);
    }
    NvmlMemory memory = {};
    if (Asked(nvml_.memory, device, &memory)) {
      Add(families.used, labels, static_cast<double>(memory.used));
      Add(families.total, labels, static_cast<double>(memory.total));
    }
    unsigned milliwatts = 0;
    if (Asked(nvml_.power, device, &milliwatts)) Add(families.power, labels, milliwatts / 1000.0);
    unsigned celsius = 0;
    if (Asked(nvml_.temperature, device, kNvmlTemperatureGpu, &celsius)) {
      Add(families.temperature, labels, celsius);
    }
  }

  void* const library_;
  const NvmlFunctions nvml_;
};

}  // namespace

std::unique_ptr<prometheus::Collectable> OpenNvml(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return nullptr;
  NvmlFunctions functions = {};
  if (!FindAll(handle, functions) || functions.init() != kNvmlSuccess) {
    dlclose(handle);
    return nullptr;
  }
  return std::make_unique<Nvml>(handle, functions);
}

}  // namespace sgpsam
