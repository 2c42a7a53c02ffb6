#include "sgpsam/volume.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/input_files.h"
#include "core/dicom/dataset/prescan.h"
#include "tests/support/dicom_builder.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam::client {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ::sgpsam::testing::EncodeElements;
using ::sgpsam::testing::GivenSeries;
using ::sgpsam::testing::kExplicitLe;
using ::sgpsam::testing::Part10;

class VolumeFiles : public TemporaryFolder {
 protected:
  int written_ = 0;
};

// A slice of GivenSeries(), or one of its relatives.
std::string Slice(int k) { return GivenSeries().Bytes()[static_cast<size_t>(k)]; }

std::vector<std::pair<std::string, uint64_t>> PassedOverBy(const Volume& volume) {
  std::vector<std::pair<std::string, uint64_t>> kinds;
  for (const PassedOver& some : volume.passed_over()) kinds.emplace_back(some.kind, some.files);
  return kinds;
}

TEST_F(VolumeFiles, TakeTheSeriesOfAFolderAndItsSubfoldersInTheOrderOfTheirNames) {
  Write("b", Slice(1));
  Write("a.dcm", Slice(0));
  Write("DICOMDIR", Part10(kExplicitLe, EncodeElements({{DicomTag(0x0004, 0x1220), {"SQ", ""}}})));
  Write("notes.txt", "not an image");
  Write("nothing", "");
  Write("images.zip", "PK");
  fs::create_directories(folder_ / "deep/er");
  Write("deep/er/c.dcm", Slice(2));
  Write("deep/seg.dcm",
        Part10(kExplicitLe,
               EncodeElements({{DicomTag(0x0008, 0x0016), {"UI", "1.2.840.10008.5.1.4.1.1.66.4"}}})));
  const auto volume = Volume::FromPath(folder_.string());
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_EQ(volume->kind(), Volume::Kind::kDicom);
  EXPECT_THAT(volume->parts(), ElementsAre(Slice(0), Slice(1), Slice(2)));
  EXPECT_THAT(volume->names(), ElementsAre(Path("a.dcm"), Path("b"), Path("deep/er/c.dcm")));
  EXPECT_THAT(PassedOverBy(*volume),
              ::testing::UnorderedElementsAre(std::pair("media directory", 1), std::pair("not DICOM", 1),
                                              std::pair("empty file", 1), std::pair("archive", 1),
                                              std::pair("segmentation", 1)));
}

TEST_F(VolumeFiles, TakeSlicesWithoutAPreambleToo) {
  Write("a", Slice(0));
  Write("b", GivenSeries().WithoutPreamble().Bytes()[1]);
  EXPECT_EQ(Volume::FromPath(folder_.string())->parts().size(), 2);
}

TEST_F(VolumeFiles, KeepADamagedSliceSoThatItIsNotMissedSilently) {
  Write("a", Slice(0));
  Write("b", Slice(1).substr(0, 500));
  EXPECT_EQ(Volume::FromPath(folder_.string())->parts().size(), 2);
}

TEST_F(VolumeFiles, FollowLinksAndNoticeLoops) {
  fs::create_directories(folder_ / "series");
  Write("elsewhere.dcm", Slice(0));
  fs::create_symlink(folder_ / "elsewhere.dcm", folder_ / "series/a.dcm");
  fs::create_directory_symlink(folder_ / "series", folder_ / "series/again");
  fs::create_symlink(folder_ / "nowhere", folder_ / "series/broken");
  const auto volume = Volume::FromPath(Path("series"));
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_THAT(volume->parts(), ElementsAre(Slice(0)));
  EXPECT_THAT(PassedOverBy(*volume), ElementsAre(std::pair("not a regular file", 1)));
}

