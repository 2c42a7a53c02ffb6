// The C++ client of sgpsam-server: a volume and clicks go in, a DICOM-SEG, NIfTI or bit mask comes out.
//
//     auto client = sgpsam::client::Client::Connect("localhost:50051");
//     auto series = sgpsam::client::Volume::FromPath("path/to/series");
//     if (!client.ok() || !series.ok()) return 1;
//     sgpsam::client::SegmentRequest request(*series);
//     const auto click = sgpsam::client::Position::PatientMm(12.5, -40, -310);
//     request.targets = {{.clicks = {{click}}, .label = "Lesion"}};
//     auto result = client->Segment(request);
//     if (sgpsam::client::ErrorReason(result.status()) == "POINT_OUTSIDE_VOLUME") return 2;
//     if (!result.ok()) return std::cerr << result.status() << "\n", 1;
//     std::ofstream("lesion.dcm", std::ios::binary) << result->file;
//
// Promise: Segment names the volume by its digest and uploads it only if the server does not have it; so it
// does with logits of an earlier call. A refusal stops an upload at once. Errors are absl::Status with the
// server's code and message, and a reason for programs (ErrorReason; tables of both in proto/README.md). A
// call that a server was too busy for, or that was lost on the way, is sent again, which changes no answer
// (ConnectOptions::max_attempts).
// Threads: Client and Cancel may be used from many threads at once. Ownership: results own their bytes.
#ifndef SGPSAM_CLIENT_CLIENT_H_
#define SGPSAM_CLIENT_CLIENT_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sgpsam/volume.h"

namespace sgpsam::client {

// ----------------------------------------------------------------------------------------- errors

// Why a call or the reading of an input failed, e.g. "POINT_OUTSIDE_VOLUME": names that are never changed,
// listed in proto/README.md. Empty where no reason is known, of OK too;
// a newer server may give one that is not listed.
//
//   if (ErrorReason(series.status()) == "SEVERAL_SERIES") return AskWhichSeries(folder);
std::string ErrorReason(const absl::Status& status);
// What the reason is about: keys and values such as "target" -> "2", "file" -> "17", counted from 1.
std::vector<std::pair<std::string, std::string>> ErrorMetadata(const absl::Status& status);

// ---------------------------------------------------------------------------------------- prompts

// A position in the patient (LPS, mm) or in the voxel grid (i, j, k from 0, centres at whole numbers).
struct Position {
  enum class Space { kPatientMm, kVoxel };
  Space space = Space::kPatientMm;
  std::array<double, 3> at{};

