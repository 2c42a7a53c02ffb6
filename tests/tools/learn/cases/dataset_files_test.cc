#include "tools/learn/cases/dataset_files.h"

#include <vector>

#include "tests/tools/learn/cases/folder_fixture.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::ElementsAre;

class FindCaseFilesTest : public FolderFixture {
 protected:
  DatasetJson nnunet_ = ParseDatasetJson(kNnunet).value();

  std::vector<std::string> Ids() const {
    const std::vector<CaseFiles> found = FindCaseFiles(folder_.string(), nnunet_, 0).value();
    std::vector<std::string> ids;
    for (const CaseFiles& files : found) ids.push_back(files.id);
    return ids;
  }
  absl::Status Status() const { return FindCaseFiles(folder_.string(), nnunet_, 0).status(); }
};

TEST_F(FindCaseFilesTest, FindsNnunetsByName) {
  for (const char* name : {"imagesTr/b_0000.nii.gz", "imagesTr/b_0001.nii.gz", "imagesTr/a_0000.nii.gz",
                           "imagesTr/a_0001.nii.gz", "labelsTr/a.nii.gz", "labelsTr/b.nii.gz"}) {
    Write(name, "");
  }
  const auto files = FindCaseFiles(folder_.string(), nnunet_, 1);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ((*files)[0].id, "a");
  EXPECT_EQ((*files)[1].image, "imagesTr/b_0001.nii.gz");
  EXPECT_EQ((*files)[1].label, "labelsTr/b.nii.gz");
}

TEST_F(FindCaseFilesTest, CountsCasesOfWhichAHalfIsMissing) {
  Write("imagesTr/a_0000.nii.gz", "");
  Write("labelsTr/b.nii.gz", "");
  EXPECT_THAT(Ids(), ElementsAre("a", "b"));
}

TEST_F(FindCaseFilesTest, PassesOverWhatIsNoCase) {
  nnunet_.announced_cases.reset();
  for (const char* name :
       {"imagesTr/a_0000.nii.gz", "imagesTr/._a_0000.nii.gz", "imagesTr/.DS_Store", "imagesTr/x.txt",
        "imagesTr/b.nii.gz", "imagesTr/_0000.nii.gz", "imagesTr/c_00x0.nii.gz", "labelsTr/.nii.gz"}) {
    Write(name, "");
  }
  EXPECT_THAT(Ids(), ElementsAre("a"));
}

TEST_F(FindCaseFilesTest, RefusesAnotherNumberThanAnnounced) {
  Write("imagesTr/a_0000.nii.gz", "");
  ExpectStatus(Status(), StatusCode::kInvalidArgument, "announces 2 cases, but there are 1");
  ExpectStatus(Status(), StatusCode::kInvalidArgument, folder_.string());
}

TEST_F(FindCaseFilesTest, RefusesAFolderWithoutCases) {
  nnunet_.announced_cases.reset();
  ExpectStatus(Status(), StatusCode::kInvalidArgument, "no training cases");
  fs::remove(folder_ / "labelsTr");
  ExpectStatus(Status(), StatusCode::kNotFound, Path("labelsTr"));
  Write("labelsTr", "a file");
  ExpectStatus(Status(), StatusCode::kInvalidArgument, "cannot list");
}

TEST_F(FindCaseFilesTest, RefusesNamesWithControlCharacters) {
  nnunet_.announced_cases.reset();
  Write("labelsTr/a\nb.nii.gz", "");
  ExpectStatus(Status(), StatusCode::kInvalidArgument, "\"a\\nb\" has control characters");
}

TEST_F(FindCaseFilesTest, DoesNotListAFolderElsewhere) {
  fs::remove(folder_ / "labelsTr");
  fs::create_directory_symlink("/", folder_ / "labelsTr");
  ExpectStatus(Status(), StatusCode::kInvalidArgument, "symbolic link");
}

TEST_F(FindCaseFilesTest, TakesListedFilesAsTheyAre) {
  nnunet_.cases = {{"z", {"i/z0", "./i/z1"}, "./l/z"}, {"y", {"i/y0", "i/y1"}, "l/y"}};
  const auto files = FindCaseFiles(folder_.string(), nnunet_, 1);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ((*files)[0].id, "y");
  EXPECT_EQ((*files)[1].image, "i/z1");
  EXPECT_EQ((*files)[1].label, "l/z");
}

TEST_F(FindCaseFilesTest, RefusesTwoCasesOfOneName) {
  nnunet_.cases = {{"z", {"a/z", "a/z"}, "l/z"}, {"z", {"b/z", "b/z"}, "m/z"}};
  ExpectStatus(Status(), StatusCode::kInvalidArgument, "two cases have the name \"z\"");
}

TEST_F(FindCaseFilesTest, GivesTheRealPathOfAFileInside) {
  Write("imagesTr/a", "");
  fs::create_symlink("imagesTr/a", folder_ / "link");
  const std::string real = fs::canonical(folder_ / "imagesTr" / "a").string();
  for (const char* path : {"imagesTr/a", "./imagesTr/a", "imagesTr/./a", "imagesTr//a", "link"}) {
    EXPECT_EQ(ResolveInside(folder_.string(), path).value_or(""), real) << path;
  }
  fs::create_directory_symlink(folder_, folder_.string() + "-link");
  EXPECT_EQ(ResolveInside(folder_.string() + "-link", "link").value_or(""), real);
  fs::remove(folder_.string() + "-link");
}

TEST_F(FindCaseFilesTest, RefusesPathsThatLeaveTheFolder) {
  Write("imagesTr/a", "");
  fs::create_symlink("/etc/passwd", folder_ / "out");
  fs::create_directory_symlink("..", folder_ / "up");
  const std::string absolute = (folder_ / "imagesTr" / "a").string();
  const std::string named_alike = folder_.string() + "-sibling";
  fs::create_directories(named_alike);
  fs::create_directory_symlink(named_alike, folder_ / "sibling");
  for (const std::string& path : std::vector<std::string>{
           "", "/etc/passwd", absolute, "..", "../x", "imagesTr/../../x", "imagesTr/../imagesTr/a", "out",
           "up/" + folder_.filename().string() + "-sibling", "sibling", std::string("a\0b", 3), "a\n"}) {
    ExpectStatus(ResolveInside(folder_.string(), path).status(), StatusCode::kInvalidArgument, "folder");
  }
  fs::remove(named_alike);
}

TEST_F(FindCaseFilesTest, SaysWhatIsNotThere) {
  fs::create_symlink("nothing", folder_ / "dangling");
  fs::create_symlink("loop", folder_ / "loop");
  ExpectStatus(ResolveInside(folder_.string(), "x").status(), StatusCode::kNotFound, "no such file");
  ExpectStatus(ResolveInside(folder_.string(), "dangling").status(), StatusCode::kNotFound, "no such file");
  ExpectStatus(ResolveInside(folder_.string(), "loop").status(), StatusCode::kInvalidArgument,
               "cannot be reached");
  ExpectStatus(ResolveInside(Path("gone"), "x").status(), StatusCode::kNotFound, "no such file");
}

}  // namespace
}  // namespace sgpsam
