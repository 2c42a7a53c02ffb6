#include "server/segment/segment_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/reason.h"
#include "server/segment/outputs/output_format.h"
#include "tests/support/dicom_builder.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ModelInfo SmallModel() {
  ModelInfo model = FakeEngine::FullSizeModel();
  model.sizes = {.patch = 32, .embedding_channels = 4, .embedding_side = 2, .logits_side = 16};
  return model;
}

// A request with its volume.
struct Asked : SegmentRequest {
  VolumeInput input;

  void Send(absl::string_view bytes) {
    input = {Sha256::Of(bytes), Payload()};
    std::get<Payload>(input.source).push_back(*ByteBuffer::CopyOf(bytes));
  }
  // Samples that no two neighbours share, on a grid of this shape.
  void SendRamp(const Shape& shape, double spacing_mm) {
    volume.kind = VolumeKind::kRaw;
    for (const int64_t voxels : {shape.i, shape.j, shape.k})
      volume.raw.shape.push_back(static_cast<uint32_t>(voxels));
    volume.raw.spacing_mm.assign(3, spacing_mm);
    std::vector<int16_t> samples(static_cast<size_t>(shape.voxels()));
    for (size_t n = 0; n < samples.size(); ++n) samples[n] = static_cast<int16_t>(n % 97 + 1);
    Send({reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(samples[0])});
  }
};

class SegmentPipelineTest : public ::testing::Test {
 protected:
  explicit SegmentPipelineTest(PipelineOptions options = {}, const ModelInfo& model = SmallModel())
      : pool_(Engines(model), {}, Clock::Real(), metrics_),
        pipeline_(options, pool_, Clock::Real(), metrics_) {}

  std::vector<std::unique_ptr<Engine>> Engines(const ModelInfo& model) {
    FakeEngineHooks hooks;
    hooks.encode = [this](absl::Span<const Patch* const> patches) {
      encodes_ += static_cast<int>(patches.size());
      return absl::OkStatus();
    };
    std::vector<std::unique_ptr<Engine>> engines;
    engines.push_back(std::make_unique<FakeEngine>(model, hooks));
    return engines;
  }

  // A ramp of 20 x 18 x 16 voxels of 2 mm with one click in its middle.
  static Asked Ramp() {
    Asked request;
    request.SendRamp({20, 18, 16}, 2);
    request.targets.push_back(Click(10, 9, 8));
    request.format = &kRawBitsOutput;
    return request;
  }

  static TargetRequest Click(double i, double j, double k) {
    TargetRequest target;
    target.prompts.points = {{VoxelIndex{i, j, k}, true}};
    return target;
  }

  absl::StatusOr<SegmentResult> Run(Asked asked, const ProgressSink& progress = nullptr,
                                    const CallContext& call = {}) {
    return pipeline_.Run(asked, std::move(asked.input), call, progress);
  }

  std::atomic<int> encodes_{0};
  Metrics metrics_{Clock::Real()};
  WorkerPool pool_;
  SegmentPipeline pipeline_;
};

TEST_F(SegmentPipelineTest, EncodesAPatchOnceHoweverOftenItIsClicked) {
  const auto first = Run(Ramp());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(first->targets[0].embedding_cached);
  Asked refined = Ramp();
  refined.targets[0].prompts.points.push_back({VoxelIndex{12, 9, 8}, false});
  const auto second = Run(std::move(refined));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->targets[0].embedding_cached);
  EXPECT_LT(second->targets[0].voxels, first->targets[0].voxels);
  EXPECT_EQ(encodes_, 1);
}

TEST_F(SegmentPipelineTest, EncodesAnotherPlaceOrClampAnew) {
  ASSERT_TRUE(Run(Ramp()).ok());
  Asked elsewhere = Ramp();
  elsewhere.targets[0] = Click(2, 3, 4);
  ASSERT_TRUE(Run(std::move(elsewhere)).ok());
  Asked clamped = Ramp();
  clamped.clamp = IntensityClamp{10, 50};
  ASSERT_TRUE(Run(std::move(clamped)).ok());
  EXPECT_EQ(encodes_, 3);
}

