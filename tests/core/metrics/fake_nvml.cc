// A libnvidia-ml with three devices, built against NVIDIA's own header so that it has the real ABI: one
// that answers everything, one whose utilisation and temperature are not supported (as under MIG), one
// that this process may not see.
#include <nvml.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

// Handles are the device's index plus one.
unsigned IndexOf(nvmlDevice_t device) {
  return static_cast<unsigned>(reinterpret_cast<uintptr_t>(device)) - 1;
}

nvmlReturn_t Supported(nvmlDevice_t device) {
  return IndexOf(device) == 0 ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
}

}  // namespace

extern "C" {

nvmlReturn_t nvmlInit_v2() {
  return std::getenv("FAKE_NVML_BROKEN") == nullptr ? NVML_SUCCESS : NVML_ERROR_DRIVER_NOT_LOADED;
}
nvmlReturn_t nvmlShutdown() { return NVML_SUCCESS; }

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 3;
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t* device) {
  if (index == 2) return NVML_ERROR_NO_PERMISSION;
  *device = reinterpret_cast<nvmlDevice_t>(static_cast<uintptr_t>(index) + 1);
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char* uuid, unsigned length) {
  std::snprintf(uuid, length, "GPU-fake-%u", IndexOf(device));
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t* utilization) {
  *utilization = {73, 11};
  return Supported(device);
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t, nvmlMemory_t* memory) {
  *memory = {8ull << 30, 5ull << 30, 3ull << 30};
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t, unsigned* milliwatts) {
  *milliwatts = 250500;
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t, unsigned* celsius) {
  *celsius = 64;
  return Supported(device);
}

}  // extern "C"
