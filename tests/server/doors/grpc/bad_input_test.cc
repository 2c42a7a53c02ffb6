// Every bad input is a clear status, costs nothing before it is refused, and leaves a server that
// answers the next good request.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/server/test_server.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Sends messages one after the other, whatever the contract says, then closes.
grpc::Status SendAll(TestServer& server, const std::vector<v1::SegmentRequest>& messages) {
  grpc::ClientContext context;
  const auto stream = server.stub().Segment(&context);
  for (const v1::SegmentRequest& message : messages) {
    if (!stream->Write(message)) break;
  }
  stream->WritesDone();
  Exchange exchange;
  FinishExchange(*stream, "", "", exchange);
  return exchange.status;
}

// --- order and sums

TEST(BadOrder, AnEmptyStreamIsAnInvalidArgument) {
  TestServer server;
  EXPECT_THAT(SendAll(server, {}), IsStatus(grpc::INVALID_ARGUMENT, "without a header"));
  ExpectStillWorks(server);
}

TEST(BadOrder, AnEmptyMessageIsAnInvalidArgument) {
  TestServer server;
  EXPECT_THAT(SendAll(server, {v1::SegmentRequest()}), IsStatus(grpc::INVALID_ARGUMENT, "must be a header"));
  EXPECT_THAT(SendAll(server, {HeaderMessage(RampHeader()), v1::SegmentRequest()}),
              IsStatus(grpc::INVALID_ARGUMENT, "neither"));
  ExpectStillWorks(server);
}

TEST(BadOrder, AHeaderAfterPayloadIsAnInvalidArgument) {
  TestServer server;
  const v1::SegmentRequest header = HeaderMessage(RampHeader()), chunk = ChunkMessage("chunk");
  EXPECT_THAT(SendAll(server, {chunk, header}), IsStatus(grpc::INVALID_ARGUMENT, "must be a header"));
  EXPECT_THAT(SendAll(server, {header, chunk, header}), IsStatus(grpc::INVALID_ARGUMENT, "second header"));
  EXPECT_THAT(SendAll(server, {header, header}), IsStatus(grpc::INVALID_ARGUMENT, "second header"));
  ExpectStillWorks(server);
}

TEST(BadOrder, LogitsThatNobodyAskedForAreAnInvalidArgument) {
  TestServer server;
  v1::SegmentRequest logits;
  logits.mutable_logits()->set_samples("x");
  EXPECT_THAT(SendAll(server, {HeaderMessage(RampHeader()), logits}),
              IsStatus(grpc::INVALID_ARGUMENT, "did not ask"));
  ExpectStillWorks(server);
}

TEST(BadSums, OneByteTooFewIsAnInvalidArgument) {
  TestServer server;
  const std::string payload = RampPayload();
  EXPECT_THAT(SendAll(server, {HeaderMessage(RampHeader()), ChunkMessage(payload.substr(1))}),
              IsStatus(grpc::INVALID_ARGUMENT, "ended after 11519 of the announced 11520 bytes"));
  ExpectStillWorks(server);
}

TEST(BadSums, OneByteTooManyIsAnInvalidArgument) {
  TestServer server;
  EXPECT_THAT(SendAll(server, {HeaderMessage(RampHeader()), ChunkMessage(RampPayload() + "x")}),
              IsStatus(grpc::INVALID_ARGUMENT, "longer than the announced 11520 bytes"));
  ExpectStillWorks(server);
}

TEST(BadSums, AChunkBehindTheLastEndsTheCallEvenWhileItRuns) {
  Gate gate(false);
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    gate.Pass();
    return absl::OkStatus();
  };
  TestServer server(TestConfig(), hooks);
  EXPECT_THAT(SendAll(server, {HeaderMessage(RampHeader()), ChunkMessage(RampPayload()), ChunkMessage("x")}),
              IsStatus(grpc::INVALID_ARGUMENT, "longer"));
  gate.Open();
  ExpectStillWorks(server);
}

