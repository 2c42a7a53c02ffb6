// SHA-256, the project's only content address: volumes, logits, model files and cache keys.
#ifndef SGPSAM_CORE_BASE_DIGEST_H_
#define SGPSAM_CORE_BASE_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sgpsam {

struct Digest {
  std::array<uint8_t, 32> bytes{};

  std::string ToHex() const;                                         // 64 lower-case characters
  std::string ToBytes() const;                                       // 32 bytes
  static absl::StatusOr<Digest> FromBytes(absl::string_view bytes);  // INVALID_ARGUMENT unless 32 bytes

  friend bool operator==(const Digest& a, const Digest& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const Digest& a, const Digest& b) { return a.bytes != b.bytes; }
  friend bool operator<(const Digest& a, const Digest& b) { return a.bytes < b.bytes; }
  template <typename H>
  friend H AbslHashValue(H h, const Digest& d) {
    return H::combine(std::move(h), d.bytes);
  }
};

// Incremental SHA-256 (OpenSSL's). Movable; one thread at a time; unusable after Finish.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& Update(const void* data, size_t size);
  Sha256& Update(absl::string_view text) { return Update(text.data(), text.size()); }
  Digest Finish();

  static Digest Of(const void* data, size_t size) { return Sha256().Update(data, size).Finish(); }
  static Digest Of(absl::string_view text) { return Of(text.data(), text.size()); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The digest of a set of files whose order does not matter: SHA-256 over their digests, ascending.
// The contract's definition for a DICOM series (proto/sgpsam/v1/segmentation.proto, VolumeSource.sha256).
Digest DigestOfSet(absl::Span<const Digest> digests);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_DIGEST_H_
