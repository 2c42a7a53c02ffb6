// The options that say which series a DICOM-SEG goes into and how it is called there.
#ifndef SGPSAM_CLIENT_CLI_SEG_SERIES_ARGUMENTS_H_
#define SGPSAM_CLIENT_CLI_SEG_SERIES_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <optional>

#include "sgpsam/client.h"

namespace sgpsam::cli {

// `values` is filled when the command line is parsed, and outlives that.
void AddSegSeriesOptions(CLI::App& command, client::SegSeries& values);

// nullopt if none of the options was given. After parsing.
std::optional<client::SegSeries> GivenSegSeries(const CLI::App& command, const client::SegSeries& values);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_SEG_SERIES_ARGUMENTS_H_
