#include "core/base/file_io.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>
#include <iterator>

#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

using FileIo = TemporaryFolder;

unsigned Mode(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

// Runs it in a process of its own; the signal that ended it, or its exit code.
int EndOf(const std::function<void()>& run) {
  const pid_t child = fork();
  if (child == 0) {
    run();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

void KillWhileWriting(const std::string& path) {
  auto file = AtomicFile::Create(path);
  if (file.ok() && file->Append("half").ok()) raise(SIGKILL);
}

bool HasFilesWithoutName() {
  const int descriptor = open(::testing::TempDir().c_str(), O_TMPFILE | O_WRONLY, 0600);
  return descriptor >= 0 && close(descriptor) == 0;
}

// From now on this process meets what a file system without O_TMPFILE answers.
void RefuseFilesWithoutName() {
  constexpr unsigned kTmpfile = O_TMPFILE & ~O_DIRECTORY;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kTmpfile, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(99);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(99);
}

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
  EXPECT_THAT(std::string(status.message()), HasSubstr("is a folder"));
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

TEST_F(FileIo, IsReadableForWhomTheUmaskAllowsOrTheOwnerAlone) {
  const mode_t before = umask(027);
  EXPECT_TRUE(WriteFileAtomically(Path("a"), "bytes").ok());
  EXPECT_TRUE(WriteFileAtomically(Path("a"), "again").ok());
  EXPECT_EQ(Mode(Path("a")), 0640u);
  umask(0);
  EXPECT_TRUE(WriteFileAtomically(Path("open"), "bytes").ok());
  EXPECT_TRUE(WriteFileAtomically(Path("closed"), "bytes", Readers::kOwner).ok());
  umask(before);
  EXPECT_EQ(Mode(Path("open")), 0666u);
  EXPECT_EQ(Mode(Path("closed")), 0600u);
}

TEST_F(FileIo, NothingIsLeftOfAFileWhoseWriterIsKilled) {
  if (!HasFilesWithoutName()) GTEST_SKIP() << "this file system gives every file a name";
  EXPECT_EQ(EndOf([&] { KillWhileWriting(Path("a")); }), SIGKILL);
  EXPECT_EQ(FilesInFolder(), 0u);
}

// As on NFS: the file must have a name while it is written.
TEST_F(FileIo, WithoutFilesWithoutNameTheTemporaryOneIsHiddenAndTheOwners) {
  EXPECT_EQ(EndOf([&] {
              RefuseFilesWithoutName();
              KillWhileWriting(Path("a"));
            }),
            SIGKILL);
  ASSERT_EQ(FilesInFolder(), 1u);
  const fs::path left = fs::directory_iterator(folder_)->path();
  EXPECT_EQ(left.filename().string().front(), '.');
  EXPECT_EQ(Mode(left), 0600u);
  fs::remove(left);

  EXPECT_EQ(EndOf([&] {
              RefuseFilesWithoutName();
              umask(027);
              (void)AtomicFile::Create(Path("dropped"));
              for (const char* bytes : {"old", "new"}) {
                if (!WriteFileAtomically(Path("b"), bytes).ok()) _exit(1);
              }
            }),
            0);
  EXPECT_EQ(FilesInFolder(), 1u);
  EXPECT_EQ(Read(Path("b")), "new");
  EXPECT_EQ(Mode(Path("b")), 0640u);
}

TEST_F(FileIo, ReplacesWhatASymbolicLinkPointsTo) {
  fs::create_directory(folder_ / "real");
  Write("real/a", "old");
  fs::create_symlink("real/a", folder_ / "link");
  fs::create_symlink("link", folder_ / "link to link");
  fs::create_symlink("real/new", folder_ / "dangling");
  fs::create_symlink("itself", folder_ / "itself");
  ASSERT_TRUE(WriteFileAtomically(Path("link to link"), "new").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("dangling"), "bytes").ok());
  EXPECT_EQ(Read(Path("real/a")), "new");
  EXPECT_EQ(Read(Path("real/new")), "bytes");
  EXPECT_TRUE(fs::is_symlink(Path("link")) && fs::is_symlink(Path("dangling")));
  EXPECT_THAT(std::string(WriteFileAtomically(Path("itself"), "bytes").message()),
              HasSubstr("without an end"));
}

TEST_F(FileIo, DoesNotReplaceWhatIsNoFile) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  fs::create_symlink("pipe", folder_ / "link");
  for (const char* name : {"pipe", "link"}) {
    const absl::Status status = WriteFileAtomically(Path(name), "bytes");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("no regular file"));
  }
  EXPECT_TRUE(fs::is_fifo(Path("pipe")));
  EXPECT_FALSE(CheckPlace("").ok());
  EXPECT_EQ(CheckPlace(Path("no folder/a")).code(), absl::StatusCode::kNotFound);
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
