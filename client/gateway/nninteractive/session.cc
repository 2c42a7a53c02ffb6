#include "client/gateway/nninteractive/session.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/gateway/nninteractive/mask_bits.h"
#include "client/gateway/nninteractive/merge_scribbles.h"
#include "core/base/status_macros.h"

namespace sgpsam::gateway {
namespace {

// Below what the clients wait for: 60 s for an interaction, 600 s for an image.
constexpr absl::Duration kPredictionTime = absl::Seconds(55), kImageTime = absl::Seconds(570);
constexpr uint64_t kMaxAxis = 16384;  // the contract's
// What a session holds besides its image, for each voxel a bit, three times over (now, one step back, and the
// next while it is being made): the mask, an initial one, and scribbles, which may have two. Logits and small
// images fit into the rest.
constexpr uint64_t kHeldBitsPerVoxel = 16, kHeldBytes = uint64_t{4} << 20, kScribbleBytes = uint64_t{1} << 20;

uint64_t HeldBytes(const NniaHead& image, const Shape& shape) {
  return image.size_bytes + VoxelsOf(shape) / 8 * kHeldBitsPerVoxel + kHeldBytes;
}

absl::Status CheckScribbles(const std::vector<client::Scribble>& scribbles, const Shape& image) {
  uint64_t bytes = 0;
  for (const client::Scribble& scribble : scribbles) bytes += scribble.part.bits.size();
  if (bytes <= std::max(kScribbleBytes, VoxelsOf(image) / 8 * 2)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the object has too many large scribbles and lassos; reset its interactions");
}

// Types of samples that our contract has, by numpy's names.
std::optional<client::SampleType> SampleTypeOf(const std::string& dtype) {
  static const auto* const types = new std::map<std::string, client::SampleType>{
      {"bool", client::SampleType::kUint8},     {"int8", client::SampleType::kInt8},
      {"uint8", client::SampleType::kUint8},    {"int16", client::SampleType::kInt16},
      {"uint16", client::SampleType::kUint16},  {"int32", client::SampleType::kInt32},
      {"uint32", client::SampleType::kUint32},  {"float32", client::SampleType::kFloat32},
      {"float64", client::SampleType::kFloat64}};
  const auto found = types->find(dtype);
  if (found == types->end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<Shape> ImageShapeOf(const NniaHead& head) {
  if (head.shape.size() != 4) return absl::InvalidArgumentError("an image has four axes: channel, x, y, z");
  if (head.shape[0] != 1) return absl::InvalidArgumentError("only images of one channel are taken");
  Shape shape{};
  for (size_t axis = 0; axis < 3; ++axis) {
    if (head.shape[axis + 1] > kMaxAxis) {
      return absl::InvalidArgumentError(
          absl::StrCat("an axis of an image may have at most ", kMaxAxis, " voxels"));
    }
    shape[axis] = static_cast<uint32_t>(head.shape[axis + 1]);
  }
  return shape;
}

absl::Status CheckSpacing(const std::array<double, 3>& spacing) {
  for (const double mm : spacing) {
    if (!(mm >= 1e-3 && mm <= 1e3))
      return absl::InvalidArgumentError("spacing must be three numbers from 0.001 to 1000 mm");
  }
  return absl::OkStatus();
}

absl::StatusOr<ByteBudget::Grant> Take(ByteBudget& budget, uint64_t bytes) {
  std::optional<ByteBudget::Grant> grant = budget.Take(bytes);
  if (grant) return *std::move(grant);
  return absl::ResourceExhaustedError("the gateway holds too many images at the moment; try again later");
}

client::Position VoxelPosition(const std::array<double, 3>& xyz) {
  const auto [i, j, k] = ToIjk(xyz);
  return client::Position::Voxel(i, j, k);
}

// A box's range on one axis, in whole voxels of the image.
absl::StatusOr<std::pair<double, double>> RangeIn(const std::array<double, 2>& range, uint32_t size) {
  double begin = std::nearbyint(range[0]), end = std::nearbyint(range[1]);
  if (!std::isfinite(begin) || !std::isfinite(end) || !(range[0] < range[1])) {
    return absl::InvalidArgumentError("a box needs a begin below its end on each axis");
  }
  end = std::max(end, begin + 1);  // thinner than a voxel
  begin = std::max(begin, 0.0);
  end = std::min(end, static_cast<double>(size));
  if (begin >= end) return absl::InvalidArgumentError("the box lies outside of the image");
  return std::make_pair(begin, end);
}

client::MaskPrompt MaskPromptOf(const Shape& shape, std::string bits) {
  return {.shape = ToIjk(shape), .bits = std::move(bits), .order = client::AxisOrder::kIFastest};
}

}  // namespace

Session::Session(const client::Client& server, ByteBudget& budget, uint64_t max_image_bytes)
    : server_(server), budget_(budget), max_image_bytes_(max_image_bytes) {}

bool Session::Object::empty() const {
  return target.clicks.empty() && target.boxes.empty() && target.scribbles.empty() && !target.mask;
}

absl::Status Session::NeedImage() const {
  if (image_) return absl::OkStatus();
  return absl::FailedPreconditionError("there is no image yet; set one first");
}

absl::StatusOr<client::SegmentResult> Session::Segment(const Image& image, client::Target target,
                                                       absl::Duration time) const {
  client::SegmentRequest request(image.volume);
  request.targets.push_back(std::move(target));
  request.format = client::MaskFormat::kRawBits;
  request.deadline = absl::Now() + time;
  request.cancel = cancel_;
  return server_.Segment(request);
}

absl::Status Session::SetImage(absl::string_view packed, const std::array<double, 3>& spacing) {
  RETURN_IF_ERROR(CheckSpacing(spacing));
  ASSIGN_OR_RETURN(const NniaHead head, ReadNniaHead(packed, max_image_bytes_));
  ASSIGN_OR_RETURN(const Shape shape, ImageShapeOf(head));
  const std::optional<client::SampleType> type = SampleTypeOf(head.dtype);
  if (!type)
    return absl::InvalidArgumentError(
        "images of 64-bit integers are not taken; convert the image to int32 or float64");
  absl::MutexLock lock(&mutex_);
  image_.reset();  // makes room for the next
  shows_mask_ = false;
  object_ = {};
  before_.reset();
  ASSIGN_OR_RETURN(ByteBudget::Grant grant, Take(budget_, HeldBytes(head, shape)));
  ASSIGN_OR_RETURN(NniaArray array, UnpackNnia(packed, max_image_bytes_));
  const client::RawGrid grid{.shape = ToIjk(shape), .sample_type = *type, .spacing_mm = ToIjk(spacing)};
  Image image{client::Volume::FromSamples(grid, std::move(array.samples)), shape, std::move(grant)};
  // A target of nothing but a negative click looks at nothing: it brings the image to the server, which also
  // says whether it can use it, now instead of at the first click.
  client::Target nothing;
  nothing.clicks = {{client::Position::Voxel(0, 0, 0), false}};
  RETURN_IF_ERROR(Segment(image, std::move(nothing), kImageTime).status());
  image_ = std::move(image);
  return absl::OkStatus();
}

absl::StatusOr<Shape> Session::ImageShape() {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(NeedImage());
  return image_->shape;
}

absl::Status Session::ShowMask(const Shape& shape) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(NeedImage());
  if (shape != image_->shape)
    return absl::InvalidArgumentError("the target buffer must have the image's shape");
  shows_mask_ = true;
  object_.mask.clear();
  before_.reset();
  return absl::OkStatus();
}

absl::Status Session::Reset() {
  absl::MutexLock lock(&mutex_);
  object_ = {};
  before_.reset();
  return absl::OkStatus();
}

absl::StatusOr<Prediction> Session::AddPoint(const std::array<double, 3>& at, bool positive, bool run) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(NeedImage());
  std::array<double, 3> voxel{};
  for (size_t axis = 0; axis < 3; ++axis) {
    voxel[axis] = std::nearbyint(at[axis]);
    if (!(voxel[axis] >= 0 && voxel[axis] < image_->shape[axis])) {
      return absl::InvalidArgumentError("the point lies outside of the image");
    }
  }
  Object next = object_;
  next.target.clicks.push_back({VoxelPosition(voxel), positive});
  return Become(std::move(next), run);
}

absl::StatusOr<Prediction> Session::AddBox(const std::array<std::array<double, 2>, 3>& box, bool positive,
                                           bool run) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(NeedImage());
  std::array<double, 3> first{}, last{};  // voxels of the box
  for (size_t axis = 0; axis < 3; ++axis) {
    ASSIGN_OR_RETURN(const auto range, RangeIn(box[axis], image_->shape[axis]));
    first[axis] = range.first;
    last[axis] = range.second - 1;
  }
  Object next = object_;
  next.target.boxes.push_back({VoxelPosition(first), VoxelPosition(last), positive});
  return Become(std::move(next), run);
}

absl::StatusOr<Session::UnpackedMask> Session::UnpackMask(absl::string_view packed,
                                                          const std::optional<VoxelBox>& part) {
  RETURN_IF_ERROR(NeedImage());
  const VoxelBox box = part.value_or(VoxelBox{{0, 0, 0}, image_->shape});
  for (size_t axis = 0; axis < 3; ++axis) {
    if (box.begin[axis] >= box.end[axis] || box.end[axis] > image_->shape[axis]) {
      return absl::InvalidArgumentError("the mask's box must lie in the image and have voxels");
    }
  }
  const Shape shape = box.shape();
  ASSIGN_OR_RETURN(const NniaHead head, ReadNniaHead(packed, VoxelsOf(shape) * sizeof(double)));
  if (head.sample_bytes != 1) return absl::InvalidArgumentError("a mask has samples of type bool or uint8");
  if (head.shape != std::vector<uint64_t>{shape[0], shape[1], shape[2]}) {
    return absl::InvalidArgumentError(
        "the mask must have the shape of the image, or of the box that it comes with");
  }
  ASSIGN_OR_RETURN(const ByteBudget::Grant grant, Take(budget_, head.size_bytes));
  ASSIGN_OR_RETURN(const NniaArray array, UnpackNnia(packed, head.size_bytes));
  return UnpackedMask{PackBits(array.samples), box};
}

absl::StatusOr<Prediction> Session::AddScribble(absl::string_view packed, const std::optional<VoxelBox>& part,
                                                bool positive, bool run) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const UnpackedMask mask, UnpackMask(packed, part));
  const Shape shape = mask.part.shape();
  const std::optional<VoxelBox> marks = BoxOfMarks(mask.bits, shape);
  if (!marks) return absl::InvalidArgumentError("the scribble or lasso marks no voxel");
  client::Scribble scribble{
      .part = MaskPromptOf(marks->shape(), PackBits(VoxelsIn(mask.bits, shape, *marks))),
      .first = {},
      .positive = positive};
  Shape first{};
  for (size_t axis = 0; axis < 3; ++axis) first[axis] = mask.part.begin[axis] + marks->begin[axis];
  scribble.first = ToIjk(first);
  Object next = object_;
  next.target.scribbles.push_back(std::move(scribble));
  next.target.scribbles = MergeScribbles(std::move(next.target.scribbles));
  RETURN_IF_ERROR(CheckScribbles(next.target.scribbles, image_->shape));
  return Become(std::move(next), run);
}

