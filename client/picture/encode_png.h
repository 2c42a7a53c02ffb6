// A picture as the bytes of a PNG file. The only place that sees libpng.
#ifndef SGPSAM_CLIENT_PICTURE_ENCODE_PNG_H_
#define SGPSAM_CLIENT_PICTURE_ENCODE_PNG_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/picture/picture.h"

namespace sgpsam {

// INVALID_ARGUMENT for a picture without pixels, INTERNAL if libpng fails. Thread-safe.
absl::StatusOr<std::string> EncodePng(const Picture& picture);

}  // namespace sgpsam

#endif  // SGPSAM_CLIENT_PICTURE_ENCODE_PNG_H_
