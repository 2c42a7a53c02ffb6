// What the command line tells people and programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/cli/exit_code.h"
#include "client/cli/progress_line.h"
#include "client/cli/segment_report.h"

namespace sgpsam::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

client::SegmentResult SomeResult() {
  client::SegmentResult result;
  result.targets.resize(1);
  result.targets[0].voxels = 1234;
  result.targets[0].volume_ml = 4.5;
  result.targets[0].gates = {{8, 0.75f, true}};
  result.targets[0].patches = 3;
  result.targets[0].spacing_mm = 0.75;
  result.model = {"demo", "1", std::string(32, '\x01')};
  result.volume_sha256 = std::string(32, '\xff');
  result.stage_times = {{client::Stage::kEncode, absl::Milliseconds(1500)}};
  result.warnings = {"one slice was repaired"};
  result.request_id = "r1";
  return result;
}

TEST(SegmentReport, GivesProgramsOneObject) {
  const client::SegmentResult result = SomeResult();
  const std::vector<client::Target> targets = {{.clicks = {}, .label = "Node \xff"}};  // not UTF-8
  const auto json = nlohmann::json::parse(ReportAsJson({result, targets, "out.dcm", 99, absl::Seconds(2)}));
  EXPECT_EQ(json["status"], "ok");
  EXPECT_EQ(json["out"], "out.dcm");
  EXPECT_EQ(json["targets"][0]["voxels"], 1234);
  EXPECT_EQ(json["targets"][0]["gates"][0]["block"], 8);
  EXPECT_EQ(json["targets"][0]["patches"], 3);
  EXPECT_EQ(json["targets"][0]["spacing_mm"], 0.75);
  EXPECT_EQ(json["stage_seconds"]["encode"], 1.5);
  EXPECT_EQ(json["total_seconds"], 2.0);
  EXPECT_EQ(json["volume_sha256"], std::string(64, 'f'));
  EXPECT_EQ(json["warnings"][0], "one slice was repaired");
}

TEST(SegmentReport, TellsPeopleWhatMatters) {
  client::SegmentResult result = SomeResult();
  const std::vector<client::Target> targets = {{.clicks = {}, .label = "Node"}};
  std::string text = ReportForPeople({result, targets, "out.dcm", 99, absl::Seconds(2)});
  EXPECT_THAT(text, HasSubstr("Node: 1234 voxels, 4.500 ml\n"));
  EXPECT_THAT(text, HasSubstr("from 3 patches of 0.75 mm voxels"));
  EXPECT_THAT(text, HasSubstr("encode 1500.0 ms"));
  EXPECT_THAT(text, HasSubstr("warning: one slice was repaired"));
  EXPECT_THAT(text, HasSubstr("the server had the volume"));
  EXPECT_THAT(text, Not(HasSubstr("border")));
  result.targets[0].touches_patch_border = true;
  EXPECT_THAT(ReportForPeople({result, targets, "out.dcm", 99, {}}), HasSubstr("border"));
}

TEST(ProgressLine, SaysHowFarItIs) {
  EXPECT_EQ(
      ProgressLine::Text(
          {.stage = client::Stage::kReceive, .bytes_done = 1 << 20, .bytes_total = 2 << 20, .expected = {}}),
      "uploading [###############...............]  50%  2.0 MiB");
  EXPECT_EQ(
      ProgressLine::Text({.stage = client::Stage::kQueue, .queue_position = 3, .expected = absl::Seconds(4)}),
      "waiting for a worker, 3 ahead, about 4 s left");
}

TEST(ExitCode, TellsWhetherTryingAgainHelps) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), 4);
  EXPECT_EQ(ExitCodeOf(absl::ResourceExhaustedError("")), 4);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("")), 5);
}

}  // namespace
}  // namespace sgpsam::cli
