// The contract, from the outside: order of messages, outputs, digests, logits, health and reflection.
#include <grpcpp/generic/generic_stub.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <set>

#include "core/volume/mask.h"
#include "server/segment/outputs/output_format.h"
#include "tests/server/test_server.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Contract, AnswersARawVolumeWithAMaskAroundTheClick) {
  TestServer server;
  const Exchange call = Segment(server.stub(), RampHeader(), RampPayload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  EXPECT_TRUE(call.accepted);
  ASSERT_THAT(call.outputs, SizeIs(1));
  const auto mask = Mask::FromBits({20, 18, 16}, call.outputs[0]);
  ASSERT_TRUE(mask.ok());
  EXPECT_TRUE(mask->at(10, 9, 8));
  EXPECT_FALSE(mask->at(0, 0, 0));
  const v1::ResultTarget& target = call.result->targets(0);
  EXPECT_EQ(target.voxels(), mask->CountVoxels());
  EXPECT_DOUBLE_EQ(target.volume_ml(), static_cast<double>(target.voxels()) * 8 / 1000);
  EXPECT_FALSE(target.embedding_cached());
  ASSERT_THAT(target.gates(), SizeIs(4));
  EXPECT_EQ(target.gates(1).block(), 5u);
  EXPECT_TRUE(target.gates(1).open());
  EXPECT_EQ(target.patches(), 1u);
  EXPECT_EQ(target.spacing_mm(), 1.5);
  EXPECT_EQ(call.result->volume_sha256(), Sha256Of(RampPayload()));
  EXPECT_EQ(call.result->model().name(), "fake");
}

TEST(Contract, TellsTheGridOfItsMasks) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  v1::RawVolume& raw = *header.mutable_volume()->mutable_raw();
  for (const double mm : {-10, 20, 30}) raw.add_origin_lps(mm);
  for (const double cosine : {0, 0, 1, 1, 0, 0, 0, 1, 0}) raw.add_direction_lps(cosine);
  const Exchange call = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  EXPECT_THAT(call.result->volume_shape(), ElementsAre(20, 18, 16));
  EXPECT_THAT(call.result->voxel_to_lps(), ElementsAre(0, 0, 2, -10, 2, 0, 0, 20, 0, 2, 0, 30));
}

TEST(Contract, TellsStagesInTheirOrderAndTheirTimes) {
  TestServer server;
  const Exchange call = Segment(server.stub(), RampHeader(), RampPayload());
  ASSERT_TRUE(call.result.has_value());
  ASSERT_THAT(call.progress, ::testing::Not(IsEmpty()));
  for (size_t n = 1; n < call.progress.size(); ++n) {
    EXPECT_GE(call.progress[n].stage(), call.progress[n - 1].stage());
  }
  ASSERT_THAT(call.result->stage_times(), SizeIs(8));
  EXPECT_EQ(call.result->stage_times(0).stage(), v1::STAGE_RECEIVE);
  EXPECT_EQ(call.result->stage_times(7).stage(), v1::STAGE_WRITE);
  EXPECT_GT(call.result->stage_times(0).seconds(), 0);
}

TEST(Contract, EncodesNothingForTheSecondClickOnAVolumeNamedByDigest) {
  TestServer server;
  ASSERT_TRUE(Segment(server.stub(), RampHeader(), RampPayload()).status.ok());
  v1::SegmentHeader second = RampHeader();
  second.mutable_volume()->set_delivery(v1::DELIVERY_BY_DIGEST);
  second.mutable_volume()->set_sha256(Sha256Of(RampPayload()));
  second.mutable_volume()->set_size_bytes(0);
  AddVoxelPoint(*second.mutable_targets(0), 12, 9, 8).set_polarity(v1::POLARITY_NEGATIVE);
  const Exchange call = Segment(server.stub(), second, "");
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  EXPECT_FALSE(call.needed_volume);
  EXPECT_EQ(call.uploaded_bytes, 0u);
  EXPECT_TRUE(call.result->targets(0).embedding_cached());
  EXPECT_TRUE(server.MetricsShow("sgpsam_cache_hits_total{cache=\"embedding\"} 1"));
  EXPECT_TRUE(server.MetricsShow("sgpsam_cache_hits_total{cache=\"volume\"} 1"));
}