TEST(BadSums, AChunkOfMoreThanOneMiBOrOfNothingIsAnInvalidArgument) {
  TestServer server;
  v1::SegmentHeader header;
  AddRaw(header, {1024, 1024, 2}, 1, v1::SAMPLE_TYPE_UINT8);
  header.mutable_volume()->set_size_bytes(2 << 20);
  AddVoxelPoint(*header.add_targets(), 1, 1, 1);
  EXPECT_THAT(SendAll(server, {HeaderMessage(header), ChunkMessage(std::string((1 << 20) + 1, 'x'))}),
              IsStatus(grpc::INVALID_ARGUMENT, "1048577 bytes"));
  EXPECT_THAT(SendAll(server, {HeaderMessage(header), ChunkMessage("")}),
              IsStatus(grpc::INVALID_ARGUMENT, "0 bytes"));
  ExpectStillWorks(server);
}

TEST(BadSums, AMessageBeyondEveryLimitIsResourceExhausted) {
  TestServer server;
  EXPECT_THAT(SendAll(server, {ChunkMessage(std::string(9 << 20, 'x'))}),
              IsStatus(grpc::RESOURCE_EXHAUSTED, "larger than max"));
  ExpectStillWorks(server);
}

TEST(BadSums, AWrongDigestIsAnInvalidArgument) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_volume()->set_sha256(Sha256Of("another volume"));
  EXPECT_THAT(Segment(server.stub(), header, RampPayload()).status,
              IsStatus(grpc::INVALID_ARGUMENT, "SHA-256 differs"));
  ExpectStillWorks(server);
}

// --- headers: refused before any payload

struct BadHeader {
  const char* name;
  std::function<void(v1::SegmentHeader&)> spoil;
  const char* message;
};

class BadHeaderTest : public ::testing::TestWithParam<BadHeader> {};

TEST_P(BadHeaderTest, IsAnInvalidArgumentBeforeAnyPayload) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  GetParam().spoil(header);
  const Exchange call = Segment(server.stub(), header, RampPayload());
  EXPECT_THAT(call.status, IsStatus(grpc::INVALID_ARGUMENT, GetParam().message));
  const v1::ErrorInfo info = ErrorInfoOf(call.status);
  EXPECT_NE(info.reason(), "");
  EXPECT_TRUE(info.reason() != "INVALID_HEADER" || info.metadata().contains("field"))
      << call.status.error_message();
  EXPECT_FALSE(call.accepted);
  EXPECT_EQ(call.uploaded_bytes, 0u);
  ExpectStillWorks(server);
}

v1::RawVolume& Raw(v1::SegmentHeader& header) { return *header.mutable_volume()->mutable_raw(); }
// A mask prompt that says of itself what the ramp's has to say.
void FillMask(const std::string& zlib_bits, v1::MaskPrompt& mask) {
  mask.set_zlib_bits(zlib_bits);
  for (const uint32_t size : {20u, 18u, 16u}) mask.add_shape(size);
  mask.set_axis_order(v1::AXIS_ORDER_I_FASTEST);
}

v1::ScribblePrompt& AddScribble(v1::Prompts& prompts, const std::array<uint32_t, 3>& shape) {
  v1::ScribblePrompt& scribble = *prompts.add_scribbles();
  scribble.set_zlib_bits("x");
  scribble.mutable_shape()->Assign(shape.begin(), shape.end());
  scribble.set_axis_order(v1::AXIS_ORDER_I_FASTEST);
  return scribble;
}

v1::Prompts& PromptsOf(v1::SegmentHeader& header) { return *header.mutable_targets(0)->mutable_prompts(); }

void MakeDicom(v1::SegmentHeader& header, const std::vector<uint64_t>& sizes) {
  uint64_t sum = 0;
  for (const uint64_t size : sizes) {
    header.mutable_volume()->mutable_dicom()->add_file_sizes_bytes(size);
    sum += size;
  }
  header.mutable_volume()->set_size_bytes(sum);
}

