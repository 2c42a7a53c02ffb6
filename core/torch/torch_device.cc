#include "core/torch/torch_device.h"

#include <ATen/Context.h>
#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr int kMaxCudaDevices = 64;  // LibTorch's own limit on device numbers is 127

absl::Status Load(const char* library) {
  // Never closed: LibTorch's back ends register themselves for the life of the process.
  if (dlopen(library, RTLD_NOW | RTLD_GLOBAL) != nullptr) return absl::OkStatus();
  const char* reason = dlerror();
  return absl::FailedPreconditionError(reason == nullptr ? library : reason);
}

// The driver first: without it there is no device, and the back end is a gigabyte to load.
absl::StatusOr<int> CountCudaDevices() {
  if (const absl::Status driver = Load("libcuda.so.1"); !driver.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no NVIDIA driver on this machine (", driver.message(), ")"));
  }
  if (const absl::Status backend = Load("libtorch_cuda.so"); !backend.ok()) {
    return absl::FailedPreconditionError(absl::StrCat("LibTorch's CUDA back end cannot be loaded (",
                                                      backend.message(),
                                                      "); `deploy/setup.sh cuda` installs what it needs"));
  }
  const int count = at::detail::getCUDAHooks().deviceCount();
  if (count == 0) return absl::FailedPreconditionError("the NVIDIA driver shows no device to this process");
  return count;
}

bool HasAmx() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto found = capabilities.find("amx_bf16");
  return found != capabilities.end() && found->second.isBool() && found->second.toBool();
}

}  // namespace

absl::StatusOr<at::Device> ChooseDevice(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);
  if (name == "auto") return CountCudaDevices().ok() ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  absl::string_view number = name;
  int index = 0;
  if (!absl::ConsumePrefix(&number, "cuda:") || !absl::SimpleAtoi(number, &index) || index < 0 ||
      index >= kMaxCudaDevices) {
    return absl::InvalidArgumentError("the device must be auto, cpu or cuda:N");
  }
  ASSIGN_OR_RETURN(const int count, CountCudaDevices());
  if (index >= count) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no cuda:", index, "; this machine has ", count));
  }
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

absl::StatusOr<Precision> ChoosePrecision(const std::string& name, at::Device device) {
  if (name == "fp32") return Precision::kFloat32;
  if (name == "bf16") return Precision::kBfloat16;
  if (name != "auto") return absl::InvalidArgumentError("the precision must be auto, fp32 or bf16");
  // AVX-512 BF16 without AMX multiplies bfloat16 at half the speed of float32 (150 against 300 GFLOP/s on two
  // Sapphire Rapids cores without AMX), so it does not count.
  return device.is_cuda() || HasAmx() ? Precision::kBfloat16 : Precision::kFloat32;
}

void ChooseConvolutions(at::Device device, Precision precision) {
  if (device.is_cuda()) at::globalContext().setAllowTF32CuDNN(precision != Precision::kFloat32);
}

}  // namespace sgpsam