TEST(Contract, AsksForAVolumeThatItDoesNotHave) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_volume()->set_delivery(v1::DELIVERY_BY_DIGEST);
  header.mutable_volume()->set_sha256(Sha256Of(RampPayload()));
  const Exchange call = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  EXPECT_TRUE(call.needed_volume);
  EXPECT_TRUE(call.result.has_value());
}

TEST(Contract, AnswersNotFoundForAnUnknownDigestWithoutASize) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_volume()->set_delivery(v1::DELIVERY_BY_DIGEST);
  header.mutable_volume()->set_sha256(Sha256Of("something else"));
  header.mutable_volume()->set_size_bytes(0);
  const Exchange call = Segment(server.stub(), header, "");
  EXPECT_THAT(call.status, IsStatus(grpc::NOT_FOUND, "send it"));
  EXPECT_FALSE(call.accepted);
  ExpectStillWorks(server);
}

TEST(Contract, RefinesFromLogitsItRemembersAndAsksForThoseItDoesNot) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_output()->set_logits(true);
  const Exchange first = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(first.status.ok());
  ASSERT_THAT(first.outputs, SizeIs(2));
  EXPECT_EQ(first.result->outputs(1).kind(), v1::OUTPUT_KIND_LOGITS);
  EXPECT_EQ(first.result->targets(0).logits_sha256(), Sha256Of(first.outputs[1]));

  v1::PreviousLogits& previous = *header.mutable_targets(0)->mutable_prompts()->mutable_previous_logits();
  previous.set_sha256(first.result->targets(0).logits_sha256());
  const Exchange remembered = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(remembered.status.ok()) << remembered.status.error_message();
  EXPECT_THAT(remembered.needed_logits, IsEmpty());

  previous.set_sha256(Sha256Of("logits of another server"));
  const Exchange asked = Segment(server.stub(), header, RampPayload(), first.outputs[1]);
  ASSERT_TRUE(asked.status.ok()) << asked.status.error_message();
  EXPECT_THAT(asked.needed_logits, ElementsAre(0u));

  previous.set_samples(first.outputs[1]);
  EXPECT_TRUE(Segment(server.stub(), header, RampPayload()).status.ok());
}

// On a server that has forgotten, too.
TEST(Contract, RefinesFromTheFirstPatchByANegativePointAlone) {
  TestServer server, other;
  v1::SegmentHeader header = RampHeader();
  header.mutable_output()->set_logits(true);
  const Exchange first = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(first.status.ok()) << first.status.error_message();
  const v1::ResultTarget& target = first.result->targets(0);
  EXPECT_EQ(target.first_patch().spacing_mm(), 1.5);
  EXPECT_EQ(target.first_patch().centre().x(), 20);  // the click, voxel 10 of 2 mm

  v1::Prompts& prompts = *header.mutable_targets(0)->mutable_prompts();
  prompts.clear_points();
  AddVoxelPoint(*header.mutable_targets(0), 12, 9, 8).set_polarity(v1::POLARITY_NEGATIVE);
  prompts.mutable_previous_logits()->set_sha256(target.logits_sha256());
  EXPECT_THAT(Segment(server.stub(), header, RampPayload()).status,
              IsStatus(grpc::INVALID_ARGUMENT, "previous logits with the patch"));
  *prompts.mutable_previous_logits()->mutable_patch() = target.first_patch();
  const Exchange here = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(here.status.ok()) << here.status.error_message();
  EXPECT_TRUE(here.result->targets(0).embedding_cached());
  EXPECT_GT(here.result->targets(0).voxels(), 0u);
  EXPECT_LT(here.result->targets(0).voxels(), target.voxels());
  EXPECT_THAT(here.result->warnings(), IsEmpty());
  const Exchange there = Segment(other.stub(), header, RampPayload(), first.outputs[1]);
  ASSERT_TRUE(there.status.ok()) << there.status.error_message();
  EXPECT_THAT(there.needed_logits, ElementsAre(0u));
  EXPECT_EQ(there.outputs, here.outputs);
}

std::string Deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string deflated(size, '\0');
  compress(reinterpret_cast<Bytef*>(deflated.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
           bytes.size());
  deflated.resize(size);
  return deflated;
}

