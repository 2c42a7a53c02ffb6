#include "core/base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {

std::string Digest::ToBytes() const { return std::string(bytes.begin(), bytes.end()); }

std::string Digest::ToHex() const { return absl::BytesToHexString(ToBytes()); }

absl::StatusOr<Digest> Digest::FromBytes(absl::string_view bytes) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a SHA-256 digest has 32 bytes, this one has ", bytes.size()));
  }
  std::memcpy(digest.bytes.data(), bytes.data(), bytes.size());
  return digest;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::Update(const void* data, size_t size) {
  EVP_DigestUpdate(state_->context, data, size);
  return *this;
}

Digest Sha256::Finish() {
  Digest digest;
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest.bytes.data(), &size);
  return digest;
}

Digest DigestOfSet(absl::Span<const Digest> digests) {
  std::vector<Digest> sorted(digests.begin(), digests.end());
  std::sort(sorted.begin(), sorted.end());
  Sha256 hash;
  for (const Digest& digest : sorted) hash.Update(digest.bytes.data(), digest.bytes.size());
  return hash.Finish();
}

}  // namespace sgpsam
