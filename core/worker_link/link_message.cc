#include "core/worker_link/link_message.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxNameBytes = 256;

// Appends values to a message's body; remembers whether everything fitted.
class BodyWriter {
 public:
  explicit BodyWriter(LinkMessage& message) : message_(message) {}

  template <typename T>
  void Put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    PutBytes(&value, sizeof(value));
  }
  void PutText(absl::string_view text) {
    fits_ = fits_ && text.size() <= kMaxNameBytes;
    Put(static_cast<uint32_t>(text.size()));
    PutBytes(text.data(), text.size());
  }
  bool fits() const { return fits_; }

 private:
  void PutBytes(const void* data, size_t size) {
    fits_ = fits_ && size <= sizeof(message_.body) - message_.body_bytes;
    if (!fits_ || size == 0) return;
    std::memcpy(message_.body + message_.body_bytes, data, size);
    message_.body_bytes += static_cast<uint32_t>(size);
  }

  LinkMessage& message_;
  bool fits_ = true;
};

// Takes them out again; remembers whether everything was there.
class BodyReader {
 public:
  explicit BodyReader(const LinkMessage& message) : body_(message.body, message.body_bytes) {}

  template <typename T>
  T Get() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    const absl::string_view bytes = Take(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string GetText() {
    const uint32_t size = Get<uint32_t>();
    ok_ = ok_ && size <= kMaxNameBytes;
    return std::string(Take(ok_ ? size : 0));
  }
  bool complete() const { return ok_ && body_.empty(); }

 private:
  absl::string_view Take(size_t size) {
    ok_ = ok_ && size <= body_.size();
    if (!ok_) return {};
    const absl::string_view taken = body_.substr(0, size);
    body_.remove_prefix(size);
    return taken;
  }

  absl::string_view body_;
  bool ok_ = true;
};

void PutReport(const SelfTestReport& report, BodyWriter& writer) {
  writer.Put(static_cast<uint32_t>(report.result));
  writer.PutText(report.rejected);
  for (const double number : {report.seconds, report.embedding_error, report.logits_error, report.dice}) {
    writer.Put(number);
  }
}

absl::StatusOr<SelfTestReport> GetReport(BodyReader& reader) {
  using Result = SelfTestReport::Result;
  SelfTestReport report;
  const uint32_t result = reader.Get<uint32_t>();
  if (result > static_cast<uint32_t>(Result::kFellBack)) return absl::InternalError("no such result");
  report.result = static_cast<Result>(result);
  report.rejected = reader.GetText();
  for (double* number : {&report.seconds, &report.embedding_error, &report.logits_error, &report.dice}) {
    *number = reader.Get<double>();
  }
  return report;
}

void PutScalings(const std::vector<IntensityScaling>& scalings, BodyWriter& writer) {
  writer.Put(static_cast<uint32_t>(scalings.size()));
  for (const IntensityScaling& scaling : scalings) {
    writer.PutText(scaling.modality);
    writer.Put(static_cast<uint32_t>(scaling.by_deviation));
    for (const IntensityWindow& window : scaling.windows) writer.Put(window);
  }
}

// Each with `channels` windows.
std::vector<IntensityScaling> GetScalings(int64_t channels, BodyReader& reader) {
  const size_t count = std::min<size_t>(reader.Get<uint32_t>(), kMaxIntensityScalings + 1);
  std::vector<IntensityScaling> scalings(count);
  for (IntensityScaling& scaling : scalings) {
    scaling.modality = reader.GetText();
    scaling.by_deviation = reader.Get<uint32_t>() != 0;
    for (int64_t n = 0; n < std::min(channels, kMaxPatchChannels); ++n) {
      scaling.windows.push_back(reader.Get<IntensityWindow>());
    }
  }
  return scalings;
}

std::vector<CalibrationPoint> GetCalibration(BodyReader& reader) {
  std::vector<CalibrationPoint> curve(std::min<size_t>(reader.Get<uint32_t>(), kMaxCalibrationPoints + 1));
  for (CalibrationPoint& point : curve) point = reader.Get<CalibrationPoint>();
  return curve;
}

absl::Status CheckScalings(const ModelInfo& info) {
  const auto fits = [&](const IntensityScaling& scaling) {
    return static_cast<int64_t>(scaling.windows.size()) == info.sizes.patch_channels &&
           std::all_of(scaling.windows.begin(), scaling.windows.end(), [](const IntensityWindow& window) {
             return std::isfinite(window.low) && std::isfinite(window.high) && window.low < window.high;
           });
  };
  if (info.intensities.size() <= kMaxIntensityScalings &&
      (info.intensities.empty() ? info.sizes.patch_channels == 1
                                : std::all_of(info.intensities.begin(), info.intensities.end(), fits))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("the model's scalings of intensities are out of range or do not fit");
}

bool Within(int64_t value, int64_t max) { return value >= 1 && value <= max; }

absl::Status CheckInfo(const ModelInfo& info) {
  const PatchSizes& s = info.sizes;
  if (!Within(s.patch, kMaxPatchSide) || !Within(s.embedding_channels, kMaxEmbeddingChannels) ||
      !Within(s.embedding_side, kMaxEmbeddingSide) || !Within(s.logits_side, kMaxLogitsSide) ||
      !Within(s.patch_channels, kMaxPatchChannels) || s.detail_channels < 0 ||
      s.detail_channels > kMaxDetailChannels || s.logits_side % 2 != 0 || s.patch % s.logits_side != 0) {
    return absl::InvalidArgumentError(absl::StrCat("the model's sizes are out of range or do not fit: patch ",
                                                   s.patch, ", embedding ", s.embedding_channels, " x ",
                                                   s.embedding_side, "^3, logits ", s.logits_side, "^3"));
  }
  RETURN_IF_ERROR(CheckScalings(info));
  if (!(info.first_spacing_mm >= 0.25 && info.first_spacing_mm <= 3 && info.finest_spacing_mm >= 0 &&
        info.finest_spacing_mm <= 3 && info.coarsest_spacing_mm >= 0.25 && info.coarsest_spacing_mm <= 3)) {
    return absl::InvalidArgumentError("the model's spacings are out of range");
  }
  if (!info.calibration.empty() && !IsCalibration(info.calibration)) {
    return absl::InvalidArgumentError("the model's calibration is none");
  }
  if (info.gate_blocks.size() > kMaxGates) {
    return absl::InvalidArgumentError(absl::StrCat("the model has more than ", kMaxGates, " gates"));
  }
  return absl::OkStatus();
}

}  // namespace

LinkMessage MakeCommand(MessageType type, uint64_t sequence, uint32_t count) {
  LinkMessage message;
  message.type = type;
  message.sequence = sequence;
  message.count = count;
  return message;
}

absl::StatusOr<LinkMessage> MakeHello(const ModelInfo& info) {
  RETURN_IF_ERROR(CheckInfo(info));
  LinkMessage message;
  message.type = MessageType::kHello;
  BodyWriter writer(message);
  for (const std::string* text : {&info.name, &info.version, &info.precision, &info.device}) {
    writer.PutText(*text);
  }
  writer.Put(info.weights_digest.bytes);
  writer.Put(info.sizes);
  writer.Put(info.gate_threshold);
  writer.Put(info.first_spacing_mm);
  writer.Put(info.finest_spacing_mm);
  writer.Put(info.coarsest_spacing_mm);
  writer.Put(static_cast<uint32_t>(info.predicts_iou ? 1 : 0));
  writer.Put(static_cast<uint32_t>(info.grid_origin));
  writer.Put(static_cast<uint32_t>(info.calibration.size()));
  for (const CalibrationPoint& point : info.calibration) writer.Put(point);
  PutScalings(info.intensities, writer);
  writer.Put(static_cast<int32_t>(info.box_corner_embeddings));
  writer.Put(static_cast<uint32_t>(info.gate_blocks.size()));
  for (int block : info.gate_blocks) writer.Put(static_cast<int32_t>(block));
  PutReport(info.self_test, writer);
  if (!writer.fits()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model's name or version is longer than ", kMaxNameBytes, " bytes"));
  }
  return message;
}

absl::StatusOr<ModelInfo> ParseHello(const LinkMessage& message) {
  RETURN_IF_ERROR(CheckFrame(message));
  if (message.type != MessageType::kHello) return absl::InternalError("the worker did not introduce itself");
  BodyReader reader(message);
  ModelInfo info;
  for (std::string* text : {&info.name, &info.version, &info.precision, &info.device}) {
    *text = reader.GetText();
  }
  info.weights_digest.bytes = reader.Get<decltype(Digest::bytes)>();
  info.sizes = reader.Get<PatchSizes>();
  info.gate_threshold = reader.Get<float>();
  info.first_spacing_mm = reader.Get<double>();
  info.finest_spacing_mm = reader.Get<double>();
  info.coarsest_spacing_mm = reader.Get<double>();
  info.predicts_iou = reader.Get<uint32_t>() != 0;
  info.grid_origin = reader.Get<uint32_t>() == 0 ? GridOrigin::kVolume : GridOrigin::kFocus;
  info.calibration = GetCalibration(reader);
  info.intensities = GetScalings(info.sizes.patch_channels, reader);
  info.box_corner_embeddings = reader.Get<int32_t>();
  const size_t gates = std::min<size_t>(reader.Get<uint32_t>(), kMaxGates + 1);
  for (size_t i = 0; i < gates; ++i) info.gate_blocks.push_back(reader.Get<int32_t>());
  absl::StatusOr<SelfTestReport> report = GetReport(reader);
  if (report.ok()) info.self_test = *std::move(report);
  if (!report.ok() || !reader.complete() || !CheckInfo(info).ok()) {
    return absl::InternalError("the worker's description of its model is malformed");
  }
  return info;
}

LinkMessage MakeStartupError(const absl::Status& error) {
  LinkMessage message = MakeCommand(MessageType::kStartupError, 0, static_cast<uint32_t>(error.code()));
  const size_t size = std::min(error.message().size(), sizeof(message.body));
  if (size > 0) std::memcpy(message.body, error.message().data(), size);
  message.body_bytes = static_cast<uint32_t>(size);
  return message;
}

absl::Status ParseStartupError(const LinkMessage& message) {
  RETURN_IF_ERROR(CheckFrame(message));
  const absl::StatusCode code = CheckedCode(message.count);
  return absl::Status(code == absl::StatusCode::kOk ? absl::StatusCode::kInternal : code,
                      absl::string_view(message.body, message.body_bytes));
}

absl::Status CheckFrame(const LinkMessage& message) {
  if (message.magic != LinkMessage::kMagic)
    return absl::InternalError("a message on the worker link is garbled");
  if (message.version != kLinkVersion) {
    return absl::InternalError(absl::StrCat("server and worker are of different releases: link version ",
                                            kLinkVersion, " here, ", message.version,
                                            " there; install both from one package"));
  }
  if (message.body_bytes > sizeof(message.body)) {
    return absl::InternalError("a message on the worker link announces more than it can hold");
  }
  return absl::OkStatus();
}

absl::StatusCode CheckedCode(uint32_t code) {
  return code <= static_cast<uint32_t>(absl::StatusCode::kUnauthenticated)
             ? static_cast<absl::StatusCode>(code)
             : absl::StatusCode::kInternal;
}

}  // namespace sgpsam
