#include "client/cli/preview/picture.h"

#include <png.h>

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"

namespace sgpsam::cli {
namespace {

constexpr int kGlyphWidth = 5, kGlyphHeight = 7;

struct Glyph {
  char letter;
  std::array<uint8_t, kGlyphHeight> rows;  // the lowest five bits, leftmost dot highest
};

constexpr Glyph kGlyphs[] = {
    {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}}, {'L', {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f}},
    {'A', {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}}, {'P', {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10}},
    {'H', {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}}, {'F', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10}},
    {'m', {0x00, 0x00, 0x1a, 0x15, 0x15, 0x15, 0x15}}, {'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}},
    {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}}, {'2', {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f}},
    {'3', {0x1e, 0x01, 0x01, 0x0e, 0x01, 0x01, 0x1e}}, {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}},
    {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}}, {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}},
    {'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}}, {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}},
    {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}}};

uint8_t Mix(uint8_t below, uint8_t above, double opacity) {
  return static_cast<uint8_t>(std::lround(below + (above - below) * opacity));
}

}  // namespace

void Picture::Blend(int x, int y, const Rgb& colour, double opacity) {
  Rgb& pixel = at(x, y);
  for (size_t c = 0; c < 3; ++c) pixel[c] = Mix(pixel[c], colour[c], opacity);
}

void Picture::Fill(int x, int y, int width, int height, const Rgb& colour) {
  for (int row = std::max(y, 0); row < std::min(y + height, height_); ++row) {
    for (int column = std::max(x, 0); column < std::min(x + width, width_); ++column)
      at(column, row) = colour;
  }
}

void Picture::Write(int x, int y, absl::string_view text, int dot, const Rgb& colour) {
  for (const char letter : text) {
    const auto* glyph = std::find_if(std::begin(kGlyphs), std::end(kGlyphs),
                                     [letter](const Glyph& g) { return g.letter == letter; });
    for (int row = 0; glyph != std::end(kGlyphs) && row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        const bool set = (glyph->rows[static_cast<size_t>(row)] >> (kGlyphWidth - 1 - column)) & 1;
        if (set) Fill(x + column * dot, y + row * dot, dot, dot, colour);
      }
    }
    x += (kGlyphWidth + 1) * dot;
  }
}

int Picture::TextWidth(absl::string_view text, int dot) {
  return (static_cast<int>(text.size()) * (kGlyphWidth + 1) - 1) * dot;
}

int Picture::TextHeight(int dot) { return kGlyphHeight * dot; }

void Picture::Paste(const Picture& other, int x, int y) {
  for (int row = 0; row < other.height_ && y + row < height_; ++row) {
    for (int column = 0; column < other.width_ && x + column < width_; ++column) {
      at(x + column, y + row) = other.at(column, row);
    }
  }
}

Picture Picture::Halved() const {
  Picture half(width_ / 2, height_ / 2);
  for (int y = 0; y < half.height_; ++y) {
    for (int x = 0; x < half.width_; ++x) {
      for (size_t c = 0; c < 3; ++c) {
        const int sum = at(2 * x, 2 * y)[c] + at(2 * x + 1, 2 * y)[c] + at(2 * x, 2 * y + 1)[c] +
                        at(2 * x + 1, 2 * y + 1)[c];
        half.at(x, y)[c] = static_cast<uint8_t>((sum + 2) / 4);
      }
    }
  }
  return half;
}

absl::StatusOr<std::string> EncodePng(const Picture& picture) {
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

}  // namespace sgpsam::cli