const BadHeader kBadVolumes[] = {
    {"NoVolume", [](auto& h) { h.clear_volume(); }, "size_bytes is missing"},
    {"NoFormat", [](auto& h) { h.mutable_volume()->clear_format(); }, "volume.format is missing"},
    {"SizeOffByOne", [](auto& h) { h.mutable_volume()->set_size_bytes(11521); }, "make 11520 bytes"},
    {"HugeSize", [](auto& h) { h.mutable_volume()->set_size_bytes(~uint64_t{0}); }, "at most"},
    {"DimensionsThatOverflow",
     [](auto& h) {
       Raw(h).clear_shape();
       for (int n = 0; n < 3; ++n) Raw(h).add_shape(0xFFFFFFFF);
     },
     ""},
    {"VoxelsThatOverflow",
     [](auto& h) {
       Raw(h).clear_shape();
       for (int n = 0; n < 3; ++n) Raw(h).add_shape(16384);
     },
     ""},
    {"TwoDimensions", [](auto& h) { Raw(h).mutable_shape()->RemoveLast(); }, ""},
    {"EmptyAxis", [](auto& h) { Raw(h).set_shape(1, 0); }, ""},
    {"NanSpacing", [](auto& h) { Raw(h).set_spacing_mm(1, kNan); }, "spacing"},
    {"NegativeSpacing", [](auto& h) { Raw(h).set_spacing_mm(0, -1); }, "spacing"},
    {"NanOrigin",
     [](auto& h) {
       for (int n = 0; n < 3; ++n) Raw(h).add_origin_lps(kNan);
     },
     ""},
    {"SingularDirection",
     [](auto& h) {
       for (const double d : {1, 0, 0, 1, 0, 0, 0, 0, 1}) Raw(h).add_direction_lps(d);
     },
     "direction"},
    {"ShortDigest", [](auto& h) { h.mutable_volume()->set_sha256("short"); }, "32 bytes"},
    {"ByDigestWithoutDigest", [](auto& h) { h.mutable_volume()->set_delivery(v1::DELIVERY_BY_DIGEST); },
     "needs volume.sha256"},
    {"TenThousandTinyFiles", [](auto& h) { MakeDicom(h, std::vector<uint64_t>(10000, 16)); },
     "10000 files; allowed are 1 to 4096"},
    {"SeriesNameOf65Bytes",
     [](auto& h) {
       MakeDicom(h, {16});
       h.mutable_volume()->mutable_dicom()->set_series(std::string(65, '1'));
     },
     "dicom.series has 65 bytes"},
    {"UprightSeg",
     [](auto& h) {
       MakeDicom(h, {16});
       h.mutable_output()->set_format(v1::MASK_FORMAT_DICOM_SEG);
       h.mutable_output()->set_upright(true);
     },
     "output.upright goes with MASK_FORMAT_NIFTI"},
    {"EmptyFile",
     [](auto& h) {
       MakeDicom(h, {16, 0});
     },
     "0 bytes"},
    {"FileSizesThatOverflow",
     [](auto& h) {
       MakeDicom(h, {~uint64_t{0}, 11521});
     },
     "a DICOM file has"},
    {"FilesThatDoNotAddUp",
     [](auto& h) {
       MakeDicom(h, {10, 20});
       h.mutable_volume()->set_size_bytes(31);
     },
     "add up to 30"},
};

