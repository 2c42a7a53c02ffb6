// An RGB picture in memory and the few things that are drawn on it. As thread-safe as a vector.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_PICTURE_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_PICTURE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam::cli {

using Rgb = std::array<uint8_t, 3>;

class Picture {
 public:
  Picture(int width, int height) : width_(width), height_(height), pixels_(Count(width, height), Rgb{}) {}

  int width() const { return width_; }
  int height() const { return height_; }
  Rgb& at(int x, int y) { return pixels_[Count(width_, y) + static_cast<size_t>(x)]; }
  const Rgb& at(int x, int y) const { return pixels_[Count(width_, y) + static_cast<size_t>(x)]; }

  // Mixes a colour into a pixel; opacity from 0 to 1.
  void Blend(int x, int y, const Rgb& colour, double opacity);
  // A filled rectangle, clipped.
  void Fill(int x, int y, int width, int height, const Rgb& colour);
  // Capital letters R L A P H F, digits, 'm' and blanks; others are left blank. `dot` pixels a dot.
  void Write(int x, int y, absl::string_view text, int dot, const Rgb& colour);
  static int TextWidth(absl::string_view text, int dot);
  static int TextHeight(int dot);

  void Paste(const Picture& other, int x, int y);
  // Half as wide and high, each pixel the mean of four: what makes drawn edges smooth.
  Picture Halved() const;

 private:
  static size_t Count(int a, int b) { return static_cast<size_t>(a) * static_cast<size_t>(b); }

  int width_, height_;
  std::vector<Rgb> pixels_;
};

// A PNG file's bytes.
absl::StatusOr<std::string> EncodePng(const Picture& picture);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_PICTURE_H_
