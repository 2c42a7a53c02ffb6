#include "tools/synthesis/lesion_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace sgpsam::synthesis {
namespace {

// Where lesions grow: how often, up to which size, and how much of one must lie in the organ.
struct Host {
  Structure organ;
  float weight;
  float largest_mm;
  float share_inside;
};
constexpr std::array<Host, 6> kHosts = {{{Structure::kLiver, 0.66f, 60, 0.92f},
                                         {Structure::kSpleen, 0.09f, 40, 0.88f},
                                         {Structure::kRightKidney, 0.06f, 36, 0.7f},
                                         {Structure::kLeftKidney, 0.06f, 36, 0.7f},
                                         {Structure::kMuscle, 0.07f, 26, 0.85f},
                                         {Structure::kFat, 0.06f, 26, 0.9f}}};
// What a lesion may reach into besides its organ.
constexpr StructureSet kYielding{Structure::kLiver,      Structure::kSpleen, Structure::kRightKidney,
                                 Structure::kLeftKidney, Structure::kMuscle, Structure::kFat};

const Host* HostOf(Structure organ) {
  const auto* found =
      std::find_if(kHosts.begin(), kHosts.end(), [organ](const Host& h) { return h.organ == organ; });
  return found == kHosts.end() ? nullptr : found;
}

int DrawCount(Random& random) {
  constexpr std::array<float, 6> kUpTo = {0.24f, 0.46f, 0.64f, 0.79f, 0.90f, 1.0f};
  const float at = random.Uniform(0, 1);
  return 1 + static_cast<int>(
                 std::count_if(kUpTo.begin(), kUpTo.end(), [at](float limit) { return at >= limit; }));
}

// Small, middle and large ones are all frequent, however rare the small ones are by volume.
float DrawDiameter(float largest, Random& random) {
  const float bin = random.Uniform(0, 1);
  if (bin < 0.27f) return random.Uniform(4.0f, 4.8f);
  if (bin < 0.58f) return random.LogUniform(5.2f, 9.7f);
  return random.LogUniform(10.5f, largest);
}

float DrawContrast(Structure organ, const Tissues& tissues, Random& random) {
  if (organ == Structure::kFat) return random.Uniform(0.85f, 1.15f) * (tissues.muscle - tissues.fat);
  const float size = random.LogUniform(15, 70);
  if (random.Chance(0.27f)) return size;
  return -std::max(15.0f, std::min(size, tissues.Of(organ)));  // not darker than water
}

class Planner {
 public:
  Planner(const LesionOptions& options, const Anatomy& anatomy, const Canvas& canvas, Random random)
      : options_(options), anatomy_(anatomy), canvas_(canvas), random_(random) {
    for (size_t h = 0; h < kHosts.size(); ++h) {
      if (!options.organ || kHosts[h].organ == *options.organ) hosts_.push_back(&kHosts[h]);
    }
    FindPlaces();
  }

  std::vector<PlannedLesion> Plan() {
    std::vector<PlannedLesion> plan;
    const int count = options_.count ? *options_.count : DrawCount(random_);
    for (int n = 0; n < count; ++n) {
      std::optional<PlannedLesion> lesion = PlanOne(plan);
      if (lesion) plan.push_back(*std::move(lesion));
    }
    // A small view may offer little room: keep trying for one.
    for (int n = 0; plan.empty() && n < kLastResorts; ++n) {
      if (std::optional<PlannedLesion> lesion = PlanOne(plan)) plan.push_back(*std::move(lesion));
    }
    std::stable_sort(plan.begin(), plan.end(), [](const PlannedLesion& a, const PlannedLesion& b) {
      return a.raster.labelled > b.raster.labelled;
    });
    return plan;
  }

 private:
  static constexpr int kTries = 60, kLastResorts = 10;

