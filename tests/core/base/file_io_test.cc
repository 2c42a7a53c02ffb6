#include "core/base/file_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

using FileIo = TemporaryFolder;

TEST_F(FileIo, ReplacesAFileWholeAndLeavesNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "old and longer").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("a"), "new").ok());
  EXPECT_EQ(Read(Path("a")), "new");
  EXPECT_EQ(FilesInFolder(), 1u);
  struct stat info {};
  ASSERT_EQ(stat(Path("a").c_str(), &info), 0);
  EXPECT_TRUE(info.st_mode & S_IRUSR);
  EXPECT_FALSE(info.st_mode & S_IXUSR);
}

TEST_F(FileIo, LeavesNothingBehindWhenTheTargetCannotBeReplaced) {
  fs::create_directories(folder_ / "taken" / "by a folder");
  const absl::Status status = WriteFileAtomically(Path("taken"), "bytes");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write"));
  EXPECT_EQ(FilesInFolder(), 1u);
  EXPECT_FALSE(WriteFileAtomically(Path("no folder/a"), "bytes").ok());
}

TEST_F(FileIo, RemovesAFileThatIsNotCommitted) {
  {
    auto file = AtomicFile::Create(Path("a"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Append("half").ok());
    EXPECT_FALSE(fs::exists(Path("a")));
  }
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(FileIo, ReadsAWholeFileUpToALimit) {
  const std::string path = Write("a", "bytes");
  const absl::StatusOr<ByteBuffer> bytes = ReadFile(path, 5);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->view(), "bytes");
  const absl::Status refused = ReadFile(path, 4).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr(path));
  EXPECT_TRUE(ReadFile(Write("empty", ""))->empty());
  EXPECT_EQ(ReadFile(Path("nowhere")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FileIo, DigestsAWholeFile) {
  const std::string bytes(3 * (1 << 20) + 7, 'x');  // more than one block, and a rest
  const auto digest = DigestOfFile(Write("a", bytes));
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, Sha256::Of(bytes));
  EXPECT_EQ(DigestOfFile(Path("nowhere")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(DigestOfFile(folder_.string()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