const BadHeader kBadPrompts[] = {
    {"NoTargets", [](auto& h) { h.clear_targets(); }, "0 targets"},
    {"SeventeenTargets",
     [](auto& h) {
       for (int n = 0; n < 16; ++n) AddVoxelPoint(*h.add_targets(), 1, 1, 1);
     },
     "17 targets"},
    {"NoPrompts", [](auto& h) { h.mutable_targets(0)->clear_prompts(); }, "needs a point, a box"},
    {"LogitsWithoutAPlaceAlone",
     [](auto& h) {
       PromptsOf(h).clear_points();
       PromptsOf(h).mutable_previous_logits()->set_sha256(std::string(32, 'x'));
     },
     "needs a point, a box"},
    {"PointWithoutPosition", [](auto& h) { PromptsOf(h).mutable_points(0)->clear_position(); },
     "has no position"},
    {"PointOutside", [](auto& h) { AddVoxelPoint(*h.mutable_targets(0), 20, 9, 8); }, "outside"},
    {"PatientPointOutside", [](auto& h) { PromptsOf(h).mutable_points(0)->mutable_patient()->set_z(1e6); },
     "outside"},
    {"NanPoint", [](auto& h) { AddVoxelPoint(*h.mutable_targets(0), kNan, 9, 8); }, "finite"},
    {"SixtyFivePoints",
     [](auto& h) {
       for (int n = 0; n < 64; ++n) AddVoxelPoint(*h.mutable_targets(0), 1, 1, 1);
     },
     "65 points"},
    {"BoxWithOneCorner", [](auto& h) { PromptsOf(h).mutable_box()->mutable_voxel_a(); }, "two corners"},
    {"BoxOfTwoKinds",
     [](auto& h) {
       PromptsOf(h).mutable_box()->mutable_voxel_a();
       PromptsOf(h).mutable_box()->mutable_patient_b();
     },
     "two corners"},
    {"BoxOfUnknownPolarity",
     [](auto& h) {
       v1::BoxPrompt& box = *PromptsOf(h).add_boxes();
       box.mutable_voxel_a();
       box.mutable_voxel_b();
       box.set_polarity(static_cast<v1::Polarity>(7));
     },
     "box's polarity is unknown"},
    {"SeventeenBoxes",
     [](auto& h) {
       PromptsOf(h).mutable_box();
       for (int n = 0; n < 16; ++n) PromptsOf(h).add_boxes();
     },
     "17 boxes"},
    {"SecondBoxOutside",
     [](auto& h) {
       PromptsOf(h).add_boxes()->mutable_voxel_a();
       PromptsOf(h).mutable_boxes(0)->mutable_voxel_b();
       PromptsOf(h).add_boxes()->mutable_voxel_a();
       PromptsOf(h).mutable_boxes(1)->mutable_voxel_b()->set_k(99);
     },
     "box 2: the position lies"},
    {"LineWithOneEnd", [](auto& h) { PromptsOf(h).add_lines()->mutable_voxel_a(); }, "two ends"},
    {"FiveLines",
     [](auto& h) {
       for (int n = 0; n < 5; ++n) PromptsOf(h).add_lines();
     },
     "5 lines"},
    {"LineOutside",
     [](auto& h) {
       PromptsOf(h).add_lines()->mutable_voxel_a();
       PromptsOf(h).mutable_lines(0)->mutable_voxel_b()->set_i(99);
     },
     "line 1: the position lies"},
    {"EmptyScribble", [](auto& h) { PromptsOf(h).add_scribbles(); }, "a scribble has 0 bytes"},
    {"ScribbleWithoutAShape", [](auto& h) { PromptsOf(h).add_scribbles()->set_zlib_bits("x"); },
     "shape has 0 values"},
    {"ScribbleOfNoVoxel",
     [](auto& h) {
       AddScribble(PromptsOf(h), {0, 1, 1});
     },
     "each axis has 1"},
    {"ScribbleOfAHugePart",
     [](auto& h) {
       AddScribble(PromptsOf(h), {16384, 16384, 3});
     },
     "scribble 1: it comes with 805306368 voxels"},
    {"ScribbleOfAnAxisTooLong",
     [](auto& h) {
       AddScribble(PromptsOf(h), {4294967295, 4294967295, 4294967295});
     },
     "each axis has 1"},
    {"ScribbleWithHalfAPlace",
     [](auto& h) {
       AddScribble(PromptsOf(h), {1, 1, 1}).add_first_voxel(1);
     },
     "first_voxel has 1 values"},
    {"ScribbleOfUnknownPolarity",
     [](auto& h) {
       AddScribble(PromptsOf(h), {1, 1, 1}).set_polarity(static_cast<v1::Polarity>(7));
     },
     "scribble's polarity is unknown"},
    {"SeventeenScribbles",
     [](auto& h) {
       for (int n = 0; n < 17; ++n) AddScribble(PromptsOf(h), {1, 1, 1});
     },
     "17 scribbles"},
    {"EmptyMask", [](auto& h) { PromptsOf(h).mutable_mask(); }, "mask prompt has 0 bytes"},
    {"MaskWithoutAShape", [](auto& h) { PromptsOf(h).mutable_mask()->set_zlib_bits("x"); },
     "shape has 0 values"},
    {"MaskWithoutAnAxisOrder",
     [](auto& h) {
       FillMask("x", *PromptsOf(h).mutable_mask());
       PromptsOf(h).mutable_mask()->clear_axis_order();
     },
     "axis_order is missing"},
    {"MaskInAnUnknownAxisOrder",
     [](auto& h) {
       FillMask("x", *PromptsOf(h).mutable_mask());
       PromptsOf(h).mutable_mask()->set_axis_order(static_cast<v1::AxisOrder>(3));
     },
     "axis_order is missing or unknown"},
    {"MaskAndLogits",
     [](auto& h) {
       PromptsOf(h).mutable_mask()->set_zlib_bits("x");
       PromptsOf(h).mutable_previous_logits()->set_sha256(std::string(32, 'x'));
     },
     "one of them"},
    {"LogitsOfAPatchWithoutCentre",
     [](auto& h) {
       PromptsOf(h).mutable_previous_logits()->set_sha256(std::string(32, 'x'));
       PromptsOf(h).mutable_previous_logits()->mutable_patch()->set_spacing_mm(1.5);
     },
     "previous_logits.patch.centre"},
    {"LogitsOfAPatchThatIsNowhere",
     [](auto& h) {
       PromptsOf(h).mutable_previous_logits()->set_samples(std::string(16 * 16 * 16 * 4, '\0'));
       v1::PatchPosition& patch = *PromptsOf(h).mutable_previous_logits()->mutable_patch();
       patch.set_spacing_mm(1.5);
       patch.mutable_centre()->set_x(1e300);
     },
     "outside the volume"},
    {"LogitsOfAPatchWithNan",
     [](auto& h) {
       PromptsOf(h).mutable_previous_logits()->set_sha256(std::string(32, 'x'));
       v1::PatchPosition& patch = *PromptsOf(h).mutable_previous_logits()->mutable_patch();
       patch.set_spacing_mm(1.5);
       patch.mutable_centre()->set_x(std::nan(""));
     },
     "previous_logits.patch.centre"},
    {"LogitsOfAPatchWithoutSpacing",
     [](auto& h) {
       PromptsOf(h).mutable_previous_logits()->set_sha256(std::string(32, 'x'));
       PromptsOf(h).mutable_previous_logits()->mutable_patch()->mutable_centre();
     },
     "previous_logits.patch.spacing_mm"},
    {"LogitsOfAWrongSize", [](auto& h) { PromptsOf(h).mutable_previous_logits()->set_samples("too short"); },
     "instead of"},
    {"LogitsThatAreNan",
     [](auto& h) {
       PromptsOf(h).mutable_previous_logits()->set_samples(std::string(16 * 16 * 16 * 4, '\xff'));
     },
     "not finite"},
    {"LabelOf65Characters", [](auto& h) { h.mutable_targets(0)->set_label(std::string(65, 'x')); },
     "65 characters"},
    {"LabelWithABackslash", [](auto& h) { h.mutable_targets(0)->set_label("a\\b"); }, "backslash"},
    {"LabelWithAControlCharacterBeyondAscii", [](auto& h) { h.mutable_targets(0)->set_label("a\xC2\x85"); },
     "control character"},
    {"CodeBeyondAscii",
     [](auto& h) {
       h.mutable_targets(0)->mutable_type()->set_value("Ä");
       h.mutable_targets(0)->mutable_type()->set_scheme("SCT");
       h.mutable_targets(0)->mutable_type()->set_meaning("m");
     },
     "must be ASCII"},
    {"CodeWithoutMeaning",
     [](auto& h) {
       h.mutable_targets(0)->mutable_type()->set_value("1");
       h.mutable_targets(0)->mutable_type()->set_scheme("SCT");
     },
     "meaning"},
    {"UnknownCodingScheme",
     [](auto& h) {
       v1::Code& code = *h.mutable_targets(0)->mutable_category();
       code.set_value("1");
       code.set_scheme("XYZ");
       code.set_meaning("m");
     },
     "SCT, DCM"},
    {"ColourBeyond255", [](auto& h) { h.mutable_targets(0)->mutable_colour()->set_green(256); }, "0 to 255"},
};

