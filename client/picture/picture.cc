#include "client/picture/picture.h"

#include <algorithm>
#include <cmath>

#include "client/picture/text.h"

namespace sgpsam {
namespace {

uint8_t Mix(uint8_t below, uint8_t above, double opacity) {
  return static_cast<uint8_t>(std::lround(below + (above - below) * opacity));
}

struct Span {
  int begin, end;
};

// The pixels 0 to size - 1 whose middles lie between a and b or not further than `reach` from them.
Span PixelsWithin(double a, double b, double reach, int size) {
  const double first = std::clamp(std::ceil(std::min(a, b) - reach), 0.0, static_cast<double>(size));
  const double last = std::clamp(std::floor(std::max(a, b) + reach), -1.0, size - 1.0);
  return {static_cast<int>(first), static_cast<int>(last) + 1};
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

void Picture::Line(const Point& from, const Point& to, double width, const Rgb& colour) {
  const double reach = width / 2, dx = to.x - from.x, dy = to.y - from.y, squared = dx * dx + dy * dy;
  const Span rows = PixelsWithin(from.y, to.y, reach, height_);
  for (int y = rows.begin; y < rows.end; ++y) {
    // Only the part of the stroke that comes near this row can cover anything in it.
    const double above = dy == 0 ? 0 : (y - reach - from.y) / dy,
                 below = dy == 0 ? 1 : (y + reach - from.y) / dy;
    const double begin = from.x + std::clamp(std::min(above, below), 0.0, 1.0) * dx;
    const double end = from.x + std::clamp(std::max(above, below), 0.0, 1.0) * dx;
    const Span columns = PixelsWithin(begin, end, reach, width_);
    for (int x = columns.begin; x < columns.end; ++x) {
      const double along = squared == 0 ? 0 : ((x - from.x) * dx + (y - from.y) * dy) / squared;
      const double nearest = std::clamp(along, 0.0, 1.0);
      const double across = x - from.x - nearest * dx, down = y - from.y - nearest * dy;
      if (across * across + down * down <= reach * reach) at(x, y) = colour;
    }
  }
}

void Picture::Write(int x, int y, absl::string_view utf8, int size, const Rgb& colour) {
  const TextCoverage text = RenderText(utf8, size);
  for (int row = 0; row < text.height; ++row) {
    for (int column = 0; column < text.width; ++column) {
      const int to_x = x + text.left + column, to_y = y + text.top + row;
      if (to_x < 0 || to_y < 0 || to_x >= width_ || to_y >= height_) continue;
      const uint8_t covered = text.covered[Count(text.width, row) + static_cast<size_t>(column)];
      if (covered != 0) Blend(to_x, to_y, colour, covered / 255.0);
    }
  }
}

int Picture::TextWidth(absl::string_view utf8, int size) { return TextAdvance(utf8, size); }

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

}  // namespace sgpsam
