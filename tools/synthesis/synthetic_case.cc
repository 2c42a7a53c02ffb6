#include "tools/synthesis/synthetic_case.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/status_macros.h"
#include "tools/synthesis/anatomy.h"
#include "tools/synthesis/canvas.h"
#include "tools/synthesis/field_of_view.h"
#include "tools/synthesis/generic_shapes.h"
#include "tools/synthesis/great_vessels.h"
#include "tools/synthesis/random.h"
#include "tools/synthesis/scan.h"
#include "tools/synthesis/vessel_tree.h"

namespace sgpsam::synthesis {
namespace {

// What is drawn from a stream of its own.
enum Part : uint64_t { kAnatomy, kSpacing, kFocus, kView, kTable, kLesions, kShapes, kScanSettings, kNoise };

constexpr int64_t kSmallestAxis = 8, kLargestAxis = 1024, kMostVoxels = int64_t{1} << 28;
constexpr double kFinest = 0.3, kCoarsest = 8;  // mm
constexpr double kMostNoise = 200;              // HU

absl::Status Check(const CaseOptions& options) {
  for (const int64_t size : {options.shape.i, options.shape.j, options.shape.k}) {
    if (size < kSmallestAxis || size > kLargestAxis) {
      return absl::InvalidArgumentError(absl::StrCat("a synthetic volume has ", kSmallestAxis, " to ",
                                                     kLargestAxis, " voxels along each axis, not ", size));
    }
  }
  if (options.shape.voxels() > kMostVoxels) {
    return absl::InvalidArgumentError(
        absl::StrCat("a synthetic volume has at most ", kMostVoxels, " voxels"));
  }
  if (options.spacing_mm) {
    for (const double spacing : *options.spacing_mm) {
      if (!(spacing >= kFinest && spacing <= kCoarsest)) {
        return absl::InvalidArgumentError(
            absl::StrCat("the spacing of a synthetic volume is ", kFinest, " to ", kCoarsest, " mm"));
      }
    }
  }
  if (options.noise_hu && !(*options.noise_hu >= 0 && *options.noise_hu <= kMostNoise)) {
    return absl::InvalidArgumentError(absl::StrCat("the noise is 0 to ", kMostNoise, " HU"));
  }
  return CheckLesionOptions(options.lesions);
}

// What the view must show.
BodyPoint DrawFocus(const CaseOptions& options, const Anatomy& anatomy, Random random) {
  const float w = anatomy.torso().cavity_width(), d = anatomy.torso().cavity_depth();
  if (options.content == Content::kShapes || !options.lesions.organ) {
    const bool anywhere = options.content == Content::kShapes || random.Chance(0.25f);
    if (anywhere)
      return {random.Uniform(-0.8f, 0.8f) * w, random.Uniform(-0.8f, 0.8f) * d, random.Uniform(-110, 80)};
    return anatomy.liver().PointInside(10, random);
  }
  switch (*options.lesions.organ) {
    case Structure::kSpleen: return {0.7f * w, 0.4f * d, 40};
    case Structure::kRightKidney: return {-0.5f * w, 0.45f * d, -36};
    case Structure::kLeftKidney: return {0.5f * w, 0.45f * d, -22};
    case Structure::kMuscle:
    case Structure::kFat: return {random.Sign() * 0.35f * w, 0.7f * d, random.Uniform(-120, 20)};
    default: return anatomy.liver().PointInside(15, random);
  }
}

// The body lies where the table is.
absl::StatusOr<Geometry> PlaceOnTable(const View& view, const std::array<double, 3>& spacing_mm,
                                      Random random) {
  const BodyPoint shift{random.Uniform(-12, 12), random.Uniform(-185, -160), random.Uniform(-900, -300)};
  const BodyPoint first = view.first + shift;
  // Sixty-fourths are exact in float32 and in a decimal string: a case is the same one in NIfTI and in DICOM.
  const auto millimetres = [](float value) { return std::round(static_cast<double>(value) * 64) / 64; };
  return Geometry::Create(view.shape, {millimetres(first.x), millimetres(first.y), millimetres(first.z)},
                          {{{spacing_mm[0], 0, 0}, {0, spacing_mm[1], 0}, {0, 0, spacing_mm[2]}}});
}

absl::StatusOr<Volume> LabelVolume(const Geometry& geometry, ByteBuffer labels) {
  return Volume::Create(geometry, SampleType::kUint8, std::move(labels));
}

// Lesion tissue instead of what was there, faded at the rim. Vessels that it hides are no longer there.
void PaintLesion(const PlannedLesion& lesion, float organ_hu, uint8_t label, Canvas& canvas,
                 uint8_t* labels) {
  for (const RasterVoxel& voxel : lesion.raster.voxels) {
    float& hu = canvas.hu()[voxel.voxel];
    hu += voxel.opacity * (organ_hu - hu) + voxel.strength * lesion.contrast_hu;
    if (!voxel.labelled) continue;
    labels[voxel.voxel] = label;
    uint8_t& structure = canvas.structures()[voxel.voxel];
    if (structure == static_cast<uint8_t>(Structure::kLiverVessel))
      structure = static_cast<uint8_t>(Structure::kLiver);
  }
}

Lesion Describe(const PlannedLesion& planned, uint8_t label, const Geometry& geometry) {
  const Shape& shape = geometry.shape();
  const auto deepest = static_cast<int64_t>(planned.raster.deepest);
  Lesion lesion;
  lesion.label = label;
  const int64_t i = deepest % shape.i, j = deepest / shape.i % shape.j, k = deepest / (shape.i * shape.j);
  lesion.centre = geometry.ToWorld({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
  lesion.voxels = planned.raster.labelled;
  lesion.diameter_mm = std::cbrt(6 / M_PI * 1000 * geometry.voxel_ml() * static_cast<double>(lesion.voxels));
  lesion.contrast_hu = planned.contrast_hu;
  lesion.organ = planned.organ;
  return lesion;
}

absl::StatusOr<std::vector<Lesion>> AddLesions(const CaseOptions& options, const Anatomy& anatomy,
                                               const Geometry& geometry, Random random, Canvas& canvas,
                                               uint8_t* labels) {
  std::vector<PlannedLesion> plan;
  if (options.content == Content::kLesions) {
    ASSIGN_OR_RETURN(plan, PlanLesions(options.lesions, anatomy, canvas, random));
  }
  Tube vessels = anatomy.liver_vessels();
  for (const PlannedLesion& lesion : plan) {
    if (lesion.organ == Structure::kLiver)
      PushAside({{lesion.centre, 0.5f * lesion.shape.diameter_mm()}}, vessels);
  }
  PaintLiverVessels(vessels, anatomy.tissues(), canvas);
  std::vector<Lesion> lesions;
  for (const PlannedLesion& lesion : plan) {
    const auto label = static_cast<uint8_t>(lesions.size() + 1);
    PaintLesion(lesion, anatomy.tissues().Of(lesion.organ), label, canvas, labels);
    lesions.push_back(Describe(lesion, label, geometry));
  }
  return lesions;
}

void PaintShape(const GenericShape& shape, uint8_t label, Canvas& canvas, uint8_t* labels) {
  double sum = 0;
  for (const RasterVoxel& voxel : shape.raster.voxels) sum += canvas.hu()[voxel.voxel];
  const auto mean = static_cast<float>(sum / static_cast<double>(shape.raster.voxels.size()));
  for (const RasterVoxel& voxel : shape.raster.voxels) {
    float& hu = canvas.hu()[voxel.voxel];
    hu += voxel.opacity * ((shape.see_through ? 0 : mean - hu) + shape.contrast_hu);
    if (voxel.labelled) labels[voxel.voxel] = label;
  }
}

void AddShapes(Random random, Canvas& canvas, uint8_t* labels) {
  uint8_t label = 0;
  for (const GenericShape& shape : PlanGenericShapes(canvas, random))
    PaintShape(shape, ++label, canvas, labels);
}

ScanSettings SettingsFor(const CaseOptions& options, const View& view, Random random) {
  ScanSettings settings = DrawScanSettings(random);
  // Fewer photons reach a small voxel.
  settings.noise_hu *=
      std::clamp(std::sqrt(2.5f / view.spacing_mm[2]) * (0.8f / view.spacing_mm[0]), 0.7f, 1.4f);
  if (options.noise_hu) settings.noise_hu = static_cast<float>(*options.noise_hu);
  return settings;
}

}  // namespace

absl::StatusOr<SyntheticCase> SynthesizeCase(const CaseOptions& options) {
  RETURN_IF_ERROR(Check(options));
  const Random random(options.seed);
  const Anatomy anatomy(random.Fork(kAnatomy));
  const std::array<double, 3> spacing =
      options.spacing_mm ? *options.spacing_mm : DrawSpacing(random.Fork(kSpacing));
  const View view = ChooseView(options.shape, spacing, DrawFocus(options, anatomy, random.Fork(kFocus)),
                               anatomy.torso(), random.Fork(kView));
  ASSIGN_OR_RETURN(const Geometry geometry, PlaceOnTable(view, spacing, random.Fork(kTable)));
  ASSIGN_OR_RETURN(Canvas canvas, Canvas::Create(view));
  ASSIGN_OR_RETURN(ByteBuffer lesions, ByteBuffer::Zeroed(view.voxels()));
  ASSIGN_OR_RETURN(ByteBuffer shapes, ByteBuffer::Zeroed(view.voxels()));
  anatomy.Paint(canvas);
  SyntheticCase made;
  ASSIGN_OR_RETURN(made.lesion_list,
                   AddLesions(options, anatomy, geometry, random.Fork(kLesions), canvas, lesions.data()));
  if (options.content == Content::kShapes) AddShapes(random.Fork(kShapes), canvas, shapes.data());
  const ScanSettings settings = SettingsFor(options, view, random.Fork(kScanSettings));
  ASSIGN_OR_RETURN(ByteBuffer samples, Scan(canvas, anatomy.torso(), settings, random.Fork(kNoise)));
  ASSIGN_OR_RETURN(made.image, Volume::Create(geometry, SampleType::kInt16, std::move(samples)));
  ASSIGN_OR_RETURN(made.lesions, LabelVolume(geometry, std::move(lesions)));
  ASSIGN_OR_RETURN(made.structures, LabelVolume(geometry, canvas.TakeStructures()));
  ASSIGN_OR_RETURN(made.shapes, LabelVolume(geometry, std::move(shapes)));
  return made;
}

}  // namespace sgpsam::synthesis
