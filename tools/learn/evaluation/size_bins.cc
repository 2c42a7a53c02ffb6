#include "tools/learn/evaluation/size_bins.h"

#include <cmath>
#include <numbers>

namespace sgpsam {

const char* NameOf(SizeBin bin) {
  switch (bin) {
    case SizeBin::kLt5Mm: return "lt5mm";
    case SizeBin::k5To10Mm: return "5to10mm";
    case SizeBin::kGe10Mm: break;
  }
  return "ge10mm";
}

double EquivalentDiameterMm(uint64_t voxels, double voxel_ml) {
  const double mm3 = 1000 * voxel_ml * static_cast<double>(voxels);
  return std::cbrt(6 * mm3 / std::numbers::pi);
}

SizeBin SizeBinOf(double diameter_mm) {
  if (diameter_mm < 5) return SizeBin::kLt5Mm;
  return diameter_mm < 10 ? SizeBin::k5To10Mm : SizeBin::kGe10Mm;
}

}  // namespace sgpsam
