// NVIDIA's own numbers about its GPUs, for core/metrics/metrics.h's AddSource. The driver's library is
// loaded at run time; on a machine without one there is simply nothing to export.
//   sgpsam_gpu_utilization_ratio            share of the last sampling period in which a kernel ran, 0 to 1
//   sgpsam_gpu_memory_{used,total}_bytes
//   sgpsam_gpu_power_watts
//   sgpsam_gpu_temperature_celsius          all with {gpu="index", uuid="GPU-…"}
// A series that a device does not support (utilisation under MIG, power on some boards) is left out.
#ifndef SGPSAM_CORE_METRICS_NVML_H_
#define SGPSAM_CORE_METRICS_NVML_H_

#include <prometheus/collectable.h>

#include <memory>
#include <string>

namespace sgpsam {

// Null if the library is not there or does not start: no driver, no GPU. Opens no CUDA context.
std::unique_ptr<prometheus::Collectable> OpenNvml(const std::string& library = "libnvidia-ml.so.1");

}  // namespace sgpsam

#endif  // SGPSAM_CORE_METRICS_NVML_H_
