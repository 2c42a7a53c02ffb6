#include "core/checkpoint/zip_writer.h"

#include <string>

#include "core/checkpoint/zip_archive.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

class ZipWriterTest : public TemporaryFolder {
 protected:
  std::string WriteThree(const std::string& first) {
    auto file = AtomicFile::Create(Path("zip"));
    EXPECT_TRUE(file.ok()) << file.status();
    ZipWriter zip(*file);
    EXPECT_TRUE(zip.Add("folder/a", first).ok());
    EXPECT_TRUE(zip.Add("b", "the second").ok());
    EXPECT_TRUE(zip.Add("empty", "").ok());
    EXPECT_TRUE(zip.Finish().ok());
    EXPECT_TRUE(file->Commit().ok());
    return Path("zip");
  }

  absl::StatusOr<ZipArchive> Open() {
    auto input = InputFile::Open(Path("zip"));
    if (!input.ok()) return input.status();
    return ZipArchive::Open(std::move(*input));
  }
};

TEST_F(ZipWriterTest, IsReadBack) {
  WriteThree("some bytes");
  const auto archive = Open();
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(archive->entries().size(), 3u);
  const auto a = archive->Read("folder/a", 100), empty = archive->Read("empty", 100);
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(std::string(a->begin(), a->end()), "some bytes");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_TRUE(empty->empty());
}

TEST_F(ZipWriterTest, AlignsTheBytesOfEveryEntry) {
  for (size_t length = 0; length < 70; ++length) {
    const std::string file = Read(WriteThree(std::string(length, '#')));
    EXPECT_EQ(file.find("the second") % ZipWriter::kAlignment, 0u) << length;
  }
}

TEST_F(ZipWriterTest, MakesTheSameFileOfTheSameEntries) {
  const std::string first = Read(WriteThree("x")), second = Read(WriteThree("x"));
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace sgpsam
