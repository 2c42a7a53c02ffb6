// From the noiseless canvas to what a scanner would show: the reconstruction's blur, noise with its texture,
// shading, whole numbers. Pure functions.
#ifndef SGPSAM_TOOLS_SYNTHESIS_SCAN_H_
#define SGPSAM_TOOLS_SYNTHESIS_SCAN_H_

#include "absl/status/statusor.h"
#include "core/base/byte_buffer.h"
#include "tools/synthesis/canvas.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/torso.h"

namespace sgpsam::synthesis {

struct ScanSettings {
  float noise_hu = 10;         // standard deviation deep in the body; less towards the skin and outside
  float blur_mm = 0.6f;        // in plane, as the sigma of a Gaussian
  float grain_mm = 0.7f;       // of the noise, likewise
  float sharpness = 0.6f;      // 0 to 1: how much of the coarse noise the kernel takes away
  float slice_profile_mm = 1;  // over what distance slices share their noise
  float shading_hu = 4;        // slow drifts over the field of view
  float cupping_hu = 3;        // the middle darker than the skin
};

// Low to high dose, smooth to sharp kernels.
ScanSettings DrawScanSettings(Random random);

// int16 samples of the canvas's view. RESOURCE_EXHAUSTED if there is no memory.
absl::StatusOr<ByteBuffer> Scan(const Canvas& canvas, const Torso& torso, const ScanSettings& settings,
                                Random random);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_SCAN_H_