  // A third of the voxels of each host, which is plenty to choose from.
  void FindPlaces() {
    std::array<std::vector<uint32_t>*, 256> places_of{};
    for (const Host* host : hosts_)
      places_of[static_cast<size_t>(host->organ)] = &places_[host - kHosts.data()];
    const size_t voxels = canvas_.view().voxels();
    for (size_t n = random_.Below(3); n < voxels; n += 3) {
      if (auto* places = places_of[canvas_.structures()[n]]) places->push_back(static_cast<uint32_t>(n));
    }
    hosts_.erase(
        std::remove_if(hosts_.begin(), hosts_.end(), [this](const Host* h) { return PlacesIn(*h).empty(); }),
        hosts_.end());
  }
  const std::vector<uint32_t>& PlacesIn(const Host& host) const { return places_[&host - kHosts.data()]; }

  const Host& DrawHost() {
    float sum = 0;
    for (const Host* host : hosts_) sum += host->weight;
    float at = random_.Uniform(0, sum);
    for (const Host* host : hosts_) {
      at -= host->weight;
      if (at < 0) return *host;
    }
    return *hosts_.back();
  }

  std::optional<PlannedLesion> PlanOne(const std::vector<PlannedLesion>& others) {
    float shrink = 1;
    for (int restart = 0; restart < 4 && !hosts_.empty(); ++restart, shrink *= 0.75f) {
      const Host& host = DrawHost();
      const float drawn = std::max(4.0f, shrink * DrawDiameter(host.largest_mm, random_));
      const auto diameter = options_.diameter_mm ? static_cast<float>(*options_.diameter_mm) : drawn;
      const float contrast = options_.contrast_hu ? static_cast<float>(*options_.contrast_hu)
                                                  : DrawContrast(host.organ, anatomy_.tissues(), random_);
      LesionShape shape(diameter, contrast, random_.Fork(random_.Next()));
      for (int n = 0; n < kTries; ++n) {
        const BodyPoint centre = DrawCentre(host, diameter);
        if (!Fits(shape, centre, host, others)) continue;
        Raster raster = RasterOf(shape, centre);
        if (!ShowsItsSize(raster, diameter)) continue;
        return PlannedLesion{host.organ, contrast, centre, std::move(shape), std::move(raster)};
      }
    }
    return std::nullopt;
  }

  BodyPoint DrawCentre(const Host& host, float diameter) {
    const View& view = canvas_.view();
    const std::vector<uint32_t>& places = PlacesIn(host);
    const int64_t at = places[random_.Below(places.size())], row = view.shape.i, slice = row * view.shape.j;
    // A lesion of few slices lies in the middle of one: between two it would be in neither.
    const float off = diameter < 2.5f * view.spacing_mm[2] ? 0.1f : 0.5f;
    return view.At(at % row, at / row % view.shape.j, at / slice) +
           BodyPoint{random_.Uniform(-0.5f, 0.5f) * view.spacing_mm[0],
                     random_.Uniform(-0.5f, 0.5f) * view.spacing_mm[1],
                     random_.Uniform(-off, off) * view.spacing_mm[2]};
  }

  bool Fits(const LesionShape& shape, const BodyPoint& centre, const Host& host,
            const std::vector<PlannedLesion>& others) const {
    return InView(centre, shape.reach_mm()) && ApartFrom(others, centre, shape.reach_mm()) &&
           InOrgan(shape, centre, host) && (host.organ != Structure::kLiver || AvoidsVessels(shape, centre));
  }

  bool InView(const BodyPoint& c, float reach) const {
    const Bounds b = canvas_.view().bounds();
    return c.x - reach > b.low.x && c.x + reach < b.high.x && c.y - reach > b.low.y &&
           c.y + reach < b.high.y && c.z - reach > b.low.z && c.z + reach < b.high.z;
  }

  bool ApartFrom(const std::vector<PlannedLesion>& others, const BodyPoint& centre, float reach) const {
    const auto& s = canvas_.view().spacing_mm;
    const float gap = 2 * std::max({s[0], s[1], s[2]});
    return std::all_of(others.begin(), others.end(), [&](const PlannedLesion& other) {
      return Length(other.centre - centre) > other.shape.reach_mm() + reach + gap;
    });
  }

