// What the command line tells people and programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/cli/exit_code.h"
#include "client/cli/own_words.h"
#include "client/cli/progress_line.h"
#include "client/cli/segment_report.h"
#include "core/base/reason.h"

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
  result.warnings = {"one slice was repaired", "target 1: the box was not used"};
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
  EXPECT_EQ(json["warnings"][1], "the box was not used");
  EXPECT_EQ(json["targets"][0]["empty"], false);
}

TEST(SegmentReport, SaysWhereNothingWasFound) {
  client::SegmentResult result = SomeResult();
  const std::vector<client::Target> targets = {{.clicks = {}}, {.clicks = {}}};
  SegmentReport report{result, targets, "out.dcm", 99, absl::Seconds(2)};
  EXPECT_FALSE(report.empty());
  result.targets.emplace_back();
  EXPECT_TRUE(report.empty());
  const auto json = nlohmann::json::parse(ReportAsJson(report));
  EXPECT_EQ(json["status"], "nothing_found");
  EXPECT_EQ(json["targets"][0]["empty"], false);
  EXPECT_EQ(json["targets"][1]["empty"], true);
  EXPECT_THAT(ReportForPeople(report), HasSubstr("nothing was found at the prompts"));
}

TEST(SegmentReport, TellsPeopleWhatMatters) {
  client::SegmentResult result = SomeResult();
  const std::vector<client::Target> targets = {{.clicks = {}, .label = "Node"}};
  SegmentReport report{result, targets, "out.dcm", 99, absl::Seconds(2)};
  EXPECT_EQ(ReportForPeople(report),
            "Node: 4.500 ml, 1234 voxels\n"
            "warning: one slice was repaired\n"
            "warning: the box was not used\n"
            "wrote: out.dcm, 99 bytes, after 2.0 s\n");
  result.targets[0].touches_patch_border = true;
  EXPECT_THAT(ReportForPeople(report), HasSubstr("border"));
}

TEST(SegmentReport, TellsMoreWhenAsked) {
  const client::SegmentResult result = SomeResult();
  const std::vector<client::Target> targets = {{.clicks = {}, .label = "Node"}};
  SegmentReport report{result, targets, "out.dcm", 99, absl::Seconds(2)};
  report.verbose = true;
  const std::string text = ReportForPeople(report);
  EXPECT_THAT(text, HasSubstr("from 3 patches, the mask from voxels of 0.75 mm"));
  EXPECT_THAT(text, HasSubstr("gate after block 8: 0.750, open"));
  EXPECT_THAT(text, HasSubstr("time: encode 1500.0 ms\n"));
  EXPECT_THAT(text, HasSubstr("the server had the volume"));
  EXPECT_THAT(text, HasSubstr("model: demo 1 010101010101\n"));
}

absl::Status Refused(absl::string_view reason, absl::string_view message, ReasonMetadata metadata = {}) {
  return WithReason(absl::InvalidArgumentError(message),
                    ReasonInfo{std::string(reason), std::move(metadata)});
}

std::string ToldOf(const absl::Status& status) {
  const absl::Status told = InOwnWords(status, {{.clicks = {}, .label = "Node"}});
  EXPECT_EQ(told.code(), status.code());
  EXPECT_EQ(client::ErrorReason(told), client::ErrorReason(status));
  EXPECT_EQ(client::ErrorMetadata(told), client::ErrorMetadata(status));
  return std::string(told.message());
}

TEST(OwnWords, CallTargetsByTheirLabels) {
  std::vector<client::Target> targets = {{.clicks = {}, .label = "Node"}, {.clicks = {}, .label = "Cyst"}};
  EXPECT_EQ(InOwnWords("target 2: point 1: lies outside", targets), "target 2 (Cyst): point 1: lies outside");
  EXPECT_EQ(InOwnWords("target 3: what", targets), "target 3: what");
  EXPECT_EQ(InOwnWords("target practice: no", targets), "target practice: no");
  const absl::Status outside =
      Refused("POINT_OUTSIDE_VOLUME", "target 2: point 1: outside", {{"target", "2"}});
  EXPECT_EQ(InOwnWords(outside, targets).message(), "target 2 (Cyst): point 1: outside");
  targets.pop_back();
  EXPECT_EQ(InOwnWords("target 1: the lesion goes on", targets), "the lesion goes on");
}

TEST(OwnWords, SayByTheReasonWhatToType) {
  EXPECT_EQ(ToldOf(Refused("SEG_NOT_POSSIBLE", "no SEG (output.format: MASK_FORMAT_NIFTI)",
                           {{"field", "output.format"}})),
            "no SEG (--out NAME.nii.gz)");
  EXPECT_THAT(ToldOf(Refused("SEG_NEEDS_DICOM", "ask for MASK_FORMAT_NIFTI", {{"field", "output.format"}})),
              HasSubstr("(--out NAME.nii.gz)"));
  EXPECT_EQ(
      ToldOf(Refused("SEVERAL_SERIES", "2 series (volume.dicom.series)", {{"field", "volume.dicom.series"}})),
      "2 series (--series UID|NUMBER)");
  EXPECT_EQ(ToldOf(Refused("PROMPT_OUTSIDE_PATCH", "point 2: lies far away: start a new target there")),
            "point 2: lies far away: start a new target there (--label begins another target)");
  EXPECT_EQ(ToldOf(Refused("INVALID_HEADER", "inference.spacing_mm must be 0.25 to 3",
                           {{"field", "inference.spacing_mm"}})),
            "--spacing must be 0.25 to 3");
  EXPECT_EQ(
      ToldOf(Refused("INVALID_HEADER", "a target's label has 65 characters", {{"field", "targets.label"}})),
      "a target's label has 65 characters (--label)");
  EXPECT_EQ(ToldOf(Refused("INVALID_SEG_SERIES", "output.seg_series: ContentLabel must be short",
                           {{"attribute", "ContentLabel"}, {"field", "output.seg_series"}})),
            "--content-label: ContentLabel must be short");
}

TEST(OwnWords, LeaveAloneWhatTheyDoNotKnow) {
  EXPECT_EQ(ToldOf(absl::InternalError("inference.spacing_mm is odd")), "inference.spacing_mm is odd");
  EXPECT_EQ(ToldOf(Refused("OF_TOMORROW", "output.colour is odd", {{"field", "output.colour"}})),
            "output.colour is odd");
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

TEST(ProgressLine, CountsPatchesAndTheTimeThatIsLeft) {
  client::Progress progress{
      .stage = client::Stage::kEncode, .patch = 3, .patches = 8, .expected = absl::Seconds(9.2)};
  EXPECT_EQ(ProgressLine::Text(progress), "encoding, patch 3 of at most 8, about 10 s left");
  EXPECT_EQ(ProgressLine::Text(progress, absl::Seconds(4)), "encoding, patch 3 of at most 8, about 6 s left");
  EXPECT_EQ(ProgressLine::Text(progress, absl::Seconds(10)), "encoding, patch 3 of at most 8");
  progress.target = 1;
  EXPECT_EQ(ProgressLine::Text(progress, absl::Seconds(10)), "encoding, patch 3 of at most 8 of target 2");
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
