#include "tools/learn/train/training_state.h"

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "core/model_file/safetensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/full_disk.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr char kRecipe[] = "data seed=1";
constexpr char kSomeTensor[] = "mask_decoder.iou_token.weight";

// Parameters and optimiser as a training holds them, moved by this many steps.
struct Learner {
  Parameters parameters;
  AdamW optimiser;

  explicit Learner(int steps, const TrainedParts& parts = {})
      : parameters(Parameters::FromFile(SmallModel(SmallConfig()), SmallConfig(), parts).value()),
        optimiser(parameters, {}) {
    for (int step = 0; step < steps; ++step) Move(0.3 + step);
  }

  void Move(double pace) {
    for (const std::string& name : parameters.trained()) {
      at::Tensor& parameter = parameters.at(name);
      parameter.mutable_grad() =
          at::cos(at::arange(parameter.numel()).to(at::kFloat) * pace).view(parameter.sizes());
    }
    optimiser.Step(0.01);
  }

  // Everything that a state holds, by name.
  std::map<std::string, at::Tensor> Copy() {
    std::map<std::string, at::Tensor> copy;
    for (const auto& [name, tensor] : parameters.all()) copy["value " + name] = tensor.detach().clone();
    for (const auto& [name, moments] : optimiser.moments()) {
      copy["mean " + name] = moments.mean.clone();
      copy["variance " + name] = moments.variance.clone();
    }
    copy["steps"] = at::scalar_tensor(optimiser.steps(), at::kLong);
    return copy;
  }
};

void ExpectSame(const std::map<std::string, at::Tensor>& a, const std::map<std::string, at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

class TrainingState : public TemporaryFolder {
 protected:
  void MustSave(Learner& learner) {
    const absl::Status saved =
        SaveTrainingState(learner.parameters, learner.optimiser, kRecipe, Path("state"));
    ASSERT_TRUE(saved.ok()) << saved;
  }

  // A learner that the state does not suit stays what it was.
  void ExpectRefused(absl::StatusCode code, const std::string& reason, const std::string& recipe = kRecipe) {
    Learner learner(1);
    const auto before = learner.Copy();
    const absl::Status status =
        RestoreTrainingState(Path("state"), recipe, learner.parameters, learner.optimiser);
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(Path("state")));
    EXPECT_THAT(std::string(status.message()), HasSubstr(reason));
    ExpectSame(learner.Copy(), before);
  }

  // The state of three steps with something changed in it.
  template <typename Change>
  void WriteChanged(const Change& change) {
    Learner learner(3);
    MustSave(learner);
    TensorFile file = ReadSafetensorsFile(Path("state")).value();
    change(file);
    ASSERT_TRUE(WriteSafetensorsFile(file, Path("state")).ok());
  }
};

TEST_F(TrainingState, ComesBackBitForBit) {
  Learner learner(3), fresh(0);
  MustSave(learner);
  ASSERT_TRUE(RestoreTrainingState(Path("state"), kRecipe, fresh.parameters, fresh.optimiser).ok());
  ExpectSame(fresh.Copy(), learner.Copy());
  // And goes on as if nothing had happened.
  learner.Move(0.9);
  fresh.Move(0.9);
  ExpectSame(fresh.Copy(), learner.Copy());
}

TEST_F(TrainingState, GivesParametersBackAsTheLeavesThatTheyWere) {
  Learner learner(1), fresh(0);
  MustSave(learner);
  ASSERT_TRUE(RestoreTrainingState(Path("state"), kRecipe, fresh.parameters, fresh.optimiser).ok());
  for (const std::string& name : fresh.parameters.trained()) {
    EXPECT_TRUE(fresh.parameters.at(name).is_leaf());
    EXPECT_TRUE(fresh.parameters.at(name).requires_grad());
  }
}

TEST_F(TrainingState, HoldsWhatIsTrainedAndNothingElse) {
  Learner learner(1, {false, true, false, false});
  MustSave(learner);
  const TensorFile file = ReadSafetensorsFile(Path("state")).value();
  EXPECT_EQ(file.tensors.size(), 3 * learner.parameters.trained().size());
}

TEST_F(TrainingState, ReplacesTheOneBefore) {
  Learner learner(1), fresh(0);
  MustSave(learner);
  learner.Move(2);
  MustSave(learner);
  EXPECT_EQ(FilesInFolder(), 1u);
  ASSERT_TRUE(RestoreTrainingState(Path("state"), kRecipe, fresh.parameters, fresh.optimiser).ok());
  EXPECT_EQ(fresh.optimiser.steps(), 2);
}

