// One line of text in DejaVu Sans, whose file is part of the program: no font need be installed where it
// runs. Latin, Greek, Cyrillic and more; letters that it lacks, as Chinese ones, are drawn as boxes, and
// scripts from right to left are not turned. The only place that sees FreeType. Thread-safe.
#ifndef SGPSAM_CLIENT_PICTURE_TEXT_H_
#define SGPSAM_CLIENT_PICTURE_TEXT_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace sgpsam {

// What each pixel is covered by, 0 to 255, row by row.
struct TextCoverage {
  int width = 0, height = 0;
  int left = 0, top = 0;  // of the first pixel, from where the line begins and from the top of its capitals
  std::vector<uint8_t> covered;
};

// `size` is the height of capitals in pixels, 1 to 200. Bytes that are not UTF-8 become U+FFFD.
TextCoverage RenderText(absl::string_view utf8, int size);

// From where the line begins to where the next letter would.
int TextAdvance(absl::string_view utf8, int size);

}  // namespace sgpsam

#endif  // SGPSAM_CLIENT_PICTURE_TEXT_H_
