// sRGB colours <-> CIELab as DICOM stores it (PS3.3 C.10.7.1.1: D50 white, 16 bits a component). Pure.
#ifndef SGPSAM_CORE_DICOM_SEG_CIELAB_H_
#define SGPSAM_CORE_DICOM_SEG_CIELAB_H_

#include <array>
#include <cstdint>

namespace sgpsam {

std::array<uint16_t, 3> CieLabFromSrgb(const std::array<uint8_t, 3>& rgb);
std::array<uint8_t, 3> SrgbFromCieLab(const std::array<uint16_t, 3>& lab);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_CIELAB_H_
