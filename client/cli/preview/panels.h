// The picture of a preview: axial, coronal and sagittal planes through the middle of the segments, at
// one scale, as a radiologist looks at them (the patient's right on the picture's left, head up), with
// each segment's outline. Pure functions.
#ifndef SGPSAM_CLIENT_CLI_PREVIEW_PANELS_H_
#define SGPSAM_CLIENT_CLI_PREVIEW_PANELS_H_

#include "client/cli/preview/scene.h"
#include "core/picture/picture.h"

namespace sgpsam::cli {

// Shown without segments, the planes go through the middle of the volume.
Picture DrawPanels(const Scene& scene);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PREVIEW_PANELS_H_