const BadHeader kBadRest[] = {
    {"UnknownPriority", [](auto& h) { h.set_priority(static_cast<v1::Priority>(99)); },
     "priority is unknown"},
    {"UnknownPolarity",
     [](auto& h) { PromptsOf(h).mutable_points(0)->set_polarity(static_cast<v1::Polarity>(99)); },
     "polarity is unknown"},
    {"UnknownSampleType", [](auto& h) { Raw(h).set_sample_type(static_cast<v1::SampleType>(99)); },
     "sample_type"},
    {"MissingSampleType", [](auto& h) { Raw(h).clear_sample_type(); }, "sample_type"},
    {"UnknownDelivery", [](auto& h) { h.mutable_volume()->set_delivery(static_cast<v1::Delivery>(99)); },
     "delivery is unknown"},
    {"UnknownFormat", [](auto& h) { h.mutable_output()->set_format(static_cast<v1::MaskFormat>(99)); },
     "format is unknown"},
    {"SegOfARawVolume", [](auto& h) { h.mutable_output()->set_format(v1::MASK_FORMAT_DICOM_SEG); },
     "needs a DICOM series"},
    {"SegSeriesOfARawVolume", [](auto& h) { h.mutable_output()->mutable_seg_series(); },
     "is for a DICOM-SEG"},
    {"ClampUpsideDown",
     [](auto& h) {
       h.mutable_preprocessing()->set_has_clamp(true);
       h.mutable_preprocessing()->set_clamp_min(1);
     },
     "clamp_min"},
    {"TwentyEightPatches", [](auto& h) { h.mutable_inference()->set_max_patches(28); },
     "allowed are 1 to 27"},
    {"TooManyLooks", [](auto& h) { h.mutable_inference()->set_max_looks(27); }, "inference.max_looks is 27"},
    {"TooManySteps", [](auto& h) { h.mutable_inference()->set_max_steps(27); }, "inference.max_steps is 27"},
    {"NoTermOfModality", [](auto& h) { h.mutable_volume()->set_modality("ct"); }, "DICOM's Modality"},
    {"ModalityOfASeries",
     [](auto& h) {
       MakeDicom(h, {10, 20});
       h.mutable_volume()->set_modality("CT");
     },
     "says it itself"},
    {"SpacingTooFine", [](auto& h) { h.mutable_inference()->set_spacing_mm(0.24); }, "0.25 to 3"},
    {"SpacingTooCoarse", [](auto& h) { h.mutable_inference()->set_spacing_mm(3.1); }, "0.25 to 3"},
    {"SpacingZero", [](auto& h) { h.mutable_inference()->set_spacing_mm(0); }, "0.25 to 3"},
    {"NanSpacingOfPatches", [](auto& h) { h.mutable_inference()->set_spacing_mm(kNan); }, "0.25 to 3"},
    {"LongIdempotencyKey", [](auto& h) { h.set_idempotency_key(std::string(129, 'x')); }, "129 bytes"},
};

