// A lesion as `synthesize` and data sets describe it. A pure function.
#ifndef SGPSAM_TOOLS_SYNTHESIS_LESION_JSON_H_
#define SGPSAM_TOOLS_SYNTHESIS_LESION_JSON_H_

#include <vector>

#include "nlohmann/json_fwd.hpp"
#include "tools/synthesis/synthetic_case.h"

namespace sgpsam::synthesis {

// [{"label": 1, "centre_lps_mm": [x, y, z], "voxels": …, "volume_ml": …, "diameter_mm": …, "contrast_hu": …,
// "organ": "liver"}, …], the largest first.
nlohmann::ordered_json LesionsJson(const std::vector<Lesion>& lesions, double voxel_ml);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_LESION_JSON_H_