TEST_F(SegmentPipelineTest, FindsVolumesAndLogitsByTheirContent) {
  const Asked ramp = Ramp();
  EXPECT_EQ(pipeline_.FindVolume(ramp.volume, ramp.input.digest), nullptr);
  const auto result = Run(Ramp());
  ASSERT_TRUE(result.ok());
  const auto volume = pipeline_.FindVolume(ramp.volume, ramp.input.digest);
  ASSERT_NE(volume, nullptr);
  EXPECT_EQ(volume->volume.geometry().shape(), (Shape{20, 18, 16}));
  Asked other = Ramp();
  other.volume.raw.spacing_mm = {1, 1, 1};
  EXPECT_EQ(pipeline_.FindVolume(other.volume, other.input.digest), nullptr);
  const auto logits = pipeline_.FindLogits(result->targets[0].logits_digest);
  ASSERT_NE(logits, nullptr);
  EXPECT_EQ(logits->size(), 16u * 16 * 16);

  Asked cached = Ramp();
  cached.input.source = volume;
  EXPECT_TRUE(Run(std::move(cached)).ok());
}

TEST_F(SegmentPipelineTest, KnowsTheModalityThatTheCallerSays) {
  Asked ramp = Ramp();
  ramp.volume.modality = "MR";
  const VolumeDescription description = ramp.volume;
  const Digest digest = ramp.input.digest;
  ASSERT_TRUE(Run(std::move(ramp)).ok());
  EXPECT_EQ(pipeline_.FindVolume(description, digest)->modality, "MR");
  EXPECT_EQ(pipeline_.FindVolume(Ramp().volume, digest),
            nullptr);  // a volume of another modality is another one
}

TEST_F(SegmentPipelineTest, NamesTheScribbleThatCannotBeInflated) {
  Asked ramp = Ramp();
  ramp.targets[0].scribbles = {{{"x", {1, 1, 1}}, {0, 0, 0}, true}};
  const absl::Status status = Run(std::move(ramp)).status();
  EXPECT_EQ(ReasonOf(status), Reason::kMaskMismatch);
  EXPECT_EQ(ReasonDetail(status, "prompt"), "scribble");
  EXPECT_EQ(ReasonDetail(status, "number"), "1");
  EXPECT_EQ(encodes_, 0);
}

TEST_F(SegmentPipelineTest, TellsTheStagesOfEveryTarget) {
  Asked request = Ramp();
  request.targets.push_back(Click(4, 4, 4));
  std::vector<std::pair<Stage, size_t>> told;
  ASSERT_TRUE(Run(std::move(request), [&](const ProgressEvent& event) {
                if (told.empty() || told.back() != std::pair(event.stage, event.target)) {
                  told.emplace_back(event.stage, event.target);
                }
              }).ok());
  EXPECT_THAT(told, ElementsAre(std::pair(Stage::kDecode, 0u), std::pair(Stage::kPrepare, 0u),
                                std::pair(Stage::kEncode, 0u), std::pair(Stage::kPromptMask, 0u),
                                std::pair(Stage::kRestore, 0u), std::pair(Stage::kPrepare, 1u),
                                std::pair(Stage::kEncode, 1u), std::pair(Stage::kPromptMask, 1u),
                                std::pair(Stage::kRestore, 1u), std::pair(Stage::kWrite, 1u)));
}

