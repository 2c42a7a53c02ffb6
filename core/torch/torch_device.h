// Which device and precision a replica runs on: resolves "auto", loads the CUDA back end when it is asked
// for.
#ifndef SGPSAM_CORE_TORCH_TORCH_DEVICE_H_
#define SGPSAM_CORE_TORCH_TORCH_DEVICE_H_

#include <c10/core/Device.h>

#include <string>

#include "absl/status/statusor.h"
#include "core/model/load_weights.h"

namespace sgpsam {

// "auto", "cpu" or "cuda:N". INVALID_ARGUMENT for any other name; FAILED_PRECONDITION, saying what is
// missing, for a CUDA device that cannot be used. "auto" takes cuda:0 if it works and the processor
// otherwise.
absl::StatusOr<at::Device> ChooseDevice(const std::string& name);

// "auto", "fp32" or "bf16". "auto" is bf16 on CUDA and on processors with AMX, float32 elsewhere.
absl::StatusOr<Precision> ChoosePrecision(const std::string& name, at::Device device);

// Lets cuDNN convolve float32 with three digits instead of seven (TF32) unless all is to be float32. It holds
// for the process: call it before an engine or a training on that device.
void ChooseConvolutions(at::Device device, Precision precision);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_TORCH_DEVICE_H_
