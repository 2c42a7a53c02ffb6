#include "tools/synthesis/lesion_json.h"

#include <string>

#include "nlohmann/json.hpp"

namespace sgpsam::synthesis {

nlohmann::ordered_json LesionsJson(const std::vector<Lesion>& lesions, double voxel_ml) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Lesion& lesion : lesions) {
    list.push_back({{"label", lesion.label},
                    {"centre_lps_mm", {lesion.centre.x, lesion.centre.y, lesion.centre.z}},
                    {"voxels", lesion.voxels},
                    {"volume_ml", static_cast<double>(lesion.voxels) * voxel_ml},
                    {"diameter_mm", lesion.diameter_mm},
                    {"contrast_hu", lesion.contrast_hu},
                    {"organ", std::string(StructureName(lesion.organ))}});
  }
  return list;
}

}  // namespace sgpsam::synthesis
