#include "client/cli/seg_series_arguments.h"

#include <cstdint>
#include <limits>

namespace sgpsam::cli {
namespace {

constexpr const char* kOptions[] = {"--series-uid",      "--series-description", "--series-number",
                                    "--instance-number", "--content-label",      "--creator"};
constexpr uint32_t kMostNumber = std::numeric_limits<int32_t>::max();  // of IS

}  // namespace

void AddSegSeriesOptions(CLI::App& command, client::SegSeries& values) {
  command
      .add_option(
          kOptions[0], values.series_uid,
          "Put the DICOM-SEG into this series, so that repeated results belong together; default: a new "
          "one. Give the same description and number each time, and another --instance-number")
      ->type_name("UID");
  command.add_option(kOptions[1], values.series_description, "SeriesDescription of the DICOM-SEG")
      ->type_name("TEXT");
  command.add_option(kOptions[2], values.series_number, "SeriesNumber of the DICOM-SEG; default 9000")
      ->check(CLI::Range(uint32_t{1}, kMostNumber))
      ->type_name("N");
  command
      .add_option(kOptions[3], values.instance_number,
                  "InstanceNumber of the DICOM-SEG in its series; default 1")
      ->check(CLI::Range(uint32_t{1}, kMostNumber))
      ->type_name("N");
  command
      .add_option(kOptions[4], values.content_label,
                  "ContentLabel of the DICOM-SEG: up to 16 of A to Z, 0 to 9, space and underscore")
      ->type_name("TEXT");
  command.add_option(kOptions[5], values.creator, "Who made the DICOM-SEG, the reader: Family^Given")
      ->type_name("NAME");
}

std::optional<client::SegSeries> GivenSegSeries(const CLI::App& command, const client::SegSeries& values) {
  for (const char* option : kOptions) {
    if (command.count(option) > 0) return values;
  }
  return std::nullopt;
}

}  // namespace sgpsam::cli