  bool InOrgan(const LesionShape& shape, const BodyPoint& centre, const Host& host) const {
    size_t inside = 0;
    for (const BodyPoint& p : shape.samples()) {
      const uint8_t there = StructureAt(centre + p);
      if (!kYielding.Has(there)) return false;
      inside += there == static_cast<uint8_t>(host.organ) ? 1 : 0;
    }
    return static_cast<float>(inside) >= host.share_inside * static_cast<float>(shape.samples().size());
  }

  uint8_t StructureAt(const BodyPoint& p) const {  // p lies in the view
    const View& view = canvas_.view();
    const auto index = [](float at, float first, float spacing, int64_t size) {
      return std::clamp<int64_t>(std::lround((at - first) / spacing), 0, size - 1);
    };
    return canvas_.structures()[view.Offset(index(p.x, view.first.x, view.spacing_mm[0], view.shape.i),
                                            index(p.y, view.first.y, view.spacing_mm[1], view.shape.j),
                                            index(p.z, view.first.z, view.spacing_mm[2], view.shape.k))];
  }

  // Small lesions lie between the vessels; large ones will push them aside.
  bool AvoidsVessels(const LesionShape& shape, const BodyPoint& centre) const {
    constexpr float kPushes = 14, kVisible = 1;  // mm
    if (shape.diameter_mm() > kPushes) return true;
    const Tube& vessels = anatomy_.liver_vessels();
    return std::none_of(vessels.begin(), vessels.end(), [&](const Capsule& vessel) {
      return vessel.from_radius > kVisible && vessel.Distance(centre) < 0.55f * shape.diameter_mm();
    });
  }

  Raster RasterOf(const LesionShape& shape, const BodyPoint& centre) const {
    return Rasterise(
        canvas_.view(), Bounds{centre, centre}.Grown(shape.reach_mm()), shape.edge_mm(),
        [&](const BodyPoint& p) { return shape.Distance(p - centre); },
        [&](const BodyPoint& p, float distance) { return shape.Strength(p - centre, distance); });
  }

  // A lesion that falls between slices or voxels would be there without a label.
  bool ShowsItsSize(const Raster& raster, float diameter) const {
    const auto& [dx, dy, dz] = canvas_.view().spacing_mm;
    const float shown = std::cbrt(1.9098593f * static_cast<float>(raster.labelled) * dx * dy * dz);
    return std::abs(shown / diameter - 1) < 0.2f;
  }

  const LesionOptions& options_;
  const Anatomy& anatomy_;
  const Canvas& canvas_;
  Random random_;
  std::vector<const Host*> hosts_;  // that the view shows
  std::array<std::vector<uint32_t>, kHosts.size()> places_;
};

}  // namespace

absl::Status CheckLesionOptions(const LesionOptions& options) {
  const auto within = [](const auto& value, double low, double high) {
    return !value || (*value >= low && *value <= high);  // false for NaN
  };
  if (!within(options.count, 1, 32)) return absl::InvalidArgumentError("a case has 1 to 32 lesions");
  if (!within(options.diameter_mm, 2, 100))
    return absl::InvalidArgumentError("a lesion's diameter is 2 to 100 mm");
  if (!within(options.contrast_hu, -500, 500)) {
    return absl::InvalidArgumentError("a lesion's contrast is -500 to 500 HU");
  }
  if (options.organ && HostOf(*options.organ) == nullptr) {
    return absl::InvalidArgumentError(
        "lesions grow in liver, spleen, right_kidney, left_kidney, muscle or fat");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PlannedLesion>> PlanLesions(const LesionOptions& options, const Anatomy& anatomy,
                                                       const Canvas& canvas, Random random) {
  RETURN_IF_ERROR(CheckLesionOptions(options));
  std::vector<PlannedLesion> plan = Planner(options, anatomy, canvas, random).Plan();
  if (plan.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no room for a lesion", options.organ ? absl::StrCat(" in ", StructureName(*options.organ)) : "",
        " in the volume: give it more voxels, or ask for a smaller lesion or another seed"));
  }
  return plan;
}

}  // namespace sgpsam::synthesis
