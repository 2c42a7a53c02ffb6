#include "core/base/pem_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr uint64_t kMaxPemBytes = uint64_t{4} << 20;  // the authorities of a whole system are 0.2 MB

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

// Bytes that may be a key: nothing of them stays in memory.
class PemFile {
 public:
  static absl::StatusOr<PemFile> Read(const std::string& path) {
    ASSIGN_OR_RETURN(ByteBuffer bytes, ReadFile(path, kMaxPemBytes));
    return PemFile(std::move(bytes));
  }
  ~PemFile() {
    if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
    ERR_clear_error();  // of this thread: what was not in the file is no error of the next call
  }
  PemFile(PemFile&&) noexcept = default;

  BIO* bio() const { return bio_.get(); }

 private:
  explicit PemFile(ByteBuffer bytes)
      : bytes_(std::move(bytes)), bio_(BIO_new_mem_buf(bytes_.data(), static_cast<int>(bytes_.size()))) {}

  ByteBuffer bytes_;
  std::unique_ptr<BIO, Free> bio_;
};

// OpenSSL would ask the terminal for the passphrase of an encrypted key.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

absl::StatusOr<Key> ReadKey(const std::string& path) {
  ASSIGN_OR_RETURN(const PemFile file, PemFile::Read(path));
  bool encrypted = false;
  Key key(PEM_read_bio_PrivateKey(file.bio(), nullptr, NoPassphrase, &encrypted));
  if (key != nullptr) return key;
  return absl::InvalidArgumentError(
      absl::StrCat(path, encrypted ? " is protected by a passphrase; give the key without one"
                                   : " holds no private key in PEM"));
}

}  // namespace

absl::Status CheckCertificates(const std::string& path) {
  ASSIGN_OR_RETURN(const PemFile file, PemFile::Read(path));
  int found = 0;
  while (Certificate(PEM_read_bio_X509(file.bio(), nullptr, nullptr, nullptr)) != nullptr) ++found;
  // Behind the last one, or where the file has none, there is nothing that begins like one.
  const bool complete = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (found > 0 && complete) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, complete ? " holds no certificate in PEM" : " holds a certificate that is damaged"));
}

absl::Status CheckPrivateKey(const std::string& path) { return ReadKey(path).status(); }

absl::Status CheckKeyBelongs(const std::string& key_path, const std::string& certificates) {
  ASSIGN_OR_RETURN(const Key key, ReadKey(key_path));
  ASSIGN_OR_RETURN(const PemFile file, PemFile::Read(certificates));
  const Certificate first(PEM_read_bio_X509(file.bio(), nullptr, nullptr, nullptr));
  if (first != nullptr && X509_check_private_key(first.get(), key.get()) == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the key in ", key_path, " does not belong to the first certificate in ", certificates));
}

}  // namespace sgpsam