TEST_F(SegmentPipelineTest, StopsAtTheNextStepOnceNobodyWaits) {
  CallContext call;
  const ProgressSink leave = [&](const ProgressEvent& event) {
    if (event.stage == Stage::kPrepare) call.cancel.Cancel();
  };
  EXPECT_EQ(Run(Ramp(), leave, call).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(encodes_, 0);
  CallContext late;
  late.deadline = absl::InfinitePast();
  EXPECT_EQ(Run(Ramp(), nullptr, late).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SegmentPipelineTest, RefusesASegThatCannotBeWrittenBeforeTheModelRuns) {
  Asked raw = Ramp();
  raw.format = &kDicomSegOutput;
  const absl::Status no_series = Run(std::move(raw)).status();
  EXPECT_EQ(no_series.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(no_series), Reason::kSegNeedsDicom);

  Asked dicom;
  dicom.input.source = testing::GivenSeries().With(0x0020000d, "UI", "").Files();
  dicom.targets.push_back(Click(4, 3, 2));
  const absl::Status status = Run(std::move(dicom)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("can be had as NIfTI"));
  EXPECT_EQ(ReasonOf(status), Reason::kSegNotPossible);
  EXPECT_EQ(encodes_, 0);
}

class UprightPipelineTest : public SegmentPipelineTest {
 protected:
  static constexpr Shape kShape = {20, 18, 16};

  UprightPipelineTest() : SegmentPipelineTest(NoLargerThanTheStack()) {}

  static PipelineOptions NoLargerThanTheStack() {
    PipelineOptions options;
    options.max_volume_bytes = static_cast<uint64_t>(kShape.voxels());
    return options;
  }

  // A stack of 2 mm with these columns and slices.
  static Asked Upright(const WorldPoint& column, const WorldPoint& slice) {
    DecodedVolume decoded;
    const Geometry geometry = Geometry::Create(kShape, {0, 0, 0}, {{{2, 0, 0}, column, slice}}).value();
    ByteBuffer samples = ByteBuffer::Zeroed(static_cast<size_t>(kShape.voxels())).value();
    for (size_t n = 0; n < samples.size(); ++n) samples.data()[n] = static_cast<uint8_t>(n % 97 + 1);
    decoded.volume = Volume::Create(geometry, SampleType::kUint8, std::move(samples)).value();
    Asked request;
    request.volume.kind = VolumeKind::kNifti;
    request.input.source = std::make_shared<const DecodedVolume>(std::move(decoded));
    request.targets.push_back(Click(10, 9, 8));
    request.upright = true;
    return request;
  }
};

TEST_F(UprightPipelineTest, RefusesAGridThatCannotBeHadBeforeTheModelRuns) {
  const absl::Status skewed = Run(Upright({1, 2, 0}, {0, 0, 2})).status();
  EXPECT_EQ(skewed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(skewed.message()), HasSubstr("rows and columns are not at right angles"));
  EXPECT_EQ(ReasonOf(skewed), Reason::kUprightNotPossible);
  const absl::Status large = Run(Upright({0, 2, 0}, {0, 1, 2})).status();
  EXPECT_EQ(large.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(large.message()), HasSubstr("on an upright grid the volume has"));
  EXPECT_EQ(ReasonOf(large), Reason::kUprightNotPossible);
  EXPECT_EQ(encodes_, 0);
  const absl::Status fits = Run(Upright({0, 2, 0}, {0, 0, 2})).status();
  EXPECT_TRUE(fits.ok()) << fits;
  EXPECT_EQ(encodes_, 1);
}

class FollowingPipelineTest : public SegmentPipelineTest {
 protected:
  FollowingPipelineTest() : SegmentPipelineTest({}, BoxModel()) {}

  // Its mask fills a box, as far as the box lies in the patch of 48 mm.
  static ModelInfo BoxModel() {
    ModelInfo model = SmallModel();
    model.box_corner_embeddings = 2;
    return model;
  }

  // A ramp of 100 x 20 x 20 voxels of 1.5 mm with a box from i = 10 to 80.
  static Asked Rod() {
    Asked request;
    request.SendRamp({100, 20, 20}, 1.5);
    request.targets.emplace_back().prompts.boxes = {BoxPrompt{VoxelIndex{10, 4, 4}, VoxelIndex{80, 14, 14}}};
    request.format = &kRawBitsOutput;
    return request;
  }
};

TEST_F(FollowingPipelineTest, CountsPatchesAndFindsThemAllAgainForASecondClick) {
  const auto first = Run(Rod());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->targets[0].patches, 5);
  EXPECT_EQ(encodes_, 5);
  EXPECT_FALSE(first->targets[0].embedding_cached);
  EXPECT_FALSE(first->targets[0].touches_patch_border);
  Asked again = Rod();
  again.targets[0].prompts.points.push_back({VoxelIndex{45, 9, 9}, true});
  const auto second = Run(std::move(again));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->targets[0].patches, 5);
  EXPECT_TRUE(second->targets[0].embedding_cached);
  EXPECT_EQ(encodes_, 5);
}

