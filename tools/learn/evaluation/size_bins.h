// How large a lesion is, and the three groups of sizes that results are reported by. Pure functions.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_SIZE_BINS_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_SIZE_BINS_H_

#include <array>
#include <cstdint>

namespace sgpsam {

// Below 5 mm; at least 5 and below 10 mm; 10 mm and more.
enum class SizeBin { kLt5Mm, k5To10Mm, kGe10Mm };

inline constexpr std::array<SizeBin, 3> kSizeBins{SizeBin::kLt5Mm, SizeBin::k5To10Mm, SizeBin::kGe10Mm};

// As in reports: "lt5mm", "5to10mm", "ge10mm".
const char* NameOf(SizeBin bin);

// The diameter in mm of the ball that has the volume of `voxels` voxels of `voxel_ml` millilitres
// (Geometry::voxel_ml).
double EquivalentDiameterMm(uint64_t voxels, double voxel_ml);

SizeBin SizeBinOf(double diameter_mm);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_SIZE_BINS_H_
