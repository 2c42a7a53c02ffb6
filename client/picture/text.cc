#include "client/picture/text.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cstddef>

// The typeface's file, put here by the assembler.
asm(".section .rodata\n"
    ".balign 16\n"
    "sgpsam_font_begin: .incbin \"" SGPSAM_FONT
    "\"\n"
    "sgpsam_font_end:\n"
    ".previous\n");
extern "C" const unsigned char sgpsam_font_begin[] __attribute__((visibility("hidden")));
extern "C" const unsigned char sgpsam_font_end[] __attribute__((visibility("hidden")));

namespace sgpsam {
namespace {

constexpr double kCapitalsOfEm = 1493.0 / 2048;  // of DejaVu Sans
constexpr uint32_t kReplacement = 0xFFFD;

// FreeType's objects are one thread's.
class Typeface {
 public:
  Typeface() {
    if (FT_Init_FreeType(&library_) != 0) library_ = nullptr;
    if (library_ == nullptr || FT_New_Memory_Face(library_, sgpsam_font_begin,
                                                  sgpsam_font_end - sgpsam_font_begin, 0, &face_) != 0) {
      face_ = nullptr;
    }
  }
  ~Typeface() {
    if (face_ != nullptr) FT_Done_Face(face_);
    if (library_ != nullptr) FT_Done_FreeType(library_);
  }
  Typeface(const Typeface&) = delete;
  Typeface& operator=(const Typeface&) = delete;

  // nullptr if there is no memory for it: text is then left out.
  FT_Face OfSize(int size) {
    const auto em = static_cast<FT_F26Dot6>(std::clamp(size, 1, 200) / kCapitalsOfEm * 64);
    return face_ != nullptr && FT_Set_Char_Size(face_, em, em, 72, 72) == 0 ? face_ : nullptr;
  }

 private:
  FT_Library library_ = nullptr;
  FT_Face face_ = nullptr;
};

FT_Face FaceOfSize(int size) {
  thread_local Typeface typeface;
  return typeface.OfSize(size);
}

// The next code point, taken off the front of a text that is not empty.
uint32_t TakeLetter(absl::string_view& utf8) {
  const auto byte = [&](size_t n) { return static_cast<uint8_t>(utf8[n]); };
  const uint8_t lead = byte(0);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : (lead >> 4) == 0xE          ? 3
                        : (lead >> 3) == 0x1E         ? 4
                                                      : 0;
  uint32_t letter = length < 2 ? lead : lead & (0x7Fu >> length);
  bool sound = length != 0 && length <= utf8.size();
  for (size_t n = 1; sound && n < length; ++n) {
    sound = (byte(n) & 0xC0) == 0x80;
    letter = (letter << 6) | (byte(n) & 0x3Fu);
  }
  utf8.remove_prefix(sound ? length : 1);
  return sound ? letter : kReplacement;
}

// Calls `visit` with the face, which holds a letter, and where the letter begins, in 64ths of a pixel;
// returns where the line ends.
template <typename Visit>
FT_Pos ForEachLetter(FT_Face face, absl::string_view utf8, FT_Int32 flags, Visit visit) {
  FT_Pos pen = 0;
  FT_UInt before = 0;
  while (!utf8.empty()) {
    const FT_UInt glyph = FT_Get_Char_Index(face, TakeLetter(utf8));
    FT_Vector kerning{};
    if (before != 0 && FT_Get_Kerning(face, before, glyph, FT_KERNING_UNFITTED, &kerning) == 0)
      pen += kerning.x;
    before = glyph;
    if (FT_Load_Glyph(face, glyph, flags) != 0) continue;
    visit(pen);
    pen += face->glyph->advance.x;
  }
  return pen;
}

constexpr FT_Int32 kOutlines = FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP;

}  // namespace

int TextAdvance(absl::string_view utf8, int size) {
  FT_Face face = FaceOfSize(size);
  if (face == nullptr) return 0;
  return static_cast<int>((ForEachLetter(face, utf8, kOutlines, [](FT_Pos) {}) + 63) / 64);
}

TextCoverage RenderText(absl::string_view utf8, int size) {
  TextCoverage text;
  FT_Face face = FaceOfSize(size);
  if (face == nullptr) return text;
  // Room for what hangs out of the line on either side, for accents above and tails below.
  text.left = text.top = -size;
  text.width = TextAdvance(utf8, size) + 2 * size;
  text.height = 3 * size;
  text.covered.assign(static_cast<size_t>(text.width) * static_cast<size_t>(text.height), 0);
  ForEachLetter(face, utf8, kOutlines | FT_LOAD_RENDER, [&](FT_Pos pen) {
    const FT_GlyphSlot slot = face->glyph;
    const int x = static_cast<int>(pen / 64) + slot->bitmap_left - text.left;
    const int y = size - slot->bitmap_top - text.top;
    for (int row = 0; row < static_cast<int>(slot->bitmap.rows); ++row) {
      for (int column = 0; column < static_cast<int>(slot->bitmap.width); ++column) {
        if (x + column < 0 || x + column >= text.width || y + row < 0 || y + row >= text.height) continue;
        uint8_t& covered = text.covered[static_cast<size_t>(y + row) * static_cast<size_t>(text.width) +
                                        static_cast<size_t>(x + column)];
        covered = std::max(covered, slot->bitmap.buffer[row * slot->bitmap.pitch + column]);
      }
    }
  });
  return text;
}

}  // namespace sgpsam
