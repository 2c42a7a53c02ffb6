#include "client/picture/encode_png.h"

#include <gtest/gtest.h>
#include <png.h>

#include <vector>

namespace sgpsam {
namespace {

TEST(EncodePng, GivesAPngThatReadsBack) {
  Picture picture(3, 2);
  picture.at(2, 1) = {1, 2, 3};
  const auto bytes = EncodePng(picture);
  ASSERT_TRUE(bytes.ok());
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_TRUE(png_image_begin_read_from_memory(&image, bytes->data(), bytes->size()));
  image.format = PNG_FORMAT_RGB;
  ASSERT_EQ(image.width, 3u);
  ASSERT_EQ(image.height, 2u);
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(image));
  ASSERT_TRUE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr));
  EXPECT_EQ(std::vector<uint8_t>(pixels.end() - 3, pixels.end()), (std::vector<uint8_t>{1, 2, 3}));
}

TEST(EncodePng, RefusesAPictureWithoutPixels) {
  EXPECT_EQ(EncodePng(Picture(0, 2)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(EncodePng(Picture(2, 0)).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