std::string Name(const ::testing::TestParamInfo<BadHeader>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Volume, BadHeaderTest, ::testing::ValuesIn(kBadVolumes), Name);
INSTANTIATE_TEST_SUITE_P(Prompt, BadHeaderTest, ::testing::ValuesIn(kBadPrompts), Name);
INSTANTIATE_TEST_SUITE_P(Rest, BadHeaderTest, ::testing::ValuesIn(kBadRest), Name);

// --- payloads

std::string Bytes(const std::vector<float>& samples) {
  return std::string(reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(float));
}

v1::SegmentHeader FloatHeader() {
  v1::SegmentHeader header;
  AddRaw(header, {8, 8, 8}, 2, v1::SAMPLE_TYPE_FLOAT32);
  header.mutable_volume()->set_size_bytes(512 * sizeof(float));
  AddVoxelPoint(*header.add_targets(), 4, 4, 4);
  return header;
}

TEST(BadPayload, NanSamplesAreAnInvalidArgument) {
  TestServer server;
  std::vector<float> samples(512, 1.0f);
  samples[300] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Segment(server.stub(), FloatHeader(), Bytes(samples)).status,
              IsStatus(grpc::INVALID_ARGUMENT, "NaN"));
  ExpectStillWorks(server);
}

TEST(BadPayload, AConstantVolumeIsAnInvalidArgument) {
  TestServer server;
  EXPECT_THAT(Segment(server.stub(), FloatHeader(), Bytes(std::vector<float>(512, 7.0f))).status,
              IsStatus(grpc::INVALID_ARGUMENT, "constant"));
  ExpectStillWorks(server);
}

