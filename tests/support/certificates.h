// The certificates of tests/support/make_certificates.sh, in a folder that is gone with the object. Each
// object has authorities of its own; a copy has the same files in another folder.
#ifndef SGPSAM_TESTS_SUPPORT_CERTIFICATES_H_
#define SGPSAM_TESTS_SUPPORT_CERTIFICATES_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace sgpsam {

class TestCertificates {
 public:
  TestCertificates() : folder_(NewFolder()) {
    const std::string script = std::string(SGPSAM_SOURCE_DIR) + "/tests/support/make_certificates.sh";
    EXPECT_EQ(std::system((script + " " + folder_.string()).c_str()), 0);
  }
  ~TestCertificates() { std::filesystem::remove_all(folder_); }
  TestCertificates(const TestCertificates& other) : folder_(NewFolder()) {
    std::filesystem::copy(other.folder_, folder_);
  }
  TestCertificates& operator=(const TestCertificates&) = delete;

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  // Puts the certificate of one name, or its key, under another one, as a renewal does: by renaming.
  void Replace(const std::string& name, const std::string& with) const {
    std::filesystem::copy_file(folder_ / with, folder_ / "new");
    std::filesystem::rename(folder_ / "new", folder_ / name);
  }

 private:
  static std::string NewFolder() {
    std::string name = ::testing::TempDir() + "certificates-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }

  const std::filesystem::path folder_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_CERTIFICATES_H_
