// The colours of segments that were given none: as far apart as 16 colours can be that show on a grey
// picture. One list for what the server writes and what a preview draws. Constants.
#ifndef SGPSAM_CORE_VOLUME_SEGMENT_COLOURS_H_
#define SGPSAM_CORE_VOLUME_SEGMENT_COLOURS_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace sgpsam {

// sRGB. Any two are at least 40 apart in CIELab (CIE 1976), and each at least 33 from grey.
inline constexpr std::array<std::array<uint8_t, 3>, 16> kSegmentColours{{{255, 64, 64},
                                                                         {0, 255, 0},
                                                                         {0, 105, 255},
                                                                         {60, 240, 240},
                                                                         {255, 210, 0},
                                                                         {255, 0, 195},
                                                                         {255, 195, 255},
                                                                         {60, 135, 30},
                                                                         {225, 165, 120},
                                                                         {0, 165, 240},
                                                                         {180, 0, 255},
                                                                         {210, 60, 120},
                                                                         {0, 255, 165},
                                                                         {255, 135, 15},
                                                                         {180, 240, 45},
                                                                         {195, 240, 180}}};

// Of the segment with this index, from 0; they repeat after the last one.
constexpr const std::array<uint8_t, 3>& SegmentColour(size_t index) {
  return kSegmentColours[index % kSegmentColours.size()];
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_SEGMENT_COLOURS_H_
