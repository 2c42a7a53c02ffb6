#include "core/model/zip_writer.h"

#include <string>

#include "core/model/zip_archive.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

class ZipWriterTest : public TemporaryFolder {
 protected:
  std::string WriteTwo(const std::string& first) {
    auto file = AtomicFile::Create(Path("zip"));
    EXPECT_TRUE(file.ok()) << file.status();
    ZipWriter zip(*file);
    EXPECT_TRUE(zip.Add("folder/a", first).ok());
    EXPECT_TRUE(zip.Add("b", "").ok());
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
  WriteTwo("some bytes");
  const auto archive = Open();
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(archive->entries().size(), 2u);
  const auto a = archive->Read("folder/a", 100), b = archive->Read("b", 100);
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(std::string(a->begin(), a->end()), "some bytes");
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_TRUE(b->empty());
}

TEST_F(ZipWriterTest, AlignsTheBytesOfEveryEntry) {
  for (size_t length = 8; length < 80; ++length) {
    const std::string bytes(length, '#');
    const std::string file = Read(WriteTwo(bytes));
    EXPECT_EQ(file.find(bytes) % ZipWriter::kAlignment, 0u) << length;
  }
}

TEST_F(ZipWriterTest, MakesTheSameFileOfTheSameEntries) {
  const std::string first = Read(WriteTwo("x")), second = Read(WriteTwo("x"));
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace sgpsam
