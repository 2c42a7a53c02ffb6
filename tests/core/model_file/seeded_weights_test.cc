#include "core/model_file/seeded_weights.h"

#include <cstring>
#include <string>
#include <vector>

#include "core/base/digest.h"
#include "core/model_file/tensor_table.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

// The expected values were computed with numpy by the golden data's own script.

std::string DigestOf(const std::vector<float>& values) {
  return Sha256::Of(values.data(), values.size() * sizeof(float)).ToHex();
}

TEST(SeededWeights, MakesTheGoldenBits) {
  const std::vector<float> values =
      SeededValues("image_encoder.patch_embed.proj.weight", 4, 1, 0.0, 0.027063);
  EXPECT_EQ(values, (std::vector<float>{-0x1.9dbccap-7f, 0x1.928d52p-6f, -0x1.2fc248p-6f, 0x1.9dbda8p-7f}));
  EXPECT_EQ(SeededValues("image_encoder.blocks.0.norm1.weight", 4, 7, 1.0, 0.1),
            (std::vector<float>{0x1.e8ed68p-1f, 0x1.e30a44p-1f, 0x1.d4b96ap-1f, 0x1.d0aabep-1f}));
}

TEST(SeededWeights, MakesTheGoldenModelTensorByTensor) {
  Sha256 digest;
  for (const TensorSpec& spec : TensorTable(ModelConfig())) {
    const bool chosen =
        spec.name.find("rel_pos") != std::string::npos || spec.name.find("bias") != std::string::npos;
    if (!chosen || spec.name.rfind("sgpm.", 0) == 0) continue;
    const NamedTensor tensor = SeededTensor(spec, 1);
    digest.Update(tensor.bytes.data(), tensor.bytes.size());
  }
  EXPECT_EQ(digest.Finish().ToHex(), "b5ed37e83ae8729a0241372487470e342c6699b73b5286914e65fb2756ea2731");
}

TEST(SeededWeights, MakesTheGoldenPatch) {
  const std::vector<float> patch = SeededPatch(1, 128);
  EXPECT_EQ(patch[(70 * 128 + 58) * 128 + 61], 0x1.0ddef8p+1f);
  EXPECT_EQ(DigestOf(patch), "d6c02fe239721818e8c3762fd4337a7c6df784e8ceab01608eb7f044f836ca0e");
  EXPECT_EQ(DigestOf(SeededPatch(2, 128)),
            "b5ce133d9e9687618937c138613a2e9ae0575d2791b58b56212b057b65451e7a");
}

TEST(SeededWeights, AModelHasEveryTensorOfItsTableAndItsConfiguration) {
  const ModelConfig config = ModelConfig::Tiny();
  const TensorFile model = SeededModel(config, 3);
  const std::vector<TensorSpec> table = TensorTable(config);
  ASSERT_EQ(model.tensors.size(), table.size());
  for (const TensorSpec& spec : table) {
    const NamedTensor& tensor = model.tensors.at(spec.name);
    EXPECT_EQ(tensor.shape, spec.shape) << spec.name;
    EXPECT_EQ(tensor.bytes.size(), static_cast<size_t>(spec.elements()) * 4) << spec.name;
  }
  const auto back = ModelConfigFromJson(model.metadata.at(kModelConfigKey));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ToJson(*back), ToJson(config));
}

TEST(SeededWeights, FreshModulesAreTheIdentity) {
  const TensorFile model = SeededModel(ModelConfig::Tiny(), 3);
  for (const char* name : {"sgpm.1.up.weight", "sgpm.1.up.bias", "sgpm.3.up.weight", "sgpm.3.up.bias"}) {
    const NamedTensor& tensor = model.tensors.at(name);
    EXPECT_EQ(tensor.bytes, std::vector<uint8_t>(tensor.bytes.size(), 0)) << name;
  }
  const NamedTensor& down = model.tensors.at("sgpm.1.down.weight");
  EXPECT_NE(down.bytes, std::vector<uint8_t>(down.bytes.size(), 0));
}

}  // namespace
}  // namespace sgpsam
