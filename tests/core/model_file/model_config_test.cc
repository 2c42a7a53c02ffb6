#include "core/model_file/model_config.h"

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/base/digest.h"
#include "core/model_file/tensor_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ModelConfig PlainVitB() {
  ModelConfig config;
  config.sgpm.blocks.clear();
  return config;
}

std::string Row(const TensorSpec& spec) {
  return absl::StrFormat("%s\t%s\t%.6f\t%.6f\n", spec.name, absl::StrJoin(spec.shape, ","), spec.centre,
                         spec.amplitude);
}

int64_t CountParameters(const std::vector<TensorSpec>& table, const std::string& prefix) {
  int64_t sum = 0;
  for (const TensorSpec& spec : table) {
    if (spec.name.rfind(prefix, 0) == 0) sum += spec.elements();
  }
  return sum;
}

absl::Status Parse(const std::string& json) { return ModelConfigFromJson(json).status(); }

// The JSON of the default configuration with one piece of text replaced.
absl::Status ParseWith(const std::string& from, const std::string& to) {
  const std::string json = ToJson(ModelConfig());
  EXPECT_THAT(json, HasSubstr(from));
  return Parse(absl::StrReplaceAll(json, {{from, to}}));
}

TEST(TensorTable, HasTheReferencesTensorsForVitB) {
  const std::vector<TensorSpec> table = TensorTable(PlainVitB());
  ASSERT_EQ(table.size(), 324u);
  EXPECT_EQ(CountParameters(table, ""), 100'509'232 + 384);  // and the buffer of the position encoding
  EXPECT_EQ(CountParameters(table, "image_encoder."), 92'924'928);
  EXPECT_EQ(CountParameters(table, "mask_decoder."), 7'575'636);
  Sha256 digest;
  for (const TensorSpec& spec : table) digest.Update(Row(spec));
  EXPECT_EQ(digest.Finish().ToHex(), "89f46f9c86c5f9d35ea75338aa3aa6306d74255bd9880e8eb3c9aa18ccba84a4");
}

TEST(TensorTable, EqualsTheTableOfTheGoldenData) {
  std::ifstream golden(SGPSAM_SHARED_DIR "/golden/tensors.tsv");
  if (!golden) GTEST_SKIP() << "no golden data in " SGPSAM_SHARED_DIR;
  const std::vector<TensorSpec> table = TensorTable(PlainVitB());
  size_t row = 0;
  std::string name, shape;
  for (std::string line; std::getline(golden, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    double centre = 0, amplitude = 0;
    fields >> name >> shape >> centre >> amplitude;
    ASSERT_LT(row, table.size());
    EXPECT_EQ(table[row].name, name);
    EXPECT_EQ(absl::StrJoin(table[row].shape, ","), shape) << name;
    EXPECT_EQ(table[row].centre, centre) << name;
    EXPECT_EQ(table[row].amplitude, amplitude) << name;
    ++row;
  }
  EXPECT_EQ(row, table.size());
}

TEST(TensorTable, AppendsTheModulesBehindThePlainModel) {
  const std::vector<TensorSpec> plain = TensorTable(PlainVitB()), gated = TensorTable(ModelConfig());
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(Row(gated[i]), Row(plain[i]));
  for (const int block : {2, 5, 8, 11}) {
    EXPECT_EQ(CountParameters(gated, "sgpm." + std::to_string(block) + "."), 271'056);
  }
  EXPECT_EQ(CountParameters(gated, "sgpm."), 4 * 271'056);
}

TEST(TensorTable, HasASpatialGateOnlyOnRequest) {
  ModelConfig config = ModelConfig::Tiny();
  const size_t without = TensorTable(config).size();
  config.sgpm.spatial_gate = true;
  EXPECT_EQ(TensorTable(config).size(), without + 2 * config.sgpm.blocks.size());
}

TEST(TensorTable, HasADetailBranchOnRequestInCellsOfTheLogits) {
  ModelConfig config;
  config.sgpm.detail_channels = 16;
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const TensorSpec& spec : TensorTable(config)) shapes[spec.name] = spec.shape;
  EXPECT_EQ(shapes.size(), TensorTable(ModelConfig()).size() + 12 * config.sgpm.blocks.size() + 1);
  EXPECT_EQ(shapes.at("sgpm.2.detail.cells.weight"), (std::vector<int64_t>{16, 1, 4, 4, 4}));
  EXPECT_EQ(shapes.at("sgpm.2.detail.mix4.weight"), (std::vector<int64_t>{16, 16, 3, 3, 3}));
  EXPECT_EQ(shapes.at("sgpm.2.detail.fold.weight"), (std::vector<int64_t>{96, 16, 4, 4, 4}));
}

TEST(TensorTable, HasFourPointEmbeddingsWithBoxCorners) {
  ModelConfig config = PlainVitB();
  config.point_embeddings = 4;
  std::set<std::string> names;
  for (const TensorSpec& spec : TensorTable(config)) names.insert(spec.name);
  EXPECT_EQ(names.size(), 326u);
  EXPECT_EQ(names.count("prompt_encoder.point_embeddings.3.weight"), 1u);
}

TEST(ModelConfig, SurvivesItsJson) {
  ModelConfig config = ModelConfig::Tiny();
  config.sgpm.threshold = 0.3f;
  config.sgpm.spatial_gate = true;
  const auto back = ModelConfigFromJson(ToJson(config));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ToJson(*back), ToJson(config));
  EXPECT_EQ(back->sgpm.threshold, 0.3f);
  EXPECT_EQ(back->global_blocks, (std::vector<int>{1, 3}));
}

TEST(ModelConfig, NamesALimitOfItsInputWhereThereIsOneOnly) {
  EXPECT_THAT(ToJson(ModelConfig()), Not(HasSubstr("input_limit")));
  EXPECT_EQ(ModelConfigFromJson(ToJson(ModelConfig::Demo()))->input_limit, ModelConfig::Demo().input_limit);
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12,\"input_limit\":-1").message(),
              HasSubstr("input_limit"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12,\"input_limit\":\"1\"").message(),
              HasSubstr("must be a number"));
}