TEST_F(FollowingPipelineTest, NamesTheTargetThatTheLimitCutsShort) {
  Asked request = Rod();
  request.targets.push_back(request.targets[0]);
  request.inference.max_patches = 2;
  const auto result = Run(std::move(request));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->targets[0].patches, 2);
  EXPECT_THAT(result->warnings, ElementsAre(HasSubstr("target 1: the lesion goes on beyond the 2 patches"),
                                            HasSubstr("target 1: a box reaches beyond"),
                                            HasSubstr("target 2: the lesion goes on beyond the 2 patches"),
                                            HasSubstr("target 2: a box reaches beyond")));
}

TEST_F(FollowingPipelineTest, NamesTheTargetThatCannotBeHad) {
  Asked request = Rod();
  request.targets.push_back(Click(10, 10, 200));
  const absl::Status second = Run(std::move(request)).status();
  EXPECT_THAT(std::string(second.message()), HasSubstr("target 2: point 1: the position lies"));
  EXPECT_EQ(ReasonOf(second), Reason::kPointOutsideVolume);
  EXPECT_EQ(ReasonDetail(second, "target"), "2");
  EXPECT_EQ(ReasonDetail(second, "point"), "1");
  request = Rod();
  request.targets[0] = Click(10, 10, 200);
  const absl::Status only = Run(std::move(request)).status();
  EXPECT_THAT(std::string(only.message()), Not(HasSubstr("target")));
  EXPECT_EQ(ReasonDetail(only, "target"), "1");
}

TEST_F(FollowingPipelineTest, CountsThePatchesInItsProgress) {
  std::vector<std::pair<int, int>> told;
  ASSERT_TRUE(Run(Rod(), [&](const ProgressEvent& event) {
                if (event.stage == Stage::kEncode) told.emplace_back(event.patch, event.patches);
                if (event.stage == Stage::kDecode || event.stage == Stage::kWrite) {
                  EXPECT_EQ(event.patch, 0);
                  EXPECT_EQ(event.patches, 0);
                }
              }).ok());
  EXPECT_THAT(
      told, ElementsAre(std::pair(1, 8), std::pair(2, 8), std::pair(3, 8), std::pair(4, 8), std::pair(5, 8)));
}