void SetVoxel(double i, double j, double k, v1::VoxelPoint& voxel) {
  voxel.set_i(i);
  voxel.set_j(j);
  voxel.set_k(k);
}

// The voxels `shape` from `first` on, all marked.
void FillScribble(const std::array<uint32_t, 3>& first, const std::array<uint32_t, 3>& shape,
                  v1::Polarity polarity, v1::ScribblePrompt& scribble) {
  const size_t voxels = size_t{shape[0]} * shape[1] * shape[2];
  std::string bits((voxels + 7) / 8, '\0');
  for (size_t n = 0; n < voxels; ++n) bits[n / 8] = static_cast<char>(bits[n / 8] | 1 << n % 8);
  scribble.set_zlib_bits(Deflated(bits));
  scribble.mutable_shape()->Assign(shape.begin(), shape.end());
  scribble.mutable_first_voxel()->Assign(first.begin(), first.end());
  scribble.set_axis_order(v1::AXIS_ORDER_I_FASTEST);
  scribble.set_polarity(polarity);
}

// The mask of RampHeader's 20 x 18 x 16 voxels, as MASK_FORMAT_RAW_BITS has it.
bool InMask(const std::string& bits, size_t i, size_t j, size_t k) {
  const size_t n = (k * 18 + j) * 20 + i;
  return (static_cast<unsigned char>(bits[n / 8]) >> n % 8 & 1) != 0;
}

TEST(Contract, ObeysEveryKindOfPromptAndSaysWhatBecameOfIt) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_output()->set_format(v1::MASK_FORMAT_RAW_BITS);
  v1::Prompts& prompts = *header.mutable_targets(0)->mutable_prompts();
  v1::BoxPrompt& box = *prompts.mutable_box();
  SetVoxel(2, 2, 2, *box.mutable_voxel_a());
  SetVoxel(17, 15, 13, *box.mutable_voxel_b());
  v1::BoxPrompt& out = *prompts.add_boxes();
  SetVoxel(3, 3, 3, *out.mutable_voxel_a());
  SetVoxel(5, 5, 5, *out.mutable_voxel_b());
  out.set_polarity(v1::POLARITY_NEGATIVE);
  v1::LinePrompt& line = *prompts.add_lines();
  SetVoxel(8, 9, 8, *line.mutable_voxel_a());
  SetVoxel(12, 9, 8, *line.mutable_voxel_b());
  FillScribble({6, 6, 8}, {4, 1, 1}, v1::POLARITY_POSITIVE, *prompts.add_scribbles());
  FillScribble({12, 12, 8}, {3, 2, 1}, v1::POLARITY_NEGATIVE, *prompts.add_scribbles());
  AddVoxelPoint(*header.mutable_targets(0), 12, 9, 12).set_polarity(v1::POLARITY_NEGATIVE);
  const Exchange call = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  const std::string& mask = call.outputs[0];
  EXPECT_TRUE(InMask(mask, 10, 9, 8));
  EXPECT_FALSE(InMask(mask, 12, 9, 12));
  for (size_t i = 6; i < 10; ++i) EXPECT_TRUE(InMask(mask, i, 6, 8));
  for (size_t i = 12; i < 15; ++i) EXPECT_FALSE(InMask(mask, i, 12, 8) || InMask(mask, i, 13, 8));
  for (size_t n = 3; n < 6; ++n) EXPECT_FALSE(InMask(mask, n, n, n));
  const v1::ResultTarget& target = call.result->targets(0);
  std::vector<std::pair<v1::PromptKind, uint32_t>> uses;
  for (const v1::PromptUse& use : target.prompt_uses()) uses.emplace_back(use.kind(), use.number());
  EXPECT_THAT(uses, ElementsAre(std::pair(v1::PROMPT_KIND_POINT, 1u), std::pair(v1::PROMPT_KIND_POINT, 2u),
                                std::pair(v1::PROMPT_KIND_BOX, 1u), std::pair(v1::PROMPT_KIND_BOX, 2u),
                                std::pair(v1::PROMPT_KIND_LINE, 1u), std::pair(v1::PROMPT_KIND_SCRIBBLE, 1u),
                                std::pair(v1::PROMPT_KIND_SCRIBBLE, 2u)));
  EXPECT_EQ(target.prompt_uses(0).clicks(), 1u);
  EXPECT_EQ(target.prompt_uses(2).clicks(), 0u);  // a point lies in it
  EXPECT_EQ(target.prompt_uses(4).clicks(), 3u);
  EXPECT_GE(target.prompt_uses(5).clicks(), 4u);
  EXPECT_FALSE(target.has_confidence());
}

