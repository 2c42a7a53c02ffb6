#include "core/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "core/metrics/busy_meter.h"
#include "tests/support/fake_clock.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  Metrics metrics_{clock_};
};

TEST_F(MetricsTest, ShowsEverySeriesFromTheStart) {
  metrics_.AddDevice("cuda:0");
  const std::string text = metrics_.Text();
  for (const char* stage :
       {"receive", "decode", "prepare", "queue", "encode", "prompt_mask", "restore", "write", "send"}) {
    EXPECT_THAT(text,
                HasSubstr(std::string("sgpsam_stage_duration_seconds_count{stage=\"") + stage + "\"} 0"));
  }
  for (const char* cache : {"volume", "embedding", "logits"}) {
    for (const char* name : {"sgpsam_cache_hits_total", "sgpsam_cache_misses_total", "sgpsam_cache_bytes"}) {
      EXPECT_THAT(text, HasSubstr(std::string(name) + "{cache=\"" + cache + "\"} 0"));
    }
  }
  for (const char* stage : {"encode", "prompt_mask"}) {
    EXPECT_THAT(text, HasSubstr(std::string("sgpsam_queue_depth{stage=\"") + stage + "\"} 0"));
    EXPECT_THAT(text, HasSubstr(std::string("sgpsam_batch_size_count{stage=\"") + stage + "\"} 0"));
  }
  EXPECT_THAT(text, HasSubstr("sgpsam_received_bytes_total 0"));
  EXPECT_THAT(text, HasSubstr("sgpsam_sent_bytes_total 0"));
  EXPECT_THAT(text, HasSubstr("sgpsam_requests_in_flight 0"));
  EXPECT_THAT(text, HasSubstr("sgpsam_log_lines_dropped_total 0"));
  EXPECT_THAT(text, HasSubstr("sgpsam_worker_restarts_total{device=\"cuda:0\"} 0"));
  EXPECT_THAT(text, HasSubstr("sgpsam_device_busy_fraction{device=\"cuda:0\"} 0"));
}

TEST_F(MetricsTest, CountsRequestsByCodeAndKind) {
  metrics_.CountRequest("OK", "dicom");
  metrics_.CountRequest("OK", "dicom");
  metrics_.CountRequest("INVALID_ARGUMENT", "none");
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_requests_total{code=\"OK\",kind=\"dicom\"} 2"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_requests_total{code=\"INVALID_ARGUMENT\",kind=\"none\"} 1"));
}

TEST_F(MetricsTest, ObservesStagesInSeconds) {
  metrics_.ObserveStage(Stage::kEncode, absl::Milliseconds(1500));
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sgpsam_stage_duration_seconds_sum{stage=\"encode\"} 1.5"));
  EXPECT_THAT(text, HasSubstr("sgpsam_stage_duration_seconds_bucket{stage=\"encode\",le=\"1\"} 0"));
  EXPECT_THAT(text, HasSubstr("sgpsam_stage_duration_seconds_bucket{stage=\"encode\",le=\"2.5\"} 1"));
}

TEST_F(MetricsTest, TellsTheBusyShareOfEachScrapeInterval) {
  metrics_.AddDevice("cpu");
  clock_.Advance(absl::Seconds(2));
  metrics_.BatchStarted("cpu");
  clock_.Advance(absl::Seconds(6));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_device_busy_fraction{device=\"cpu\"} 0.75"));
  clock_.Advance(absl::Seconds(1));
  metrics_.BatchEnded("cpu");
  clock_.Advance(absl::Seconds(3));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_device_busy_fraction{device=\"cpu\"} 0.25"));
  clock_.Advance(absl::Seconds(5));
  const std::string idle = metrics_.Text();
  EXPECT_THAT(idle, HasSubstr("sgpsam_device_busy_fraction{device=\"cpu\"} 0\n"));
  EXPECT_THAT(idle, HasSubstr("sgpsam_device_busy_seconds_total{device=\"cpu\"} 7"));
}