absl::StatusOr<Prediction> Session::SetInitialMask(absl::string_view packed, bool run) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(UnpackedMask mask, UnpackMask(packed, std::nullopt));
  Object next;
  if (BoxOfMarks(mask.bits, image_->shape)) {
    next.mask = mask.bits;
    next.target.mask = MaskPromptOf(image_->shape, std::move(mask.bits));
  }
  Prediction prediction;
  if (run && !next.empty()) {
    const std::string shown = next.mask;  // the client has put it there itself
    RETURN_IF_ERROR(Run(next));
    prediction = Change(shown, next.mask);
  }
  before_ = std::exchange(object_, std::move(next));
  return prediction;
}

absl::StatusOr<Prediction> Session::Predict(bool always) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(NeedImage());
  if (object_.empty() || !(object_.waits || always)) return Prediction{};
  Object next = object_;
  RETURN_IF_ERROR(Run(next));
  Prediction prediction = Change(object_.mask, next.mask);
  object_ = std::move(next);
  return prediction;
}

absl::StatusOr<Prediction> Session::Undo() {
  absl::MutexLock lock(&mutex_);
  if (!before_) return Prediction{};
  Prediction prediction = Change(object_.mask, before_->mask);
  object_ = *std::exchange(before_, std::nullopt);
  return prediction;
}