TEST_F(TrainingState, SaysWhichOptionIsAnother) {
  Learner learner(2), fresh(0);
  const auto save = [&](const std::string& recipe) {
    ASSERT_TRUE(SaveTrainingState(learner.parameters, learner.optimiser, recipe, Path("state")).ok());
  };
  save(R"({"lr": 0.1, "data": ["a"], "steps": 10, "old": 1})");
  ExpectRefused(
      absl::StatusCode::kFailedPrecondition,
      R"(other options: data was ["a"] and is ["b"], new was null and is 2, old was 1 and is null; repeat)",
      R"({"lr": 0.1, "data": ["b"], "steps": 10, "new": 2})");
  ExpectRefused(absl::StatusCode::kFailedPrecondition, "it was", "another text");
  // More steps, and the same options in another order, are the same training.
  EXPECT_TRUE(RestoreTrainingState(Path("state"), R"({"steps": 20, "old": 1, "lr": 0.1, "data": ["a"]})",
                                   fresh.parameters, fresh.optimiser)
                  .ok());
  EXPECT_EQ(ReadTrainingRecipe(Path("state")).value(),
            R"({"lr": 0.1, "data": ["a"], "steps": 10, "old": 1})");
  EXPECT_EQ(ReadTrainingRecipe(Path("none")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TrainingState, IsNotFoundWhereThereIsNone) { ExpectRefused(absl::StatusCode::kNotFound, ""); }

TEST_F(TrainingState, OfAnotherRecipeIsRefused) {
  Learner learner(3);
  MustSave(learner);
  ExpectRefused(absl::StatusCode::kFailedPrecondition, "other options", "data seed=2");
}

TEST_F(TrainingState, ThatIsTruncatedIsRefused) {
  Learner learner(3);
  MustSave(learner);
  const std::string whole = Read(Path("state"));
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
    Write("state", whole.substr(0, size));
    ExpectRefused(absl::StatusCode::kInvalidArgument, "");
  }
  Write("state", whole + "x");
  ExpectRefused(absl::StatusCode::kInvalidArgument, "");
}

TEST_F(TrainingState, IsNoModelFile) {
  ASSERT_TRUE(WriteSafetensorsFile(SmallModel(SmallConfig()), Path("state")).ok());
  ExpectRefused(absl::StatusCode::kInvalidArgument, "not a training's state");
}

TEST_F(TrainingState, IsNoFileOfAnotherKind) {
  Write("state", "an essay about something else, longer than a header's length");
  ExpectRefused(absl::StatusCode::kInvalidArgument, "");
}

TEST_F(TrainingState, ThatIsAFolderIsRefused) {
  std::filesystem::create_directory(Path("state"));
  ExpectRefused(absl::StatusCode::kInvalidArgument, "regular file");
}

TEST_F(TrainingState, WithoutOneOfItsTensorsIsRefused) {
  for (const char* kind : {"value/", "mean/", "variance/"}) {
    WriteChanged(
        [&](TensorFile& file) { ASSERT_EQ(file.tensors.erase(std::string(kind) + kSomeTensor), 1u); });
    ExpectRefused(absl::StatusCode::kInvalidArgument, std::string("it has no ") + kind + kSomeTensor);
  }
}

// Of the same recipe, but of a model that had more.
TEST_F(TrainingState, WithATensorTooManyIsRefused) {
  WriteChanged([](TensorFile& file) {
    file.tensors["value/sgpm.7.up.bias"] = SeededTensor({"", {8}, 0, 1}, 1);
  });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "holds more");
}

TEST_F(TrainingState, WithATensorOfAnotherShapeIsRefused) {
  WriteChanged([](TensorFile& file) { file.tensors.at(std::string("mean/") + kSomeTensor).shape = {24, 1}; });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "another type or shape");
}

TEST_F(TrainingState, WithATensorOfAnotherTypeIsRefused) {
  WriteChanged([](TensorFile& file) {
    file.tensors.at(std::string("value/") + kSomeTensor).type = TensorType::kInt32;
  });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "another type or shape");
}

TEST_F(TrainingState, WithImpossibleStepsIsRefused) {
  for (const char* steps : {"-1", "many", "", "1e3", "99999999999999999999"}) {
    WriteChanged([&](TensorFile& file) { file.metadata.at("sgpsam_training_steps") = steps; });
    ExpectRefused(absl::StatusCode::kInvalidArgument, "not a training's state");
  }
  WriteChanged([](TensorFile& file) { file.metadata.erase("sgpsam_training_steps"); });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "not a training's state");
}

TEST_F(TrainingState, SurvivesADiskThatIsFullWhileTheNextOneIsWritten) {
  Learner learner(2), fresh(0);
  MustSave(learner);
  const auto saved = learner.Copy();
  const auto size = std::filesystem::file_size(Path("state"));
  learner.Move(5);
  for (const rlim_t most : {rlim_t{0}, rlim_t{100}, rlim_t{size / 2}, rlim_t{size - 1}}) {
    absl::Status status;
    {
      const FullDisk full(most);
      status = SaveTrainingState(learner.parameters, learner.optimiser, kRecipe, Path("state"));
    }
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(Path("state")));
    EXPECT_EQ(FilesInFolder(), 1u) << "half a file was left";
    ASSERT_TRUE(RestoreTrainingState(Path("state"), kRecipe, fresh.parameters, fresh.optimiser).ok());
    ExpectSame(fresh.Copy(), saved);
  }
}

}  // namespace
}  // namespace sgpsam