TEST(BadPayload, AMaskThatDoesNotInflateToTheVolumeIsAnInvalidArgument) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  FillMask("not zlib", *PromptsOf(header).mutable_mask());
  EXPECT_THAT(Segment(server.stub(), header, RampPayload()).status,
              IsStatus(grpc::INVALID_ARGUMENT, "zlib stream of exactly 720 bytes"));
  ExpectStillWorks(server);
}

TEST(BadPayload, AMaskOfAnotherShapeIsAnInvalidArgument) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  v1::MaskPrompt& mask = *PromptsOf(header).mutable_mask();
  FillMask("x", mask);
  mask.mutable_shape()->SwapElements(0, 2);
  EXPECT_THAT(Segment(server.stub(), header, RampPayload()).status,
              IsStatus(grpc::INVALID_ARGUMENT, "shape is"));
  ExpectStillWorks(server);
}

TEST(BadPayload, BytesThatAreNotNiftiAreAnInvalidArgument) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_volume()->mutable_nifti();
  EXPECT_THAT(Segment(server.stub(), header, RampPayload()).status,
              IsStatus(grpc::INVALID_ARGUMENT, "NIfTI"));
  ExpectStillWorks(server);
}

v1::SegmentHeader DicomHeader(const std::vector<std::string>& files) {
  v1::SegmentHeader header;
  std::vector<uint64_t> sizes;
  for (const std::string& file : files) sizes.push_back(file.size());
  MakeDicom(header, sizes);
  AddVoxelPoint(*header.add_targets(), 4, 3, 2);
  return header;
}

Exchange SegmentDicom(TestServer& server, const std::vector<std::string>& files) {
  std::string payload;
  for (const std::string& file : files) payload += file;
  return Segment(server.stub(), DicomHeader(files), payload);
}

