#include "sgpsam/volume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam::client {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string DicomLike(const std::string& rest) { return absl::StrCat(std::string(128, '\0'), "DICM", rest); }

using VolumeFiles = TemporaryFolder;

TEST_F(VolumeFiles, TakeTheDicomFilesOfAFolderInTheOrderOfTheirNames) {
  Write("b", DicomLike("2"));
  Write("a.dcm", DicomLike("1"));
  Write("DICOMDIR", DicomLike("index"));
  Write("notes.txt", "not an image");
  fs::create_directories(folder_ / "other");
  Write("other/c.dcm", DicomLike("3"));
  const auto volume = Volume::FromPath(folder_.string());
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_EQ(volume->kind(), Volume::Kind::kDicom);
  EXPECT_THAT(volume->parts(), ElementsAre(DicomLike("1"), DicomLike("2")));
}

TEST_F(VolumeFiles, SayWhenAFolderHoldsNoDicom) {
  Write("notes.txt", "not an image");
  const auto volume = Volume::FromPath(folder_.string());
  EXPECT_EQ(volume.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(volume.status().message()), HasSubstr("holds no DICOM file"));
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
  EXPECT_EQ(Volume::FromPath(Write("v.dcm", "x"))->kind(), Volume::Kind::kDicom);
}

TEST_F(VolumeFiles, RefuseMoreFilesThanASeriesMayHave) {
  const std::vector<std::string> paths(Volume::kMaxFiles + 1, Write("a.dcm", "x"));
  EXPECT_THAT(std::string(Volume::FromFiles(paths).status().message()), HasSubstr("at most 4096"));
}

TEST(Volume, HasADigestThatDoesNotDependOnTheOrderOfItsFiles) {
  EXPECT_EQ(Volume::FromDicom({"a", "b"}).sha256(), Volume::FromDicom({"b", "a"}).sha256());
  EXPECT_NE(Volume::FromDicom({"a", "b"}).sha256(), Volume::FromDicom({"a", "c"}).sha256());
  EXPECT_NE(Volume::FromDicom({"a"}).sha256(), Volume::FromNifti("a").sha256());
}

}  // namespace
}  // namespace sgpsam::client