TEST(Contract, AnswersNegativePromptsAloneWithNothing) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_targets(0)->mutable_prompts()->mutable_points(0)->set_polarity(v1::POLARITY_NEGATIVE);
  header.mutable_output()->set_probabilities(true);
  header.mutable_output()->set_logits(true);
  const Exchange call = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  const v1::ResultTarget& nothing = call.result->targets(0);
  EXPECT_EQ(nothing.voxels(), 0u);
  EXPECT_EQ(nothing.patches(), 0u);
  EXPECT_FALSE(nothing.has_first_patch());
  EXPECT_EQ(call.result->outputs_size(), 3);
  EXPECT_THAT(call.result->warnings(), ElementsAre(::testing::HasSubstr("ask for nothing")));
  // Going on from it is as beginning.
  v1::Prompts& prompts = *header.mutable_targets(0)->mutable_prompts();
  prompts.mutable_previous_logits()->set_sha256(nothing.logits_sha256());
  EXPECT_EQ(Segment(server.stub(), header, RampPayload()).result->targets(0).patches(), 0u);
  AddVoxelPoint(*header.mutable_targets(0), 10, 9, 8);
  prompts.mutable_points(0)->mutable_voxel()->set_i(2);
  const Exchange second = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(second.status.ok()) << second.status.error_message();
  EXPECT_GT(second.result->targets(0).voxels(), 0u);
  EXPECT_THAT(second.result->warnings(), ::testing::Not(::testing::Contains(::testing::HasSubstr("logits"))));
}

TEST(Contract, NamesTheScribbleThatCannotBeTaken) {
  TestServer server;
  const auto refused = [&](const std::function<void(v1::ScribblePrompt&)>& spoil) {
    v1::SegmentHeader header = RampHeader();
    v1::Prompts& prompts = *header.mutable_targets(0)->mutable_prompts();
    FillScribble({0, 0, 0}, {2, 2, 2}, v1::POLARITY_POSITIVE, *prompts.add_scribbles());
    FillScribble({0, 0, 0}, {2, 2, 2}, v1::POLARITY_POSITIVE, *prompts.add_scribbles());
    spoil(*prompts.mutable_scribbles(1));
    const Exchange call = Segment(server.stub(), header, RampPayload());
    EXPECT_THAT(call.status, IsStatus(grpc::INVALID_ARGUMENT, "scribble 2: "));
    return ErrorInfoOf(call.status);
  };
  const auto reason = [&](const auto& spoil) { return refused(spoil).reason(); };
  EXPECT_EQ(reason([](auto& s) { s.set_first_voxel(2, 15); }), "MASK_MISMATCH");
  EXPECT_EQ(reason([](auto& s) { s.set_zlib_bits("x"); }), "MASK_MISMATCH");
  EXPECT_EQ(reason([](auto& s) { s.set_zlib_bits(Deflated(std::string(1, '\0'))); }), "EMPTY_MASK");
  EXPECT_EQ(refused([](auto& s) { s.set_first_voxel(0, 4294967295); }).metadata().at("number"), "2");
}

TEST(Contract, ReturnsHowFarSeveralLooksAreFromEachOther) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_output()->set_uncertainty(true);
  const auto spread_of = [&] {
    const Exchange call = Segment(server.stub(), header, RampPayload());
    EXPECT_TRUE(call.status.ok()) << call.status.error_message();
    EXPECT_EQ(call.result->outputs_size(), 2);
    EXPECT_EQ(call.result->outputs(1).kind(), v1::OUTPUT_KIND_UNCERTAINTY);
    std::vector<float> spread(call.outputs[1].size() / sizeof(float));
    std::memcpy(spread.data(), call.outputs[1].data(), call.outputs[1].size());
    return std::make_pair(call.result->targets(0).patches(), spread);
  };
  const auto several = spread_of();
  EXPECT_EQ(several.first, 5u);
  const auto [least, most] = std::minmax_element(several.second.begin(), several.second.end());
  EXPECT_GE(*least, 0);
  EXPECT_GT(*most, 0);
  EXPECT_LE(*most, 0.5f);
  header.mutable_targets(0)->set_average_looks(false);
  const auto one = spread_of();
  EXPECT_EQ(one.first, 1u);
  EXPECT_TRUE(std::all_of(one.second.begin(), one.second.end(), [](float value) { return value == 0; }));
  EXPECT_EQ(one.second.size(), several.second.size());
}

