// The files that one end of a TLS connection is given, checked before a connection is tried: gRPC reads them
// itself and says no more of a wrong one than that no connection could be made. Both ends of the contract
// call it. Errors name the files by their paths and never say what a key holds: INVALID_ARGUMENT for what is
// in them, NOT_FOUND, PERMISSION_DENIED and the like for what cannot be read. Pure functions of the files.
#ifndef SGPSAM_CORE_BASE_PEM_FILES_H_
#define SGPSAM_CORE_BASE_PEM_FILES_H_

#include <string>

#include "absl/status/status.h"

namespace sgpsam {

// One or more certificates in PEM, as a chain or a bundle of authorities. What else is in the file is
// ignored.
absl::Status CheckCertificates(const std::string& path);

// A private key in PEM that no passphrase protects, for nobody is there to type it.
absl::Status CheckPrivateKey(const std::string& path);

// Whether the key belongs to the first certificate, once either file has been checked by itself.
absl::Status CheckKeyBelongs(const std::string& key, const std::string& certificates);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_PEM_FILES_H_