TEST_F(VolumeFiles, ListSeveralSeriesAndTakeTheOneThatIsNamed) {
  const auto write = [&](const std::string& folder, const std::string& uid, const std::string& number,
                         int slices) {
    testing::SeriesBuilder series = GivenSeries(9, 7, slices).With(DicomTag(0x0020, 0x000E), "UI", uid);
    series.With(DicomTag(0x0020, 0x0011), "IS", number).With(DicomTag(0x0008, 0x103E), "LO", "Thorax " + uid);
    fs::create_directories(folder_ / folder);
    for (const std::string& file : series.Bytes()) Write(absl::StrCat(folder, "/", ++written_), file);
  };
  write("x", "1.2.3.7", "4", 3);
  write("y", "1.2.3.8", "5", 2);
  const absl::Status several = Volume::FromPath(folder_.string()).status();
  EXPECT_EQ(several.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(several.message()),
              HasSubstr("number 4, CT, 3 files, \"Thorax 1.2.3.7\", 1.2.3.7"));
  EXPECT_THAT(std::string(several.message()),
              HasSubstr("number 5, CT, 2 files, \"Thorax 1.2.3.8\", 1.2.3.8"));
  EXPECT_EQ(Volume::FromPath(folder_.string(), "5")->parts().size(), 2);
  const auto by_uid = Volume::FromPath(folder_.string(), "1.2.3.7");
  EXPECT_EQ(by_uid->parts().size(), 3);
  EXPECT_THAT(PassedOverBy(*by_uid), ElementsAre(std::pair("of another series", 2)));
  EXPECT_EQ(by_uid->sha256(), Volume::FromPath(Path("x"))->sha256());
  EXPECT_EQ(Volume::FromPath(folder_.string(), "6").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Volume::FromFiles({Path("x"), Path("y")}, "4")->parts().size(), 3);
}

TEST_F(VolumeFiles, ListSeriesInTheirOwnLetters) {
  for (const std::string uid : {"1.2.3.7", "1.2.3.8"}) {
    testing::SeriesBuilder series = GivenSeries(9, 7, 1).With(DicomTag(0x0020, 0x000E), "UI", uid);
    series.With(DicomTag(0x0008, 0x0005), "CS", "ISO_IR 192");
    Write(uid, series.With(DicomTag(0x0008, 0x103E), "LO", "Schädel 山\a\xC2\x9B").Bytes()[0]);
  }
  EXPECT_THAT(std::string(Volume::FromPath(folder_.string()).status().message()),
              HasSubstr("\"Schädel 山??\""));
}

TEST_F(VolumeFiles, PutTheirNamesIntoTheServersMessages) {
  Write("a.dcm", Slice(0));
  Write("b.dcm", Slice(1));
  const auto volume = Volume::FromPath(folder_.string());
  const std::string a = Path("a.dcm"), b = Path("b.dcm");
  const std::pair<std::string, std::string> table[] = {
      {"file 2: damaged", "file 2 (" + b + "): damaged"},
      {"files 1 and 2 differ", "files 1 (" + a + ") and 2 (" + b + ") differ"},
      {"files 1, 2 and 3 differ", "files 1 (" + a + "), 2 (" + b + ") and 3 differ"},
      {"that of file 1 with 4 CT images", "that of file 1 (" + a + ") with 4 CT images"},
      {"file 0, file 3, profile 1, 2 files", "file 0, file 3, profile 1, 2 files"},
      {"file ", "file "},
      {"file 99999999999999999999", "file 99999999999999999999"}};
  for (const auto& [said, shown] : table) EXPECT_EQ(volume->WithFileNames(said), shown);
  EXPECT_EQ(Volume::FromDicom({Slice(0)}).WithFileNames("file 1: damaged"), "file 1: damaged");
}

