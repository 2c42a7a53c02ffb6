// The letters of pictures, as dots: small enough to need no font file, large enough for axes and legends.
#ifndef SGPSAM_CORE_PICTURE_GLYPHS_H_
#define SGPSAM_CORE_PICTURE_GLYPHS_H_

#include <array>
#include <cstdint>

namespace sgpsam {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kGlyphHeight = 7;   // above the line on which letters stand
inline constexpr int kGlyphDescent = 2;  // below it

struct Glyph {
  char letter;
  std::array<uint8_t, kGlyphHeight + kGlyphDescent> rows;  // the lowest five bits, leftmost dot highest
};

// nullptr if there is none.
const Glyph* FindGlyph(char letter);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_PICTURE_GLYPHS_H_
