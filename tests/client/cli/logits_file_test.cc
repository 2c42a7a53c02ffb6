#include "client/cli/logits_file.h"

#include <gtest/gtest.h>

#include "core/base/file_io.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam::cli {
namespace {

using LogitsFile = TemporaryFolder;

client::SegmentResult SomeResult() {
  client::SegmentResult result;
  result.volume_sha256 = std::string(32, 'v');
  result.targets.resize(2);
  result.targets[0].previous = {std::string(32, 'a'), {1.5f, -2.0f}};
  result.targets[0].previous.patch = {{0.1, -17.25, 1e-3}, 0.6};
  result.targets[1].previous = {std::string(32, 'b'), {}};
  return result;
}

TEST_F(LogitsFile, BringLogitsBackAsTheyWere) {
  ASSERT_TRUE(WriteFileAtomically(Path("l.json"), LogitsToJson(SomeResult())).ok());
  const auto logits = ReadLogitsFile(Path("l.json"), std::string(32, 'v'));
  ASSERT_TRUE(logits.ok()) << logits.status();
  ASSERT_EQ(logits->size(), 2u);
  EXPECT_EQ(logits->at(0).sha256, std::string(32, 'a'));
  EXPECT_EQ(logits->at(0).samples, (std::vector<float>{1.5f, -2.0f}));
  ASSERT_TRUE(logits->at(0).patch.has_value());
  EXPECT_EQ(logits->at(0).patch->centre_lps_mm, (std::array<double, 3>{0.1, -17.25, 1e-3}));
  EXPECT_EQ(logits->at(0).patch->spacing_mm, 0.6);
  EXPECT_TRUE(logits->at(1).samples.empty());
  EXPECT_FALSE(logits->at(1).patch.has_value());
}

TEST_F(LogitsFile, RefuseLogitsOfAnotherVolume) {
  ASSERT_TRUE(WriteFileAtomically(Path("l.json"), LogitsToJson(SomeResult())).ok());
  const auto logits = ReadLogitsFile(Path("l.json"), std::string(32, 'w'));
  EXPECT_EQ(logits.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LogitsFile, RefuseWhatIsNotALogitsFile) {
  const std::string digest = "\"logits_sha256\":\"" + std::string(64, 'a') + "\"";
  const auto with = [&](const std::string& more) { return "{\"targets\":[{" + digest + more + "}]}"; };
  ASSERT_TRUE(WriteFileAtomically(Path("l.json"), with("")).ok());
  EXPECT_TRUE(ReadLogitsFile(Path("l.json"), "").ok());
  std::string many = "{\"targets\":[{}";
  for (int n = 0; n < 16; ++n) many += ",{" + digest + "}";
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string("{\"targets\":[1]}"),
        std::string("{\"targets\":[{\"logits_base64\":\"AAA\"}]}"),
        std::string("{\"targets\":[{\"logits_sha256\":\"zz\"}]}"), many + "]}", with(",\"patch\":1"),
        with(",\"patch\":{}"), with(",\"patch\":{\"centre_lps_mm\":[1,2],\"spacing_mm\":1}"),
        with(",\"patch\":{\"centre_lps_mm\":[1,2,\"3\"],\"spacing_mm\":1}"),
        with(",\"patch\":{\"centre_lps_mm\":[1,2,3],\"spacing_mm\":null}")}) {
    ASSERT_TRUE(WriteFileAtomically(Path("l.json"), text).ok());
    EXPECT_EQ(ReadLogitsFile(Path("l.json"), "").status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ReadLogitsFile(Path("nowhere"), "").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadLogitsFile(Path(""), "").status().code(), absl::StatusCode::kInvalidArgument);  // a folder
}

}  // namespace
}  // namespace sgpsam::cli
