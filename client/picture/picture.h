// An RGB picture in memory and the few things that are drawn on it: for previews of segmentations. x goes to
// the right, y down; everything is clipped to the picture unless it says otherwise.
// As thread-safe as a vector.
#ifndef SGPSAM_CLIENT_PICTURE_PICTURE_H_
#define SGPSAM_CLIENT_PICTURE_PICTURE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace sgpsam {

using Rgb = std::array<uint8_t, 3>;

class Picture {
 public:
  // The middle of pixel x, y is the point x, y.
  struct Point {
    double x = 0, y = 0;
  };

  // Black.
  Picture(int width, int height) : width_(width), height_(height), pixels_(Count(width, height), Rgb{}) {}

  int width() const { return width_; }
  int height() const { return height_; }
  Rgb& at(int x, int y) { return pixels_[Count(width_, y) + static_cast<size_t>(x)]; }
  const Rgb& at(int x, int y) const { return pixels_[Count(width_, y) + static_cast<size_t>(x)]; }

  // Mixes a colour into a pixel of the picture; opacity from 0 to 1.
  void Blend(int x, int y, const Rgb& colour, double opacity);
  // A filled rectangle.
  void Fill(int x, int y, int width, int height, const Rgb& colour);
  // A stroke `width` pixels wide with round ends; a dot if both points are the same. Coordinates are finite.
  void Line(const Point& from, const Point& to, double width, const Rgb& colour);
  // One line of text (client/picture/text.h) whose capitals are `size` pixels high, their upper left corner
  // at x, y. Accents reach above that, the tails of some small letters below, by up to half of it.
  void Write(int x, int y, absl::string_view utf8, int size, const Rgb& colour);
  static int TextWidth(absl::string_view utf8, int size);

  // x and y are at least 0.
  void Paste(const Picture& other, int x, int y);
  // Half as wide and high, each pixel the mean of four: what makes drawn edges smooth.
  Picture Halved() const;

 private:
  static size_t Count(int a, int b) { return static_cast<size_t>(a) * static_cast<size_t>(b); }

  int width_, height_;
  std::vector<Rgb> pixels_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CLIENT_PICTURE_PICTURE_H_