  static Position PatientMm(double x, double y, double z) { return {Space::kPatientMm, {x, y, z}}; }
  static Position Voxel(double i, double j, double k) { return {Space::kVoxel, {i, j, k}}; }
};

struct Click {
  Position position;
  bool positive = true;  // inside the lesion; false: outside it
};

struct Box {
  Position a, b;  // two opposite corners in the same space
  // Inside: the lesion lies in it, and what lies well outside is cut off. false:
  // nothing of it is in the mask.
  bool positive = true;
};

// A diameter, as RECIST measures it.
struct Line {
  Position a, b;  // its ends on the lesion's border, in the same space
};

// Where a patch lies in its volume.
struct PatchPosition {
  std::array<double, 3> centre_lps_mm{};
  double spacing_mm = 0;  // of its voxels
};

// What an earlier result knew of a target (TargetResult::previous), to be corrected by further clicks, of
// which one negative one is enough. The digest is sent; the samples follow only if the server no longer knows
// it. One of both suffices.
struct PreviousLogits {
  std::string sha256;                                 // 32 bytes or empty
  std::vector<float> samples;                         // ModelDescription::logits_side^3 or empty
  std::optional<PatchPosition> patch = std::nullopt;  // where they lie: where the first patch will lie again
};

// Which index of a voxel changes from one bit to the next.
enum class AxisOrder { kIFastest, kKFastest };

// A mask to correct: one bit a voxel of the volume, least significant bit first.
struct MaskPrompt {
  std::array<uint32_t, 3> shape{};  // i, j, k, whatever the order; the volume's, or it is refused
  std::string bits;                 // ceil(voxels / 8) bytes
  AxisOrder order = AxisOrder::kIFastest;
};

// Voxels drawn or filled by hand, in any slices: as a mask of the whole volume, or of the part of it that
// begins at `first`. Only the part that has marks is sent.
struct Scribble {
  MaskPrompt part;
  std::array<uint32_t, 3> first{};  // i, j, k
  bool positive = true;             // inside the lesion; false: outside it
};

struct Code {
  std::string value, scheme, meaning;
};

struct Target {
  std::vector<Click> clicks;             // in the order in which they were made, at most 64
  std::vector<Box> boxes = {};           // at most 16
  std::vector<Line> lines = {};          // at most 4
  std::vector<Scribble> scribbles = {};  // in the order in which they were drawn, at most 16
  std::optional<PreviousLogits> previous = std::nullopt;
  std::optional<MaskPrompt> mask = std::nullopt;             // not with `previous`
  std::string label = "Lesion";                              // SegmentLabel, at most 64 characters
  std::optional<Code> category = std::nullopt;               // default: Morphologically Abnormal Structure
  std::optional<Code> type = std::nullopt;                   // default: Lesion
  std::optional<std::array<uint8_t, 3>> rgb = std::nullopt;  // default: one of 16, by the target's index
  std::optional<bool> average_looks = std::nullopt;          // average up to four more patches with the mask
};

// ---------------------------------------------------------------------------------------- request

enum class MaskFormat {
  kDefault = 0,  // DICOM-SEG for DICOM input, NIfTI otherwise
  kDicomSeg,
  kNifti,    // .nii.gz of labels, 1 = first target
  kRawBits,  // TargetResult::mask_bits instead of SegmentResult::file
};

// The series that a DICOM-SEG goes into and how it is called there. Repeated results belong together with the
// same series_uid, description and number, each with an instance number of its own.
struct SegSeries {
  std::string series_uid;          // a valid UID; empty: a new series
  std::string series_description;  // at most 64 characters; empty: "AI segmentation, not for diagnosis"
  uint32_t series_number = 0;      // 0: 9000
  uint32_t instance_number = 0;    // 0: 1
  std::string content_label;       // at most 16 of A to Z, 0 to 9, space, underscore; empty: "SEGMENTATION"
  std::string creator;             // the reader, "Family^Given"; empty: "SGPSAM^Server"
};

enum class Priority { kDefault = 0, kStat, kRoutine, kBatch };

// Stops calls from any thread; copies share one state. A call given a Cancel that was used before it
// started ends at once.
class Cancel {
 public:
  Cancel();
  void Now() const;
  bool requested() const;

  struct State;  // the library's own
  const std::shared_ptr<State>& state() const { return state_; }

 private:
  std::shared_ptr<State> state_;
};

struct SegmentRequest {
  explicit SegmentRequest(Volume v) : volume(std::move(v)) {}