TEST_F(MetricsTest, ShowsOnlyTheModelThatIsServedNow) {
  metrics_.SetBuildInfo("1.2.3");
  metrics_.SetModelInfo("sgp-sam", "1", "aa", "fp32");
  metrics_.SetModelInfo("sgp-sam", "2", "bb", "bf16");
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sgpsam_build_info{version=\"1.2.3\"} 1"));
  EXPECT_THAT(text, HasSubstr("digest=\"bb\""));
  EXPECT_THAT(text, Not(HasSubstr("digest=\"aa\"")));
}

TEST_F(MetricsTest, ShowsWhatTheSelfTestOfEachDeviceFound) {
  metrics_.SetSelfTest("cpu", {.result = "off"});
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_self_test_result{device=\"cpu\",result=\"off\"} 1"));
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("sgpsam_self_test_duration_seconds{")));
  metrics_.SetSelfTest("cuda:1", {.result = "passed", .seconds = 0.25, .dice = 1});
  metrics_.SetSelfTest("cpu", {"fell_back", 0.5, 0.75, 0.875, 0.25});
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sgpsam_self_test_result{device=\"cpu\",result=\"fell_back\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("result=\"off\"")));
  EXPECT_THAT(text, HasSubstr("sgpsam_self_test_result{device=\"cuda:1\",result=\"passed\"} 1"));
  EXPECT_THAT(text, HasSubstr("sgpsam_self_test_duration_seconds{device=\"cpu\"} 0.5"));
  EXPECT_THAT(text, HasSubstr("sgpsam_self_test_embedding_error{device=\"cpu\"} 0.75"));
  EXPECT_THAT(text, HasSubstr("sgpsam_self_test_logits_error{device=\"cpu\"} 0.875"));
  EXPECT_THAT(text, HasSubstr("sgpsam_self_test_dice{device=\"cpu\"} 0.25"));
}

TEST_F(MetricsTest, FollowsTheNamingRules) {
  for (const auto line : absl::StrSplit(metrics_.Text(), '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() < 4 || words[1] != "TYPE") continue;
    EXPECT_THAT(std::string(words[2]), MatchesRegex("sgpsam_[a-z]+(_[a-z]+)*"));
    const bool total = words[2].size() > 6 && words[2].substr(words[2].size() - 6) == "_total";
    EXPECT_EQ(words[3] == "counter", total) << words[2];
  }
}

TEST_F(MetricsTest, CanBeUsedFromManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 200; ++i) {
        metrics_.CountRequest("OK", "raw");
        metrics_.BatchStarted("cpu");
        metrics_.ObserveStage(Stage::kQueue, absl::Milliseconds(1));
        if (i % 50 == 0) metrics_.Text();
        metrics_.BatchEnded("cpu");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(metrics_.Text(), HasSubstr("sgpsam_requests_total{code=\"OK\",kind=\"raw\"} 800"));
}

TEST(BusyMeter, CountsOverlappingBatchesOnce) {
  const absl::Time start = absl::FromUnixSeconds(0);
  BusyMeter meter(start);
  meter.Start(start + absl::Seconds(1));
  meter.Start(start + absl::Seconds(2));
  meter.Stop(start + absl::Seconds(3));
  meter.Stop(start + absl::Seconds(5));
  EXPECT_DOUBLE_EQ(meter.Take(start + absl::Seconds(8)).fraction, 0.5);
}

TEST(BusyMeter, SurvivesAClockThatIsSetBack) {
  const absl::Time start = absl::FromUnixSeconds(100);
  BusyMeter meter(start);
  meter.Start(start);
  meter.Stop(start - absl::Seconds(50));
  const BusyMeter::Interval interval = meter.Take(start - absl::Seconds(40));
  EXPECT_EQ(interval.fraction, 0);
  EXPECT_EQ(interval.busy, absl::ZeroDuration());
}

}  // namespace
}  // namespace sgpsam
