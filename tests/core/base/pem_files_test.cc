#include "core/base/pem_files.h"

#include <gmock/gmock.h>

#include "tests/support/certificates.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

std::string Complaint(const absl::Status& status) {
  EXPECT_FALSE(status.ok());
  return std::string(status.message());
}

TEST(PemFiles, TakeAChainAndItsKey) {
  const TestCertificates files;
  for (const char* name : {"server.pem", "both.pem"})
    EXPECT_TRUE(CheckCertificates(files.Path(name)).ok()) << name;
  EXPECT_TRUE(CheckPrivateKey(files.Path("server.key")).ok());
  EXPECT_TRUE(CheckKeyBelongs(files.Path("server.key"), files.Path("server.pem")).ok());
}

TEST(PemFiles, AreNamedWithWhatIsWrong) {
  const TestCertificates files;
  EXPECT_EQ(CheckCertificates(files.Path("absent.pem")).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Complaint(CheckCertificates(files.Path("absent.pem"))), HasSubstr("absent.pem"));
  EXPECT_THAT(Complaint(CheckCertificates(files.Path("text.pem"))),
              HasSubstr("text.pem holds no certificate in PEM"));
  EXPECT_THAT(Complaint(CheckCertificates(files.Path("server.key"))),
              HasSubstr("server.key holds no certificate in PEM"));
  EXPECT_THAT(Complaint(CheckCertificates(files.Path("damaged.pem"))),
              HasSubstr("damaged.pem holds a certificate that is damaged"));
  EXPECT_THAT(Complaint(CheckPrivateKey(files.Path("server.pem"))),
              HasSubstr("server.pem holds no private key in PEM"));
}

TEST(PemFiles, AKeyOfAnotherCertificateIsRefused) {
  const TestCertificates files;
  EXPECT_THAT(Complaint(CheckKeyBelongs(files.Path("client.key"), files.Path("server.pem"))),
              ::testing::MatchesRegex("the key in .*client.key does not belong to .* in .*server.pem"));
}

// OpenSSL would ask the terminal for it.
TEST(PemFiles, AKeyWithAPassphraseIsRefusedWithoutAskingForIt) {
  const TestCertificates files;
  EXPECT_THAT(Complaint(CheckPrivateKey(files.Path("encrypted.key"))),
              HasSubstr("encrypted.key is protected by a passphrase"));
}

}  // namespace
}  // namespace sgpsam