TEST(Contract, CountsThePatchesInItsProgress) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  header.mutable_inference()->set_max_patches(3);
  const Exchange call = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  for (const v1::Progress& progress : call.progress) {
    const bool of_patch = progress.stage() >= v1::STAGE_PREPARE && progress.stage() <= v1::STAGE_RESTORE;
    EXPECT_EQ(progress.patch(), of_patch ? 1u : 0u) << progress.stage();
    EXPECT_EQ(progress.patches(), of_patch ? 3u : 0u) << progress.stage();
  }
}

TEST(Contract, ReturnsEveryOutputThatWasAskedFor) {
  TestServer server;
  v1::SegmentHeader header = RampHeader();
  AddVoxelPoint(*header.add_targets(), 4, 4, 4);
  header.mutable_output()->set_probabilities(true);
  header.mutable_output()->set_logits(true);
  const Exchange call = Segment(server.stub(), header, RampPayload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  std::vector<std::pair<v1::OutputKind, uint32_t>> kinds;
  for (int n = 0; n < call.result->outputs_size(); ++n) {
    const v1::Output& output = call.result->outputs(n);
    kinds.emplace_back(output.kind(), output.target_index());
    EXPECT_EQ(output.size_bytes(), call.outputs[static_cast<size_t>(n)].size());
  }
  EXPECT_THAT(
      kinds,
      ElementsAre(std::pair(v1::OUTPUT_KIND_MASK, 0u), std::pair(v1::OUTPUT_KIND_MASK, 1u),
                  std::pair(v1::OUTPUT_KIND_PROBABILITIES, 0u), std::pair(v1::OUTPUT_KIND_PROBABILITIES, 1u),
                  std::pair(v1::OUTPUT_KIND_LOGITS, 0u), std::pair(v1::OUTPUT_KIND_LOGITS, 1u)));
  EXPECT_EQ(call.outputs[2].size(), 20u * 18 * 16 * sizeof(float));
}

// A format that only one of the two knows could not be asked for, or would be refused.
TEST(Contract, NamesTheFormatsThatThePipelineWrites) {
  std::vector<std::string> contract, pipeline;
  for (int n = 1; n < v1::MaskFormat_ARRAYSIZE; ++n) {
    if (v1::MaskFormat_IsValid(n)) contract.push_back(v1::MaskFormat_Name(n));
  }
  for (const OutputFormat* format : OutputFormats())
    pipeline.push_back(absl::StrCat("MASK_FORMAT_", format->name));
  EXPECT_EQ(pipeline, contract);
}

TEST(Contract, SaysWhatKindOfBytesAnOutputIs) {
  TestServer server;
  for (const auto& [format, media_type] : {std::pair(v1::MASK_FORMAT_NIFTI, "application/gzip"),
                                           std::pair(v1::MASK_FORMAT_RAW_BITS, "application/octet-stream")}) {
    v1::SegmentHeader header = RampHeader();
    header.mutable_output()->set_format(format);
    const Exchange call = Segment(server.stub(), header, RampPayload());
    ASSERT_TRUE(call.status.ok()) << call.status.error_message();
    EXPECT_EQ(call.result->outputs(0).media_type(), media_type);
  }
}

TEST(Contract, TakesChunksOfAnySizeUpToOneMiB) {
  TestServer server;
  for (const size_t chunk : {size_t{1} << 20, size_t{1000}, size_t{7}}) {
    grpc::ClientContext context;
    const auto stream = server.stub().Segment(&context);
    stream->Write(HeaderMessage(RampHeader()));
    Exchange exchange;
    EXPECT_TRUE(SendPayload(*stream, RampPayload(), exchange, chunk));
    FinishExchange(*stream, "", "", exchange);
    EXPECT_TRUE(exchange.status.ok()) << chunk << ": " << exchange.status.error_message();
  }
}

TEST(Contract, EncodesOnceForCallersWhoAskForTheSameAtTheSameTime) {
  Gate gate(false);
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    gate.Pass();
    return absl::OkStatus();
  };
  TestServer server(TestConfig(), hooks);
  std::vector<std::thread> callers;
  std::vector<Exchange> calls(4);
  for (Exchange& call : calls) {
    callers.emplace_back([&] { call = Segment(server.stub(), RampHeader(), RampPayload()); });
  }
  gate.AwaitArrivals(1);
  gate.Open();
  for (std::thread& caller : callers) caller.join();
  int cached = 0;
  for (const Exchange& call : calls) {
    ASSERT_TRUE(call.status.ok());
    cached += call.result->targets(0).embedding_cached() ? 1 : 0;
  }
  EXPECT_EQ(cached, 3);
  EXPECT_TRUE(server.MetricsShow("sgpsam_cache_misses_total{cache=\"embedding\"} 1"));
}

