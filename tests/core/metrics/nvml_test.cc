#include "core/metrics/nvml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/metrics/metrics.h"
#include "tests/support/fake_clock.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Nvml, IsSilentWithoutADriver) {
  Metrics metrics(Clock::Real());
  metrics.AddSource(OpenNvml("libno-such-driver.so.1"));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("sgpsam_gpu")));
}

TEST(Nvml, IsSilentWithALibraryOfAnotherKind) { EXPECT_EQ(OpenNvml("libm.so.6"), nullptr); }

#ifdef SGPSAM_FAKE_NVML

TEST(Nvml, IsSilentWhenTheDriverDoesNotStart) {
  setenv("FAKE_NVML_BROKEN", "1", 1);
  EXPECT_EQ(OpenNvml(SGPSAM_FAKE_NVML), nullptr);
  unsetenv("FAKE_NVML_BROKEN");
}

TEST(Nvml, ExportsEveryDeviceInBaseUnitsAndLeavesOutWhatIsNotSupported) {
  Metrics metrics(Clock::Real());
  auto nvml = OpenNvml(SGPSAM_FAKE_NVML);
  ASSERT_NE(nvml, nullptr);
  metrics.AddSource(std::move(nvml));
  const std::string text = metrics.Text();
  const std::string first = "{gpu=\"0\",uuid=\"GPU-fake-0\"} ";
  const std::string second = "{gpu=\"1\",uuid=\"GPU-fake-1\"} ";
  EXPECT_THAT(text, HasSubstr("# TYPE sgpsam_gpu_utilization_ratio gauge"));
  EXPECT_THAT(text, HasSubstr("sgpsam_gpu_utilization_ratio" + first + "0.73"));
  EXPECT_THAT(text, HasSubstr("sgpsam_gpu_memory_used_bytes" + first + "3221225472"));
  EXPECT_THAT(text, HasSubstr("sgpsam_gpu_memory_total_bytes" + first + "8589934592"));
  EXPECT_THAT(text, HasSubstr("sgpsam_gpu_power_watts" + first + "250.5"));
  EXPECT_THAT(text, HasSubstr("sgpsam_gpu_temperature_celsius" + first + "64"));
  EXPECT_THAT(text, HasSubstr("sgpsam_gpu_power_watts" + second));
  EXPECT_THAT(text, Not(HasSubstr("sgpsam_gpu_utilization_ratio" + second)));
  EXPECT_THAT(text, Not(HasSubstr("sgpsam_gpu_temperature_celsius" + second)));
  EXPECT_THAT(text, Not(HasSubstr("gpu=\"2\"")));
}

#else

TEST(Nvml, ExportsEveryDevice) {
  GTEST_SKIP() << "NVIDIA's nvml.h is not installed (deploy/setup.sh brings it)";
}

#endif

}  // namespace
}  // namespace sgpsam
