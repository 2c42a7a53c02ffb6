// Which scaling of a model's intensities a volume gets (ModelInfo.intensities). Pure functions.
#ifndef SGPSAM_CORE_TRANSFORM_INTENSITY_SCALING_H_
#define SGPSAM_CORE_TRANSFORM_INTENSITY_SCALING_H_

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/engine/engine.h"
#include "core/transform/prepare.h"
#include "core/volume/volume.h"

namespace sgpsam {

// Of the volume's samples above 0, or of all if those are fewer than a hundredth; of at most 2^18, evenly
// picked, so that a volume of any size costs a few milliseconds. Samples that are not finite do not count.
struct IntensityMoments {
  double mean = 0, standard_deviation = 1;  // > 0; 1 of a volume without any contrast
};
IntensityMoments MeasureIntensities(const Volume& volume,
                                    const std::optional<IntensityClamp>& clamp = std::nullopt);

// The scaling of `modality` ((0008,0060) Modality, or "" if it is not known) among `scalings`; without any,
// the reference's. Windows by deviation become windows of this volume's values.
PatchScaling ChooseScaling(const std::vector<IntensityScaling>& scalings, absl::string_view modality,
                           const Volume& volume, const std::optional<IntensityClamp>& clamp = std::nullopt);
// The same of a volume that was measured before.
PatchScaling ChooseScaling(const std::vector<IntensityScaling>& scalings, absl::string_view modality,
                           const IntensityMoments& moments);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_INTENSITY_SCALING_H_