TEST(BadDicom, ASegSeriesThatIsNotValidIsAnInvalidArgument) {
  TestServer server;
  const std::vector<std::string> files = testing::GivenSeries().Bytes();
  const auto refused = [&](auto set, const std::string& reason) {
    v1::SegmentHeader header = DicomHeader(files);
    set(*header.mutable_output()->mutable_seg_series());
    EXPECT_THAT(Segment(server.stub(), header, "").status, IsStatus(grpc::INVALID_ARGUMENT, reason));
  };
  refused([](auto& s) { s.set_series_uid("1.2.x"); }, "SeriesInstanceUID");
  refused([](auto& s) { s.set_series_description(std::string(65, 'd')); }, "SeriesDescription");
  refused([](auto& s) { s.set_series_description("a\\b"); }, "SeriesDescription");
  refused([](auto& s) { s.set_series_number(2147483648u); }, "series_number");
  refused([](auto& s) { s.set_instance_number(4294967295u); }, "instance_number");
  refused([](auto& s) { s.set_content_label("lower case"); }, "ContentLabel");
  refused([](auto& s) { s.set_creator("a=b=c=d"); }, "ContentCreatorName");
  v1::SegmentHeader nifti = DicomHeader(files);
  nifti.mutable_output()->set_format(v1::MASK_FORMAT_NIFTI);
  nifti.mutable_output()->mutable_seg_series();
  EXPECT_THAT(Segment(server.stub(), nifti, "").status,
              IsStatus(grpc::INVALID_ARGUMENT, "is for a DICOM-SEG"));
  v1::SegmentHeader upright = DicomHeader(files);  // which makes NIfTI the default
  upright.mutable_output()->set_upright(true);
  upright.mutable_output()->mutable_seg_series();
  EXPECT_THAT(Segment(server.stub(), upright, "").status,
              IsStatus(grpc::INVALID_ARGUMENT, "is for a DICOM-SEG"));
}

TEST(BadDicom, TwoPatientsInOneSeriesAreAFailedPrecondition) {
  TestServer server;
  const testing::SeriesBuilder series = testing::GivenSeries().WithAt(3, 0x00100010, "PN", "Other^One");
  const Exchange call = SegmentDicom(server, series.Bytes());
  EXPECT_THAT(call.status,
              IsStatus(grpc::FAILED_PRECONDITION, "PatientName (0010,0010) differs between files 1 and 4"));
  EXPECT_THAT(call.status, IsStatus(grpc::FAILED_PRECONDITION, "can be had as NIfTI"));
}

TEST(BadDicom, ATruncatedFileIsAnInvalidArgument) {
  TestServer server;
  std::vector<std::string> files = testing::GivenSeries().Bytes();
  files[2].resize(files[2].size() - 7);
  EXPECT_THAT(SegmentDicom(server, files).status, IsStatus(grpc::INVALID_ARGUMENT, "file 3"));
  ExpectStillWorks(server);
}

TEST(BadDicom, BytesThatAreNotDicomAreAnInvalidArgument) {
  TestServer server;
  const Exchange call = SegmentDicom(server, {std::string(5000, 'z')});
  EXPECT_THAT(call.status, IsStatus(grpc::INVALID_ARGUMENT, "no image series among the files: 1 not DICOM"));
  ExpectStillWorks(server);
}

TEST(BadDicom, ThousandsOfTinyFilesAreAnInvalidArgument) {
  TestServer server;
  const Exchange call = SegmentDicom(server, std::vector<std::string>(4096, "tiny"));
  EXPECT_THAT(call.status, IsStatus(grpc::INVALID_ARGUMENT, "file"));
  ExpectStillWorks(server);
}

TEST(BadDicom, ANestingDepthOf200000IsAnInvalidArgument) {
  TestServer server;
  std::string dataset;
  for (int depth = 0; depth < 200000; ++depth) {
    dataset += std::string("\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff", 12);  // an open sequence
    dataset += std::string("\xfe\xff\x00\xe0\xff\xff\xff\xff", 8);             // an open item
  }
  const Exchange call = SegmentDicom(server, {testing::Part10(testing::kExplicitLe, dataset)});
  EXPECT_THAT(call.status, IsStatus(grpc::INVALID_ARGUMENT, "nested"));
  ExpectStillWorks(server);
}

TEST(BadDicom, APointOutsideTheSeriesIsAnInvalidArgument) {
  TestServer server;
  const std::vector<std::string> files = testing::GivenSeries().Bytes();
  v1::SegmentHeader header = DicomHeader(files);
  AddVoxelPoint(*header.mutable_targets(0), 9, 0, 0);
  std::string payload;
  for (const std::string& file : files) payload += file;
  EXPECT_THAT(Segment(server.stub(), header, payload).status, IsStatus(grpc::INVALID_ARGUMENT, "outside"));
  ExpectStillWorks(server);
}

}  // namespace
}  // namespace sgpsam