// The names that the server made up: "2.25." and the decimal form of a UUID.
std::set<std::string> MadeUpUids(const std::string& seg) {
  std::set<std::string> uids;
  for (size_t at = seg.find("2.25."); at != std::string::npos; at = seg.find("2.25.", at + 1)) {
    uids.insert(seg.substr(at, seg.find_first_not_of("0123456789.", at) - at));
  }
  return uids;
}

std::set<std::string> UidsOfSeg(TestServer& server, const std::string& key, double i) {
  std::string payload;
  v1::SegmentHeader header;
  for (const std::string& file : testing::GivenSeries(32, 30, 9).Bytes()) {
    header.mutable_volume()->mutable_dicom()->add_file_sizes_bytes(file.size());
    payload += file;
  }
  header.mutable_volume()->set_size_bytes(payload.size());
  header.set_idempotency_key(key);
  AddVoxelPoint(*header.add_targets(), i, 15, 4);
  const Exchange call = Segment(server.stub(), header, payload);
  EXPECT_TRUE(call.status.ok()) << call.status.error_message();
  if (call.outputs.size() != 1) return {};
  EXPECT_EQ(call.outputs[0].substr(128, 4), "DICM");
  return MadeUpUids(call.outputs[0]);
}

TEST(Contract, GivesASegTheSameNamesUnderTheSameKeyAndContent) {
  TestServer server, another;
  const std::set<std::string> first = UidsOfSeg(server, "key", 15);
  EXPECT_GE(first.size(), 3u);
  EXPECT_EQ(UidsOfSeg(another, "key", 15), first);  // also on another replica
  EXPECT_NE(UidsOfSeg(server, "key", 16), first);
  EXPECT_NE(UidsOfSeg(server, "another key", 15), first);
  EXPECT_NE(UidsOfSeg(server, "", 15), UidsOfSeg(server, "", 15));
}

TEST(Contract, DescribesTheModel) {
  ModelInfo info = TestModel();
  info.finest_spacing_mm = 0.6;
  info.first_spacing_mm = 1.1;
  TestServer server(TestConfig(), {}, info);
  grpc::ClientContext context;
  v1::DescribeModelResponse model;
  ASSERT_TRUE(server.stub().DescribeModel(&context, {}, &model).ok());
  EXPECT_EQ(model.model().name(), "fake");
  EXPECT_EQ(model.model().weights_sha256(), std::string(32, '\xfa'));
  EXPECT_THAT(model.patch_voxels(), ElementsAre(32u, 32u, 32u));
  EXPECT_EQ(model.patch_spacing_mm(), 1.1);
  EXPECT_EQ(model.finest_spacing_mm(), 0.6);
  EXPECT_EQ(model.precision(), "fp32");
  EXPECT_THAT(model.gate_blocks(), ElementsAre(2u, 5u, 8u, 11u));
  EXPECT_THAT(model.devices(), ElementsAre("cpu"));
  EXPECT_EQ(model.server_version(), "test");
  EXPECT_EQ(model.max_targets(), 16u);
  EXPECT_EQ(model.logits_side(), 16u);
}

}  // namespace
}  // namespace sgpsam