TEST(ModelConfig, NamesItsFirstSpacingWhereItIsNotTheUsual) {
  ModelConfig config;
  EXPECT_THAT(ToJson(config), Not(HasSubstr("first_spacing_mm")));
  EXPECT_EQ(ModelConfigFromJson(ToJson(config))->first_spacing_mm, 1.5f);
  config.first_spacing_mm = 0.75f;
  EXPECT_EQ(ModelConfigFromJson(ToJson(config))->first_spacing_mm, 0.75f);
  for (const char* wrong : {"0.2", "1.6", "\"1\""}) {
    EXPECT_THAT(
        ParseWith("\"depth\":12", std::string("\"depth\":12,\"first_spacing_mm\":") + wrong).message(),
        HasSubstr("first_spacing_mm"));
  }
}

TEST(ModelConfig, NamesItsFinestSpacingWhereThereIsOneOnly) {
  ModelConfig config;
  EXPECT_THAT(ToJson(config), Not(HasSubstr("finest_spacing_mm")));
  config.finest_spacing_mm = 0.6;
  EXPECT_THAT(ToJson(config), HasSubstr("\"finest_spacing_mm\":0.6,"));
  EXPECT_EQ(ModelConfigFromJson(ToJson(config))->finest_spacing_mm, 0.6);
  for (const char* wrong : {"0.2", "1.6", "-1", "1e99", "\"1\""}) {
    EXPECT_THAT(
        ParseWith("\"depth\":12", std::string("\"depth\":12,\"finest_spacing_mm\":") + wrong).message(),
        HasSubstr("finest_spacing_mm"));
  }
}

// The deployed models were written with spacings in float32.
TEST(ModelConfig, ReadsASpacingOfFloat32AsTheDecimalThatWasMeant) {
  const auto finest = [](const std::string& number) {
    std::string json = ToJson(ModelConfig());
    json.insert(json.size() - 1, ",\"finest_spacing_mm\":" + number);
    return ModelConfigFromJson(json)->finest_spacing_mm;
  };
  EXPECT_EQ(finest("0.6000000238418579"), 0.6);
  EXPECT_EQ(finest("0.6"), 0.6);
  EXPECT_EQ(finest("0.75"), 0.75);
  EXPECT_EQ(finest("0.60000002"), 0.60000002);
}

