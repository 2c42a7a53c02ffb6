#include "core/base/folder_in_progress.h"

#include <sys/stat.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

using FolderInProgressTest = TemporaryFolder;

TEST_F(FolderInProgressTest, AppearsWholeWhenCommitted) {
  const auto folder = FolderInProgress::Create(Path("deep/er/out/")).value();
  ASSERT_TRUE(folder->AddFolder("a/b").ok());
  ASSERT_TRUE(folder->AddFile("a/b/file", "bytes").ok());
  EXPECT_FALSE(std::filesystem::exists(Path("deep/er/out")));
  ASSERT_TRUE(folder->Commit().ok());
  EXPECT_EQ(Read(Path("deep/er/out/a/b/file")), "bytes");
}

TEST_F(FolderInProgressTest, LeavesNothingBehindWithoutCommit) {
  {
    const auto folder = FolderInProgress::Create(Path("out")).value();
    ASSERT_TRUE(folder->AddFile("file", "bytes").ok());
    EXPECT_EQ(FilesInFolder(), 1u);
  }
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(FolderInProgressTest, IsOpenToWhomTheUmaskAllowsOnceCommitted) {
  const mode_t before = umask(027);
  const auto folder = FolderInProgress::Create(Path("out")).value();
  ASSERT_EQ(FilesInFolder(), 1u);
  const auto hidden = std::filesystem::directory_iterator(folder_)->path();
  EXPECT_EQ(hidden.filename().string().front(), '.');
  EXPECT_EQ(std::filesystem::status(hidden).permissions(), std::filesystem::perms(0700));
  EXPECT_TRUE(folder->Commit().ok());
  umask(before);
  EXPECT_EQ(std::filesystem::status(Path("out")).permissions(), std::filesystem::perms(0750));
}

TEST_F(FolderInProgressTest, TakesTheNameOfAnEmptyFolderOnly) {
  std::filesystem::create_directory(Path("out"));
  const auto folder = FolderInProgress::Create(Path("out")).value();
  ASSERT_TRUE(folder->AddFile("file", "bytes").ok());
  ASSERT_TRUE(folder->Commit().ok());
  EXPECT_EQ(FolderInProgress::Create(Path("out")).status().code(), absl::StatusCode::kAlreadyExists);
  Write("plain", "");
  EXPECT_EQ(FolderInProgress::Create(Path("plain")).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Read(Path("out/file")), "bytes");
}

TEST_F(FolderInProgressTest, NamesTheFolderThatCannotBeMade) {
  Write("plain", "");
  const absl::Status status = FolderInProgress::Create(Path("plain/out")).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("plain/out"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace sgpsam