  Volume volume;
  std::vector<Target> targets;  // 1 to 16; each becomes one segment
  MaskFormat format = MaskFormat::kDefault;
  std::optional<SegSeries> seg_series;  // DICOM-SEG only
  bool probabilities = false;           // fill TargetResult::probabilities
  bool uncertainty = false;             // fill TargetResult::uncertainty; averages looks unless told
  bool logits = true;                   // fill TargetResult::previous.samples: 128 KiB a target
  // Of a stack that leans (gantry tilt): mask and image on a grid at right angles, which every reader opens.
  // NIfTI only.
  bool upright = false;
  std::optional<std::pair<double, double>> clamp;  // intensities are clamped to [first, second]
  // The most patches that a target may take, 1 to 27: around the prompts, at other spacings, along a mask
  // that touches its patch's border. 1: the first patch alone. 0: 8
  uint32_t max_patches = 0;
  // Of the model's voxels, 0.25 to 3. Default: that of the targets' previous patch, else the model's own, and
  // auto_spacing if it has learned from finer ones than 1.5.
  std::optional<double> spacing_mm;
  // Within max_patches, each 0 to 26: looks at other spacings, and steps along a lesion from patch to patch.
  std::optional<uint32_t> max_looks, max_steps;
  std::string modality;  // of a NIfTI or raw volume, such as "CT"; empty: not known. DICOM says it itself
  bool auto_spacing = false;    // look again at a mask that is small or large for that; not with spacing_mm
  std::string idempotency_key;  // same key, volume, prompts, model: same UIDs. At most 128 bytes
  Priority priority = Priority::kDefault;
  absl::Time deadline = absl::InfiniteFuture();
  Cancel cancel;
  // Upload without computing the digest and asking first: for volumes that nobody sends twice.
  bool upload_without_asking = false;
};

// ----------------------------------------------------------------------------------------- answer

enum class Stage { kReceive = 1, kDecode, kPrepare, kQueue, kEncode, kPromptMask, kRestore, kWrite, kSend };
const char* StageName(Stage stage);  // "receive" … "send"

struct Progress {
  Stage stage = Stage::kReceive;
  uint64_t bytes_done = 0, bytes_total = 0;  // kReceive (upload) and kSend (download) only
  uint32_t target = 0;                       // index, for the stages in between
  uint32_t patch = 0;                        // of that target, from 1, from kPrepare to kRestore; else 0
  uint32_t patches = 0;                      // the most that the target may take; else 0
  uint32_t queue_position = 0;               // kQueue: patches ahead of this one
  absl::Duration expected;                   // until the result; zero: not known
};

// Called from the library's threads, one call at a time, never after Segment has returned. Must not
// block for long (it holds up the transfer) and must not throw.
using ProgressCallback = std::function<void(const Progress&)>;

struct GateScore {
  uint32_t block = 0;  // encoder block after which the module sits
  float score = 0;
  bool open = false;
};

enum class PromptKind { kUnknown = 0, kPoint, kBox, kLine, kScribble, kMask, kPreviousLogits };
const char* PromptKindName(PromptKind kind);  // "point", "box", "line", "scribble", "mask", "previous_logits"

// What became of one prompt.
struct PromptUse {
  PromptKind kind = PromptKind::kUnknown;
  uint32_t number = 0;       // of its kind, from 1, in the target's order
  uint32_t clicks = 0;       // that the model got of it in the first patch
  bool box_corners = false;  // the model got its corners
  bool mask_logits = false;  // the model got it as mask logits
  bool confined = false;     // what lay outside of it was cut off
  bool enforced = false;     // the model contradicted it, and the mask was changed
};

struct TargetResult {
  uint64_t voxels = 0;
  double volume_ml = 0;
  bool empty() const { return voxels == 0; }  // nothing was found at the prompts
  bool touches_patch_border = false;          // the lesion may go on outside what the model saw
  bool embedding_cached = false;
  uint32_t patches = 0;   // that were looked at; 0: nothing was asked for
  double spacing_mm = 0;  // of those that the mask comes from
  std::vector<GateScore> gates;
  double iou_prediction = 0;        // the model's raw output; not a calibrated confidence
  std::optional<float> confidence;  // the Dice to expect of the mask, 0 to 1; nothing: not estimated
  uint32_t dropped_components = 0;  // parts that the model found and that no prompt asks for
  uint32_t enforced_prompts = 0;    // that the model contradicted and that changed the mask
  std::vector<PromptUse> prompt_uses;
  PreviousLogits previous;           // for Target::previous of the next call
  std::string mask_bits;             // MaskFormat::kRawBits only
  std::vector<float> probabilities;  // on request, on the volume's grid, i fastest
  // Likewise: the standard deviation of several looks' probabilities, 0 to 0.5.
  std::vector<float> uncertainty;
};

struct ModelIdentity {
  std::string name, version, weights_sha256;  // the last: 32 bytes
};

struct SegmentResult {
  std::vector<TargetResult> targets;  // as in the request
  std::string file;                   // the DICOM-SEG or .nii.gz; empty for kRawBits
  ModelIdentity model;
  std::string volume_sha256;                                  // 32 bytes
  std::array<uint32_t, 3> volume_shape{};                     // i, j, k: the grid of masks and probabilities
  std::array<double, 12> voxel_to_lps{};                      // row-major 3x4: LPS mm = this * (i, j, k, 1)
  std::vector<std::pair<Stage, absl::Duration>> stage_times;  // the server's
  std::string upright_image;                                  // .nii.gz, for SegmentRequest::upright
  // What was repaired, assumed or passed over, and which prompts were not used as given
  std::vector<std::string> warnings;
  std::vector<PassedOver> passed_over;  // by the client and by the server
  std::string request_id;               // quote it in a bug report
  uint64_t uploaded_bytes = 0;          // of the volume; 0: the server had it
};

struct ModelDescription {
  ModelIdentity model;
  std::array<uint32_t, 3> patch_voxels{};
  double patch_spacing_mm = 0;
  double finest_spacing_mm = 0;  // above 0: auto_spacing is the default
  std::string precision;
  std::vector<uint32_t> gate_blocks;
  uint32_t box_corner_embeddings = 0;  // what the first positive box becomes: 0 a click, 2 its corners
  std::vector<std::string> devices;
  std::string server_version;
  uint64_t max_volume_bytes = 0;
  uint32_t max_targets = 0;
  uint32_t logits_side = 0;  // PreviousLogits::samples has the cube of this
};

// ----------------------------------------------------------------------------------------- client

// An encrypted connection to a server whose certificate is verified, by the name that it is addressed by.
// Paths of files in PEM; those that are replaced later are read again, for the connections that follow.
struct Tls {
  std::string ca =
      "system";  // authorities, one of which signed the server's certificate; or "system": its own
  std::string cert = {}, key = {};  // shown to servers that ask for one, and its private key; empty: none
};

struct ConnectOptions {
  std::string user_agent = {};            // goes in front of the library's own
  std::optional<Tls> tls = std::nullopt;  // none: the connection is not encrypted
  // How often one call may be sent, at least once; 1: never again. Only what a busy or leaving server refused
  // (RESOURCE_EXHAUSTED, UNAVAILABLE) and what was lost with its connection is; on the next server at once,
  // else after as long as the server asked (RetryInfo, or a pushback in the trailing metadata; above a minute
  // the call fails), or a second, two, four. Never past the deadline. Progress begins anew. A server that
  // cannot be reached counts for none, and is not waited for.
  int max_attempts = 4;
};

class Client {
 public:
  // `target` is gRPC's: "host:port", "dns:///name:port", "unix:/path"; or several, separated by commas. Calls
  // go round them, and round all addresses of a "dns:///name:port"; those about one volume stay with one
  // target as long as it answers, so that the volume is uploaded once. Returns at once: the connection is
  // made by the first call. INVALID_ARGUMENT for an empty target and for files of `options.tls` that are none
  // or do not belong together; NOT_FOUND and the like for those that cannot be read.
  static absl::StatusOr<Client> Connect(const std::string& target, const ConnectOptions& options = {});

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();  // no call may be running

  // Blocks until the result is there, the call failed, its deadline passed or it was cancelled.
  // UNAUTHENTICATED: the two ends do not agree on TLS, or the server's certificate is not trusted.
  absl::StatusOr<SegmentResult> Segment(const SegmentRequest& request,
                                        const ProgressCallback& progress = nullptr) const;
  absl::StatusOr<ModelDescription> DescribeModel(absl::Time deadline = absl::InfiniteFuture()) const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CLIENT_H_