absl::StatusOr<Prediction> Session::Become(Object next, bool run) {
  next.waits = true;
  Prediction prediction;
  if (run) {
    RETURN_IF_ERROR(Run(next));
    prediction = Change(object_.mask, next.mask);
  }
  before_ = std::exchange(object_, std::move(next));
  return prediction;
}

absl::Status Session::Run(Object& object) {
  ASSIGN_OR_RETURN(client::SegmentResult result, Segment(*image_, object.target, kPredictionTime));
  if (result.targets.size() != 1) return absl::InternalError("the server's answer has not one target");
  client::TargetResult& found = result.targets.front();
  if (found.mask_bits.size() != (VoxelsOf(image_->shape) + 7) / 8) {
    return absl::InternalError("the server's mask is not of the image's size");
  }
  object.mask = found.empty() ? std::string() : std::move(found.mask_bits);
  object.waits = false;
  // Nothing was looked at where nothing positive was given; then there are no logits to go on from.
  if (found.patches == 0) return absl::OkStatus();
  object.target.previous = std::move(found.previous);
  object.target.mask.reset();  // they hold what it said
  return absl::OkStatus();
}

Prediction Session::Change(absl::string_view from, absl::string_view to) const {
  Prediction prediction{true, std::nullopt, ""};
  if (!shows_mask_) return prediction;
  prediction.box = BoxOfChanges(from, to, image_->shape);
  if (prediction.box) prediction.voxels = VoxelsIn(to, image_->shape, *prediction.box);
  return prediction;
}

}  // namespace sgpsam::gateway