// Model files from before the branch existed do not name it.
TEST(ModelConfig, NamesADetailBranchWhereThereIsOneOnly) {
  ModelConfig config = ModelConfig::Tiny();
  EXPECT_THAT(ToJson(config), Not(HasSubstr("detail")));
  EXPECT_EQ(ModelConfigFromJson(ToJson(config))->sgpm.detail_channels, 0);
  config.sgpm.detail_channels = 12;
  EXPECT_EQ(ModelConfigFromJson(ToJson(config))->sgpm.detail_channels, 12);
  EXPECT_THAT(ParseWith("\"rank\":96", "\"rank\":96,\"detail_channels\":65").message(),
              HasSubstr("65 is not in 0..64"));
}

TEST(ModelConfig, ShipsOnlyValidConfigurations) {
  EXPECT_TRUE(ValidateModelConfig(ModelConfig()).ok()) << ValidateModelConfig(ModelConfig());
  EXPECT_TRUE(ValidateModelConfig(ModelConfig::Tiny()).ok()) << ValidateModelConfig(ModelConfig::Tiny());
  EXPECT_TRUE(ValidateModelConfig(ModelConfig::Demo()).ok()) << ValidateModelConfig(ModelConfig::Demo());
}

TEST(ModelConfig, TinyHasThePatchAndLogitsOfTheRealModel) {
  const PatchSizes tiny = ModelConfig::Tiny().sizes(), real = ModelConfig().sizes();
  EXPECT_EQ(tiny.patch, real.patch);
  EXPECT_EQ(tiny.embedding_side, real.embedding_side);
  EXPECT_EQ(tiny.logits_side, real.logits_side);
  EXPECT_EQ(real.embedding_floats(), 384 * 512);
}

TEST(ModelConfig, NamesTheFieldThatIsWrong) {
  EXPECT_THAT(ParseWith("\"depth\":12,", "").message(), HasSubstr("\"depth\": is missing"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12,\"surplus\":1").message(),
              HasSubstr("unknown field \"surplus\""));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":\"12\"").message(),
              HasSubstr("\"depth\": must be an integer"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12.5").message(),
              HasSubstr("\"depth\": must be an integer"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12,\"depth\":11").message(),
              HasSubstr("\"depth\" is given twice"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":0").message(), HasSubstr("0 is not in 1..64"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":18446744073709551615").message(),
              HasSubstr("out of range"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":-9223372036854775808").message(),
              HasSubstr("out of range"));
  EXPECT_THAT(ParseWith("\"rank\":96", "\"rank\":null").message(),
              HasSubstr("\"sgpm.rank\": must be an integer"));
  EXPECT_THAT(ParseWith("\"threshold\":0.5", "\"threshold\":\"x\"").message(), HasSubstr("sgpm.threshold"));
}

TEST(ModelConfig, RefusesSizesThatDoNotFitEachOther) {
  EXPECT_THAT(ParseWith("\"heads\":12", "\"heads\":13").message(), HasSubstr("embed_dim"));
  EXPECT_THAT(ParseWith("\"token\":16", "\"token\":15").message(), HasSubstr("patch"));
  EXPECT_THAT(ParseWith("\"token\":16", "\"token\":2").message(), HasSubstr("cells"));
  EXPECT_THAT(ParseWith("\"window\":14", "\"window\":7").message(), HasSubstr("smaller than the token grid"));
  EXPECT_THAT(ParseWith("\"out_channels\":384", "\"out_channels\":392").message(), HasSubstr("out_channels"));
  EXPECT_THAT(ParseWith("\"point_embeddings\":2", "\"point_embeddings\":3").message(),
              HasSubstr("point_embeddings"));
  EXPECT_THAT(ParseWith("[2,5,8,11]", "[2,5,8,12]").message(), HasSubstr("ascending numbers of blocks"));
  EXPECT_THAT(ParseWith("[2,5,8,11]", "[2,2]").message(), HasSubstr("ascending numbers of blocks"));
}