TEST_F(VolumeFiles, LookAtABoundedNumberOfFiles) {
  EXPECT_EQ(kMaxFilesLookedAt, 200'000);
  Write("a.dcm", Slice(0));
  Write("deep.zip", "PK");
  fs::create_directories(folder_ / "more");
  Write("more/notes.txt", "not an image");
  const auto read = [&](const std::vector<std::string>& paths, size_t most) {
    return ReadInputFiles(paths, "", most).status();
  };
  const std::string folder = folder_.string();
  EXPECT_TRUE(read({folder}, 3).ok());
  EXPECT_EQ(read({folder}, 2).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(read({folder}, 2).message()),
              HasSubstr("there are more than 2 files: name a smaller folder"));
  // Files of several paths count together.
  EXPECT_TRUE(read({Path("a.dcm"), Path("more")}, 2).ok());
  EXPECT_THAT(std::string(read({Path("a.dcm"), Path("more")}, 1).message()), HasSubstr("more than 1 files"));
}

TEST_F(VolumeFiles, SayWhatThereIsWhereThereIsNoSeries) {
  Write("notes.txt", "not an image");
  const auto volume = Volume::FromPath(folder_.string());
  EXPECT_EQ(volume.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(volume.status().message()), HasSubstr("no DICOM image series: 1 not DICOM"));
}

// Writes an archive of these files and reads it as a volume.
class VolumeArchives : public VolumeFiles {
 protected:
  using Files = std::vector<std::pair<std::string, std::string>>;
  // Entries of the name "hole" are 1 TiB long: what is not given of them is a hole,
  // which a .tar need not hold.
  std::string Pack(const std::string& name, const Files& files) {
    archive* writer = archive_write_new();
    if (absl::EndsWith(name, ".zip")) {
      archive_write_set_format_zip(writer);
    } else {
      archive_write_set_format_pax_restricted(writer);
      if (absl::EndsWith(name, "gz")) archive_write_add_filter_gzip(writer);
    }
    archive_write_open_filename(writer, Path(name).c_str());
    for (const auto& [entry_name, bytes] : files) {
      archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, entry_name.c_str());
      const auto size = static_cast<la_int64_t>(bytes.size());
      archive_entry_set_size(entry, entry_name == "hole" ? la_int64_t{1} << 40 : size);
      if (entry_name == "hole") archive_entry_sparse_add_entry(entry, 0, size);
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_perm(entry, 0644);
      archive_write_header(writer, entry);
      archive_write_data(writer, bytes.data(), bytes.size());
      archive_entry_free(entry);
    }
    archive_write_free(writer);
    return Path(name);
  }
};

TEST_F(VolumeArchives, AreReadAsFoldersAre) {
  const Files files = {{"export/b", Slice(1)}, {"export/a", Slice(0)}, {"README", "text"}};
  for (const std::string name : {"s.zip", "s.tar", "s.tar.gz", "S.TGZ"}) {
    const auto volume = Volume::FromPath(Pack(name, files));
    ASSERT_TRUE(volume.ok()) << name << volume.status();
    EXPECT_THAT(volume->parts(), ElementsAre(Slice(1), Slice(0))) << name;
    EXPECT_EQ(volume->names()[0], Path(name) + "/export/b");
    EXPECT_THAT(PassedOverBy(*volume), ElementsAre(std::pair("not DICOM", 1)));
    EXPECT_EQ(volume->sha256(), Volume::FromDicom({Slice(0), Slice(1)}).sha256());
  }
}

// Whatever the locale: this test runs in C.
TEST_F(VolumeArchives, KeepNamesBeyondAscii) {
  const std::string ascii = "Sch__del/a", name = "Schädel/a";
  std::string zip = Read(Pack("s.zip", {{ascii, Slice(0)}}));
  const size_t central = zip.rfind("PK\1\2");
  ASSERT_NE(central, std::string::npos);
  for (const size_t flags : {size_t{6}, central + 8}) zip[flags + 1] |= 8;  // bit 11: names are UTF-8
  for (size_t at = zip.find(ascii); at != std::string::npos; at = zip.find(ascii)) {
    zip.replace(at, ascii.size(), name);
  }
  const auto volume = Volume::FromPath(Write("s.zip", zip));
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_THAT(volume->names(), ElementsAre(Path("s.zip") + "/" + name));
}

TEST_F(VolumeArchives, AreRefusedWhereTheyAreDamagedOrGrowTooLarge) {
  const std::string whole = Read(Pack("s.tar.gz", {{"a", Slice(0)}, {"b", Slice(1)}}));
  for (const size_t size : {size_t{0}, size_t{1}, size_t{30}, whole.size() / 2, whole.size() - 9}) {
    const auto volume = Volume::FromPath(Write("cut.tar.gz", whole.substr(0, size)));
    EXPECT_FALSE(volume.ok()) << size;
    EXPECT_THAT(std::string(volume.status().message()), HasSubstr("cut.tar.gz")) << size;
  }
}

