#include "core/checkpoint/zip_archive.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/checkpoint/pth_builder.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<ZipArchive> Open(const TemporaryFile& file) {
  auto input = InputFile::Open(file.path());
  if (!input.ok()) return input.status();
  return ZipArchive::Open(*std::move(input));
}

// The message with which the archive, or its entry "a", is refused.
std::string Refusal(const std::string& bytes) {
  const TemporaryFile file(bytes);
  const auto archive = Open(file);
  const absl::Status status = archive.ok() ? archive->Read("a", 1000).status() : archive.status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(file.path()));
  return std::string(status.message());
}

ZipBuilder Two() {
  ZipBuilder zip;
  zip.Add("a", "first");
  zip.Add("b/c", "");
  return zip;
}

void ExpectTwo(const std::string& bytes) {
  const TemporaryFile file(bytes);
  const auto archive = Open(file);
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(archive->entries().size(), 2u);
  const auto a = archive->Read("a", 5), c = archive->Read("b/c", 0);
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(std::string(a->begin(), a->end()), "first");
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_TRUE(c->empty());
}

TEST(ZipArchive, ReadsStoredEntries) { ExpectTwo(Two().Build()); }

TEST(ZipArchive, ReadsBehindAComment) {
  ZipBuilder zip = Two();
  zip.comment = "PK\5\6 is no end of this file";
  ExpectTwo(zip.Build());
}

TEST(ZipArchive, ReadsZip64) {
  ZipBuilder zip = Two();
  zip.entries[0].zip64 = zip.entries[1].zip64 = zip.zip64_end = true;
  ExpectTwo(zip.Build());
}

TEST(ZipArchive, RefusesEveryTruncation) {
  const std::string bytes = Two().Build();
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THAT(Refusal(bytes.substr(0, size)), HasSubstr("damaged"));
}

TEST(ZipArchive, RefusesChangedBytes) {
  ZipBuilder zip = Two();
  zip.entries[0].crc_change = 1;
  EXPECT_THAT(Refusal(zip.Build()), HasSubstr("\"a\" does not have its checksum"));
}

TEST(ZipArchive, RefusesCompressedEntriesAndSaysWhatToDo) {
  ZipBuilder zip = Two();
  zip.entries[0].method = 8;
  EXPECT_THAT(Refusal(zip.Build()), HasSubstr("zip -0"));
}

TEST(ZipArchive, RefusesEntriesThatLieOutsideTheFile) {
  for (const uint64_t change : {uint64_t{1} << 20, ~uint64_t{0}, ~uint64_t{0} - 10, uint64_t{1} << 63}) {
    ZipBuilder size = Two(), offset = Two();
    size.entries[0].size_change = offset.entries[0].offset_change = change;
    size.entries[0].zip64 = offset.entries[0].zip64 = true;
    EXPECT_FALSE(Refusal(size.Build()).empty());
    EXPECT_FALSE(Refusal(offset.Build()).empty());
  }
}

TEST(ZipArchive, RefusesAnEntryLargerThanTheCallerAccepts) {
  const TemporaryFile file(Two().Build());
  const auto archive = Open(file);
  ASSERT_TRUE(archive.ok());
  EXPECT_THAT(std::string(archive->Read("a", 4).status().message()), HasSubstr("5 bytes, more than the 4"));
  EXPECT_EQ(archive->Read("none", 4).status().code(), absl::StatusCode::kNotFound);
}

TEST(ZipArchive, RefusesANameThatOccursTwice) {
  ZipBuilder zip = Two();
  zip.Add("a", "other");
  EXPECT_THAT(Refusal(zip.Build()), HasSubstr("\"a\" occurs twice"));
}

}  // namespace
}  // namespace sgpsam
