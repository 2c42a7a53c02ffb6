#include "tools/learn/cases/modality.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace sgpsam {
namespace {

constexpr size_t kMostCharacters = 16;  // of DICOM's value representation CS

// Words in lower case. Sequences are named as the data sets of the Decathlon and of nnU-Net name them.
const std::map<std::string, std::string>& ModalityByWord() {
  static const auto* const words = new std::map<std::string, std::string>{
      {"ct", "CT"},     {"cbct", "CT"},  {"cect", "CT"}, {"ncct", "CT"}, {"mr", "MR"},         {"mri", "MR"},
      {"cemr", "MR"},   {"t1", "MR"},    {"t1w", "MR"},  {"t1c", "MR"},  {"t1ce", "MR"},       {"t1gd", "MR"},
      {"t1n", "MR"},    {"t2", "MR"},    {"t2w", "MR"},  {"t2f", "MR"},  {"pd", "MR"},         {"pdw", "MR"},
      {"flair", "MR"},  {"adc", "MR"},   {"dwi", "MR"},  {"swi", "MR"},  {"dce", "MR"},        {"stir", "MR"},
      {"mprage", "MR"}, {"mpmri", "MR"}, {"pet", "PT"},  {"pt", "PT"},   {"suv", "PT"},        {"fdg", "PT"},
      {"psma", "PT"},   {"spect", "NM"}, {"nm", "NM"},   {"us", "US"},   {"ultrasound", "US"},
  };
  return *words;
}

bool IsSeparator(char c) { return !absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// "FDG-PET" -> fdg, pet.
std::vector<std::string> WordsOf(absl::string_view name) {
  std::string text = absl::AsciiStrToLower(name);
  std::replace_if(text.begin(), text.end(), IsSeparator, ' ');
  return absl::StrSplit(text, ' ', absl::SkipEmpty());
}

}  // namespace

std::string ModalityOfChannel(absl::string_view name) {
  std::string modality;
  for (const std::string& word : WordsOf(name)) {
    const auto found = ModalityByWord().find(word);
    if (found == ModalityByWord().end()) continue;
    if (!modality.empty() && modality != found->second) return "";
    modality = found->second;
  }
  return modality;
}

bool IsModality(absl::string_view text) {
  if (text.empty() || text.size() > kMostCharacters) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

}  // namespace sgpsam
