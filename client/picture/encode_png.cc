#include "client/picture/encode_png.h"

#include <png.h>

#include <cstdint>

#include "absl/status/status.h"

namespace sgpsam {

absl::StatusOr<std::string> EncodePng(const Picture& picture) {
  if (picture.width() == 0 || picture.height() == 0) {
    return absl::InvalidArgumentError("a picture without pixels cannot be a PNG");
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width());
  image.height = static_cast<png_uint_32>(picture.height());
  image.format = PNG_FORMAT_RGB;
  static_assert(sizeof(Rgb) == 3, "pixels lie as libpng wants them");
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, &picture.at(0, 0), 0, nullptr)) {
    return absl::InternalError("libpng could not write the picture");
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace sgpsam