TEST_F(VolumeArchives, AreInflatedWithinABound) {
  const std::string zeros(size_t{96} << 20, '\0'), dicom = Slice(1) + zeros;
  const std::pair<std::string, Files> bombs[] = {{"slice.zip", {{"a", Slice(0)}, {"b", dicom}}},
                                                 {"slice.tar.gz", {{"a", Slice(0)}, {"b", dicom}}},
                                                 // To come to what lies behind it all of it is inflated.
                                                 {"foreign.tar.gz", {{"a", zeros}, {"b", Slice(0)}}}};
  for (const auto& [name, files] : bombs) {
    EXPECT_THAT(std::string(Volume::FromPath(Pack(name, files)).status().message()),
                HasSubstr(name + ": the archive's files grow to more than"));
  }
}

// Whatever else lies there may be large: here each foreign file is larger than all that an archive of that
// size may grow to, as the tests above and below show.
TEST_F(VolumeArchives, PassOverForeignFilesWithoutReadingThem) {
  const std::string zeros(size_t{96} << 20, '\0');
  const std::pair<std::string, Files> archives[] = {
      {"s.zip", {{"a", Slice(0)}, {"movie", zeros}, {"b", Slice(1)}}},
      {"s.tar", {{"a", Slice(0)}, {"hole", "a text"}, {"b", Slice(1)}}},
      {"s.tar.gz", {{"a", Slice(0)}, {"hole", "a text"}, {"b", Slice(1)}}}};
  for (const auto& [name, files] : archives) {
    const auto volume = Volume::FromPath(Pack(name, files));
    ASSERT_TRUE(volume.ok()) << volume.status();
    EXPECT_THAT(volume->parts(), ElementsAre(Slice(0), Slice(1))) << name;
    EXPECT_THAT(PassedOverBy(*volume), ElementsAre(std::pair("not DICOM", 1))) << name;
  }
  EXPECT_THAT(std::string(Volume::FromPath(Pack("slice.tar", {{"hole", Slice(0)}})).status().message()),
              HasSubstr("slice.tar: the archive's files grow to more than"));
}

TEST_F(VolumeFiles, SayWhenAPathDoesNotExist) {
  EXPECT_EQ(Volume::FromPath((folder_ / "nowhere").string()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Volume::FromFiles({(folder_ / "nowhere").string()}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(VolumeFiles, RefuseEmptyFiles) {
  EXPECT_FALSE(Volume::FromPath(Write("empty.dcm", "")).ok());
  EXPECT_FALSE(Volume::FromPath(Write("empty.nii", "")).ok());
}

TEST_F(VolumeFiles, KnowNiftiByItsName) {
  EXPECT_EQ(Volume::FromPath(Write("v.nii", "x"))->kind(), Volume::Kind::kNifti);
  EXPECT_EQ(Volume::FromPath(Write("v.NII.GZ", "x"))->kind(), Volume::Kind::kNifti);
  EXPECT_EQ(Volume::FromPath(Write("v.dcm", Slice(0)))->kind(), Volume::Kind::kDicom);
}

TEST_F(VolumeFiles, RefuseMoreFilesThanASeriesMayHave) {
  const std::vector<std::string> paths(Volume::kMaxFiles + 1, Write("a.dcm", Slice(0)));
  EXPECT_THAT(std::string(Volume::FromFiles(paths).status().message()), HasSubstr("at most 4096"));
}

TEST(Volume, HasADigestThatDoesNotDependOnTheOrderOfItsFiles) {
  EXPECT_EQ(Volume::FromDicom({"a", "b"}).sha256(), Volume::FromDicom({"b", "a"}).sha256());
  EXPECT_NE(Volume::FromDicom({"a", "b"}).sha256(), Volume::FromDicom({"a", "c"}).sha256());
  EXPECT_NE(Volume::FromDicom({"a"}).sha256(), Volume::FromNifti("a").sha256());
}

}  // namespace
}  // namespace sgpsam::client