TEST_F(FollowingPipelineTest, StopsBetweenTwoPatchesOnceNobodyWaits) {
  CallContext call;
  const ProgressSink leave = [&](const ProgressEvent& event) {
    if (event.stage == Stage::kRestore) call.cancel.Cancel();
  };
  EXPECT_EQ(Run(Rod(), leave, call).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(encodes_, 1);
}

TEST_F(FollowingPipelineTest, TakesTheSpacingThatIsAskedFor) {
  Asked request = Rod();
  request.inference.spacing_mm = 3;  // a patch of 96 mm
  const auto coarse = Run(std::move(request));
  ASSERT_TRUE(coarse.ok()) << coarse.status();
  EXPECT_EQ(coarse->targets[0].spacing_mm, 3);
  EXPECT_EQ(coarse->targets[0].patches, 3);
}

// Encodes take 4 s and decodes 1 s of a clock that nothing else moves.
class EstimatingPipelineTest : public FollowingPipelineTest {
 protected:
  std::vector<std::unique_ptr<Engine>> SlowEngine() {
    FakeEngineHooks hooks;
    hooks.encode = [this](absl::Span<const Patch* const>) { return Take(absl::Seconds(4)); };
    hooks.decode = [this](absl::Span<const DecodeInput* const>) { return Take(absl::Seconds(1)); };
    std::vector<std::unique_ptr<Engine>> engines;
    engines.push_back(std::make_unique<FakeEngine>(BoxModel(), hooks));
    return engines;
  }
  absl::Status Take(absl::Duration time) {
    clock_.Advance(time);
    return absl::OkStatus();
  }
  // What was told for the rod at another place, as a new volume.
  std::vector<ProgressEvent> Told(double origin) {
    Asked request = Rod();
    request.volume.raw.origin_lps = {origin, 0, 0};
    std::vector<ProgressEvent> told;
    const auto result = slow_pipeline_.Run(request, std::move(request.input), {},
                                           [&](const ProgressEvent& event) { told.push_back(event); });
    EXPECT_TRUE(result.ok()) << result.status();
    return told;
  }

  FakeClock clock_;
  Metrics slow_metrics_{clock_};
  WorkerPool slow_pool_{SlowEngine(), {}, clock_, slow_metrics_};
  SegmentPipeline slow_pipeline_{{}, slow_pool_, clock_, slow_metrics_};
};

TEST_F(EstimatingPipelineTest, TellsHowLongItTakesAndCountsDown) {
  EXPECT_EQ(Told(0).front().expected, absl::ZeroDuration());  // nobody knows yet
  const std::vector<ProgressEvent> told = Told(1000);
  std::vector<absl::Duration> before_encodes;
  for (size_t n = 0; n < told.size(); ++n) {
    EXPECT_LE(told[n].expected, told[n == 0 ? 0 : n - 1].expected) << n;
    if (told[n].stage == Stage::kEncode) before_encodes.push_back(told[n].expected);
  }
  EXPECT_EQ(told.front().expected, absl::Seconds(25));
  EXPECT_THAT(before_encodes, ElementsAre(absl::Seconds(25), absl::Seconds(20), absl::Seconds(15),
                                          absl::Seconds(10), absl::Seconds(5)));
  EXPECT_EQ(told.back().expected, absl::ZeroDuration());
}

class ForgetfulPipelineTest : public SegmentPipelineTest {
 protected:
  ForgetfulPipelineTest() : SegmentPipelineTest(NoCaches()) {}

  static PipelineOptions NoCaches() {
    PipelineOptions options;
    options.volume_cache_bytes = options.embedding_cache_bytes = options.logits_cache_bytes = 0;
    return options;
  }
};

TEST_F(ForgetfulPipelineTest, GivesTheSameAnswersWithoutItsCaches) {
  const auto first = Run(Ramp()), second = Run(Ramp());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(encodes_, 2);
  EXPECT_FALSE(second->targets[0].embedding_cached);
  EXPECT_EQ(first->outputs[0].view(), second->outputs[0].view());
}

class TightPipelineTest : public SegmentPipelineTest {
 protected:
  TightPipelineTest() : SegmentPipelineTest(Tight()) {}

  static PipelineOptions Tight() {
    PipelineOptions options;
    options.volume_cache_bytes = 64 << 10;
    return options;
  }
};

// Another origin makes another volume of the same few bytes.
TEST_F(TightPipelineTest, CountsMoreOfAVolumeThanItsSamples) {
  const auto small = [](double origin) {
    Asked request;
    request.volume.kind = VolumeKind::kRaw;
    request.volume.raw.shape = {4, 4, 4};
    request.volume.raw.spacing_mm = {2, 2, 2};
    request.volume.raw.origin_lps = {origin, 0, 0};
    const std::string bytes(4 * 4 * 4 * 2, '\1');
    request.Send(bytes);
    request.targets.push_back(Click(2, 2, 2));
    return request;
  };
  int kept = 0;
  for (int n = 0; n < 100; ++n) Run(small(n)).status().IgnoreError();
  for (int n = 0; n < 100; ++n) {
    const Asked request = small(n);
    kept += pipeline_.FindVolume(request.volume, request.input.digest) != nullptr;
  }
  EXPECT_GE(kept, 1);
  EXPECT_LE(kept, 16);
}

}  // namespace
}  // namespace sgpsam
