// The files that the command line writes and reads back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/cli/atomic_file.h"
#include "client/cli/logits_file.h"

namespace sgpsam::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CliFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  size_t FilesInFolder() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
};

TEST_F(CliFiles, ReplaceAFileWholeAndLeaveNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old and longer").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "new").ok());
  EXPECT_EQ(Read(Path("a")), "new");
  EXPECT_EQ(FilesInFolder(), 1u);
  struct stat info {};
  ASSERT_EQ(stat(Path("a").c_str(), &info), 0);
  EXPECT_TRUE(info.st_mode & S_IRUSR);
  EXPECT_FALSE(info.st_mode & S_IXUSR);
}

TEST_F(CliFiles, LeaveNothingBehindWhenTheTargetCannotBeReplaced) {
  fs::create_directories(folder_ / "taken" / "by a folder");
  const absl::Status status = WriteFileAtomically(Path("taken"), "bytes");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write"));
  EXPECT_EQ(FilesInFolder(), 1u);
  EXPECT_FALSE(WriteFileAtomically(Path("no folder/a"), "bytes").ok());
}

client::SegmentResult SomeResult() {
  client::SegmentResult result;
  result.volume_sha256 = std::string(32, 'v');
  result.targets.resize(2);
  result.targets[0].previous = {std::string(32, 'a'), {1.5f, -2.0f}};
  result.targets[1].previous = {std::string(32, 'b'), {}};
  return result;
}

TEST_F(CliFiles, BringLogitsBackAsTheyWere) {
  ASSERT_TRUE(WriteFileAtomically(Path("l.json"), LogitsToJson(SomeResult())).ok());
  const auto logits = ReadLogitsFile(Path("l.json"), std::string(32, 'v'));
  ASSERT_TRUE(logits.ok()) << logits.status();
  ASSERT_EQ(logits->size(), 2u);
  EXPECT_EQ(logits->at(0).sha256, std::string(32, 'a'));
  EXPECT_EQ(logits->at(0).samples, (std::vector<float>{1.5f, -2.0f}));
  EXPECT_TRUE(logits->at(1).samples.empty());
}

TEST_F(CliFiles, RefuseLogitsOfAnotherVolume) {
  ASSERT_TRUE(WriteFileAtomically(Path("l.json"), LogitsToJson(SomeResult())).ok());
  const auto logits = ReadLogitsFile(Path("l.json"), std::string(32, 'w'));
  EXPECT_EQ(logits.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CliFiles, RefuseWhatIsNotALogitsFile) {
  for (const std::string& text : {std::string("{"), std::string("[]"), std::string("{\"targets\":[1]}"),
                                  std::string("{\"targets\":[{\"logits_base64\":\"AAA\"}]}")}) {
    ASSERT_TRUE(WriteFileAtomically(Path("l.json"), text).ok());
    EXPECT_EQ(ReadLogitsFile(Path("l.json"), "").status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ReadLogitsFile(Path("nowhere"), "").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sgpsam::cli