TEST(ModelConfig, RefusesTextThatIsNoConfiguration) {
  for (const char* text : {"", "[]", "{", "null", "7", "{\"depth\":}", "\xff"}) {
    EXPECT_EQ(Parse(text).code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(Parse(std::string(100'000, '[')).ok());
  EXPECT_FALSE(Parse(std::string(60'000, '[')).ok());
}

TEST(ModelConfig, KeepsHowItIsLookedWithAndScaled) {
  ModelConfig config;
  for (const char* name : {"coarsest_spacing_mm", "predicts_iou", "calibration", "grid_origin", "intensities",
                           "refiner_channels"}) {
    EXPECT_THAT(ToJson(config), Not(HasSubstr(name)))
        << "a file from before there was one says the same without it";
  }
  config.coarsest_spacing_mm = 3;
  config.predicts_iou = true;
  config.calibration = {{0, 0}, {0.5, 0.25}, {1, 0.25}};
  config.first_spacing_mm = 2.4;
  config.grid_origin = GridOrigin::kFocus;
  config.intensities = {{"CT", false, {{-160, 240}, {-1000, 1000}}}, {"", true, {{-2.5, 2.5}, {-10, 10}}}};
  config.refiner_channels = 16;
  const auto back = ModelConfigFromJson(ToJson(config));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->coarsest_spacing_mm, 3);
  EXPECT_TRUE(back->predicts_iou);
  EXPECT_EQ(back->calibration, config.calibration);
  EXPECT_EQ(back->first_spacing_mm, 2.4);
  EXPECT_EQ(back->grid_origin, GridOrigin::kFocus);
  EXPECT_EQ(back->intensities, config.intensities);
  EXPECT_EQ(back->refiner_channels, 16);
  EXPECT_EQ(back->sizes().patch_channels, 2);
  EXPECT_EQ(back->sizes().patch_floats(), 2 * 128 * 128 * 128);
}

TEST(ModelConfig, RefusesScalingsThatCannotBe) {
  const std::string other = R"({"modality":"","by_deviation":true,"windows":[[-1,1]]})";
  const auto with = [](const std::string& list) {
    return std::string(ParseWith("\"depth\":12", "\"depth\":12,\"intensities\":" + list).message());
  };
  EXPECT_EQ(with("[" + other + "]"), "");
  for (const std::string& wrong :
       {std::string("{}"), std::string("[1]"), std::string("[{\"modality\":\"CT\"}]"),
        std::string(R"([{"modality":"CT","by_deviation":false,"windows":[[-1,1]]}])"),  // CT alone
        "[" + other + "," + other + "]",                                                // twice
        "[" + other +
            R"(,{"modality":"CT","by_deviation":false,"windows":[[-1,1],[0,1]]}])",  // other channels
        std::string(R"([{"modality":"","by_deviation":true,"windows":[[1,1]]}])"),   // no width
        std::string(R"([{"modality":"","by_deviation":true,"windows":[[1,"2"]]}])"),
        std::string(R"([{"modality":"","by_deviation":true,"windows":[]}])"),
        std::string(R"([{"modality":"","by_deviation":1,"windows":[[-1,1]]}])")}) {
    EXPECT_THAT(with(wrong), HasSubstr("intensities")) << wrong;
  }
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12,\"grid_origin\":\"corner\"").message(),
              HasSubstr("grid_origin"));
  for (const char* wrong : {"7", "[]7", "[[0,0]]", "[[0,0],[1]]", "[[0,0],[1,\"1\"]]", "[[0,0],[0,1]]",
                            "[[0,1],[1,0]]", "[[0,0],[1,1.5]]"}) {
    EXPECT_FALSE(ParseWith("\"depth\":12", absl::StrCat("\"depth\":12,\"calibration\":", wrong)).ok())
        << wrong;
  }
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12,\"coarsest_spacing_mm\":7").message(),
              HasSubstr("coarsest_spacing_mm"));
  EXPECT_THAT(ParseWith("\"depth\":12", "\"depth\":12,\"refiner_channels\":65").message(),
              HasSubstr("refiner_channels"));
}

}  // namespace
}  // namespace sgpsam
