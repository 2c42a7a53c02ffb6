#include "core/dicom/seg/cielab.h"

#include <algorithm>
#include <cmath>

namespace sgpsam {
namespace {

using Triple = std::array<double, 3>;

// sRGB primaries adapted to D50 by Bradford, as the ICC profile connection space has them.
constexpr double kToXyz[3][3] = {
    {0.4360747, 0.3850649, 0.1430804}, {0.2225045, 0.7168786, 0.0606169}, {0.0139322, 0.0971045, 0.7141733}};
constexpr double kToRgb[3][3] = {{3.1338561, -1.6168667, -0.4906146},
                                 {-0.9787684, 1.9161415, 0.0334540},
                                 {0.0719453, -0.2289914, 1.4052427}};
constexpr Triple kWhite = {0.96422, 1.0, 0.82521};
constexpr double kEpsilon = 216.0 / 24389.0, kKappa = 24389.0 / 27.0;

Triple Multiply(const double (&matrix)[3][3], const Triple& v) {
  Triple result{};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column) result[row] += matrix[row][column] * v[column];
  }
  return result;
}

double Linear(double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); }
double Gamma(double c) { return c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055; }

double LabCurve(double t) { return t > kEpsilon ? std::cbrt(t) : (kKappa * t + 16) / 116; }
double InverseLabCurve(double f) { return f * f * f > kEpsilon ? f * f * f : (116 * f - 16) / kKappa; }

template <typename Integer>
Integer Rounded(double value, double max) {
  return static_cast<Integer>(std::lround(std::clamp(value, 0.0, max)));
}

}  // namespace

std::array<uint16_t, 3> CieLabFromSrgb(const std::array<uint8_t, 3>& rgb) {
  const Triple xyz =
      Multiply(kToXyz, {Linear(rgb[0] / 255.0), Linear(rgb[1] / 255.0), Linear(rgb[2] / 255.0)});
  const double fx = LabCurve(xyz[0] / kWhite[0]), fy = LabCurve(xyz[1] / kWhite[1]),
               fz = LabCurve(xyz[2] / kWhite[2]);
  const double l = 116 * fy - 16, a = 500 * (fx - fy), b = 200 * (fy - fz);
  return {Rounded<uint16_t>(l * 65535 / 100, 65535), Rounded<uint16_t>((a + 128) * 65535 / 255, 65535),
          Rounded<uint16_t>((b + 128) * 65535 / 255, 65535)};
}

std::array<uint8_t, 3> SrgbFromCieLab(const std::array<uint16_t, 3>& lab) {
  const double l = lab[0] * 100.0 / 65535, a = lab[1] * 255.0 / 65535 - 128, b = lab[2] * 255.0 / 65535 - 128;
  const double fy = (l + 16) / 116;
  const Triple xyz = {InverseLabCurve(fy + a / 500) * kWhite[0], InverseLabCurve(fy) * kWhite[1],
                      InverseLabCurve(fy - b / 200) * kWhite[2]};
  const Triple rgb = Multiply(kToRgb, xyz);
  const auto byte = [](double c) { return Rounded<uint8_t>(Gamma(std::max(c, 0.0)) * 255, 255); };
  return {byte(rgb[0]), byte(rgb[1]), byte(rgb[2])};
}

}  // namespace sgpsam
